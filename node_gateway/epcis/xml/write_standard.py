"""Standard members of JSON as XML elements, each in the structure that the schema gives it.

A value that has no such structure is left to the caller, who writes it as JSON.

Source: EPCIS 2.0 XML schema (EPCglobal-epcis-2_0.xsd).
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from lxml import etree
from lxml.etree import _Element as Element

from node_gateway.epcis.cbv import Vocabulary, bare_word, full_word
from node_gateway.epcis.names import Names
from node_gateway.epcis.xml.extensions import AS_JSON
from node_gateway.epcis.xml.naming import Naming, UnwritableError, is_text
from node_gateway.epcis.xml.scope import XSI
from node_gateway.epcis.xml.values import KIND_OF_ATTRIBUTE, SPACE
from node_gateway.epcis.xml.write_extensions import json_text, write_members

_NIL: Final = f"{{{XSI}}}nil"


class Place:
    """What holds within one event: its names, and whether words are written as URNs."""

    __slots__ = ("names", "naming", "urn")

    def __init__(self, naming: Naming, names: Names, urn: bool) -> None:
        self.naming, self.names, self.urn = naming, names, urn

    def put(self, event: Element, name: str, value: Any) -> bool:
        """Append a standard member; False, and nothing appended, if XML has no place for it."""
        write = WRITE[name]
        element = etree.SubElement(event, name)
        try:
            write(self, element, value)
        except (UnwritableError, AttributeError, KeyError, TypeError, ValueError):
            # Not the shape that the schema has; JSON keeps any.
            event.remove(element)
            return False
        return True

    def text(self, element: Element, value: Any) -> None:
        """Make a text the content of an element."""
        if not isinstance(value, str) or not is_text(value) or value != value.strip(SPACE):
            raise UnwritableError("no plain text")
        element.text = value

    def uri(self, element: Element, value: Any) -> None:
        """Make a URI the content, its prefix written out."""
        self.text(element, self.names.value(value))

    def word(self, vocabulary: Vocabulary, element: Element, value: Any) -> None:
        """Make a standard word the content, as URI."""
        self.text(element, self.worded(vocabulary, value))

    def worded(self, vocabulary: Vocabulary, value: str) -> str:
        """Return a standard word as URI, any other value with its prefix written out."""
        bare = bare_word(vocabulary, value) or bare_word(vocabulary, self.names.value(value))
        if bare is None:
            return self.names.value(value)
        return full_word(vocabulary, bare, urn=self.urn)

    def rest(self, element: Element, value: Mapping[str, Any], *known: str) -> None:
        """Append the members that are none of the standard's."""
        others = {key: one for key, one in value.items() if key not in (*known, "@context")}
        write_members(element, others, self.naming, self.names)


_Write = Callable[[Place, Element, Any], None]


def _items(name: str, write: _Write, place: Place, element: Element, value: Any) -> None:
    if not isinstance(value, list):
        raise UnwritableError("no list")
    for one in value:
        write(place, etree.SubElement(element, name), one)


def _some(name: str, write: _Write, place: Place, element: Element, value: Any) -> None:
    if not value:
        raise UnwritableError("the schema wants at least one")
    _items(name, write, place, element, value)


def _quantity(place: Place, element: Element, value: Any) -> None:
    _only(value, "epcClass", "quantity", "uom")
    place.uri(etree.SubElement(element, "epcClass"), value["epcClass"])
    if "quantity" in value:
        number = value["quantity"]
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise UnwritableError("no number")
        etree.SubElement(element, "quantity").text = format(Decimal(repr(number)), "f")
    elif "uom" in value:
        etree.SubElement(element, "quantity").set(_NIL, "true")
    if "uom" in value:
        place.text(etree.SubElement(element, "uom"), value["uom"])


def _at(place: Place, element: Element, value: Any) -> None:
    place.uri(etree.SubElement(element, "id"), value["id"])
    place.rest(element, value, "id")


def _typed(name: str, vocabulary: Vocabulary, place: Place, element: Element, value: Any) -> None:
    _only(value, "type", name)
    if "type" in value:
        element.set("type", place.worded(vocabulary, value["type"]))
    place.uri(element, value[name])


