"""The canonical property order of each version.

Source: CBV 2.0 section 8.9, table of the canonical property order; CBV 2.1 keeps it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from node_gateway.epcis.event_hash.dialects import DIALECTS, Dialect
from node_gateway.epcis.event_hash.fields import (
    Field,
    Table,
    identifier,
    identifiers,
    pairs,
    plain,
    single,
    structure,
    structures,
    time,
    unplaced_pairs,
    word,
)
from node_gateway.epcis.event_hash.versions import EventHashVersion

# Never hashed: they are not the event's own content, or stand first by another name. That an
# errorDeclaration is not hashed makes a declaration and the event it takes back look the same.
UNHASHED: Final = frozenset(
    {
        "@context", "type", "eventID", "recordTime", "errorDeclaration", "certificationInfo",
        "comment", "rdfs:comment", "#text",
    }
)  # fmt: skip
# Objects inside standard members that may hold extensions, in order.
INNER: Final = ("quantityElement", "sensorElement", "sensorMetadata", "sensorReport")

_PLACE: Final[Table] = (("id", single("id", identifier)),)
_QUANTITY: Final[Table] = (
    ("epcClass", single("epcClass", identifier)),
    ("quantity", single("quantity", plain)),
    ("uom", single("uom", plain)),
)
_PERSISTENT: Final[Table] = (
    ("set", single("set", word("disposition"))),
    ("unset", single("unset", word("disposition"))),
)
_METADATA: Final[Table] = (
    *((name, single(name, time)) for name in ("time", "startTime", "endTime")),
    ("deviceID", single("deviceID", identifier)),
    *(
        (name, single(name, plain))
        for name in ("deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")
    ),
)
_REPORT: Final[Table] = (
    ("type", single("type", word("measurement"))),
    ("exception", single("exception", word("alert"))),
    ("deviceID", single("deviceID", identifier)),
    *(
        (name, single(name, plain))
        for name in ("deviceMetadata", "rawData", "dataProcessingMethod")
    ),
    ("time", single("time", time)),
    *((name, single(name, plain)) for name in ("microorganism", "chemicalSubstance", "value")),
    ("component", single("component", word("component"))),
    *(
        (name, single(name, plain))
        for name in (
            "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "minValue", "maxValue",
            "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
        )
    ),
)  # fmt: skip
_SENSOR: Final[Table] = (
    ("sensorMetadata", structure("sensorMetadata", _METADATA)),
    ("sensorReport", structure("sensorReport", _REPORT)),
)


def _order(dialect: Dialect) -> Table:
    typed = pairs if dialect.ordered_pairs else unplaced_pairs
    parent = ("parentID", single("parentID", identifier))
    codes = ("epcList", identifiers("epcList"))
    certified = ("certificationInfo", single("certificationInfo", plain))
    return (
        ("eventTime", single("eventTime", time)),
        ("eventTimeZoneOffset", single("eventTimeZoneOffset", plain)),
        *((certified,) if dialect.certification else ()),
        *((parent, codes) if dialect.parent_first else (codes, parent)),
        ("inputEPCList", identifiers("inputEPCList")),
        ("childEPCs", identifiers("childEPCs")),
        *(_quantities(name) for name in ("quantityList", "childQuantityList", "inputQuantityList")),
        ("outputEPCList", identifiers("outputEPCList")),
        _quantities("outputQuantityList"),
        ("action", single("action", plain)),
        ("transformationID", single("transformationID", identifier)),
        ("bizStep", single("bizStep", word("biz_step"))),
        ("disposition", single("disposition", word("disposition"))),
        ("persistentDisposition", structure("persistentDisposition", _PERSISTENT)),
        ("readPoint", structure("readPoint", _PLACE)),
        ("bizLocation", structure("bizLocation", _PLACE)),
        ("bizTransactionList", typed("bizTransactionList", "bizTransaction", "biz_transaction")),
        ("sourceList", typed("sourceList", "source", "source_destination")),
        ("destinationList", typed("destinationList", "destination", "source_destination")),
        (
            "sensorElementList",
            structures("sensorElementList", "sensorElement", _SENSOR, shown=dialect.sensor_list),
        ),
    )


def _quantities(name: str) -> tuple[str, Field]:
    return name, structures(name, "quantityElement", _QUANTITY)


ORDERS: Final[Mapping[EventHashVersion, Table]] = MappingProxyType(
    {version: _order(dialect) for version, dialect in DIALECTS.items()}
)
