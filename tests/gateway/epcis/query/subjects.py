"""Events that have everything a query parameter can ask for, and one that has nothing."""

from __future__ import annotations

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
