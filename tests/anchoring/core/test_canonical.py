"""RFC 8785 text against the rfc8785 package, and the numbers that may be committed."""

from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core.canonical import INTEGER_MAX, check_number, exact_number, quote, scalar
from anchoring.errors import EventFormError
from tests.anchoring.core.strategies import SCALAR

ANY_TEXT = st.text(st.characters(codec="utf-8"))


@given(ANY_TEXT)
def test_a_string_is_quoted_as_rfc8785_does(text: str) -> None:
    assert quote(text).encode() == rfc8785.dumps(text)


def test_every_character_that_might_be_escaped() -> None:
    every = "".join(map(chr, [*range(0x100), 0x2028, 0x2029, 0xFEFF, 0xFFFF, 0x1F48A, 0x10FFFF]))
    for character in every:
        assert quote(character).encode() == rfc8785.dumps(character)


@given(SCALAR)
def test_a_scalar_is_written_as_rfc8785_does(value: object) -> None:
    assert scalar(value).encode() == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_written_as_rfc8785_does_or_refused(value: float) -> None:
    if abs(value) > INTEGER_MAX:
        with pytest.raises(EventFormError) as refusal:
            scalar(value)
        assert refusal.value.code == "number_range"
    else:
        assert scalar(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((1.0, "1"), (-0.0, "0"), (1e-7, "1e-7"), (1e-6, "0.000001"), (5e-324, "5e-324")),
        *((2**53 - 1, "9007199254740991"), (True, "true"), (None, "null"), ({}, "{}"), ([], "[]")),
    ],
)
def test_samples(value: object, text: str) -> None:
    assert scalar(value) == text


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), 1e16, float("nan"), float("inf"), float("-inf"), 10**400]
)
def test_numbers_that_two_readers_may_take_differently_are_refused(value: float) -> None:
    with pytest.raises(EventFormError) as refusal:
        check_number(value)
    assert refusal.value.code == "number_range"


@pytest.mark.parametrize("value", [(1,), b"x", {"a": 1}, [0], {1}, object()])
def test_what_is_no_scalar_is_refused(value: object) -> None:
    with pytest.raises(EventFormError):
        scalar(value)


@given(st.decimals(-(10**9), 10**9, places=6))
def test_a_token_is_kept_exactly_or_refused(number: Decimal) -> None:
    for token in (str(number), f"{number:e}"):
        kept = Decimal(rfc8785.dumps(float(number)).decode()) == number
        if kept:
            assert Decimal(scalar(exact_number(token))) == number
        else:
            with pytest.raises(EventFormError) as refusal:
                exact_number(token)
            assert refusal.value.code == "number_precision"


@pytest.mark.parametrize(
    ("token", "text"),
    [
        *(("0", "0"), ("-0", "0"), ("-0.0", "0"), ("1.0", "1"), ("1E2", "100"), ("100e-2", "1")),
        *(("1.50", "1.5"), ("0.1", "0.1"), ("9007199254740991", "9007199254740991")),
        *(
            ("0e99999999999999999999", "0"),
            ("-0.00E-99999999999999999999", "0"),
            ("5e-324", "5e-324"),
        ),
    ],
)
def test_a_token_without_a_loss(token: str, text: str) -> None:
    assert scalar(exact_number(token)) == text


@pytest.mark.parametrize(
    ("token", "code"),
    [
        *(
            ("9007199254740992", "number_range"),
            ("1e16", "number_range"),
            ("1e400", "number_range"),
        ),
        *(("9" * 5000, "number_range"), ("-1e400", "number_range")),
        *(("0.1000000000000000055", "number_precision"), ("1e-400", "number_precision")),
        *(
            ("1e-99999999999999999999", "number_precision"),
            ("9007199254740990.5", "number_precision"),
        ),
    ],
)
def test_a_token_with_a_loss_is_refused(token: str, code: str) -> None:
    with pytest.raises(EventFormError) as refusal:
        exact_number(token)
    assert refusal.value.code == code