def _persistent(place: Place, element: Element, value: Any) -> None:
    _only(value, "set", "unset")
    for name in ("unset", "set"):
        for one in value.get(name, ()):
            place.word("disposition", etree.SubElement(element, name), one)


def _error_declaration(place: Place, element: Element, value: Any) -> None:
    place.text(etree.SubElement(element, "declarationTime"), value["declarationTime"])
    if "reason" in value:
        place.word("error_reason", etree.SubElement(element, "reason"), value["reason"])
    if "correctiveEventIDs" in value:
        listing = etree.SubElement(element, "correctiveEventIDs")
        _items("correctiveEventID", Place.text, place, listing, value["correctiveEventIDs"])
    place.rest(element, value, "declarationTime", "reason", "correctiveEventIDs")


def _sensor_element(place: Place, element: Element, value: Any) -> None:
    if "sensorMetadata" in value:
        _attributes(place, etree.SubElement(element, "sensorMetadata"), value["sensorMetadata"])
    reports = value["sensorReport"]
    if not isinstance(reports, list) or not reports:
        raise UnwritableError("no reports")
    for one in reports:
        _attributes(place, etree.SubElement(element, "sensorReport"), one)
    place.rest(element, value, "sensorMetadata", "sensorReport")


_SENSOR_WORDS: Final[Mapping[str, Vocabulary]] = MappingProxyType(
    {"type": "measurement", "exception": "alert", "component": "component"}
)
_SENSOR_TEXTS: Final = frozenset({"stringValue", "uom", "hexBinaryValue"})


def _attributes(place: Place, element: Element, value: Any) -> None:
    as_json: list[str] = []
    for key, one in value.items():
        if key == "@context":
            raise UnwritableError("a context of its own")
        tag = key if ":" not in key else place.naming.tag(key, place.names)
        text = _attribute_text(place, key, one)
        if text is None:
            as_json.append(place.naming.member(tag))
            text = json_text(one, place.names)
        element.set(tag, text)
    if as_json:
        element.set(AS_JSON, " ".join(as_json))


def _attribute_text(place: Place, key: str, value: Any) -> str | None:
    """Return what an attribute says, or None if reading it would give something else."""
    kind = KIND_OF_ATTRIBUTE.get(key, "text")
    if isinstance(value, bool):
        return ("true" if value else "false") if kind == "boolean" else None
    if isinstance(value, int | float):
        return repr(value) if kind == "number" else None
    if not isinstance(value, str) or kind != "text" or not is_text(value):
        return None
    if key in _SENSOR_WORDS:
        return place.worded(_SENSOR_WORDS[key], value)
    if key in _SENSOR_TEXTS or ":" in key:
        return value
    return place.names.value(value) if value == value.strip(SPACE) else None


def _only(value: Mapping[str, Any], *known: str) -> None:
    if not set(value) <= set(known):
        raise UnwritableError("members that the schema does not have here")


def _ilmd(place: Place, element: Element, value: Any) -> None:
    place.rest(element, value)


_epcs: Final = partial(_items, "epc", Place.uri)
_quantities: Final = partial(_items, "quantityElement", _quantity)
WRITE: Final[Mapping[str, _Write]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("eventTime", "recordTime", "eventTimeZoneOffset", "action", "eventID"), Place.text
        ),
        **dict.fromkeys(("parentID", "transformationID", "certificationInfo"), Place.uri),
        "errorDeclaration": _error_declaration,
        **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _epcs),
        "bizStep": lambda place, element, value: place.word("biz_step", element, value),
        "disposition": lambda place, element, value: place.word("disposition", element, value),
        "persistentDisposition": _persistent,
        **dict.fromkeys(("readPoint", "bizLocation"), _at),
        "bizTransactionList": partial(
            _some, "bizTransaction", partial(_typed, "bizTransaction", "biz_transaction")
        ),
        "sourceList": partial(_some, "source", partial(_typed, "source", "source_destination")),
        "destinationList": partial(
            _some, "destination", partial(_typed, "destination", "source_destination")
        ),
        **dict.fromkeys(
            ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
            _quantities,
        ),
        "sensorElementList": partial(_some, "sensorElement", _sensor_element),
        "ilmd": _ilmd,
    }
)
