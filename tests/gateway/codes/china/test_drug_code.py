"""The 20-digit code: every spelling of it, and no digit more or less."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.codes.china.drug_code import (
    DrugCode,
    DrugCodeError,
    packed_code,
    parse_drug_code,
    unpacked_code,
)

GOOD = "81234567890123456789"
digits = st.text("0123456789", min_size=19, max_size=19).map("8".__add__)


@pytest.mark.gs1_corpus(cases=6)
def test_the_corpus(gs1_dir: Path) -> None:
    for line in (gs1_dir / "china/codes.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["input"].startswith("01069"):
            continue
        try:
            code = parse_drug_code(case["input"])
        except DrugCodeError:
            assert not case["valid"], case
            continue
        assert case["valid"], case
        for part in ("drug_id", "serial13", "serial9", "check4"):
            assert getattr(code, part) == case.get(part, getattr(code, part)), case


@pytest.mark.parametrize(
    "text",
    [
        *(GOOD, f" {GOOD}\r\n", "8123456-7890123456789", "8123 4567 8901 2345 6789"),
        *("８１２３４５６７８９０１２３４５６７８９", "8123456－7890123456789", f"{GOOD}\u3000"),
        *(f"urn:x-cn-drug:{GOOD}", f"URN:X-CN-DRUG:{GOOD}", f"\ufeff{GOOD}", f"{GOOD}\x1d"),
    ],
)
def test_spellings_meet(text: str) -> None:
    assert parse_drug_code(text) == DrugCode(GOOD)


def test_parts() -> None:
    code = parse_drug_code("89012340000000011234")
    assert (code.drug_id, code.serial9, code.check4) == ("8901234", "000000001", "1234")
    assert (code.stem, code.serial13) == ("8901234000000001", "0000000011234")
    assert code.is_special
    assert not parse_drug_code(GOOD).is_special
    assert code.uri == "urn:x-cn-drug:89012340000000011234"
    assert parse_drug_code(code.printed) == code


@pytest.mark.parametrize(
    ("text", "kind", "hint"),
    [
        (GOOD[:-1], "drug_code_length", "missing"),
        (GOOD + "1", "drug_code_length", "too many"),
        (GOOD * 2, "drug_code_length", "two codes"),
        ("6901234567892", "drug_code_length", "GTIN"),
        ("01069012345678922112345", "drug_code_length", "GS1"),
        ("", "drug_code_length", "again"),
        ("7" + GOOD[1:], "drug_code_prefix", "药品追溯码"),
        ("8O" + GOOD[2:], "drug_code_digits", "digit 0"),
        ("8l" + GOOD[2:], "drug_code_digits", "digit 1"),
        ("٨١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩", "drug_code_digits", "another script"),
        ("8१23456789012345678" + "9", "drug_code_digits", "another script"),
        ("①" + GOOD[1:], "drug_code_digits", "character 1"),
        ("-" + GOOD, "drug_code_form", "20 digits"),
        (GOOD + "-", "drug_code_form", "20 digits"),
        ("8--" + GOOD[1:], "drug_code_form", "20 digits"),
        ("8" * 201, "drug_code_form", ""),
    ],
)
def test_refusals_name_the_likeliest_slip(text: str, kind: str, hint: str) -> None:
    with pytest.raises(DrugCodeError) as caught:
        parse_drug_code(text)
    assert caught.value.code == kind
    assert hint in (caught.value.hint or "")


@given(st.text(max_size=60))
def test_whatever_is_read_has_twenty_digits_and_nothing_is_quoted(text: str) -> None:
    try:
        code = parse_drug_code(text)
    except DrugCodeError as error:
        said = f"{error.detail} {error.hint}"
        assert len(text) < 4 or text not in said
    else:
        assert len(code.text) == 20
        assert code.text.isascii()
        assert code.text.isdigit()


@given(digits)
def test_packing_keeps_every_code(text: str) -> None:
    packed = packed_code(text)
    assert 0 <= packed < 2**64 - 2
    assert unpacked_code(packed) == text
    assert parse_drug_code(text).packed == packed
