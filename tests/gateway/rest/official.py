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

_AT: Final = "tests/gateway/rest/test_subscription"
ELSEWHERE: Final = {
    f"POST {_SUBSCRIPTIONS}": f"{_AT}s.py::test_a_stream_delivers_what_matches_and_nothing_else",
    f"GET {_SUBSCRIPTIONS}": f"{_AT}_requests.py::test_pages_and_whose_they_are",
    f"OPTIONS {_SUBSCRIPTIONS}": f"{_AT}_requests.py::test_refusals_of_every_request",
    **{
        f"{method} {_SUBSCRIPTIONS}/{{subscriptionID}}": f"{_AT}{test}"
        for method, test in (
            ("GET", "_requests.py::test_a_subscription_is_shown_as_it_was_made"),
            ("OPTIONS", "_requests.py::test_refusals_of_every_request"),
            ("DELETE", "s.py::test_a_removed_subscription_is_told_nothing_more"),
        )
    },
    **{
        f"GS1-Query-{name}": "tests/gateway/epcis/query/test_schedule.py::test_the_next_moment"
        for name in ("Minute", "Hour", "DayOfMonth", "Month", "DayOfWeek")
    },
    "GS1-Query-Second": f"{_AT}_sockets.py::test_a_schedule_over_a_socket",
    "GS1-Query-ReportIfEmpty": f"{_AT}_schedules.py::test_a_report_of_nothing_is_made_if_wanted",
    "GS1-Query-Stream": f"{_AT}_sockets.py::test_a_stream_over_a_socket",
    "GS1-Query-InitialRecordTime": f"{_AT}_sockets.py::test_a_socket_can_begin_in_the_past",
}
"""What tests without `covers` cover."""
