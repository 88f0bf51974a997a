"""The names of the official interface: endpoints and query parameters. A test compares them."""

from __future__ import annotations

from typing import Final

_TREES: Final = {
    "eventTypes": "eventType",
    "epcs": "epc",
    "bizSteps": "bizStep",
    "bizLocations": "bizLocation",
    "readPoints": "readPoint",
    "dispositions": "disposition",
}
_SUBSCRIPTIONS: Final = "/queries/{queryName}/subscriptions"


def _endpoints() -> tuple[str, ...]:
    both = ["/", "/capture", "/capture/{captureID}", "/events", "/events/{eventID}"]
    for tree, value in _TREES.items():
        both += [f"/{tree}", f"/{tree}/{{{value}}}", f"/{tree}/{{{value}}}/events"]
    both += ["/queries", "/queries/{queryName}", "/queries/{queryName}/events"]
    both += [_SUBSCRIPTIONS, f"{_SUBSCRIPTIONS}/{{subscriptionID}}"]
    found = [f"{method} {path}" for path in both for method in ("OPTIONS", "GET")]
    found += [f"POST {path}" for path in ("/capture", "/events", "/queries", _SUBSCRIPTIONS)]
    found += [
        "DELETE /queries/{queryName}",
        f"DELETE {_SUBSCRIPTIONS}/{{subscriptionID}}",
        "DELETE /nextPageToken/{token}",
    ]
    return tuple(found)


ENDPOINTS: Final = _endpoints()
PARAMETERS: Final = tuple(
    """
    eventType GE_eventTime LT_eventTime GE_recordTime LT_recordTime EQ_action EQ_bizStep
    EQ_disposition EQ_persistentDisposition_set EQ_persistentDisposition_unset EQ_readPoint
    WD_readPoint EQ_bizLocation WD_bizLocation EQ_transformationID MATCH_epc MATCH_parentID
    MATCH_inputEPC MATCH_outputEPC MATCH_anyEPC MATCH_epcClass MATCH_inputEPCClass
    MATCH_outputEPCClass MATCH_anyEPCClass EQ_quantity GT_quantity GE_quantity LT_quantity
    LE_quantity EQ_eventID EXISTS_errorDeclaration GE_errorDeclarationTime LT_errorDeclarationTime
    EQ_errorReason EQ_correctiveEventID orderBy orderDirection eventCountLimit maxEventCount
    GE_startTime LT_startTime GE_endTime LT_endTime EQ_type EQ_deviceID EQ_dataProcessingMethod
    EQ_microorganism EQ_chemicalSubstance EQ_bizRules EQ_stringValue EQ_hexBinaryValue EQ_uriValue
    EQ_booleanValue
    """.split()  # noqa: SIM905
)
PAGING: Final = ("PerPage", "NextPageToken")
SCHEDULE: Final = tuple(
    f"GS1-Query-{name}"
    for name in (
        "Second", "Minute", "Hour", "DayOfMonth", "Month", "DayOfWeek", "ReportIfEmpty", "Stream",
        "InitialRecordTime",
    )
)  # fmt: skip
