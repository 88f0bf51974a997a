"""The text that is hashed: one string per event, in the order of the standard.

Source: CBV 2.0 section 8.9; places that the rules leave open follow the reference implementation.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from node_gateway.epcis.event_hash.nodes import Node, is_extension, nodes_below, written
from node_gateway.epcis.event_hash.order import INNER, ORDERS, UNHASHED
from node_gateway.epcis.event_hash.readers import Reader
from node_gateway.epcis.rules import EVENT_TYPES

_ILMD: Final = "ilmd"


def pre_hash(event: Mapping[str, Any], reader: Reader) -> str:
    """Return the text of an event.

    Args:
        event: An EPCIS event as JSON.
        reader: Reads its names and values; says which version it is.
    """
    if "@context" in event:
        reader = reader.within(event["@context"])
    order = ORDERS[reader.dialect.version]
    parts = [f"eventType={_event_type(event.get('type'), reader)}"]
    left: list[Node] = []
    met = 0
    for name, field in order:
        value = event.get(name)
        if value is not None:
            met += 1
            text = field(value, reader, left)
            if text:
                parts.append(text)
    if met < len(event) or left:
        ordered = {name for name, _ in order}
        others = {n: v for n, v in event.items() if n not in ordered and n not in UNHASHED}
        parts.append(_trailing(left, others, reader))
    return "".join(parts)


def _event_type(kind: Any, reader: Reader) -> str:
    text = kind if isinstance(kind, str) else ""
    return text if text in EVENT_TYPES else reader.key(text)


def _trailing(left: Sequence[Node], others: Mapping[str, Any], reader: Reader) -> str:
    """Return what follows the standard members: ILMD and extensions."""
    if reader.dialect.inline_extensions:
        return written([*left, *nodes_below(others, reader)])
    text = written(nodes_below({_ILMD: others[_ILMD]}, reader)) if _ILMD in others else ""
    rest: list[Node] = []
    for node in left:
        inner = _extensions(node[2])
        if inner:
            text += ("" if node[0] == "sensorElementList" else node[0]) + inner
        else:
            rest.append(node)
    rest += nodes_below({n: v for n, v in others.items() if n != _ILMD}, reader)
    return text + written(rest)


def _extensions(nodes: Sequence[Node]) -> str:
    """Return the extensions below a standard member, each under the names that lead to it."""
    text = ""
    for name in INNER:
        for node in nodes:
            if node[0] == name:
                inner = _extensions(node[2])
                text += name + inner if inner else ""
    return text + written([node for node in nodes if is_extension(node)])
