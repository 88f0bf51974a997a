"""What symbols hold, in which order, and what people read beside them."""

from datetime import date

import pytest

from node_gateway.codes.gs1 import parse
from node_gateway.errors import ParameterError
from node_gateway.labels.contents import CHOICES, Content, Unit, contents_of, default_choice
from node_gateway.labels.symbols import Read, check, read_back, require, symbol_of

SGTIN = "https://id.gs1.org/01/09506000134352/21/12345678"
SSCC = "https://id.gs1.org/00/069012340000000016"
DRUG = "urn:x-cn-drug:81234567890123456789"
STEM = "https://maker.example"
PACK = Unit(SGTIN, "ABC123", date(2027, 12, 31))
# Every character of GS1 set 82 that is neither a letter nor a digit.
MARKS = "!\"%&'()*+,-./_:;<=>?"


def only(unit: Unit, choice: str, **options: bool) -> Content:
    (one,) = contents_of(unit, choice, stem=STEM, **options)  # type: ignore[arg-type]
    return one


@pytest.mark.parametrize(
    ("unit", "choice", "identifier", "scanned", "hri"),
    [
        (
            PACK,
            "datamatrix",
            "]d2",
            b"01095060001343521727123110ABC123\x1d2112345678",
            ("(01) 09506000134352", "(17) 271231", "(10) ABC123", "(21) 12345678"),
        ),
        (Unit(SGTIN), "datamatrix", "]d2", b"01095060001343522112345678", None),
        (Unit(SGTIN, lot="L1"), "datamatrix", "]d2", b"010950600013435210L1\x1d2112345678", None),
        (
            PACK,
            "code128",
            "]C1",
            b"01095060001343521727123110ABC123\x1d2112345678",
            None,
        ),
        (
            PACK,
            "qr",
            "]Q1",
            b"https://maker.example/01/09506000134352/21/12345678",
            ("(01) 09506000134352", "(21) 12345678"),
        ),
        (Unit(SSCC), "code128", "]C1", b"00069012340000000016", ("(00) 069012340000000016",)),
        (Unit(SSCC, "L", None), "datamatrix", "]d2", b"00069012340000000016", None),
        (Unit(SSCC), "qr", "]Q1", b"https://maker.example/00/069012340000000016", None),
        (
            Unit(DRUG, "ABC123", date(2027, 12, 31)),
            "code128",
            "]C0",
            b"81234567890123456789",
            ("8123 4567 8901 2345 6789",),
        ),
        (Unit(DRUG), "datamatrix", "]d1", b"81234567890123456789", None),
        (Unit(DRUG), "qr", "]Q1", b"https://maker.example/c/81234567890123456789", None),
    ],
)
def test_content(
    unit: Unit, choice: str, identifier: str, scanned: bytes, hri: tuple[str, ...] | None
) -> None:
    made = only(unit, choice)
    assert (made.identifier, made.scanned) == (identifier, scanned)
    assert hri is None or made.hri == hri
    symbol = symbol_of(made)
    check(symbol)
    shown = "".join(made.hri).replace(" ", "")
    if identifier in ("]d2", "]C1"):  # what people read is what the symbol holds
        assert parse("bracketed", shown) == parse("bracketed", shown)
        assert parse("scan", identifier + scanned.decode()).bracketed == shown
    elif identifier == "]Q1" and "/c/" not in scanned.decode():
        assert parse("dl_uri", scanned.decode()).bracketed == shown
    else:
        assert scanned.decode().endswith(shown)


def test_a_full_link_holds_lot_and_expiry() -> None:
    made = only(PACK, "qr", is_full=True)
    assert made.scanned == (
        b"https://maker.example/01/09506000134352/10/ABC123/21/12345678?17=271231"
    )
    check(symbol_of(made))
    without = contents_of(PACK, "qr", stem=None)
    assert without[0].data == SGTIN


def test_a_pair_is_for_scanners_and_for_phones() -> None:
    made = contents_of(PACK, "pair", stem=STEM)
    assert [one.identifier for one in made] == ["]d2", "]Q1"]


@pytest.mark.parametrize("choice", [one for one in CHOICES if one != "code128"])
def test_every_mark_of_gs1_comes_back(choice: str) -> None:
    unit = Unit(f"https://id.gs1.org/01/09506000134352/21/{MARKS[:10]}", MARKS[10:] + "aZ9")
    for made in contents_of(unit, choice, stem=STEM, is_full=True):  # type: ignore[arg-type]
        check(symbol_of(made))


@pytest.mark.parametrize(
    ("unit", "choice", "stem", "code"),
    [
        (Unit("https://id.gs1.org/01/09506000134352/21/中文"), "datamatrix", STEM, "label_content"),
        (Unit("https://id.gs1.org/01/09506000134352/21/a b"), "datamatrix", STEM, "label_content"),
        (Unit(f"https://id.gs1.org/01/09506000134352/21/{'A' * 21}"), "qr", STEM, "label_content"),
        (Unit("https://id.gs1.org/01/09506000134353/21/1"), "datamatrix", STEM, "label_content"),
        (Unit(SGTIN, "A^B"), "datamatrix", STEM, "label_content"),
        (Unit(SGTIN, "A" * 20, date(2027, 12, 31)), "code128", STEM, "label_content"),
        (Unit("https://id.gs1.org/01/09506000134352"), "datamatrix", STEM, "label_kind"),
        (Unit("https://id.gs1.org/414/6901234000009"), "datamatrix", STEM, "label_kind"),
        (Unit("urn:example:thing"), "qr", STEM, "label_kind"),
        (Unit(DRUG), "qr", None, "label_address"),
        (Unit(SGTIN), "qr", "https://maker.example/" + "x" * 3000, "label_content"),
    ],
)
def test_what_is_no_content(unit: Unit, choice: str, stem: str | None, code: str) -> None:
    with pytest.raises(ParameterError) as refused:
        symbol_of(contents_of(unit, choice, stem=stem)[0])  # type: ignore[arg-type]
    assert refused.value.code == code


def test_what_is_usual() -> None:
    assert [default_choice(Unit(one)) for one in (SGTIN, SSCC, DRUG)] == [
        "datamatrix",
        "code128",
        "code128",
    ]


def test_a_symbol_that_does_not_read_back_is_refused() -> None:
    symbol = symbol_of(only(PACK, "datamatrix"))
    turned = bytes(255 - one for one in symbol.modules)
    broken = type(symbol)(symbol.content, symbol.width, symbol.height, turned)
    with pytest.raises(Exception, match="does not read back"):
        check(broken)
    other = only(Unit(SGTIN, "ABC124"), "datamatrix")
    with pytest.raises(Exception, match="does not read back"):
        check(type(symbol)(other, symbol.width, symbol.height, symbol.modules))
    with pytest.raises(Exception, match="does not read back"):
        require([Read("]d1", symbol.content.scanned)], symbol.content)
    assert read_back(symbol.image(), "qr") == []
