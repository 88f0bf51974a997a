"""One row for each query parameter: a value that finds the event, and one that does not.

`scripts/make_conformance.py` reads the names; the tests beside this file run the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:5f1a3c1e-0000-4000-8000-000000000001",
    "eventTime": "2026-03-01T09:00:00.000+08:00",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "bizStep": "shipping",
    "disposition": "in_transit",
    "persistentDisposition": {"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
    "epcList": ["https://id.gs1.org/01/00614141123452/21/400"],
    "quantityList": [
        {"epcClass": "https://id.gs1.org/01/00614141123452/10/L1", "quantity": 2.5, "uom": "KGM"},
        {"epcClass": "https://id.gs1.org/01/00614141123452", "quantity": 7},
    ],
    "readPoint": {
        "id": "https://id.gs1.org/414/0614141000005/254/gate1",
        "https://ns.example.com/epcis/gateKind": "inbound",
        "https://ns.example.com/epcis/gate": {"https://ns.example.com/epcis/lane": "7"},
    },
    "bizLocation": {
        "id": "https://id.gs1.org/414/0614141000005",
        "https://ns.example.com/epcis/zone": "cold",
        "https://ns.example.com/epcis/area": {"https://ns.example.com/epcis/shelf": "B"},
    },
    "bizTransactionList": [
        {"type": "po", "bizTransaction": "urn:example:po:1"},
        {"type": "https://ns.example.com/btt/order", "bizTransaction": "urn:example:order:2"},
    ],
    "sourceList": [{"type": "owning_party", "source": "https://id.gs1.org/417/0614141000005"}],
    "destinationList": [
        {"type": "location", "destination": "https://id.gs1.org/414/0614141000029"}
    ],
    "ilmd": {
        "cbvmda:lotNumber": "LOT-1",
        "cbvmda:itemExpirationDate": "2028-02-29",
        "https://ns.example.com/epcis/weight": 12.5,
        "https://ns.example.com/epcis/origin": {
            "https://ns.example.com/epcis/country": "CN",
            "https://ns.example.com/epcis/year": 2026,
        },
    },
    "errorDeclaration": {
        "declarationTime": "2026-03-02T00:00:00.000Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:5f1a3c1e-0000-4000-8000-000000000002"],
        "https://ns.example.com/epcis/by": "night shift",
        "https://ns.example.com/epcis/detail": {"https://ns.example.com/epcis/count": 3},
    },
    "sensorElementList": [
        {
            "sensorMetadata": {
                "time": "2026-03-01T01:00:00.000Z",
                "startTime": "2026-03-01T00:00:00.000Z",
                "endTime": "2026-03-01T02:00:00.000Z",
                "deviceID": "https://id.gs1.org/8004/0614141dev1",
                "dataProcessingMethod": "https://example.com/dpm/1",
                "bizRules": "https://example.com/rules/1",
                "https://ns.example.com/epcis/firmware": 4,
                "https://ns.example.com/epcis/radio": {
                    "https://ns.example.com/epcis/band": "868",
                    "https://ns.example.com/epcis/power": 14,
                },
            },
            "sensorReport": [
                {
                    "type": "Temperature",
                    "value": 8,
                    "minValue": 2,
                    "maxValue": 9,
                    "meanValue": 5,
                    "sDev": 0.5,
                    "percRank": 50,
                    "percValue": 6,
                    "uom": "CEL",
                    "microorganism": "https://example.com/microbe/1",
                    "chemicalSubstance": "https://example.com/substance/1",
                    "stringValue": "cold",
                    "booleanValue": True,
                    "hexBinaryValue": "f0a1",
                    "uriValue": "https://example.com/value/1",
                    "https://ns.example.com/epcis/quality": "good",
                    "https://ns.example.com/epcis/readings": 5,
                    "https://ns.example.com/epcis/probe": {"https://ns.example.com/epcis/depth": 9},
                }
            ],
            "https://ns.example.com/epcis/mounted": "2026-01-01T00:00:00.000Z",
            "https://ns.example.com/epcis/slots": 6,
            "https://ns.example.com/epcis/holder": {"https://ns.example.com/epcis/slot": 2},
        }
    ],
    "https://ns.example.com/epcis/seal": "S-1",
    "https://ns.example.com/epcis/weight": 40,
    "https://ns.example.com/epcis/checked": "2026-02-28T12:00:00.000Z",
    "https://ns.example.com/epcis/truck": {
        "https://ns.example.com/epcis/plate": "A 12345",
        "https://ns.example.com/epcis/axles": 3,
        "driver": "yes",
    },
}
AGGREGATION: dict[str, Any] = {
    "type": "AggregationEvent",
    "eventTime": "2026-03-01T09:00:00.000Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "ADD",
    "parentID": "https://id.gs1.org/00/006141411234567890",
    "childEPCs": ["https://id.gs1.org/01/00614141123452/21/401"],
    "childQuantityList": [
        {"epcClass": "https://id.gs1.org/01/00614141123452/10/L2", "quantity": 3}
    ],
}
TRANSFORMATION: dict[str, Any] = {
    "type": "TransformationEvent",
    "eventTime": "2026-03-01T09:00:00.000Z",
    "eventTimeZoneOffset": "+00:00",
    "transformationID": "https://id.gs1.org/253/0614141000005X1",
    "inputEPCList": ["https://id.gs1.org/01/00614141123452/21/402"],
    "outputEPCList": ["https://id.gs1.org/01/00614141123452/21/403"],
    "inputQuantityList": [{"epcClass": "https://id.gs1.org/01/00614141123452/10/L3"}],
    "outputQuantityList": [{"epcClass": "https://id.gs1.org/01/00614141123452/10/L4"}],
}
BARE: dict[str, Any] = {
    "type": "https://ns.example.com/epcis/OtherEvent",
    "eventTime": "1999-01-01T00:00:00.000Z",
    "eventTimeZoneOffset": "+00:00",
}
CONTEXT = {"ex": "https://ns.example.com/epcis/"}


@dataclass(frozen=True)
class Case:
    """`hits` and `misses` are values in their JSON form."""

    parameter: str
    hits: tuple[Any, ...]
    misses: tuple[Any, ...]
    family: str = ""
    event: dict[str, Any] | None = None

    @property
    def subject(self) -> dict[str, Any]:
        return EVENT if self.event is None else self.event


def many(parameter: str, *hits: str, misses: tuple[str, ...], **rest: Any) -> Case:
    """A parameter with a list: each value alone, and in a list behind one that misses."""
    lists = (*([hit] for hit in hits), [misses[0], hits[0]])
    return Case(parameter, lists, tuple([miss] for miss in misses), **rest)


def compared(name: str, value: float, above: float, below: float, **rest: Any) -> list[Case]:
    """`GT`, `GE`, `LT` and `LE` of a number that lies between `below` and `above`."""
    return [
        Case(f"GT_{name}", (below,), (value, above), **rest),
        Case(f"GE_{name}", (below, value), (above,), **rest),
        Case(f"LT_{name}", (above,), (value, below), **rest),
        Case(f"LE_{name}", (above, value), (below,), **rest),
    ]


def exists(name: str, **rest: Any) -> Case:
    return Case(f"EXISTS_{name}", (True, None, 1), (), **rest)


def times(name: str, before: str, same: str, after: str, **rest: Any) -> list[Case]:
    """`GE` and `LT` of a moment."""
    return [
        Case(f"GE_{name}", (before, same), (after,), **rest),
        Case(f"LT_{name}", (after,), (same, before), **rest),
    ]


FIXED = [
    many("eventType", "ObjectEvent", misses=("AggregationEvent",)),
    *times(
        "eventTime",
        "2026-03-01T00:59:59.999Z",
        "2026-03-01T02:00:00+01:00",
        "2026-03-01T01:00:00.001Z",
    ),
    *times(
        "recordTime",
        "2026-03-01T03:59:59Z",
        "2026-03-01T12:00:00+08:00",
        "2026-03-01T04:00:00.001Z",
    ),
    many("EQ_action", "OBSERVE", misses=("ADD", "DELETE")),
    many(
        "EQ_bizStep",
        "shipping",
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        misses=("receiving", "in_transit"),
    ),
    many(
        "EQ_disposition",
        "in_transit",
        "urn:epcglobal:cbv:disp:in_transit",
        misses=("active", "shipping"),
    ),
    many(
        "EQ_persistentDisposition_set",
        "completeness_verified",
        misses=("completeness_inferred", "in_transit"),
    ),
    many(
        "EQ_persistentDisposition_unset", "completeness_inferred", misses=("completeness_verified",)
    ),
    many(
        "EQ_readPoint",
        "https://id.gs1.org/414/0614141000005/254/gate1",
        "urn:epc:id:sgln:0614141.00000.gate1",
        misses=("urn:epc:id:sgln:0614141.00000.gate2", "urn:epc:id:sgln:0614141.00000.0"),
    ),
    many(
        "WD_readPoint",
        "urn:epc:id:sgln:0614141.00000.gate1",
        "urn:epc:id:sgln:0614141.00000.0",
        misses=("urn:epc:id:sgln:0614141.00002.0",),
    ),
    many(
        "EQ_bizLocation",
        "https://example.com/414/0614141000005",
        "urn:epc:id:sgln:0614141.00000.0",
        misses=("urn:epc:id:sgln:0614141.00000.gate1",),
    ),
    many(
        "WD_bizLocation",
        "urn:epc:id:sgln:0614141.00000.0",
        "https://ns.example.com/region/1",
        misses=("urn:epc:id:sgln:0614141.00002.0",),
    ),
    many(
        "EQ_transformationID",
        "urn:epc:id:gdti:0614141.00000.X1",
        misses=("urn:epc:id:gdti:0614141.00000.X2",),
        event=TRANSFORMATION,
    ),
    many(
        "MATCH_epc",
        "urn:epc:id:sgtin:0614141.012345.400",
        "urn:epc:idpat:sgtin:0614141.012345.*",
        "urn:epc:idpat:sgtin:0614141.*.*",
        "https://id.gs1.org/01/00614141123452/21/*",
        misses=(
            "urn:epc:id:sgtin:0614141.012345.4001",
            "urn:epc:idpat:sgtin:0614142.*.*",
            "urn:epc:idpat:sscc:0614141.*",
            "https://id.gs1.org/01/00614141123452",
        ),
    ),
    many(
        "MATCH_epc",
        "urn:epc:id:sgtin:0614141.012345.401",
        misses=("urn:epc:id:sscc:0614141.1123456789",),
        event=AGGREGATION,
    ),
    many(
        "MATCH_parentID",
        "https://id.gs1.org/00/006141411234567890",
        "urn:epc:idpat:sscc:0614141.*",
        misses=("urn:epc:id:sgtin:0614141.012345.401",),
        event=AGGREGATION,
    ),
    many(
        "MATCH_inputEPC",
        "urn:epc:id:sgtin:0614141.012345.402",
        misses=("urn:epc:id:sgtin:0614141.012345.403",),
        event=TRANSFORMATION,
    ),
    many(
        "MATCH_outputEPC",
        "urn:epc:id:sgtin:0614141.012345.403",
        misses=("urn:epc:id:sgtin:0614141.012345.402",),
        event=TRANSFORMATION,
    ),
    many(
        "MATCH_anyEPC",
        "urn:epc:id:sgtin:0614141.012345.402",
        "urn:epc:id:sgtin:0614141.012345.403",
        misses=("urn:epc:id:sgtin:0614141.012345.404",),
        event=TRANSFORMATION,
    ),
    many(
        "MATCH_anyEPC",
        "https://id.gs1.org/00/006141411234567890",
        "urn:epc:id:sgtin:0614141.012345.401",
        misses=("https://id.gs1.org/00/006141411234567883",),
        event=AGGREGATION,
    ),
    many(
        "MATCH_epcClass",
        "urn:epc:class:lgtin:0614141.012345.L1",
        "urn:epc:idpat:sgtin:0614141.012345.*",
        "urn:epc:idpat:sgtin:0614141.*.*",
        "https://id.gs1.org/01/00614141123452/10/*",
        misses=("urn:epc:class:lgtin:0614141.012345.L2", "urn:epc:idpat:sgtin:0614141.099999.*"),
    ),
    many(
        "MATCH_inputEPCClass",
        "urn:epc:class:lgtin:0614141.012345.L3",
        misses=("urn:epc:class:lgtin:0614141.012345.L4",),
        event=TRANSFORMATION,
    ),
    many(
        "MATCH_outputEPCClass",
        "urn:epc:class:lgtin:0614141.012345.L4",
        misses=("urn:epc:class:lgtin:0614141.012345.L3",),
        event=TRANSFORMATION,
    ),
    many(
        "MATCH_anyEPCClass",
        "urn:epc:class:lgtin:0614141.012345.L3",
        "urn:epc:idpat:lgtin:0614141.012345.*",
        misses=("urn:epc:class:lgtin:0614141.012345.L9",),
        event=TRANSFORMATION,
    ),
    Case("EQ_quantity", ([7], [2.5, 100], 7), ([2], [0])),
    *compared("quantity", 3, 4, 2, event=AGGREGATION),
    many("EQ_eventID", EVENT["eventID"], misses=("urn:uuid:5f1a3c1e-0000-4000-8000-00000000000f",)),
    exists("errorDeclaration"),
    *times(
        "errorDeclarationTime",
        "2026-03-01T23:59:59Z",
        "2026-03-02T08:00:00+08:00",
        "2026-03-02T00:00:01Z",
    ),
    many(
        "EQ_errorReason",
        "incorrect_data",
        "urn:epcglobal:cbv:er:incorrect_data",
        misses=("did_not_occur",),
    ),
    many(
        "EQ_correctiveEventID",
        "urn:uuid:5f1a3c1e-0000-4000-8000-000000000002",
        misses=(EVENT["eventID"],),
    ),
    exists("sensorElementList"),
    *times("time", "2026-03-01T00:59:59Z", "2026-03-01T01:00:00Z", "2026-03-01T01:00:01Z"),
    *times("startTime", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"),
    *times("endTime", "2026-03-01T01:59:59Z", "2026-03-01T02:00:00Z", "2026-03-01T02:00:01Z"),
    many("EQ_type", "Temperature", "gs1:Temperature", misses=("Pressure",)),
    many(
        "EQ_deviceID",
        "urn:epc:id:giai:0614141.dev1",
        misses=("urn:epc:id:giai:0614141.dev2",),
    ),
    many(
        "EQ_dataProcessingMethod",
        "https://example.com/dpm/1",
        misses=("https://example.com/dpm/2",),
    ),
    many(
        "EQ_microorganism",
        "https://example.com/microbe/1",
        misses=("https://example.com/microbe/2",),
    ),
    many(
        "EQ_chemicalSubstance",
        "https://example.com/substance/1",
        misses=("https://example.com/substance/2",),
    ),
    many("EQ_bizRules", "https://example.com/rules/1", misses=("https://example.com/rules/2",)),
    many("EQ_stringValue", "cold", misses=("Cold", "col")),
    Case("EQ_booleanValue", (True,), (False,)),
    many("EQ_hexBinaryValue", "f0a1", "F0A1", misses=("f0a2",)),
    many("EQ_uriValue", "https://example.com/value/1", misses=("https://example.com/value/2",)),
]

_NAMES = (
    ("", "ex:seal", "S-1", "S-2"),
    ("ILMD_", "cbvmda:lotNumber", "LOT-1", "LOT-2"),
    ("ERROR_DECLARATION_", "ex:by", "night shift", "day shift"),
    ("SENSORELEMENT_", "ex:mounted", "2026-01-01T08:00:00+08:00", "2026-01-02T00:00:00Z"),
    ("SENSORMETADATA_", "ex:firmware", "4", "5"),
    ("SENSORREPORT_", "ex:quality", "good", "bad"),
    ("readPoint_", "ex:gateKind", "inbound", "outbound"),
    ("bizLocation_", "ex:zone", "cold", "warm"),
    ("INNER_", "ex:plate", "A 12345", "A 1"),
    ("INNER_ILMD_", "ex:country", "CN", "DE"),
    ("INNER_ERROR_DECLARATION_", "ex:count", "3", "4"),
    ("INNER_SENSORELEMENT_", "ex:slot", "2", "3"),
    ("INNER_SENSORMETADATA_", "ex:band", "868", "915"),
    ("INNER_SENSORREPORT_", "ex:depth", "9", "8"),
    ("INNER_readPoint_", "ex:lane", "7", "8"),
    ("INNER_bizLocation_", "ex:shelf", "B", "C"),
)
_NUMBERS = (
    ("", "ex:weight", 40, 41, 39),
    ("ILMD_", "ex:weight", 12.5, 13, 12),
    ("ERROR_DECLARATION_", "ex:count", 3, 4, 2),
    ("SENSORELEMENT_", "ex:slots", 6, 7, 5),
    ("SENSORMETADATA_", "ex:firmware", 4, 5, 3),
    ("SENSORREPORT_", "ex:readings", 5, 6, 4),
    ("INNER_", "ex:axles", 3, 4, 2),
    ("INNER_ERROR_DECLARATION_", "ex:count", 3, 4, 2),
    ("INNER_SENSORELEMENT_", "ex:slot", 2, 3, 1),
    ("INNER_SENSORMETADATA_", "ex:power", 14, 15, 13),
    ("INNER_SENSORREPORT_", "ex:depth", 9, 10, 8),
    ("INNER_ILMD_", "ex:year", 2026, 2027, 2025),
)
_PARTS = {
    "ERROR_DECLARATION_": {**EVENT, "errorDeclaration": {"https://ns.example.com/epcis/count": 3}}
}
PATTERNED = [
    many(
        "EQ_bizTransaction_po",
        "urn:example:po:1",
        misses=("urn:example:order:2",),
        family="EQ_bizTransaction_type",
    ),
    many(
        "EQ_bizTransaction_https://ns.example.com/btt/order",
        "urn:example:order:2",
        misses=("urn:example:po:1",),
        family="EQ_bizTransaction_type",
    ),
    many(
        "EQ_bizTransaction_urn:epcglobal:cbv:btt:po",
        "urn:example:po:1",
        misses=("urn:example:order:2",),
        family="EQ_bizTransaction_type",
    ),
    many(
        "EQ_source_owning_party",
        "urn:epc:id:pgln:0614141.00000",
        misses=("urn:epc:id:pgln:0614141.00001",),
        family="EQ_source_type",
    ),
    many(
        "EQ_destination_location",
        "urn:epc:id:sgln:0614141.00002.0",
        misses=("urn:epc:id:sgln:0614141.00000.0",),
        family="EQ_destination_type",
    ),
    Case("EQ_value_CEL", ([8], [1, 8]), ([8.1],), family="EQ_value_uom"),
    Case("EQ_value_FAH", ([46.4],), ([8],), family="EQ_value_uom"),
    *compared("value_CEL", 8, 9, 7, family="value_uom"),
    *[
        Case(f"{operation}_value_KEL", (hit,), (miss,), family="value_uom")
        for operation, hit, miss in (("GE", 281, 282), ("LT", 282, 281))
    ],
    *compared("minValue_CEL", 2, 3, 1, family="minValue_uom"),
    *compared("maxValue_CEL", 9, 10, 8, family="maxValue_uom"),
    *compared("meanValue_CEL", 5, 6, 4, family="meanValue_uom"),
    *compared("sDev_CEL", 0.5, 0.6, 0.4, family="sDev_uom"),
    *compared("percRank", 50, 51, 49),
    *compared("percValue_CEL", 6, 7, 5, family="percValue_uom"),
    Case("EQ_quantity_KGM", ([2.5],), ([7],), family="EQ_quantity_uom"),
    Case("EQ_quantity_GRM", ([2500],), ([2.5],), family="EQ_quantity_uom"),
    *compared("quantity_KGM", 2.5, 3, 2, family="quantity_uom"),
    *[
        many(
            f"EQ_{scope}{name}",
            hit,
            misses=(miss,),
            family=f"EQ_{scope}fieldname",
        )
        for scope, name, hit, miss in _NAMES
    ],
    *[
        Case(f"EXISTS_{scope}{name}", (True, None), (), family=f"EXISTS_{scope}fieldname")
        for scope, name, _, _ in _NAMES
    ],
    *[
        case
        for scope, name, value, above, below in _NUMBERS
        for case in compared(
            f"{scope}{name}",
            value,
            above,
            below,
            family=f"{scope}fieldname",
            event=_PARTS.get(scope),
        )
    ],
    *times(
        "ex:checked",
        "2026-02-28T11:59:59Z",
        "2026-02-28T20:00:00+08:00",
        "2026-02-28T12:00:01Z",
        family="fieldname",
    ),
    *times(
        "ILMD_cbvmda:itemExpirationDate",
        "2028-02-28",
        "2028-02-29",
        "2028-03-01",
        family="ILMD_fieldname",
    ),
    many("EQ_INNER_#driver", "yes", misses=("no",), family="EQ_INNER_fieldname"),
    many(
        "EQ_ILMD_urn:epcglobal:cbv:mda#lotNumber",
        "LOT-1",
        misses=("LOT-2",),
        family="EQ_ILMD_fieldname",
    ),
    many("EQ_https://ns.example.com/epcis/#seal", "S-1", misses=("S-2",), family="EQ_fieldname"),
    many(
        "HASATTR_bizLocation",
        "urn:epcglobal:cbv:mda#city",
        misses=("urn:epcglobal:cbv:mda#fax",),
        family="HASATTR_fieldname",
    ),
    many(
        "EQATTR_bizLocation_urn:epcglobal:cbv:mda#city",
        "Hangzhou",
        misses=("Shanghai",),
        family="EQATTR_fieldname_attrname",
    ),
    many(
        "EQ_ATTR_bizLocation_city",
        "Hangzhou",
        misses=("Shanghai",),
        family="EQATTR_fieldname_attrname",
    ),
]
CASES = [*FIXED, *PATTERNED]
STEERING = ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount")
"""Parameters that choose no event; `tests/gateway/rest/test_ordering.py` has them."""
