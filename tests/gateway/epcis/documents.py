"""Events and documents to normalise, as small as they may be."""

from typing import Any

import pytest

from node_gateway.epcis.normalise import normalise_document, normalise_event
from node_gateway.epcis.normalise_errors import DocumentRefusedError

OFFICIAL = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EX = {"ex": "https://example.org/ns/"}
SGTIN = "https://id.gs1.org/01/06901234123456/21/1001"
GLN = "https://id.gs1.org/414/6901234000016"


def event(**members: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        **members,
    }


def document(*events: dict[str, Any], context: Any = (OFFICIAL, EX)) -> dict[str, Any]:
    return {
        "@context": list(context) if isinstance(context, tuple) else context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-02T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }


def normal(**members: Any) -> dict[str, Any]:
    return normalise_event(event(**members), [OFFICIAL, EX])


def problems(*events: dict[str, Any], context: Any = (OFFICIAL, EX)) -> list[tuple[str, str]]:
    with pytest.raises(DocumentRefusedError) as caught:
        normalise_document(document(*events, context=context))
    return [(error.code, error.pointer) for error in caught.value.errors]
