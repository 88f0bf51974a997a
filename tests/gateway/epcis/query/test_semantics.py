"""What each query parameter finds: an event that has it, none that has another, none without it."""

from __future__ import annotations

from typing import Any

import pytest

from node_gateway.epcis.query import Need, Query, Subject, query_from_json, query_from_text
from node_gateway.epcis.times import time_ms
from tests.gateway.epcis.query.cases import CASES
from tests.gateway.epcis.query.rows import Case
from tests.gateway.epcis.query.subjects import BARE, CONTEXT

RECORD_TIME_MS = time_ms("2026-03-01T04:00:00.000Z")
PLACES = {
    "https://id.gs1.org/414/0614141000005": ["https://id.gs1.org/414/0614141000005/254/gate1"],
    "https://ns.example.com/region/1": ["https://id.gs1.org/414/0614141000005"],
}
CITY = {"https://id.gs1.org/414/0614141000005": "Hangzhou"}


def answer(need: Need) -> frozenset[str]:
    """Master data of a test: one site, a gate in it, its city."""
    if need.kind == "descendants":
        return frozenset(one for outer in need.values for one in PLACES.get(outer, ()))
    attributes = need.values if need.kind == "attribute" else (need.name,)
    if not any(name.endswith("city") for name in attributes):
        return frozenset()
    wanted = CITY.values() if need.kind == "attribute" else need.values
    return frozenset(place for place, city in CITY.items() if city in wanted)


def finds(query: Query, event: dict[str, Any]) -> bool:
    supplied = query.supplied({need: answer(need) for need in query.needs})
    return supplied.matches(Subject(event, time_ms(event["eventTime"]), RECORD_TIME_MS))


def as_json(case: Case, value: Any) -> Query:
    return query_from_json({"@context": CONTEXT, case.parameter: value})


def as_text(case: Case, value: Any) -> Query:
    words = value if isinstance(value, list) else [value]
    text = "|".join("" if one is None else str(one) for one in words)
    text = {"True": "true", "False": "false"}.get(text, text)
    return query_from_text([(case.parameter, text)], CONTEXT)


@pytest.mark.parametrize("read", [as_json, as_text])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parameter)
def test_semantics(case: Case, read: Any) -> None:
    for value in case.hits:
        assert finds(read(case, value), case.subject), value
    for value in case.misses:
        assert not finds(read(case, value), case.subject), value
    if not case.parameter.endswith(("_eventTime", "_recordTime")):
        assert not finds(read(case, case.hits[0]), BARE), "an absent field never matches"


def test_all_parameters_must_hold() -> None:
    found = next(case for case in CASES if case.parameter == "EQ_bizStep")
    both = {"EQ_bizStep": ["shipping"], "EQ_disposition": ["in_transit"]}
    assert finds(query_from_json(both), found.subject)
    for name in both:
        assert not finds(query_from_json({**both, name: ["unknown"]}), found.subject)


def test_a_parameter_given_twice_is_a_longer_list() -> None:
    query = query_from_text([("EQ_bizStep", "receiving"), ("EQ_bizStep", "shipping")])
    assert finds(query, CASES[0].subject)


@pytest.mark.parametrize("value", [False, 0])
def test_exists_with_false_asks_for_nothing(value: object) -> None:
    assert finds(query_from_json({"EXISTS_errorDeclaration": value}), BARE)


def test_a_query_without_parameters_finds_everything() -> None:
    assert finds(query_from_json({}), BARE)


def test_what_master_data_were_not_asked_for_is_found_by_name_only() -> None:
    case = next(case for case in CASES if case.parameter == "WD_readPoint")
    subject = Subject(case.subject, 0, 0)
    assert as_json(case, ["urn:epc:id:sgln:0614141.00000.gate1"]).matches(subject)
    assert not as_json(case, ["urn:epc:id:sgln:0614141.00000.0"]).matches(subject)
    lacking = next(case for case in CASES if case.parameter == "HASATTR_bizLocation")
    assert not as_json(lacking, ["city"]).matches(subject)


@pytest.mark.parametrize(
    "text", ["2026-03-01T09:00:00.000+08:00", "2026-03-01T09:00:00.000 08:00", "2026-03-01"]
)
def test_a_time_may_lose_its_plus_in_an_address_or_be_a_day(text: str) -> None:
    assert finds(query_from_text([("GE_eventTime", text)]), CASES[0].subject)
