"""The quick way to a canonical identifier gives what the full rules give, whatever came before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.epcis.identifiers import canonical_identifier
from node_gateway.epcis.identifiers.spellings import Spellings
from node_gateway.epcis.normalise_errors import IdentifierError

HEADS = (
    "urn:epc:id:sgtin:9506000.013435.",
    "urn:epc:id:sgtin:9506000.113435.",
    "urn:epc:id:sgtin:9506000.13435.",
    "urn:epc:id:sgtin:9506000.013435.a.",
    "urn:epc:id:sgtin:9506000.%3013435.",
    "URN:EPC:ID:SGTIN:9506000.013435.",
    "urn:epc:id:sgln:9506000.00001.",
    "https://id.gs1.org/01/09506000134352/21/",
    "https://id.gs1.org/01/09506000134353/21/",
    "https://id.gs1.org/01/9506000134352/21/",
    "https://id.gs1.org/01/09506000134352/10/LOT/21/",
    "https://id.gs1.org/01/09506000134352/21/A/01/09506000134352/21/",
    "https://id.gs1.org/01/09506000134352/21/A?x=/21/",
    "https://id.gs1.org/01/09506000134352/21/A#/21/",
    "https://id.gs1.org/01/09506000134352/10/",
    "https://id.gs1.org/414/9506000000019/254/",
    "https://example.com/01/09506000134352/21/",
    "https://example.com/",
)
SERIALS = ("A", "B", "0", "x" * 20, "x" * 21, "", "a.b", "a/b", "a%2Fb", "a%", "é", "A?y=1", "-")


def outcome(convert, text: str) -> str:
    try:
        return convert(text)
    except IdentifierError as error:
        return f"refused: {error.code} {error.detail} {error.hint}"


@given(st.lists(st.tuples(st.sampled_from(HEADS), st.sampled_from(SERIALS)), max_size=40))
def test_one_document_spells_as_the_rules_do(codes: list[tuple[str, str]]) -> None:
    spellings = Spellings()
    for head, serial in codes:
        text = head + serial
        assert outcome(spellings.canonical, text) == outcome(canonical_identifier, text), text


@pytest.mark.parametrize("behind", ["?x=/21/", "#/21/"])
def test_what_follows_a_path_is_no_serial(behind: str) -> None:
    link = "https://id.gs1.org/01/09506000134352/21/A" + behind
    spellings = Spellings()
    spellings.canonical(link + "A")
    assert outcome(spellings.canonical, link + "B") == outcome(canonical_identifier, link + "B")
