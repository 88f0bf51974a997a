"""JSON text read in one way only; limits at their edges; cost linear in the text."""

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core.strict_json import BUNDLE_SIZE_BYTES_MAX, parse_exact, parse_plain
from anchoring.errors import TextError
from tests.anchoring.core.published import bundle_of, case_named, code_of, verify

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


def code_of_text(raw: bytes) -> str | None:
    try:
        parse_plain(raw)
    except TextError as refusal:
        return refusal.code
    return None


@given(PLAIN, st.booleans())
def test_what_json_reads_is_read(value: object, escaped: bool) -> None:
    assert parse_plain(json.dumps(value, ensure_ascii=escaped).encode()) == value


def test_8_mib_are_read_and_one_byte_more_is_not() -> None:
    case = case_named("codes_1")
    exact = bundle_of(case).ljust(BUNDLE_SIZE_BYTES_MAX)
    assert verify(exact, case["chain"])[0].entry.hex() == case["expect"]["entry"]
    assert code_of(exact + b" ", case["chain"]) == "bundle_too_large"
    assert code_of(b"\xff" * (BUNDLE_SIZE_BYTES_MAX + 1), case["chain"]) == "bundle_too_large"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_64_levels_are_read_and_65_are_not(opening: bytes, closing: bytes) -> None:
    assert code_of_text(opening * 64 + b"0" + closing * 64) is None
    assert code_of_text(opening * 65 + b"0" + closing * 65) == "too_deep"
    assert code_of_text(opening * 100_000) == "too_deep"


def test_brackets_in_strings_are_no_levels() -> None:
    assert code_of_text(b'["' + b"[{" * 200 + b'"]') is None
    assert code_of_text(b'["\\"' + b"[" * 200 + b'"]') is None
    assert code_of_text(b'["\\\\",' + b"[" * 64 + b"]" * 64 + b"]") == "too_deep"
    assert code_of_text(b"[" + b",".join([b"[]"] * 1000) + b"]") is None


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 65 + b'"' + b'\\"' * 1_000_000,  # an open string, in which every quote is escaped
        b"[" * 65 + b'"' + b"\\" * 2_000_001,
        b"[" * 65 + b'"\\' * 1_000_000,
        b"[" * 65 + b'""' * 1_000_000,
        b"[]" * 1_000_000,
        b"]" * 2_000_000 + b"[" * 100,
        b'{"a":' + b"9" * 2_000_000 + b"}",
        b'{"a":-' + b"9" * 2_000_000 + b"e9}",
    ],
    ids=lambda raw: repr(raw[:75][-12:]),
)
def test_2_mb_that_mean_harm_are_refused_at_once(raw: bytes) -> None:
    started = process_time()
    assert code_of_text(raw) in ("not_json", "too_deep", "number_form")
    assert process_time() - started < 2


@pytest.mark.parametrize(
    ("token", "code"),
    [
        *((b"1.0", "number_form"), (b"-0", "number_form"), (b"1e0", "number_form")),
        *((b"9007199254740992", "number_form"), (b"9" * 6000, "number_form")),
        *(
            (b"NaN", "not_json"),
            (b"Infinity", "not_json"),
            (b"01", "not_json"),
            (b"0x1", "not_json"),
        ),
        *((b'"\\ud800"', "lone_surrogate"), (b'{"\\udfff":0}', "lone_surrogate")),
        *((b'{"a":0,"\\u0061":0}', "duplicate_member"), (b"\xff", "not_utf8"), (b",", "not_json")),
        *((b"9007199254740991", None), (b"0", None), (b'"\\ud83d\\udc8a"', None)),
    ],
)
def test_tokens(token: bytes, code: str | None) -> None:
    assert code_of_text(b"[" + token + b"]") == code


def test_exact_reading_keeps_numbers_or_refuses() -> None:
    assert parse_exact(b"[1.50,-0,1E2,-7]", size_bytes_max=99) == [1.5, 0, 100, -7]
    for raw, code in (
        (b"[1e999]", "number_range"),
        (b"[9007199254740993]", "number_range"),
        (b"[0.1000000000000000055]", "number_precision"),
        (b"[1e-99999999999999999999]", "number_precision"),
        (b" " * 100, "bundle_too_large"),
        (b'{"a":1,"a":1}', "duplicate_member"),
    ):
        with pytest.raises(TextError) as refusal:
            parse_exact(raw, size_bytes_max=99)
        assert refusal.value.code == code
