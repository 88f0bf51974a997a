"""One event of EPCIS 2.0 JSON to its XML element, members in the order of the schema.

Source: EPCIS 2.0 XML schema (EPCglobal-epcis-2_0.xsd).
"""

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

from lxml import etree
from lxml.etree import _Element as Element

from node_gateway.epcis.names import Names
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.xml.events import MEMBER
from node_gateway.epcis.xml.naming import Naming, UnwritableError
from node_gateway.epcis.xml.stream import EVENT_TYPES
from node_gateway.epcis.xml.write_extensions import write_json, write_members
from node_gateway.epcis.xml.write_standard import Place

_HEAD: Final = [
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "errorDeclaration",
    "certificationInfo",
]
_WHERE: Final = ["bizStep", "disposition", "readPoint", "bizLocation"]
_TAIL: Final = [
    "sourceList",
    "destinationList",
    "sensorElementList",
    "persistentDisposition",
    "ilmd",
]
_ORDER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ObjectEvent": (
            *_HEAD, "epcList", "action", *_WHERE, "bizTransactionList", "quantityList", *_TAIL,
        ),
        "AggregationEvent": (
            *_HEAD, "parentID", "childEPCs", "action", *_WHERE, "bizTransactionList",
            "childQuantityList", *_TAIL,
        ),
        "TransactionEvent": (
            *_HEAD, "bizTransactionList", "parentID", "epcList", "action", *_WHERE,
            "quantityList", *_TAIL,
        ),
        "TransformationEvent": (
            *_HEAD, "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList",
            "transformationID", *_WHERE, "bizTransactionList", *_TAIL,
        ),
        "AssociationEvent": (
            *_HEAD, "parentID", "childEPCs", "childQuantityList", "action", *_WHERE,
            "bizTransactionList", *_TAIL,
        ),
    }
)  # fmt: skip
# An event of an extension's own type may have any; it stands outside of the schema.
_ANY_ORDER: Final = tuple(dict.fromkeys(name for order in _ORDER.values() for name in order))


class EventWriter:
    """Writes events of one document.

    Args:
        naming: The names of the document.
        urn: CBV words as URNs, otherwise as web addresses.
    """

    __slots__ = ("_names", "_urn", "naming")

    def __init__(self, naming: Naming, names: Names, *, urn: bool) -> None:
        self.naming, self._names, self._urn = naming, names, urn

    def write(self, parent: Element, event: Mapping[str, Any]) -> None:
        """Append an event to a list of events."""
        names = self._names
        if "@context" in event:
            names = names.within(event["@context"])
        kind = event["type"]
        tag = kind if kind in EVENT_TYPES else self.naming.tag(names.type_name(kind), names)
        if kind not in EVENT_TYPES:
            parent = etree.SubElement(parent, "extension")
        element = etree.SubElement(parent, tag, nsmap=self.naming.nsmap(tag))
        place = Place(self.naming, names, self._urn)
        order = _ORDER.get(kind, _ANY_ORDER)
        aside: dict[str, Any] = {}
        for name in order:
            if name in event and not place.put(element, name, event[name]):
                aside[name] = event[name]
        for name, value in event.items():
            if name not in order and name not in ("type", "@context"):
                try:
                    write_members(element, {name: value}, self.naming, names)
                except UnwritableError:
                    aside[name] = value
        for name, value in aside.items():
            self.member(element, name, value, names)

    def member(self, element: Element, name: str, value: Any, names: Names | None = None) -> None:
        """Append a member that XML has no place for, as JSON."""
        names = names or self._names
        one = etree.SubElement(element, MEMBER, nsmap=self.naming.nsmap(MEMBER))
        with suppress(NormalisationError):  # an unknown prefix stays as it is
            name = names.member(name) if ":" in name else name
        one.set("name", name)
        write_json(one, value, names)
