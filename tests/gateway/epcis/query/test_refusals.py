"""Queries that are refused: which code, which exception of GS1, which parameter."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.epcis.query import QueryError, query_from_json, query_from_text
from node_gateway.epcis.query.parameters import FIXED
from tests.gateway.epcis.query.cases import CASES

CONTEXT = {"ex": "https://ns.example.com/epcis/"}


@pytest.mark.parametrize(
    ("body", "code", "exception"),
    [
        ([], "query_form", "QueryValidationException"),
        ("EQ_bizStep", "query_form", "QueryValidationException"),
        ({"EQ_bizSteps": ["shipping"]}, "query_parameter_unknown", "QueryParameterException"),
        ({"": 1}, "query_parameter_unknown", "QueryParameterException"),
        ({"EQ_seal": ["x"]}, "query_parameter_unknown", "QueryParameterException"),
        ({"EQ_other:seal": ["x"]}, "query_parameter_unknown", "QueryParameterException"),
        ({"EQ_ILMD_lotNumber": ["x"]}, "query_parameter_unknown", "QueryParameterException"),
        ({"EQ_ATTR_bizLocation": ["x"]}, "query_parameter_unknown", "QueryParameterException"),
        ({"GT_bizStep": 1}, "query_parameter_unknown", "QueryParameterException"),
        ({"EQ_value": [1]}, "query_parameter_unknown", "QueryParameterException"),
        ({"perPage": 3}, "query_parameter_unknown", "QueryParameterException"),
        ({f"EQ_ex:{'x' * 500}": ["x"]}, "query_parameter_unknown", "QueryParameterException"),
        ({"EQ_action": ["observe"]}, "query_value", "QueryParameterException"),
        ({"EQ_action": []}, "query_value", "QueryParameterException"),
        ({"EQ_bizStep": [1]}, "query_value", "QueryParameterException"),
        ({"EQ_bizStep": {"a": 1}}, "query_value", "QueryParameterException"),
        ({"EQ_bizStep": ["x" * 3000]}, "query_value", "QueryParameterException"),
        ({"GE_eventTime": "2026-03-01T09:00:00"}, "query_value", "QueryParameterException"),
        ({"GE_eventTime": "yesterday"}, "query_value", "QueryParameterException"),
        ({"GE_eventTime": 1}, "query_value", "QueryParameterException"),
        ({"LT_startTime": ["2026-03-01", "2026-03-02"]}, "query_value", "QueryParameterException"),
        ({"GT_quantity": "many"}, "query_value", "QueryParameterException"),
        ({"GT_quantity": True}, "query_value", "QueryParameterException"),
        ({"GT_quantity": "3"}, "query_value", "QueryParameterException"),
        ({"EQ_quantity": [10**400]}, "query_value", "QueryParameterException"),
        ({"GE_ex:weight": "heavy"}, "query_value", "QueryParameterException"),
        ({"EQ_booleanValue": "yes"}, "query_value", "QueryParameterException"),
        ({"EXISTS_errorDeclaration": "perhaps"}, "query_value", "QueryParameterException"),
        ({"EQ_readPoint": ["urn:epc:id:sgln:1"]}, "query_value", "QueryParameterException"),
        ({"MATCH_epc": ["urn:epc:idpat:sgtin:*.1.*"]}, "query_value", "QueryParameterException"),
        ({"MATCH_epc": ["urn:epc:idpat:sgtin:06141"]}, "query_value", "QueryParameterException"),
        ({"MATCH_epc": ["urn:epc:idpat:none:1.*"]}, "query_value", "QueryParameterException"),
        ({"MATCH_epc": ["https://example.com/x/*"]}, "query_value", "QueryParameterException"),
        ({"eventType": ["other:Event"]}, "query_value", "QueryParameterException"),
        ({"orderBy": "bizStep"}, "query_value", "QueryParameterException"),
        ({"orderDirection": "UP"}, "query_value", "QueryParameterException"),
        ({"orderBy": "eventTime", "eventCountLimit": 0}, "query_value", "QueryParameterException"),
        ({"maxEventCount": -1}, "query_value", "QueryParameterException"),
        ({"maxEventCount": 1.5}, "query_value", "QueryParameterException"),
        ({"eventCountLimit": 3}, "query_parameter_conflict", "QueryParameterException"),
        (
            {"eventCountLimit": 3, "maxEventCount": 3, "orderBy": "eventTime"},
            "query_parameter_conflict",
            "QueryParameterException",
        ),
        (
            {"EQ_eventID": [f"urn:x:{n}" for n in range(1001)]},
            "query_too_complex",
            "QueryTooComplexException",
        ),
        (
            {f"EQ_ex:a{n}": ["x"] for n in range(101)},
            "query_too_complex",
            "QueryTooComplexException",
        ),
    ],
)
def test_refusals(body: Any, code: str, exception: str) -> None:
    if isinstance(body, dict):
        body = {"@context": CONTEXT, **body}
    with pytest.raises(QueryError) as refused:
        query_from_json(body)
    assert (refused.value.code, refused.value.exception) == (code, exception)
    if len(body) == 2 and "" not in body and code in ("query_value", "query_parameter_unknown"):
        (name,) = set(body) - {"@context"}
        assert refused.value.parameter == name[:200]
        assert refused.value.pointer == "/" + name[:200].replace("~", "~0").replace("/", "~1")


def refusal(read: Callable[[Any], object], query: Any) -> QueryError | None:
    """Return why a query is refused, None if it is not."""
    try:
        read(query)
    except QueryError as error:
        return error
    return None


@pytest.mark.parametrize("name", sorted(FIXED))
def test_a_refusal_never_repeats_the_value(name: str) -> None:
    for value in ({"planted": 1}, [{"planted": 1}], ["urn:epc:id:sgtin:planted"], "planted"):
        refused = refusal(query_from_json, {name: value})
        assert refused is None or "planted" not in f"{refused} {refused.hint}"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_NAMES = st.sampled_from(sorted({case.parameter for case in CASES})) | st.text(max_size=30)


@given(st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_anything_is_a_query_or_refused(body: dict[str, Any]) -> None:
    refused = refusal(query_from_json, body)
    assert refused is None or json.dumps(refused.pointer)


@given(st.lists(st.tuples(_NAMES, st.text(max_size=30)), max_size=4))
def test_any_text_is_a_query_or_refused(pairs: list[tuple[str, str]]) -> None:
    refused = refusal(query_from_text, pairs)
    assert refused is None or refused.exception.startswith("Query")
