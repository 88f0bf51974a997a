"""The standard members of an event's objects, and the rule for each.

Source: EPCIS 2.0 section 9 and its JSON Schema.
"""

from functools import partial
from types import MappingProxyType
from typing import Final

from node_gateway.epcis.rules import (
    as_given,
    event_type,
    identifier,
    identifiers,
    link,
    list_of,
    object_of,
    time,
    word,
    words,
)
from node_gateway.epcis.walk import Rule, Rules


def _table(**rules: Rule | None) -> Rules:
    return MappingProxyType(rules)


_PLACE: Final = _table(id=identifier)
_QUANTITY: Final = _table(epcClass=identifier, quantity=as_given, uom=as_given)
_TRANSACTION: Final = _table(type=partial(word, "biz_transaction"), bizTransaction=identifier)
_SOURCE: Final = _table(type=partial(word, "source_destination"), source=identifier)
_DESTINATION: Final = _table(type=partial(word, "source_destination"), destination=identifier)
_PERSISTENT: Final = _table(set=partial(words, "disposition"), unset=partial(words, "disposition"))
_ERROR_DECLARATION: Final = _table(
    declarationTime=time, reason=partial(word, "error_reason"), correctiveEventIDs=as_given
)
_SENSOR_METADATA: Final = _table(
    time=time,
    startTime=time,
    endTime=time,
    deviceID=identifier,
    deviceMetadata=link,
    rawData=link,
    dataProcessingMethod=link,
    bizRules=link,
)
_SENSOR_REPORT: Final = _table(
    type=partial(word, "measurement"),
    exception=partial(word, "alert"),
    component=partial(word, "component"),
    time=time,
    deviceID=identifier,
    **dict.fromkeys(
        (
            "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "microorganism",
            "chemicalSubstance", "coordinateReferenceSystem", "uriValue",
        ),
        link,
    ),
    **dict.fromkeys(
        (
            "value", "stringValue", "booleanValue", "hexBinaryValue", "minValue", "maxValue",
            "meanValue", "sDev", "percRank", "percValue", "uom",
        ),
        as_given,
    ),
)  # fmt: skip
_SENSOR_ELEMENT: Final = _table(
    sensorMetadata=object_of(_SENSOR_METADATA), sensorReport=list_of(_SENSOR_REPORT)
)
EVENT: Final = _table(
    type=event_type,
    eventTime=time,
    recordTime=None,
    eventTimeZoneOffset=as_given,
    eventID=as_given,
    certificationInfo=link,
    errorDeclaration=object_of(_ERROR_DECLARATION),
    action=as_given,
    bizStep=partial(word, "biz_step"),
    disposition=partial(word, "disposition"),
    persistentDisposition=object_of(_PERSISTENT),
    readPoint=object_of(_PLACE),
    bizLocation=object_of(_PLACE),
    bizTransactionList=list_of(_TRANSACTION),
    sourceList=list_of(_SOURCE),
    destinationList=list_of(_DESTINATION),
    sensorElementList=list_of(_SENSOR_ELEMENT),
    ilmd=object_of(MappingProxyType({})),
    parentID=identifier,
    transformationID=identifier,
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), identifiers),
    **dict.fromkeys(
        ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
        list_of(_QUANTITY),
    ),
)
STANDARD_NAMES: Final = frozenset(
    name
    for rules in (
        EVENT, _PLACE, _QUANTITY, _TRANSACTION, _SOURCE, _DESTINATION, _PERSISTENT,
        _ERROR_DECLARATION, _SENSOR_ELEMENT, _SENSOR_METADATA, _SENSOR_REPORT,
    )
    for name in rules
)  # fmt: skip
