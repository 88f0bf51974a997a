"""The GS1 syntax engine: verdicts of the official one, spellings, and where errors point."""

import json
from typing import Any

import pytest

from node_gateway.codes.gs1 import ElementString, Gs1SyntaxError, InputType, parse
from node_gateway.codes.gs1.escaping import escape, unescape
from tests.conftest import GS1_DIR

# Inputs on which we differ from the engine's verdict, with the reason. None at present.
KNOWN_DIFFERENCES: dict[str, str] = {}


def rows(name: str) -> list[dict[str, Any]]:
    lines = (GS1_DIR / "gs1_syntax" / name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def read(input_type: InputType, text: str) -> ElementString | None:
    try:
        return parse(input_type, text)
    except Gs1SyntaxError:
        return None


def link_of(found: ElementString) -> str | None:
    try:
        return found.digital_link()
    except Gs1SyntaxError:
        return None


@pytest.mark.gs1_corpus(cases=908)
def test_verdict_and_elements_are_those_of_the_official_engine() -> None:
    differing, seen = set(), 0
    for row in rows("engine_vectors.jsonl"):
        if row["ok"] and row["bracketed"] is None:
            continue  # plain data: no GS1 syntax
        found = read(row["input_type"], row["input"])
        agrees = (found is not None) is row["ok"]
        if found is not None and row["ok"]:
            agrees = (found.bracketed, list(found.hri)) == (row["bracketed"], row["hri"])
        seen += 1
        if not agrees:
            differing.add(row["input"])
    assert seen >= 900
    assert differing == set(KNOWN_DIFFERENCES)


@pytest.mark.gs1_corpus(cases=494)
def test_the_canonical_link_is_that_of_the_official_engine() -> None:
    compared = 0
    for row in rows("engine_vectors.jsonl"):
        if row["ok"] and row["bracketed"] is not None:
            assert link_of(parse(row["input_type"], row["input"])) == row["canonical_dl"]
            compared += 1
    assert compared >= 490


@pytest.mark.gs1_corpus(cases=10)
def test_plain_data_is_said_to_be_no_gs1_data() -> None:
    for row in rows("engine_vectors.jsonl"):
        if not (row["ok"] and row["bracketed"] is None):
            continue
        if row["input"].startswith("]E"):
            found = parse(row["input_type"], row["input"])
            assert (found.elements, found.primary) == ((), row["unbracketed"])
            continue
        with pytest.raises(Gs1SyntaxError) as caught:
            parse(row["input_type"], row["input"])
        assert caught.value.reason == "no_gs1_data"


@pytest.mark.gs1_corpus(cases=100)
def test_an_error_points_at_the_character_that_the_engine_marks() -> None:
    compared = 0
    for row in rows("engine_vectors.jsonl"):
        if row["ok"] or not row.get("markup") or "%" in row["input"]:
            continue
        with pytest.raises(Gs1SyntaxError) as caught:
            parse(row["input_type"], row["input"])
        before, wrong = row["markup"].partition(")")[2].split("|")[:2]
        at = caught.value.position
        assert at is not None
        wrong = wrong or "|"  # the separator itself
        assert row["input"][at : at + len(wrong)] == wrong
        assert row["input"][at - len(before) : at] == before
        compared += 1
    assert compared >= 100


@pytest.mark.gs1_corpus(cases=16)
def test_escapes_are_those_of_the_official_engine() -> None:
    for row in rows("uri_escape_vectors.jsonl"):
        convert = escape if row["kind"] == "uri_escape" else unescape
        assert convert(row["input"]) == row["expect_path"]
        assert convert(row["input"], query=True) == row["expect_query"]


PHARMA = "(01)09506000134352(17)281231(10)L1(21)S(2"
PHARMA_ESCAPED = "(01)09506000134352(17)281231(10)L1(21)S\\(2"


def test_one_element_string_in_every_spelling() -> None:
    found = parse("bracketed", PHARMA_ESCAPED)
    assert found.bracketed == PHARMA_ESCAPED
    assert found.unbracketed() == "^01095060001343521728123110L1^21S(2"
    assert found.unbracketed("\x1d") == "\x1d01095060001343521728123110L1\x1d21S(2"
    assert found.scan_data("]C1") == "]C101095060001343521728123110L1\x1d21S(2"
    link = "https://id.gs1.org/01/09506000134352/10/L1/21/S%282?17=281231"
    assert found.digital_link() == link
    assert found.digital_link("https://maker.example/p/") == link.replace(
        "https://id.gs1.org", "https://maker.example/p"
    )
    again = (
        parse("unbracketed", found.unbracketed()),
        parse("unbracketed", found.unbracketed("\x1d")),
        parse("scan", found.scan_data()),
        parse("dl_uri", link),
    )
    values = {one.ai: one.value for one in found.elements}
    for one in again:
        assert {each.ai: each.value for each in one.elements} == values


@pytest.mark.parametrize("symbology", ["]C1", "]e0", "]d2", "]Q3", "]J1"])
def test_scan_data_of_every_symbology(symbology: str) -> None:
    found = parse("scan", f"{symbology}010950600013435210L1\x1d21S")
    assert found.bracketed == "(01)09506000134352(10)L1(21)S"


@pytest.mark.parametrize("symbology", ["]d1", "]Q1", "]J0"])
def test_a_link_in_a_two_dimensional_symbol(symbology: str) -> None:
    found = parse("scan", f"{symbology}https://a.example/x/01/09506000134352/21/S?17=281231")
    assert found.bracketed == "(01)09506000134352(21)S(17)281231"


@pytest.mark.parametrize(
    ("text", "primary", "bracketed"),
    [
        ("]E09506000134352", "9506000134352", ""),
        ("]E402345673", "02345673", ""),
        ("]E09506000134352|]e099A\x1d98B", "9506000134352", "(99)A(98)B"),
    ],
)
def test_ean_symbols(text: str, primary: str, bracketed: str) -> None:
    found = parse("scan", text)
    assert (found.primary, found.bracketed) == (primary, bracketed)


def test_both_parts_of_a_composite_symbol() -> None:
    found = parse("bracketed", "(01)09506000134352|(17)281231(10)L1")
    assert found.bracketed == "(01)09506000134352|(17)281231(10)L1"
    same = parse("unbracketed", "^0109506000134352|^1728123110L1")
    assert same.bracketed == found.bracketed


@pytest.mark.parametrize(
    ("input_type", "text", "reason", "position"),
    [
        ("bracketed", "(01)09506000134353", "incorrect_check_digit", 17),
        ("bracketed", "(01)0950600013435A", "non_digit_character", 17),
        ("bracketed", "(01)0950600013435", "too_short", 4),
        ("bracketed", "(01)095060001343521", "too_long", 4),
        ("bracketed", "(01)09506000134352(17)281331", "illegal_month", 24),
        ("bracketed", "(01)09506000134352(10)a b", "invalid_cset82_character", 23),
        ("bracketed", "(01)09506000134352(10)a^b", "illegal_caret", 22),
        ("bracketed", "(01)09506000134352(10)", "no_element", 18),
        ("bracketed", "01)09506000134352", "no_element", 0),
        ("bracketed", "(1)09506000134352", "unknown_ai", 1),
        ("bracketed", "(05)1", "unknown_ai", 1),
        ("bracketed", "", "empty", 0),
        ("bracketed", "(10)L1", "required_missing", 4),
        ("bracketed", "(02)09506000134352", "required_missing", 4),
        ("bracketed", "(02)09506000134352(37)5(01)09506000134352", "excluded_pair", None),
        ("bracketed", "(01)09506000134352(21)A(235)B", "excluded_pair", None),
        (
            "bracketed",
            "(01)09506000134352(21)A(21)B",
            "repeated_with_other_value",
            27,
        ),
        ("bracketed", "(01)09506000134352(7007)281231281", "incorrect_length", 30),
        ("bracketed", "(253)9506000134352(8030)A", "serial_missing", None),
        ("unbracketed", "^0109506000134352^2", "unknown_ai", 18),
        ("unbracketed", "0109506000134352", "no_gs1_data", 0),
        ("unbracketed", "^", "empty", 1),
        ("unbracketed", "^011", "incorrect_length", 3),
        ("unbracketed", "^010950600013435210" + "L" * 21, "too_long", 39),
        ("scan", "]d20109506000134353", "incorrect_check_digit", 18),
        ("scan", "]d2010950600013435210L^17281231", "illegal_caret", 22),
        ("scan", "]X9", "unknown_symbology", 0),
        ("scan", "0109506000134352", "no_symbology", 0),
        ("scan", "]E09506000134353", "incorrect_check_digit", 15),
        ("scan", "]E0950600013435", "primary_too_short", 3),
        ("scan", "]E095060001343521", "primary_too_long", 16),
        ("dl_uri", "https://a.example/01/09506000134353", "incorrect_check_digit", 34),
        ("dl_uri", "https://a.example/01/09506000134352/21/", "empty_value", 39),
        ("dl_uri", "https://a.example/01/09506000134352/21/A/10/B", "bad_path", None),
        ("dl_uri", "https://a.example/01/09506000134352?10=B", "belongs_in_path", 39),
        ("dl_uri", "https://a.example/01/09506000134352?235=B", "not_an_attribute", 40),
        ("dl_uri", "https://a.example/01/09506000134352?01=1", "too_short", 39),
        ("dl_uri", "https://a.example/01/09506000134352?89=1", "unknown_ai", 36),
        ("dl_uri", "https://a.example/gtin/09506000134352", "no_key", None),
        ("dl_uri", "https://a.example/01/9506000134352", "too_short", 21),
        ("dl_uri", "https://a.example/01/09506000134352?99=%00", "illegal_null", 39),
        ("dl_uri", "https://a.example/01/09506000134352/10/a b", "illegal_uri_character", 40),
        ("dl_uri", "https://a_b.example/01/09506000134352", "illegal_domain_character", 9),
        ("dl_uri", "https://a.example", "no_path", 8),
        ("dl_uri", "ftp://a.example/01/09506000134352", "no_gs1_data", 0),
        ("dl_uri", "https://a.example/AQkBNX-3EA", "no_key", None),  # compressed
    ],
)
def test_what_is_wrong_and_where(
    input_type: InputType, text: str, reason: str, position: int | None
) -> None:
    with pytest.raises(Gs1SyntaxError) as caught:
        parse(input_type, text)
    assert (caught.value.reason, caught.value.position) == (reason, position)


def test_what_may_stand_on_another_symbol_is_not_asked_for() -> None:
    assert parse("bracketed", "(10)L1", required=False).bracketed == "(10)L1"
    with pytest.raises(Gs1SyntaxError, match="beside"):
        parse("bracketed", "(01)09506000134352(37)5", required=False)


@pytest.mark.parametrize(
    "text", ["(99)" + "A" * 8200, "(99)A" * 65, "(01)09506000134352" + "(99)A" * 100]
)
def test_sizes_are_limited(text: str) -> None:
    with pytest.raises(Gs1SyntaxError) as caught:
        parse("bracketed", text)
    assert caught.value.reason in ("data_too_long", "too_many_elements")


def test_a_link_needs_a_key_and_attributes_that_may_stand_there() -> None:
    with pytest.raises(Gs1SyntaxError) as caught:
        parse("bracketed", "(99)A").digital_link()
    assert caught.value.reason == "no_key"
    with pytest.raises(Gs1SyntaxError) as caught:
        parse("bracketed", "(01)09506000134352(235)X(10)L").digital_link()
    assert caught.value.reason == "not_an_attribute"


def test_an_error_repeats_no_value() -> None:
    with pytest.raises(Gs1SyntaxError) as caught:
        parse("bracketed", "(01)09506000134352(10)SECRET LOT")
    assert "SECRET" not in str(caught.value)
