"""What holds for every element string, link and URN, whatever its values."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from node_gateway.codes.gs1 import Gs1SyntaxError, parse
from node_gateway.codes.gs1.dictionary import dictionary
from node_gateway.codes.gs1.urns import to_urn
from node_gateway.codes.identity import identify
from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.identifiers import canonical_identifier, parse_identifier
from node_gateway.epcis.identifiers.check_digits import check_digit, check_pair

SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz"
serials = st.text(SET_82, min_size=1, max_size=20)
digits = st.text("0123456789", min_size=13, max_size=13)
gcp_lengths = st.integers(6, 12)


def gtin_of(thirteen: str) -> str:
    return thirteen + check_digit(thirteen)


def escaped(value: str) -> str:
    return value.replace("(", "\\(")


@given(digits, serials, serials, st.booleans())
def test_a_pharma_code_is_one_thing_in_every_spelling(
    thirteen: str, lot: str, serial: str, with_expiry: bool
) -> None:
    gtin = gtin_of(thirteen)
    expiry = "(17)281231" if with_expiry else ""
    found = parse("bracketed", f"(01){gtin}{expiry}(10){escaped(lot)}(21){escaped(serial)}")
    canonical = canonical_identifier(found.bracketed)
    link = found.digital_link("https://maker.example/p")
    spelled = (
        *(found.bracketed, found.unbracketed(), found.unbracketed("\x1d")),
        *(found.scan_data(symbology) for symbology in ("]d2", "]C1", "]e0", "]Q3", "]J1")),
        *(link, f"]Q1{link}", f"]d1{link}"),
        *(canonical, f"urn:epc:id:sgtin:{gtin[1:8]}.{gtin[0]}{gtin[8:13]}.{urn_escaped(serial)}"),
    )
    for text in spelled:
        assert canonical_identifier(text) == canonical, text
        assert identify(text).canonical == canonical, text
    assert parse("dl_uri", link).value_of("21") == serial
    assert parse("scan", found.scan_data()).bracketed == found.bracketed


def urn_escaped(serial: str) -> str:
    return "".join(f"%{ord(one):02X}" if one in '"%&/<>?' else one for one in serial)


@given(digits, serials, st.integers(0, 13), st.integers(1, 9))
def test_a_changed_digit_is_refused_in_every_spelling(
    thirteen: str, serial: str, at: int, by: int
) -> None:
    gtin = gtin_of(thirteen)
    wrong = f"{gtin[:at]}{(int(gtin[at]) + by) % 10}{gtin[at + 1 :]}"
    for text in (
        f"(01){wrong}(21){escaped(serial)}",
        f"]d201{wrong}21{serial}",
        f"^01{wrong}21{serial}",
        f"https://id.gs1.org/01/{wrong}/21/{serial.encode().hex()[:20]}",
    ):
        with pytest.raises(EpcisError) as caught:
            canonical_identifier(text)
        assert caught.value.code == "check_digit"
        with pytest.raises(EpcisError):
            identify(text)


@given(st.data())
def test_every_element_that_is_read_is_spelled_and_read_again(data: Any) -> None:
    entries = list(dictionary().entries.values())
    chosen = data.draw(st.lists(st.sampled_from(entries), min_size=1, max_size=4))
    text = "".join(
        f"({one.ai}){escaped(data.draw(st.text(SET_82, min_size=1, max_size=one.longest)))}"
        for one in chosen
    )
    try:
        found = parse("bracketed", text, required=False)
    except Gs1SyntaxError:
        return
    raw = parse("unbracketed", found.unbracketed(), required=False)
    assert raw.bracketed == found.bracketed
    assert parse("scan", found.scan_data(), required=False).hri == found.hri


@given(st.text(max_size=60) | st.text("()]^\x1d0123456789dQC|E\\%/:htps.", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for kind in ("dl_uri", "bracketed", "unbracketed", "scan"):
        for start in ("", "(01)", "^01", "]d2", "]E0", "https://a.example/01/"):
            try:
                found = parse(kind, start + text)
            except Gs1SyntaxError as error:
                at = error.position
                assert at is None or 0 <= at <= len(start + text)
                continue
            assert found.elements or found.primary
    try:
        once = identify(text)
    except EpcisError:
        return
    assert identify(once.canonical).canonical == once.canonical


# One key of every EPC scheme: (application identifier, digits before the check digit, rest).
KEYS = {
    "sscc": ("00", 17, ""),
    "gtin": ("01", 13, ""),
    "sgln": ("414", 12, ""),
    "pgln": ("417", 12, ""),
    "gdti": ("253", 12, "A/1"),
    "gdti class": ("253", 12, ""),
    "sgcn": ("255", 12, "42"),
    "grai": ("8003", 12, "X%1"),
    "grai class": ("8003", 12, ""),
    "gsin": ("402", 16, ""),
    "gsrn": ("8018", 17, ""),
    "gsrnp": ("8017", 17, ""),
}


@given(st.sampled_from(sorted(KEYS)), st.data(), gcp_lengths)
def test_a_key_becomes_a_urn_and_the_same_key_again(name: str, data: Any, length: int) -> None:
    ai, size, serial = KEYS[name]
    body = data.draw(st.text("0123456789", min_size=size, max_size=size))
    lead = "0" if ai == "8003" else ""
    link = canonical_identifier(f"({ai}){lead}{body}{check_digit(body)}{serial}")
    urn = to_urn(link, lambda _: length)
    assert urn is not None
    assert canonical_identifier(urn) == link
    assert to_urn(urn, lambda _: length) == urn


@given(
    st.sampled_from(["(01){}(21){}", "(01){}(10){}", "(01){}(235){}", "(8006){}0102(21){}"]),
    *(digits, serials, gcp_lengths),
)
def test_a_qualified_gtin_becomes_a_urn_and_the_same_again(
    form: str, thirteen: str, serial: str, length: int
) -> None:
    link = canonical_identifier(form.format(gtin_of(thirteen), escaped(serial)))
    urn = to_urn(link, lambda _: length)
    assert urn is not None
    assert canonical_identifier(urn) == link


@given(st.text("0123456789", min_size=12, max_size=12), serials, gcp_lengths)
def test_assets_consignments_and_places_become_urns(body: str, rest: str, length: int) -> None:
    assume(rest != "0")
    gln, tail = body + check_digit(body), escaped(rest[:18])
    for text in (f"(8004){body}{tail}", f"(401){body}{tail}", f"(414){gln}(254){escaped(rest)}"):
        link = canonical_identifier(text)
        urn = to_urn(link, lambda _: length)
        assert urn is not None
        assert canonical_identifier(urn) == link


@pytest.mark.parametrize(
    ("link", "length", "urn"),
    [
        ("https://id.gs1.org/01/09506000134352", 7, "urn:epc:idpat:sgtin:9506000.013435.*"),
        ("https://id.gs1.org/01/09506000134352/10/L/1", 7, None),
        (
            "https://id.gs1.org/01/09506000134352/10/L%2F1",
            7,
            "urn:epc:class:lgtin:9506000.013435.L%2F1",
        ),
        ("https://id.gs1.org/414/9506000000015", 7, "urn:epc:id:sgln:9506000.00001.0"),
        ("https://id.gs1.org/8010/9506000AB", 7, "urn:epc:idpat:cpi:9506000.AB.*"),
        ("https://id.gs1.org/8010/9506000A%23B/8011/7", 7, "urn:epc:id:cpi:9506000.A%23B.7"),
        ("https://id.gs1.org/253/9506000000015", 7, "urn:epc:idpat:gdti:9506000.00001.*"),
        (
            "https://id.gs1.org/8006/095060001343520102",
            7,
            "urn:epc:idpat:itip:9506000.013435.01.02.*",
        ),
        ("https://id.gs1.org/8006/095060001343520102/10/L", 7, None),
        ("https://id.gs1.org/8004/9506000", 7, None),
        ("https://id.gs1.org/01/09506000134352", 5, None),
        ("https://id.gs1.org/01/09506000134352", 13, None),
        ("https://id.gs1.org/01/09506000134352", None, None),
        ("https://id.gs1.org/01/09506000134353", 7, None),
        ("https://id.gs1.org/8010/9506-00AB/8011/7", 7, None),
        ("https://shop.example/x", 7, None),
        ("urn:epc:id:gid:1.2.3", 7, None),
    ],
)
def test_urns_one_by_one(link: str, length: int | None, urn: str | None) -> None:
    assert to_urn(link, lambda _: length) == urn


def test_a_model_number_has_no_urn() -> None:
    gmn = "1987654Ad4X4bL5ttr2310c"
    link = canonical_identifier(f"(8013){gmn}{check_pair(gmn)}")
    assert to_urn(link, lambda _: 7) is None


def test_the_prefix_length_is_asked_for_the_digits_behind_the_indicator() -> None:
    asked: list[str] = []

    def length_of(given: str) -> int:
        asked.append(given)
        return 7

    urn = to_urn("https://id.gs1.org/01/39506000134353/21/1", length_of)
    assert urn == "urn:epc:id:sgtin:9506000.313435.1"
    assert asked == ["950600013435"]
    found = parse_identifier(urn)
    assert found is not None
    assert found.prefixed.startswith("9506000")
