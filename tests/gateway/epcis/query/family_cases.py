"""Rows of the parameters whose names vary."""

from __future__ import annotations

from tests.gateway.epcis.query.rows import Case, compared, many, times
from tests.gateway.epcis.query.subjects import EVENT

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
