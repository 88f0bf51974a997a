"""EPCIS documents of our own for fault tests."""

from __future__ import annotations

import json
import uuid
from typing import Any

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
STATED = "2026-03-01T04:00:00.000+08:00"


def code(serial: object) -> str:
    return f"urn:epc:id:sgtin:6901234.012345.{serial}"


def event(
    name: object,
    *,
    step: str = "shipping",
    codes: list[str] | None = None,
    time: str = STATED,
    **members: Any,
) -> dict[str, Any]:
    """Return an event; the same `name` is the same event again."""
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, str(name))}",
        "eventTime": time,
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": step,
        "readPoint": {"id": "urn:epc:id:sgln:6901234.00001.0"},
        "epcList": [code(name)] if codes is None else codes,
        **members,
    }


def single(one: dict[str, Any]) -> bytes:
    """Return the body of `POST /epcis/events`."""
    return json.dumps({"@context": [CONTEXT], **one}).encode()


def document(*events: dict[str, Any]) -> bytes:
    """Return the body of `POST /epcis/capture`."""
    whole = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": STATED,
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(whole).encode()


def large(name: object, count: int = 1100) -> dict[str, Any]:
    """Return an event whose codes are kept as rows and tiles of their own."""
    return event(name, codes=[code(f"{name}x{number}") for number in range(count)])
