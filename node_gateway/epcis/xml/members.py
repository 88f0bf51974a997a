"""The members of an event, by the name of their element.

Each is read alike wherever it stands: as the schema of EPCIS 2.0 has it, or within the wrappers of
1.2. Which of them an event may have is the JSON schema's to say.

Source: EPCIS 2.0 XML schema and its JSON binding.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from lxml.etree import _Element as Element

from node_gateway.epcis.cbv import Vocabulary
from node_gateway.epcis.xml.reading import Reading
from node_gateway.epcis.xml.scope import XSI, standard_name

EVENT_LEVEL: Final = 4  # document, epcisBody, eventList, event
_NIL: Final = f"{{{XSI}}}nil"

Read = Callable[[Reading, Element], Any]


def _word(vocabulary: Vocabulary, reading: Reading, element: Element) -> str:
    return reading.word(vocabulary, reading.text(element), element)


def _list(item: str, read: Read, reading: Reading, element: Element) -> list[Any]:
    return [read(reading, one) for one in reading.items(element, item)]


def _quantity(reading: Reading, element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in reading.items(element, "epcClass", "quantity", "uom"):
        name = standard_name(one) or ""
        if name == "quantity":
            if one.get(_NIL) not in ("true", "1"):
                found[name] = reading.extensions.typed(one, reading.text(one), "number")
        else:
            found[name] = reading.uri(one) if name == "epcClass" else reading.text(one)
    return found


def _place(reading: Reading, element: Element) -> dict[str, Any]:
    own, found = reading.parted(element, ("id",), EVENT_LEVEL + 1)
    for one in own:
        found["id"] = reading.uri(one)
    return found


def _typed_uri(
    name: str, vocabulary: Vocabulary, reading: Reading, element: Element
) -> dict[str, Any]:
    """Return `{"type": word, name: URI}` for `<name type="...">URI</name>`."""
    stated = element.get("type")
    found = {} if stated is None else {"type": reading.word(vocabulary, stated, element)}
    found[name] = reading.uri(element)
    return found


def _persistent(reading: Reading, element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in reading.items(element, "set", "unset"):
        name = standard_name(one) or ""
        found.setdefault(name, []).append(_word("disposition", reading, one))
    return found


def _error_declaration(reading: Reading, element: Element) -> dict[str, Any]:
    names = ("declarationTime", "reason", "correctiveEventIDs")
    own, found = reading.parted(element, names, EVENT_LEVEL + 1)
    for one in own:
        name = standard_name(one)
        if name == "reason":
            found[name] = _word("error_reason", reading, one)
        elif name == "declarationTime":
            found[name] = reading.text(one)
        else:
            found["correctiveEventIDs"] = _list("correctiveEventID", Reading.uri, reading, one)
    return found


def _sensor_element(reading: Reading, element: Element) -> dict[str, Any]:
    names = ("sensorMetadata", "sensorReport")
    own, found = reading.parted(element, names, EVENT_LEVEL + 2)
    reports: list[dict[str, Any]] = []
    for one in own:
        if standard_name(one) == "sensorReport":
            reports.append(reading.typed_attributes(one, EVENT_LEVEL + 4))
        else:
            found["sensorMetadata"] = reading.typed_attributes(one, EVENT_LEVEL + 3)
    if reports:
        found["sensorReport"] = reports
    return found


def _ilmd(reading: Reading, element: Element) -> dict[str, Any]:
    inside = [
        one
        for child in element
        for one in (child if standard_name(child) == "extension" else (child,))
    ]
    return reading.extensions.object(element, inside, EVENT_LEVEL + 1)


_epcs: Final = partial(_list, "epc", Reading.uri)
_quantities: Final = partial(_list, "quantityElement", _quantity)
_transaction: Final = partial(_typed_uri, "bizTransaction", "biz_transaction")
_source: Final = partial(_typed_uri, "source", "source_destination")
_destination: Final = partial(_typed_uri, "destination", "source_destination")

READ: Final[Mapping[str, Read]] = MappingProxyType(
    {
        **dict.fromkeys(("eventTime", "recordTime", "eventTimeZoneOffset"), Reading.text),
        **dict.fromkeys(("action", "eventID"), Reading.text),
        "errorDeclaration": _error_declaration,
        "certificationInfo": Reading.uri,
        **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _epcs),
        **dict.fromkeys(("parentID", "transformationID"), Reading.uri),
        "bizStep": partial(_word, "biz_step"),
        "disposition": partial(_word, "disposition"),
        "persistentDisposition": _persistent,
        **dict.fromkeys(("readPoint", "bizLocation"), _place),
        "bizTransactionList": partial(_list, "bizTransaction", _transaction),
        **dict.fromkeys(
            ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
            _quantities,
        ),
        "sourceList": partial(_list, "source", _source),
        "destinationList": partial(_list, "destination", _destination),
        "sensorElementList": partial(_list, "sensorElement", _sensor_element),
        "ilmd": _ilmd,
    }
)
