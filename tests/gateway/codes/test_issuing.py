"""Codes from numbers: there and back, what is checked, and what a guess is worth."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.codes.issuing import (
    DIGITS,
    PLAIN_ALPHABET,
    Scheme,
    SchemeError,
    Status,
    company_prefixes,
    decide,
    taken_apart,
)
from node_gateway.epcis.identifiers import canonical_identifier

GTIN = "06901234123456"
KEY, CHECKS = b"\x07" * 32, b"\x09" * 32
PLAIN = Scheme("gtin", GTIN, PLAIN_ALPHABET, 8, 4, KEY)
DRUG = Scheme("drug", "8123456", DIGITS, 9, 4, KEY)
SSCC = Scheme("sscc", "690123456")
SCHEMES = [
    PLAIN,
    DRUG,
    SSCC,
    Scheme("gtin", GTIN, DIGITS, 14, 6, KEY),
    Scheme("gtin", GTIN, "0123456789abcdef", 5, 1, KEY),
    Scheme(
        "gtin", GTIN, DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 18, 2, KEY
    ),
    Scheme("sscc", "690123"),
    Scheme("sscc", "690123456789"),
]
LOOK_ALIKE = "0O1Il"


def numbers_of(scheme: Scheme) -> st.SearchStrategy[int]:
    return st.integers(0, scheme.number_count - 1)


@given(st.sampled_from(SCHEMES), st.data())
def test_a_code_leads_back_to_its_number(scheme: Scheme, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(numbers_of(scheme), max_size=20, unique=True))
    codes = scheme.codes(numbers, CHECKS)
    assert len({one.serial for one in codes}) == len(codes)
    assert [scheme.number_of(one.serial) for one in codes] == numbers
    assert all(scheme.checks_right(one.serial, CHECKS) for one in codes)
    for one in codes:
        apart = taken_apart(one.uri)
        assert apart is not None
        assert (apart.kind, apart.serial) == (scheme.kind, one.serial)
        assert scheme.name in (apart.name, *company_prefixes(one.serial))
        assert canonical_identifier(one.uri) == one.uri
        if one.element_string:
            assert canonical_identifier(one.element_string) == one.uri
            assert canonical_identifier(f"]d2{one.plain}") == one.uri


@given(st.sampled_from([PLAIN, DRUG]), st.data())
def test_one_wrong_character_is_never_a_code_of_the_same_number(
    scheme: Scheme, data: st.DataObject
) -> None:
    number = data.draw(numbers_of(scheme))
    (code,) = scheme.codes([number], CHECKS)
    at = data.draw(st.integers(0, scheme.serial_length - 1))
    wrong = data.draw(st.sampled_from([one for one in scheme.alphabet if one != code.serial[at]]))
    serial = code.serial[:at] + wrong + code.serial[at + 1 :]
    same = scheme.number_of(serial) == number
    assert same == (at >= scheme.body_length)  # a wrong body is another number
    if same:
        assert not scheme.checks_right(serial, CHECKS)


@pytest.mark.parametrize("scheme", [PLAIN, DRUG])
@pytest.mark.parametrize("serial", ["", "A", "!" * 13, "1" * 21, "ÅÅÅÅÅÅÅÅÅÅÅÅ", "０" * 13])
def test_what_is_no_serial_has_no_number(scheme: Scheme, serial: str) -> None:
    assert scheme.number_of(serial) is None
    assert not scheme.checks_right(serial, CHECKS)


def test_a_logistics_unit_of_another_prefix_has_no_number() -> None:
    (code,) = SSCC.codes([12_345_678], b"")
    assert (code.serial[0], SSCC.number_of(code.serial)) == ("1", 12_345_678)
    assert Scheme("sscc", "690123457").number_of(code.serial) is None
    wrong = code.serial[:17] + str((int(code.serial[17]) + 1) % 10)
    assert SSCC.number_of(wrong) == 12_345_678
    assert not SSCC.checks_right(wrong, b"")
    whole = Scheme("sscc", "690123456789")
    assert whole.number_count == 100_000
    assert len({one.serial for one in whole.codes(range(100_000), b"")}) == 100_000


def test_no_character_looks_like_another() -> None:
    assert not set(PLAIN_ALPHABET) & set(LOOK_ALIKE)
    assert len(PLAIN_ALPHABET) == 32


def test_other_keys_give_other_codes() -> None:
    numbers = range(1000)
    first = [one.serial for one in PLAIN.codes(numbers, CHECKS)]
    others = [one.serial for one in PLAIN.codes(numbers, KEY)]
    assert [one[:8] for one in first] == [one[:8] for one in others]  # unique whatever the key
    assert sum(one == two for one, two in zip(first, others, strict=True)) == 0
    elsewhere = Scheme("gtin", "06901234123463", PLAIN_ALPHABET, 8, 4, KEY)
    assert first != [one.serial for one in elsewhere.codes(numbers, CHECKS)]


@pytest.mark.parametrize(
    "wishes",
    [
        {"alphabet": "0123456789A A"},
        {"alphabet": "01234567899"},
        {"alphabet": "012345678"},
        {"alphabet": "0123456789-"},
        {"alphabet": "0123456789É"},
        {"body_length": 17},
        {"body_length": 3},
        {"checks_length": 0},
        {"checks_length": 7},
        {"kind": "sscc", "name": "69012"},
    ],
)
def test_a_scheme_that_cannot_be_is_refused(wishes: dict[str, Any]) -> None:
    usual = {"name": GTIN, "alphabet": PLAIN_ALPHABET, "body_length": 8, "checks_length": 4}
    with pytest.raises(SchemeError):
        Scheme(**{"kind": "gtin", **usual, **wishes})


# --- statistics


def test_guesses_hit_as_often_as_codes_are_dense() -> None:
    """A crowded scheme, so that hits can be counted: 20,000 serials of 10^7 were issued."""
    scheme = Scheme("gtin", GTIN, DIGITS, 6, 1, KEY)
    issued = {one.serial for one in scheme.codes(range(20_000), CHECKS)}
    guesses, rng = 1_000_000, random.Random(1)
    hits = sum(f"{rng.randrange(10**7):07d}" in issued for _ in range(guesses))
    expected = guesses * 20_000 / 10**7  # 2,000; six standard deviations are 268
    assert abs(hits - expected) < 6 * expected**0.5


def test_knowing_codes_does_not_help_to_guess_others() -> None:
    """Neighbours of issued serials, and other checks on them, are no better than any guess."""
    scheme = Scheme("gtin", GTIN, DIGITS, 6, 2, KEY)
    issued = {one.serial for one in scheme.codes(range(10_000), CHECKS)}
    known = sorted(issued)
    near = [f"{(int(one) + step) % 10**8:08d}" for one in known for step in (1, 100, 10_000, -100)]
    rate = 10_000 / 10**8
    for step in range(4):
        hits = sum(one in issued for one in near[step::4])
        assert hits <= len(known) * rate + 6 * (len(known) * rate) ** 0.5 + 1


@pytest.mark.parametrize("scheme", [PLAIN, DRUG])
def test_serials_look_drawn(scheme: Scheme) -> None:
    """Chi-square of every place's characters: no number in a row leaves a trace."""
    count, radix = 50_000, len(scheme.alphabet)
    serials = [one.serial for one in scheme.codes(range(count), CHECKS)]
    expected = count / radix
    for at in range(scheme.serial_length):
        seen = [one[at] for one in serials]
        chi = sum((seen.count(one) - expected) ** 2 / expected for one in scheme.alphabet)
        assert chi < radix - 1 + 6 * (2 * (radix - 1)) ** 0.5, at
    ascending = sum(one < two for one, two in itertools.pairwise(serials))
    assert abs(ascending - count / 2) < 6 * (count / 12) ** 0.5


