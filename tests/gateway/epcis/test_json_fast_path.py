"""The quick way of reading JSON decides nothing that the strict way would decide otherwise."""

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node_gateway.epcis import parse
from node_gateway.epcis.errors import JsonTextError
from node_gateway.epcis.parse import parse_json
from node_gateway.epcis.strict_json import parse_strictly

LIMIT = 1 << 20
# Pieces that meet in risky ways: quotation marks and backslashes, numbers and separators.
FRAGMENTS = (
    *('"', '""', "\\", "\\\\", '\\"', "\\u0022", "\\u005c", "\\n", "\\ud800", "\\ud83d\\ude00"),
    *("[", "]", "{", "}", ":", ",", " ", "\n", '"a":', '"a":1,', '{"a":1}', '"b":[', "[]", "{}"),
    *("1", "0", "-0", "1.0", "1e5", "1E-7", "9007199254740991", "9007199254740992", "0.1"),
    *("123456789012345", "1234567890123456", "1.00000000000000001", "18446744073709551615"),
    *("true", "false", "null", "NaN", "e", "\u836f", "\U0001f600", "\x7f", "\x00", "\ufeff"),
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(['"', "\\", "a:1", "[{", "}]", "1e400"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


def outcome(read: Any, raw: bytes) -> tuple[Any, ...]:
    try:
        return ("taken", exact(read(raw)))
    except JsonTextError as error:
        return ("refused", error.code, error.pointer, error.detail)


def exact(value: Any) -> Any:
    """Return a form in which 1, 1.0, True and the two zeros differ, and order counts."""
    if isinstance(value, dict):
        return ("object", *((name, exact(member)) for name, member in value.items()))
    if isinstance(value, list):
        return ("array", *map(exact, value))
    sign = math.copysign(1, value) if isinstance(value, float) else None
    return (type(value).__name__, value, sign)


def quick(raw: bytes) -> object:
    return parse_json(raw, size_bytes_max=LIMIT)


def strict(raw: bytes) -> object:
    return parse_strictly(raw, depth_max=parse.DEPTH_MAX)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_both_ways_agree_on_any_text(text: str) -> None:
    raw = text.encode("utf-8")
    assert outcome(quick, raw) == outcome(strict, raw)


@settings(max_examples=600, deadline=None)
@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_both_ways_agree_on_values(value: Any, ascii_only: bool, indent: int | None) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    assert outcome(quick, raw) == outcome(strict, raw)


def written(value: Any, repeat_at: int, counter: list[int]) -> str:
    """Write JSON text in which the member number `repeat_at` stands twice."""
    if isinstance(value, list):
        return "[" + ",".join(written(item, repeat_at, counter) for item in value) + "]"
    if not isinstance(value, dict):
        return json.dumps(value)
    members = []
    for name, member in value.items():
        text = f"{json.dumps(name)}:{written(member, repeat_at, counter)}"
        members += [text, text] if counter[0] == repeat_at else [text]
        counter[0] += 1
    return "{" + ",".join(members) + "}"


@settings(max_examples=600, deadline=None)
@given(VALUES, st.data())
def test_a_repeated_member_is_never_merged(value: Any, data: st.DataObject) -> None:
    counter = [0]
    written(value, -1, counter)
    if counter[0]:
        text = written(value, data.draw(st.integers(0, counter[0] - 1)), [0])
        assert outcome(quick, text.encode())[0] == "refused"


@pytest.mark.parametrize("indent", [None, 2])
def test_an_ordinary_document_takes_the_quick_way(
    indent: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T09:30:00.000+08:00",
        "action": "ADD",
        "epcList": ["https://id.gs1.org/00/095060001343520001"],
        "valid": True,
        "none": None,
        "quantityList": [{"epcClass": "urn:a:b", "quantity": 12.5, "uom": "KGM"}],
        "note": 'quoted "so" \\ \u836f [not: 1e400, nested]',
        "sensorElementList": [{"sensorReport": [{"value": -26.0}, {"value": 2026}]}],
    }
    raw = json.dumps({"eventList": [event] * 50}, indent=indent).encode()
    monkeypatch.setattr(parse, "parse_strictly", None)  # would raise if it were called
    assert quick(raw) == orjson.loads(raw)
