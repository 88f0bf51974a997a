"""One event element to its JSON twin.

What JSON cannot see any more is checked here: elements nobody knows, elements twice, text astray,
and the order. Everything else is the JSON schema's, which sees the twin.

Source: EPCIS 2.0 XML schema (EPCglobal-epcis-2_0.xsd), EPCIS 1.2 section 9.5.
"""

from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from lxml.etree import _Element as Element

from node_gateway.epcis.xml.members import EVENT_LEVEL, READ
from node_gateway.epcis.xml.place import members
from node_gateway.epcis.xml.reading import Reading
from node_gateway.epcis.xml.scope import SHAPE, local_name, standard_name

# A member that XML has no place for, as JSON; its name is the attribute `name`.
MEMBER: Final = f"{{{SHAPE}}}member"
# When, what is done, why, where. The official schema orders every element; no reader needs an
# order, and senders that build events from maps send any. But these four are said in one breath,
# and an event that has them upside down was written against no schema at all.
_BACKBONE: Final = MappingProxyType(
    {"eventTime": 0, "eventTimeZoneOffset": 0, "action": 1, "bizStep": 2, "readPoint": 3}
)
_HEADER_ATTRIBUTES: Final = ("schemaVersion", "creationDate")


def event_twin(reading: Reading) -> dict[str, Any]:
    """Return an event as EPCIS 2.0 JSON; it is worth nothing where the reading has problems."""
    element = reading.element
    event: dict[str, Any] = {"type": standard_name(element) or reading.scope.name_of(element)}
    foreign: list[Element] = []
    rank, latest = -1, element
    for child in members(element):
        name = standard_name(child)
        if name is None:
            foreign.append(child)
            continue
        if not _put(reading, event, name, child):
            continue
        here = _BACKBONE.get(name, rank)
        if here < rank:
            _misordered(reading, latest, child)
        elif here > rank:
            rank, latest = here, child
    reading.extensions.no_text(element)
    if foreign:
        _put_foreign(reading, event, foreign)
    if element.attrib:
        _put_attributes(reading, event)
    if reading.scope.added:
        event["@context"] = dict(reading.scope.added)
    return event


def _put(reading: Reading, event: dict[str, Any], name: str, child: Element) -> bool:
    """Read a member; False if it cannot be taken."""
    read = READ.get(name)
    if read is None:
        close = get_close_matches(name[:64], READ, n=1, cutoff=0.8)
        hint = f"Did you mean {close[0]}? " if close else ""
        hint += "An element of your own needs a namespace of your own."
        detail = "EPCIS has no such element in an event."
        reading.report("element_unknown", detail, child, hint=hint)
        return False
    value = read(reading, child)
    if name not in event:
        event[name] = value
    elif name == "certificationInfo":  # JSON allows several
        first = event[name]
        event[name] = [*first, value] if isinstance(first, list) else [first, value]
    else:
        detail = f"{name} stands twice in one event."
        reading.report("element_repeated", detail, child, hint="Keep one of the two.")
        return False
    return True


def _misordered(reading: Reading, early: Element, late: Element) -> None:
    if any(problem.code == "element_order" for problem in reading.problems):
        return
    detail = f"{local_name(early)} stands before {local_name(late)}."
    hint = "The order is eventTime, eventTimeZoneOffset, action, bizStep, readPoint."
    reading.report("element_order", detail, early, hint=hint)


def _put_foreign(reading: Reading, event: dict[str, Any], foreign: list[Element]) -> None:
    extensions = reading.extensions
    event.update(extensions.grouped([one for one in foreign if one.tag != MEMBER], EVENT_LEVEL))
    for element in foreign:
        if element.tag == MEMBER:
            name = element.get("name", "")
            if name in event or name in ("", "type", "@context"):
                detail = "This member stands in the event already, or cannot be given so."
                reading.report("element_repeated", detail, element, hint="Leave it out.")
            else:
                event[name] = extensions.json(element, element.text or "", EVENT_LEVEL + 1)


def _put_attributes(reading: Reading, event: dict[str, Any]) -> None:
    for name, text in reading.extensions.attributes(reading.element).items():
        if ":" in name:
            event[name] = text
        elif name not in _HEADER_ATTRIBUTES:
            detail = f"An event has no attribute {name!a}."
            reading.report("attribute_unknown", detail, reading.element, hint="Leave it out.")
