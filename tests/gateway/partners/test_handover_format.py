"""The form of a handover: what is valid is taken, every change of it is refused with a code."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest

from anchoring import handover_check
from anchoring.core import streams
from anchoring.core.commit import commit_event
from anchoring.core.items import CODE_LISTS
from anchoring.core.opening import CodesOpening
from anchoring.core.prove import code_paths, fields_proof
from anchoring.errors import AnchoringError
from anchoring.handover import HandedEvent, Manifest, Packing, Part
from anchoring.handover_check import (
    Shipment,
    ShipmentCheck,
    check_counts,
    check_event,
    fewer_fields,
)
from anchoring.handover_reading import (
    parse_correction,
    parse_manifest,
    parse_part,
    parse_proofs,
)

SENDER, MAKER = 2, 1
CASE = "https://id.gs1.org/00/069012340000000016"
PACKS = tuple(f"https://id.gs1.org/01/06901234123456/21/{number}" for number in range(5))
BASE = {"eventTime": "2026-03-01T09:00:00.000+08:00", "eventTimeZoneOffset": "+08:00"}
COMMISSIONING = {
    **BASE,
    "type": "ObjectEvent",
    "action": "ADD",
    "bizStep": "commissioning",
    "epcList": list(PACKS),
    "ilmd": {"cbvmda:lotNumber": "L-1", "cbvmda:itemExpirationDate": "2028-02-29"},
}
PACKING = {
    **BASE,
    "type": "AggregationEvent",
    "action": "ADD",
    "bizStep": "packing",
    "parentID": CASE,
    "childEPCs": list(PACKS[:4]),
}
SHIPPING = {
    **BASE,
    "type": "ObjectEvent",
    "action": "OBSERVE",
    "bizStep": "shipping",
    "epcList": [CASE],
}


def handed(
    event: dict[str, Any],
    *paths: str,
    participant: int = SENDER,
    codes: tuple[str, ...] | None = None,
    derived: dict[str, str] | None = None,
) -> HandedEvent:
    """Return an event as a part carries it: opened, or with the paths of some codes."""
    secret = sha256(json.dumps(event).encode()).digest()
    made = commit_event(event, derived or {}, participant=participant, secret=secret)
    fields = fields_proof(made.fields, paths)
    if codes is None:
        lists = {name: tuple(event[name]) for name in CODE_LISTS if event.get(name)}
        opening = CodesOpening(streams.codes_secret(secret), lists)
        return HandedEvent(participant, fields, made.codes.root, opening=opening)
    chosen = [one for one in made.codes.codes if one[1] in codes]
    return HandedEvent(participant, fields, made.codes.root, code_paths(made.codes, chosen))


LOT = ("$['ilmd']['cbvmda:lotNumber']", "$['ilmd']['cbvmda:itemExpirationDate']")


def good() -> list[HandedEvent]:
    """Return a shipment of one case with four packs, of whose lot the receiver gets no more."""
    return [
        handed(SHIPPING, "$['eventTime']"),
        handed(PACKING, "$['parentID']"),
        handed(COMMISSIONING, *LOT, participant=MAKER, codes=PACKS[:4]),
    ]


def taken(
    events: list[HandedEvent],
    *,
    packing: tuple[Packing, ...] = (),
    counts: tuple[int, int] = (3, 5),
    sender: int = SENDER,
) -> Shipment:
    """Say a handover and take it, through the text of its messages."""
    entry = check_event(events[0]).entry
    raw = Part(entry, 0, None, tuple(events), packing).to_json()
    manifest = parse_manifest(Manifest(entry, (sha256(raw).digest(),), *counts).to_json())
    part = parse_part(raw)
    check = ShipmentCheck(sender, manifest.shipment, manifest.replaces)
    check.add(part, [check_event(one) for one in part.events])
    shipment = check.finish()
    check_counts(shipment, manifest)
    return shipment


def refusal(run: Callable[[], object]) -> str:
    with pytest.raises(AnchoringError) as caught:
        run()
    return caught.value.code


def test_a_shipment_comes_out_as_it_went_in() -> None:
    shipment = taken(good())
    assert shipment.parents == {CASE: None, **dict.fromkeys(PACKS[:4], CASE)}
    made = check_event(handed(COMMISSIONING, participant=MAKER)).entry
    assert shipment.made == dict.fromkeys(PACKS[:4], made)


def test_the_entry_is_the_one_that_was_committed() -> None:
    secret = sha256(json.dumps(COMMISSIONING).encode()).digest()
    entry = commit_event(COMMISSIONING, {}, participant=MAKER, secret=secret).entry
    for one in (
        handed(COMMISSIONING, participant=MAKER),
        handed(COMMISSIONING, *LOT, participant=MAKER, codes=PACKS[:1]),
        handed(COMMISSIONING, *LOT, participant=MAKER, codes=()),
    ):
        assert check_event(one).entry == entry


def test_fields_are_left_out_and_the_entry_stays() -> None:
    whole = handed(COMMISSIONING, *LOT, "$['eventTime']", participant=MAKER)
    for keep in ((), LOT[:1], LOT, (*LOT, "$['eventTime']"), ("$['bizStep']",)):
        fewer = HandedEvent(
            MAKER, fewer_fields(whole.fields, keep), whole.codes_root, opening=whole.opening
        )
        checked = check_event(fewer)
        assert checked.entry == check_event(whole).entry
        known = {"sealtrail:act", *keep} & set(check_event(whole).values)
        assert set(checked.values) == known


def test_what_the_sender_says_of_units_is_taken_without_an_event() -> None:
    events = [good()[0], good()[2]]
    shipment = taken(events, packing=(Packing(CASE, PACKS[:4]),), counts=(2, 5))
    assert shipment.parents[PACKS[0]] == CASE


STRAY = {**SHIPPING, "bizStep": "receiving"}
VOID = {**PACKING, "errorDeclaration": {"declarationTime": "2026-03-02T09:00:00.000Z"}}
OTHER = "https://id.gs1.org/00/069012340000000023"


@pytest.mark.parametrize(
    ("events", "counts", "packing", "code"),
    [
        (good(), (2, 5), (), "handover_count"),
        (good(), (3, 6), (), "handover_count"),
        ([*good(), handed(STRAY)], (4, 5), (), "handover_stray_event"),
        ([good()[0], good()[0], *good()[1:]], (3, 5), (), "entry_repeated"),
        ([good()[0], handed(PACKING, "$['parentID']", participant=9)], (2, 5), (),
         "handover_foreign_event"),
        ([*good(), handed(VOID, "$['parentID']")], (4, 5), (), "handover_event_void"),
        ([good()[0], handed(PACKING), good()[2]], (3, 5), (), "handover_packing"),
        ([*good()[:2], handed(COMMISSIONING, participant=MAKER)], (3, 5), (),
         "handover_stray_code"),
        ([*good(), handed({**COMMISSIONING, "epcList": [PACKS[0]]}, participant=7)], (4, 5), (),
         "handover_commissioning"),
        (good(), (3, 5), (Packing(OTHER, PACKS[:1]),), "handover_packing"),
        (good(), (3, 5), (Packing(PACKS[0], (CASE,)),), "handover_packing"),
        (good(), (3, 5), (Packing(OTHER, (OTHER,)),), "handover_packing"),
        (good(), (3, 5), (Packing(OTHER, (PACKS[4],)),), "handover_stray_code"),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_is_refused(
    events: list[HandedEvent], counts: tuple[int, int], packing: tuple[Packing, ...], code: str
) -> None:
    assert refusal(lambda: taken(events, counts=counts, packing=packing)) == code


def test_a_handover_has_no_more_codes_and_events_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in (4, 2):  # five codes, three events
        monkeypatch.setattr(handover_check, "CODES_MAX", limit)
        assert refusal(lambda: taken(good())) == "handover_too_large"
    monkeypatch.setattr(handover_check, "CODES_MAX", 5)
    assert len(taken(good()).parents) == 5


def test_a_shipment_of_somebody_else_or_without_its_codes_is_none() -> None:
    assert refusal(lambda: taken(good(), sender=9)) == "handover_foreign_event"
    hidden = [handed(SHIPPING, codes=(CASE,)), *good()[1:]]
    assert refusal(lambda: taken(hidden)) == "handover_shipment"
    assert refusal(lambda: taken([good()[1], good()[2]], counts=(2, 5))) == "handover_shipment"


def test_parts_of_another_handover_are_refused() -> None:
    entry = check_event(good()[0]).entry
    part = Part(entry, 0, None, tuple(good()))
    checked = [check_event(one) for one in part.events]
    for shipment, replaces, ordinal in (
        (bytes(32), None, 0),
        (entry, bytes(32), 0),
        (entry, None, 1),
    ):
        check = ShipmentCheck(SENDER, shipment, replaces)
        other = Part(entry, ordinal, None, part.events)
        assert refusal(lambda check=check, other=other: check.add(other, checked)) == (  # type: ignore[misc]
            "handover_parts"
        )
    assert refusal(ShipmentCheck(SENDER, entry).finish) == "handover_shipment"


def _changes(value: Any) -> Iterator[tuple[Callable[[Any], None], Any]]:
    """Yield every single change of a JSON value, as something done to a copy of it."""
    for at in range(len(value)) if isinstance(value, list) else list(value):
        inner = value[at]
        if isinstance(inner, (dict, list)):
            for change, changed in _changes(inner):
                yield (lambda v, at=at, change=change: change(v[at])), changed
        else:
            other = inner + 1 if isinstance(inner, int) else _other(inner)
            yield (lambda v, at=at, other=other: v.__setitem__(at, other)), other
        yield (lambda v, at=at: v.__delitem__(at)), None


def _other(text: str) -> str:
    at = len(text) // 2
    return text[:at] + ("a" if text[at] != "a" else "b") + text[at + 1 :]


def test_every_change_of_a_part_is_another_part_or_refused() -> None:
    """The manifest names the part by its digest; what differs must not be taken for the same."""
    raw = Part(check_event(good()[0]).entry, 0, None, tuple(good())).to_json()
    whole, tried = json.loads(raw), 0
    entries = {check_event(one).entry for one in good()}
    for change, _ in _changes(whole):
        changed = copy.deepcopy(whole)
        change(changed)
        text = json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode()
        tried += 1
        try:
            part = parse_part(text)
            found = [check_event(one) for one in part.events]
        except AnchoringError:
            continue
        # What still reads lost a path or an event, or is of another handover or event.
        same = {one.entry for one in found} == entries
        lost = sum(len(one.codes) for one in found) < 9
        moved = (part.shipment, part.ordinal) != (bytes.fromhex(whole["shipment"]), 0)
        assert not same or lost or moved
    assert tried > 100


@pytest.mark.parametrize(
    ("parse", "text", "code"),
    [
        (parse_manifest, b"{}", "bundle_shape"),
        (parse_manifest, b'{"format":"sealtrail/handover/v2"}', "format_unknown"),
        (parse_manifest, b"[", "not_json"),
        (parse_part, b'{"format":"sealtrail/handover/v1"}', "format_unknown"),
        (parse_part, b'{"format":1}', "bundle_shape"),
        (parse_proofs, b'{"format":"sealtrail/handover-proofs/v1","proofs":[]}', "bundle_shape"),
        (parse_correction, b'{"format":"sealtrail/handover-correction/v1","handover":"AA"}',
         "hash_form"),
        (parse_correction, b'{"format":"x","format":"y"}', "duplicate_member"),
    ],
)  # fmt: skip
def test_malformed_texts_are_refused(
    parse: Callable[[bytes], object], text: bytes, code: str
) -> None:
    assert refusal(lambda: parse(text)) == code


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("parts", [], "bundle_shape"),
        ("parts", ["00" * 32, "00" * 32], "bundle_shape"),
        ("parts", ["00"], "hash_form"),
        ("eventCount", 0, "bundle_shape"),
        ("codeCount", 2**31, "bundle_shape"),
        ("codeCount", "5", "bundle_shape"),
        ("replaces", "zz" * 32, "hash_form"),
        ("extra", 1, "bundle_shape"),
    ],
)
def test_a_manifest_has_one_form(member: str, value: object, code: str) -> None:
    wire = json.loads(Manifest(bytes(32), (b"\x01" * 32,), 1, 1).to_json())
    assert parse_manifest(json.dumps(wire).encode()) == Manifest(bytes(32), (b"\x01" * 32,), 1, 1)
    wire[member] = value
    assert refusal(lambda: parse_manifest(json.dumps(wire).encode())) == code
