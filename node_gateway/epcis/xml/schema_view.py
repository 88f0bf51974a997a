"""Where the two official schemas disagree: an event as the JSON schema must see it.

XML permits what the JSON schema of EPCIS 2.0 forgets or forbids, and GS1's own examples use it:
`persistentDisposition` in every event, sensor reports that state an exception and no type, a code
twice in a list (normalising drops the second). A sender of valid XML cannot help that, so these
three are taken out of the JSON schema's sight, and nothing else.

Source: EPCIS 2.0 section 7.4 and its XML schema, compared with its JSON schema.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

_MEMBER: Final = "persistentDisposition"
_FORGOTTEN_IN: Final = frozenset({"AggregationEvent", "TransactionEvent", "AssociationEvent"})
_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_STAND_IN_TYPE: Final = "Dimensionless"
_BEARER: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "type": "ObjectEvent",
        "eventTime": "2000-01-01T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": [],
    }
)


def schema_views(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what the JSON schema is to judge in the event's place.

    Pointers to problems are those of the event. Usually that is the event itself, alone.
    """
    view = dict(event)
    if _MEMBER in event and event.get("type") in _FORGOTTEN_IN:
        # It is still checked, in an event that may have it.
        yield {**_BEARER, _MEMBER: view.pop(_MEMBER)}
    for name in _LISTS:
        codes = view.get(name)
        if isinstance(codes, list):
            view[name] = list(dict.fromkeys(codes))
    if "sensorElementList" in view:
        view["sensorElementList"] = [_sensor_element(one) for one in view["sensorElementList"]]
    yield view


def _sensor_element(element: Mapping[str, Any]) -> dict[str, Any]:
    view = dict(element)
    if "sensorReport" in view:
        view["sensorReport"] = [
            {"type": _STAND_IN_TYPE, **report} if "exception" in report else report
            for report in view["sensorReport"]
        ]
    return view
