"""Openings: whoever is given the secret recomputes the roots and the entry."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from anchoring.core import streams
from anchoring.core.codes import build_codes
from anchoring.core.commit import commit_event
from anchoring.core.items import code_items
from anchoring.core.opening import (
    CodesOpening,
    FullOpening,
    parse_codes_opening,
    parse_opening,
)
from anchoring.errors import AnchoringError
from tests.anchoring.core.published import load
from tests.anchoring.core.strategies import DERIVED, EVENT, SECRET

PUBLISHED = load("openings.json")


@pytest.mark.parametrize("case", PUBLISHED["codes"], ids=lambda case: case["root"][:8])
def test_a_published_codes_opening(case: dict[str, Any]) -> None:
    opening = parse_codes_opening(json.dumps(case["opening"]).encode())
    assert opening.tree().root.hex() == case["root"]
    assert json.loads(opening.to_json()) == case["opening"]


@pytest.mark.parametrize("case", PUBLISHED["full"], ids=lambda case: case["entry"][:8])
def test_a_published_full_opening(case: dict[str, Any]) -> None:
    opening = parse_opening(json.dumps(case["opening"]).encode())
    assert opening.commitment().entry.hex() == case["entry"]
    assert json.loads(opening.to_json()) == case["opening"]


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: case["code"])
def test_a_published_opening_that_is_refused(case: dict[str, Any]) -> None:
    read = parse_codes_opening if "codes-opening" in case["text"] else parse_opening
    with pytest.raises(AnchoringError) as refusal:
        read(case["text"].encode())
    assert refusal.value.code == case["code"]


def test_one_kind_is_not_read_as_the_other() -> None:
    codes, full = PUBLISHED["codes"][0]["opening"], PUBLISHED["full"][0]["opening"]
    for read, wire in ((parse_opening, codes), (parse_codes_opening, full)):
        with pytest.raises(AnchoringError) as refusal:
            read(json.dumps(wire).encode())
        assert refusal.value.code == "format_unknown"


@given(EVENT, DERIVED, SECRET)
def test_a_full_opening_gives_the_entry(
    event: dict[str, Any], derived: dict[str, str], secret: bytes
) -> None:
    entry = commit_event(event, derived, participant=7, secret=secret).entry
    opening = FullOpening(7, event, derived, secret)
    assert opening.commitment().entry == entry
    assert parse_opening(opening.to_json()).commitment().entry == entry
    for other in (
        replace(opening, participant=8),
        replace(opening, secret=bytes(b ^ 1 for b in secret)),
        replace(opening, event={**event, "ex:more": 1}),
        replace(opening, derived={**derived, "sealtrail:more-more": ""}),
    ):
        assert other.commitment().entry != entry


@given(EVENT, SECRET)
def test_a_codes_opening_gives_the_codes_root_and_no_salt_of_a_field(
    event: dict[str, Any], secret: bytes
) -> None:
    made = commit_event(event, {}, participant=7, secret=secret)
    sub_secret = streams.codes_secret(secret)
    lists: dict[str, tuple[str, ...]] = {}
    for name, code in code_items(event):
        lists[name] = (*lists.get(name, ()), code)
    opening = CodesOpening(sub_secret, lists)
    assert opening.tree().root == made.codes.root
    assert parse_codes_opening(opening.to_json()).tree().root == made.codes.root
    more = CodesOpening(
        sub_secret, {**lists, "epcList": (*lists.get("epcList", ()), "one more!!!!!!")}
    )
    assert more.tree().root != made.codes.root
    text = opening.to_json().decode()
    assert secret.hex() not in text
    assert streams.fields_secret(secret).hex() not in text


def test_an_event_of_64_levels_can_be_opened() -> None:
    event: dict[str, Any] = {}
    for _ in range(63):
        event = {"ex:a": event}
    event["type"] = "ObjectEvent"
    opening = FullOpening(7, event, {}, bytes(32))
    entry = commit_event(event, {}, participant=7, secret=bytes(32)).entry
    assert parse_opening(opening.to_json()).commitment().entry == entry
    deeper = FullOpening(7, {"type": "ObjectEvent", "ex:a": event}, {}, bytes(32))
    with pytest.raises(AnchoringError) as refusal:
        parse_opening(deeper.to_json())
    assert refusal.value.code == "too_deep"


def test_the_opened_codes_are_those_of_the_shipment() -> None:
    case = PUBLISHED["codes"][0]["opening"]
    tree = build_codes(case["lists"], sub_secret=bytes.fromhex(case["secret"]))
    assert [code for _, code in tree.codes] == sorted(case["lists"]["epcList"])