def test_the_usual_serials_are_guessed_less_than_once_in_a_million() -> None:
    million = 1_000_000
    assert million / PLAIN.serial_count < 1e-11
    assert million / DRUG.serial_count <= 1e-6
    assert PLAIN.number_count > 10**12
    assert DRUG.number_count == 10**9


# --- what a code is


@pytest.mark.parametrize(
    ("mark", "commissioned", "issued", "right", "expected"),
    [
        (Status.VOID, True, True, True, Status.VOID),
        (Status.REPLACED, False, True, True, Status.REPLACED),
        (None, True, False, False, Status.COMMISSIONED),
        (None, True, True, True, Status.COMMISSIONED),
        (None, False, False, False, Status.NEVER_ISSUED),
        (None, False, True, False, Status.CHECK_WRONG),
        (None, False, True, True, Status.ISSUED_NOT_COMMISSIONED),
    ],
)
def test_what_a_code_is(
    mark: Status | None, commissioned: bool, issued: bool, right: bool, expected: Status
) -> None:
    found = decide(
        mark=mark, is_commissioned=commissioned, is_issued=issued, are_checks_right=right
    )
    assert found is expected


@pytest.mark.parametrize(
    "uri",
    [
        *("https://id.gs1.org/01/06901234123456", "https://id.gs1.org/414/6901234000009"),
        *("urn:example:x", "", "https://id.gs1.org/01/06901234123456/10/L1", "http://x/01/2/21/3"),
    ],
)
def test_what_names_no_single_thing_is_no_code(uri: str) -> None:
    assert taken_apart(uri) is None
