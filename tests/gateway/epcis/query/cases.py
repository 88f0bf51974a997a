"""One row for each query parameter: a value that finds the event, and one that does not.

`scripts/make_conformance.py` reads the names; the tests beside this file run the rows.
"""

from __future__ import annotations

from tests.gateway.epcis.query.family_cases import PATTERNED
from tests.gateway.epcis.query.rows import Case, compared, exists, many, times
from tests.gateway.epcis.query.subjects import AGGREGATION, EVENT, TRANSFORMATION

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

CASES = [*FIXED, *PATTERNED]
STEERING = ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount")
"""Parameters that choose no event; `tests/gateway/rest/test_ordering.py` has them."""
