"""Extensions, and whatever else has no place in the order: sorted, name by name.

Source: CBV 2.0 section 8.9, rules on ILMD and user extensions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from node_gateway.epcis.event_hash.readers import Reader

# Name as it is hashed, text of its own (empty if it has none), what stands below it.
Node: TypeAlias = "tuple[str, str, list[Node]]"

_LIST: Final = "List"
_TEXT: Final = "#text"
_XMLNS: Final = "@xmlns:"
# Comments for people, and JSON-LD's own member.
_UNREAD: Final = frozenset({_TEXT, "comment", "rdfs:comment", "@context"})


def nodes_of(name: str, value: Any, reader: Reader) -> list[Node]:
    """Return the nodes of one member; an array is as many members of the same name.

    Args:
        name: The member's name in the event.
        value: Any JSON value.
        reader: Reads what stands inside.
    """
    reader = _with_declarations(value, reader)
    key = reader.key(name)
    if not key.endswith(_LIST):
        return [(key, text, below) for text, below in _flat(value, reader)]
    # What XML calls `xList` holds elements `x`, so JSON's array stands for both.
    element = key[: -len(_LIST)]
    elements = [(element, text, below) for text, below in _flat(value, reader)]
    return [(key, "", elements)] if elements else []


def _with_declarations(value: Any, reader: Reader) -> Reader:
    """Return the reader that knows the prefixes which a member's value declares.

    Converters from XML carry `@xmlns:ex` over into the object; there it holds for the object's
    own name too.
    """
    declared: dict[str, Any] = {}
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            declared |= {n[len(_XMLNS) :]: iri for n, iri in one.items() if n.startswith(_XMLNS)}
    return reader.within(declared) if declared else reader


def nodes_below(source: Mapping[str, Any], reader: Reader) -> list[Node]:
    """Return the nodes of every member of an object."""
    if "@context" in source:
        reader = reader.within(source["@context"])
    nodes: list[Node] = []
    for name, value in source.items():
        if name not in _UNREAD and not name.startswith(_XMLNS):
            nodes += nodes_of(name, value, reader)
    return nodes


def _flat(value: Any, reader: Reader) -> list[tuple[str, list[Node]]]:
    if isinstance(value, str):
        return [(reader.plain(value.strip()), [])]
    if isinstance(value, list):
        return [one for inner in value for one in _flat(inner, reader)]
    if isinstance(value, dict):
        own = _flat(value[_TEXT], reader) if _TEXT in value else []
        return [(own[0][0] if own else "", nodes_below(value, reader))]
    return [] if value is None else [(reader.scalar(value), [])]


def written(nodes: Sequence[Node]) -> str:
    """Return nodes as they are hashed: each with what stands below it, then sorted."""
    if len(nodes) == 1:
        return _written(nodes[0])
    return "".join(sorted([_written(node) for node in nodes]))


def _written(node: Node) -> str:
    name, text, below = node
    start = f"{name}={text}" if text else name
    return start + written(below) if below else start


def is_extension(node: Node) -> bool:
    """Tell whether the reference counts a node as an extension of a standard object.

    It looks for a namespace that ends in a slash; any other stays behind in the object, and is
    hashed among the extensions of the event, under the object's name.
    """
    return "{" in node[0] and "/}" in node[0]
