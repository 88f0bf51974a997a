"""EPC URNs against the corpus: to Digital Links and back, and the identities of tags."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from node_gateway.codes.gs1.urns import to_urn
from node_gateway.epcis.identifiers import (
    IdentifierError,
    canonical_identifier,
    parse_identifier,
)
from tests.conftest import GS1_DIR

pytestmark = pytest.mark.gs1_corpus(cases=100)

# Links whose expected URN we do not write, with the reason.
NO_URN = {
    "https://id.gs1.org/8010/123457-57578": "its first 12 characters are no company prefix",
    "https://id.gs1.org/8010/9520885039434/38": "a raw slash parts the path; %2F was meant",
}
# URNs that come back in another spelling, or not at all.
NOT_THE_SAME_AGAIN = {
    "urn:epc:id:cpi:6282274.234748947/.94304": "a raw slash comes back as %2F, as it should be",
    "urn:epc:idpat:cpi:858588503943.4/38.*": "the same",
    "urn:epc:idpat:itip:493494.3399430.40.39.*": "refused: there is no piece 40 of 39",
}
# Verdicts on identities of tags that are not ours.
OTHER_VERDICTS = {
    "urn:epc:class:lgtin:1519265.023588..%25:.13%26": "no GTIN-12, but that was asked for",
    "urn:epc:class:lgtin:0000565.023588..%25:.13%26": "no GTIN-8, but that was asked for",
    "urn:epc:id:sgtin:5019265.123588..%25:.13%26": "no GTIN-13, but that was asked for",
    "urn:epc:id:sgtin:1519265.023588..%25:.13%26": "no GTIN-12, but that was asked for",
    "urn:epcid:sgtin:00000000000.00.0": "not of the namespace epc: an ordinary URI",
}


def rows(name: str) -> Iterator[dict[str, Any]]:
    for line in (GS1_DIR / "ids" / name).read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def prefix_length(urn: str) -> int:
    return len(urn.split(":")[4].partition(".")[0])


def is_refused(text: str) -> bool:
    try:
        parse_identifier(text)
    except IdentifierError:
        return True
    return False


def test_links_become_the_expected_urns() -> None:
    differing, seen = set(), 0
    for row in rows("epc_dl_vectors.jsonl"):
        if row["kind"] not in ("dl_to_urn", "dl_to_classurn") or row.get("oracle_agrees") is False:
            continue
        length = row.get("gcp_length")
        if length is None and row["valid"]:
            length = prefix_length(row["expected"])
        seen += 1
        if to_urn(row["input"], lambda _, size=length: size) != row["expected"]:
            differing.add(row["input"])
    assert seen >= 120
    assert differing == set(NO_URN)


def test_urns_come_back_from_their_links() -> None:
    differing, seen = set(), 0
    for row in rows("epc_dl_vectors.jsonl"):
        if row["kind"] not in ("urn_to_dl", "classurn_to_dl") or not row.get("oracle_agrees"):
            continue
        urn = row["input"]
        length = prefix_length(urn)
        seen += 1
        if is_refused(urn) or to_urn(canonical_identifier(urn), lambda _, n=length: n) != urn:
            differing.add(urn)
    assert seen >= 45
    assert differing == set(NOT_THE_SAME_AGAIN)


def test_invalid_urns_are_refused() -> None:
    refused = 0
    for row in rows("epc_dl_vectors.jsonl"):
        if row["kind"] in ("urn_to_dl", "classurn_to_dl") and not row["valid"]:
            text = row["input"]
            try:
                assert parse_identifier(text) is None, text
            except IdentifierError:
                refused += 1
    assert refused >= 60


def test_identities_of_tags_are_told_from_what_is_none() -> None:
    differing, seen = set(), 0
    for row in rows("epc_tds_vectors.jsonl"):
        urn = row.get("uri")
        if urn is None or "TagEncodable" in row.get("cls", ""):
            continue  # whether a tag can hold it is another question
        seen += 1
        if is_refused(urn) is row["valid"]:
            differing.add(urn)
    assert seen >= 190
    assert differing == set(OTHER_VERDICTS)


def test_urn_and_element_string_are_one_thing() -> None:
    seen = 0
    for row in rows("epc_tds_vectors.jsonl"):
        if not (row["valid"] and row.get("gs1_element_string")):
            continue
        urn = row["uri"]
        link = canonical_identifier(urn)
        length = row.get("company_prefix_length") or prefix_length(urn)
        assert canonical_identifier(row["gs1_element_string"]) == link
        assert to_urn(link, lambda _, n=length: n) == urn
        seen += 1
    assert seen >= 60


def test_a_tag_uri_is_refused_with_its_identity() -> None:
    seen = 0
    for row in rows("epc_tds_vectors.jsonl"):
        if row["valid"] and row.get("tag_uri"):
            with pytest.raises(IdentifierError) as caught:
                canonical_identifier(row["tag_uri"])
            assert caught.value.hint == row["uri"]
            seen += 1
    assert seen >= 50
