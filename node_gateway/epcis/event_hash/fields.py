"""The standard members: what each contributes, and what it leaves over.

A field takes the member's value and a list to which it adds what has no place in the order, as
nodes under the member's name. It returns its part of the text, empty if there is none.

Source: CBV 2.0 section 8.9, canonical property order.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from node_gateway.epcis.cbv import Vocabulary
from node_gateway.epcis.event_hash.nodes import Node, is_extension, nodes_of, written
from node_gateway.epcis.event_hash.readers import Reader

Read: TypeAlias = Callable[[Reader, str], str]
Field: TypeAlias = Callable[[Any, Reader, "list[Node]"], str]
Table: TypeAlias = "tuple[tuple[str, Field], ...]"

# Members of the event itself: the reference knows by them that it stands at the top.
_TOP: Final = ("eventTime", "action")


def identifier(reader: Reader, text: str) -> str:
    """Read the identifier of a thing, place or party."""
    return reader.identifier(text)


def plain(reader: Reader, text: str) -> str:
    """Read any other text."""
    return reader.plain(text)


def time(reader: Reader, text: str) -> str:
    """Read a time."""
    return reader.time(text)


def word(vocabulary: Vocabulary) -> Read:
    """Return what reads a word of `vocabulary`."""
    return lambda reader, text: reader.word(vocabulary, text)


def single(name: str, read: Read) -> Field:
    """Return the field of a member with one value; an array of them is sorted."""
    head = name + "="

    def field(value: Any, reader: Reader, left: list[Node]) -> str:
        if isinstance(value, str):
            text = read(reader, value.strip()) if value else ""
        elif isinstance(value, list):
            return "".join(sorted([field(one, reader, left) for one in value]))
        elif isinstance(value, dict):
            left += nodes_of(name, value, reader)
            return ""
        else:
            text = reader.scalar(value)
        return head + text if text else ""

    return field


def identifiers(name: str) -> Field:
    """Return the field of a list of codes, each of which XML calls `epc`."""
    one = single("epc", identifier)
    head = name + "epc="

    def field(value: Any, reader: Reader, left: list[Node]) -> str:
        if isinstance(value, list) and all(isinstance(code, str) for code in value):
            read = reader.identifier
            codes = sorted([read(code.strip()) for code in value])
            while codes and not codes[0]:
                del codes[0]
            return head + "epc=".join(codes) if codes else ""
        text = one(value, reader, left)
        return name + text if text else ""

    return field


def pairs(name: str, member: str, vocabulary: Vocabulary) -> Field:
    """Return the field of a list of things with a type, e.g. `bizTransactionList`.

    The rules say that the type follows; both reference implementations put it first.
    """

    def field(value: Any, reader: Reader, left: list[Node]) -> str:
        del left  # such an element has no extension point
        text = "".join(sorted(_pairs(value, member, vocabulary, reader)))
        return name + text if text else ""

    return field


def _pairs(value: Any, member: str, vocabulary: Vocabulary, reader: Reader) -> list[str]:
    found = []
    for one in value if isinstance(value, list) else [value]:
        kind, thing = (one.get("type"), one.get(member)) if isinstance(one, dict) else (None, one)
        text = f"type={reader.word(vocabulary, kind.strip())}" if isinstance(kind, str) else ""
        if isinstance(thing, str):
            text += f"{member}={reader.identifier(thing.strip())}"
        if text:
            found.append(text)
    return found


def unplaced_pairs(name: str, member: str, vocabulary: Vocabulary) -> Field:
    """Return the field of such a list in the legacy dialect: sorted among the extensions."""

    def field(value: Any, reader: Reader, left: list[Node]) -> str:
        below: list[Node] = [(one, "", []) for one in _pairs(value, member, vocabulary, reader)]
        if below:
            left.append((name, "", below))
        return ""

    return field


def structure(name: str, table: Table) -> Field:
    """Return the field of an object with members of its own; an array of them is sorted."""

    def field(value: Any, reader: Reader, left: list[Node]) -> str:
        if isinstance(value, dict):
            below: list[Node] = []
            text = _members(table, value, reader, below)
            if below:
                left.append((name, "", below))
            return name + text if text else ""
        if isinstance(value, list):
            return _several(field, value, reader, left)
        return plainly(value, reader, left)

    plainly = single(name, plain)
    return field


def structures(name: str, element: str, table: Table, *, shown: str | None = None) -> Field:
    """Return the field of a list of such objects.

    Args:
        name: The member's name.
        element: What XML calls one of them.
        table: The members of one.
        shown: What stands before them if not the name.
    """
    one = structure(element, table)
    head = name if shown is None else shown

    def field(value: Any, reader: Reader, left: list[Node]) -> str:
        below: list[Node] = []
        text = one(value, reader, below)
        if below:
            left.append((name, "", below))
        return head + text if text else ""

    return field


def _several(field: Field, values: Sequence[Any], reader: Reader, left: list[Node]) -> str:
    if len(values) == 1:
        return field(values[0], reader, left)
    texts = []
    leftovers: list[tuple[Any, list[Node]]] = []
    for value in values:
        below: list[Node] = []
        texts.append(field(value, reader, below))
        if below:
            leftovers.append((value, below))
    if len(leftovers) > 1:  # where their order shows, it is that of the objects themselves
        leftovers.sort(key=lambda pair: _sort_nodes("", pair[0], reader))
    for _, below in leftovers:
        left += below
    texts.sort()
    return "".join(texts)


def _members(table: Table, source: Mapping[str, Any], reader: Reader, left: list[Node]) -> str:
    """Return the members of an object in order, and behind them its extensions if they go there."""
    if "@context" in source:
        reader = reader.within(source["@context"])
    text, met = "", 0
    for name, field in table:
        value = source.get(name)
        if value is not None:
            met += 1
            text += field(value, reader, left)
    if met < len(source):
        text += _unordered(table, source, reader, left)
    return text


def _unordered(table: Table, source: Mapping[str, Any], reader: Reader, left: list[Node]) -> str:
    ordered = {name for name, _ in table}
    unread = ("@context", "comment", "rdfs:comment", "#text")
    nodes: list[Node] = []
    count = 0
    for name, value in source.items():
        if name in ordered:
            count += len(value) if isinstance(value, list) else 1
        elif name not in unread:
            nodes += nodes_of(name, value, reader)
    inside = reader.dialect.inline_extensions and count + len(nodes) > 1
    names = [*(name for name in source if name in ordered), *(node[0] for node in nodes)]
    if not inside or any(top in name for name in names for top in _TOP):
        left += nodes
        return ""
    left += [node for node in nodes if not is_extension(node)]
    return written([node for node in nodes if is_extension(node)])


_TYPED: Final[Mapping[str, Read]] = MappingProxyType(
    {
        "type": word("measurement"),
        "exception": word("alert"),
        "component": word("component"),
        "time": time,
        "startTime": time,
        "endTime": time,
        "deviceID": identifier,
    }
)


def _sort_nodes(name: str, value: Any, reader: Reader) -> list[Node]:
    """Return a sensor object as a tree to sort by: all its members by name, then value."""
    if isinstance(value, list):
        return [node for one in value for node in _sort_nodes(name, one, reader)]
    if isinstance(value, dict):
        below = [n for key, inner in value.items() for n in _sort_nodes(key, inner, reader)]
        return [(reader.key(name), "", sorted(below))]
    if isinstance(value, str):
        return [(reader.key(name), _TYPED.get(name, plain)(reader, value.strip()), [])]
    return [(reader.key(name), reader.scalar(value), [])]
