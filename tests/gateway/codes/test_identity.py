"""What people type and scanners send: one identity for every spelling, or a clear no."""

import pytest

from node_gateway.codes.identity import canonical_code, identify, shown
from node_gateway.epcis.errors import EpcisError

SGTIN = "https://id.gs1.org/01/09506000134352/21/12345"
SSCC = "https://id.gs1.org/00/106141411234567897"
DRUG = "urn:x-cn-drug:81234567890123456789"


@pytest.mark.parametrize(
    ("text", "kind", "canonical"),
    [
        ("09506000134352 12345", "sgtin", SGTIN),
        ("9506000134352\t12345", "sgtin", SGTIN),
        ("9506000134352, 12345", "sgtin", SGTIN),
        ("(01)09506000134352(21)12345", "sgtin", SGTIN),
        ("( 01 ) 09506000134352 (21) 12345", "sgtin", SGTIN),
        ("  (01)09506000134352(21)12345\n", "sgtin", SGTIN),
        ("（01）09506000134352（21）12345", "sgtin", SGTIN),  # typed with a Chinese keyboard
        ("]d201095060001343522112345", "sgtin", SGTIN),
        ("]d2\x1d01095060001343522112345", "sgtin", SGTIN),
        ("01095060001343522112345", "sgtin", SGTIN),
        ("]C081234567890123456789", "drug_code", "urn:x-cn-drug:81234567890123456789"),
        ("]I109506000134352", "gtin", "https://id.gs1.org/01/09506000134352"),
        ("010950600013435210LOT\x1d2112345", "sgtin", SGTIN),
        ("^01095060001343522112345", "sgtin", SGTIN),
        ("urn:epc:id:sgtin:9506000.013435.12345", "sgtin", SGTIN),
        ("https://maker.example/01/09506000134352/21/12345", "sgtin", SGTIN),
        ("https://maker.example/gtin/9506000134352/ser/12345", "sgtin", SGTIN),
        ("]Q1https://maker.example/01/09506000134352/21/12345", "sgtin", SGTIN),
        ("9506000134352", "gtin", "https://id.gs1.org/01/09506000134352"),
        ("9 506000 134352", "gtin", "https://id.gs1.org/01/09506000134352"),
        ("]E09506000134352", "gtin", "https://id.gs1.org/01/09506000134352"),
        ("106141411234567897", "sscc", SSCC),
        ("00106141411234567897", "sscc", SSCC),
        ("(00)1 0614141 123456789 7", "sscc", SSCC),
        ("81234567890123456789", "drug_code", DRUG),
        ("8123456-7890123456789", "drug_code", DRUG),
        ("８１２３４５６７８９０１２３４５６７８９", "drug_code", DRUG),
        (DRUG, "drug_code", DRUG),
        ("URN:X-CN-DRUG:81234567890123456789", "drug_code", DRUG),
        (
            "urn:epc:class:lgtin:9506000.013435.L1",
            "lgtin",
            "https://id.gs1.org/01/09506000134352/10/L1",
        ),
        ("urn:epc:id:pgln:9506000.00000", "pgln", "https://id.gs1.org/417/9506000000008"),
        ("urn:epc:id:gid:1.2.3", "uri", "urn:epc:id:gid:1.2.3"),
        ("urn:uuid:7a0d0a2c-8b11-4c52-9d3c-1b6f1c8b0a01", "uri", None),
    ],
)
def test_one_identity_for_every_spelling(text: str, kind: str, canonical: str | None) -> None:
    found = identify(text)
    assert (found.kind, found.canonical) == (kind, canonical or text)
    assert identify(found.canonical).canonical == found.canonical
    assert canonical_code(text) == found.canonical


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("09506000134353 12345", "check_digit", SGTIN),
        ("9506000134353", "check_digit", "https://id.gs1.org/01/09506000134352"),
        ("106141411234567890", "check_digit", SSCC),
        ("(01)09506000134353(21)12345", "check_digit", SGTIN),
        ("]d201095060001343532112345", "check_digit", SGTIN),
        ("]E09506000134353", "check_digit", "https://id.gs1.org/01/09506000134352"),
        ("(8013)1987654Ad4X4bL5ttr2310cXK", "check_digit", None),
        ("(01)09506000134352(17)281331(21)1", "identifier_form", None),
        ("(10)LOT", "identifier_form", None),
        ("]d1hello", "identifier_form", None),
        ("91234567890123456789", "drug_code_prefix", None),
        ("urn:x-cn-drug:123", "identifier_form", None),
        ("urn:epc:id:sgtin:9506000.13435.1", "identifier_form", None),
        ("01095060001343\x1d52", "identifier_form", None),
        ("hello", "identifier_form", None),
        ("", "identifier_form", None),
    ],
)
def test_a_mistake_is_told(text: str, code: str, hint: str | None) -> None:
    with pytest.raises(EpcisError) as caught:
        identify(text)
    assert caught.value.code == code
    if hint is not None:
        assert caught.value.hint == hint
        assert identify(hint).canonical == hint


@pytest.mark.parametrize("text", ["hello", "12345", "", " spaced out ", "0" * 40])
def test_what_is_no_spelling_stays_as_it_is_in_a_look_up(text: str) -> None:
    assert canonical_code(text) == text


def test_an_identity_is_shown_with_parts_elements_and_spellings() -> None:
    found = shown(identify("]d2010950600013435217281231\x1d2112345"), lambda _: 7)
    assert found == {
        "kind": "sgtin",
        "canonical": SGTIN,
        "parts": {"gtin": "09506000134352", "serial": "12345"},
        "elements": [
            {"ai": "01", "title": "GTIN", "value": "09506000134352"},
            {"ai": "17", "title": "USE BY or EXPIRY", "value": "281231"},
            {"ai": "21", "title": "SERIAL", "value": "12345"},
        ],
        "spellings": {
            "bracketed": "(01)09506000134352(17)281231(21)12345",
            "unbracketed": "^0109506000134352172812312112345",
            "scan": "]d20109506000134352172812312112345",
            "hri": ["(01) 09506000134352", "(17) 281231", "(21) 12345"],
            "digitalLink": f"{SGTIN}?17=281231",
            "urn": "urn:epc:id:sgtin:9506000.013435.12345",
        },
    }
    assert "urn" not in shown(identify(SGTIN))["spellings"]


def test_a_drug_code_has_parts_and_no_elements() -> None:
    found = shown(identify("81234567890123456789"))
    assert found["parts"] == {"drug_id": "8123456", "serial": "789012345", "check": "6789"}
    assert (found["elements"], found["spellings"]) == ([], {})
