"""Events of 15 fields with one code, as documents."""

import json
import os

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
WORKLOAD = "events of 15 fields, one code"


def event(number: int, *, codes: int = 1, named: bool = True) -> dict:
    made = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T01:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "urn:epc:id:sgln:9506000.00001.0"},
        "bizLocation": {"id": "urn:epc:id:sgln:9506000.00001.0"},
        "epcList": [f"urn:epc:id:sgtin:9506000.013435.{number}S{at}" for at in range(codes)],
        "bizTransactionList": [
            {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:9506000000019:{number}"}
        ],
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9506000.00001"}],
        "destinationList": [
            {"type": "owning_party", "destination": "urn:epc:id:pgln:9506000.00002"}
        ],
    }
    if named:
        suffix = os.urandom(6).hex()
        made["eventID"] = f"urn:uuid:{number & 0xFFFFFFFF:08x}-0000-4000-8000-{suffix}"
    return made


def goods(step: str, disposition: str, action: str) -> dict:
    return {"bizStep": step, "disposition": disposition, "action": action}


def document(events: list[dict]) -> bytes:
    return json.dumps(
        {
            "@context": [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-31T00:00:00.000+08:00",
            "epcisBody": {"eventList": events},
        },
        separators=(",", ":"),
    ).encode()


def arrays(count: int, size: int, first: int = 0) -> list[bytes]:
    return [
        document([event(first + at * size + inner) for inner in range(size)]) for at in range(count)
    ]


def single_event(made: dict) -> bytes:
    return json.dumps({"@context": [CONTEXT], **made}, separators=(",", ":")).encode()
