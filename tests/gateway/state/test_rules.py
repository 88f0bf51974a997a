"""Every rule has a flow that breaks it, at the event that breaks it, and breaks no other."""

import re

import pytest

from node_gateway.state.rules import MEANINGS, Rule, rule_named
from tests.gateway.state.flows import (
    MAKER,
    NOW_MS,
    SHOP,
    TRADER,
    at,
    broken,
    case,
    dispensed,
    history,
    made,
    named,
    pack,
    packed,
    place,
    received,
    seen,
    shipped,
    unpacked,
)
from tests.gateway.state.test_clean_flows import IN_CASE, MADE, SOLD, ZONE
from tests.rules.source import ROOT

A, B = pack("A"), pack("B")
CASE, PALLET, OTHER = case(1), case(2), case(4)
ALARM = [{"sensorReport": [{"type": "Temperature", "exception": "ALARM_CONDITION"}]}]

BREACHES = {
    "commissioned twice": ([*MADE, made(2, [A])], 2, "double_commission"),
    "commissioned twice, captured the other way round": (
        [made(2, [A], lot=None), made(1, [A])], 0, "double_commission",
    ),
    "a unit inside a unit, shipped alone": (
        [*IN_CASE, packed(2, PALLET, [CASE]), shipped(3, [CASE], MAKER, SHOP)],
        4, "child_moved_while_aggregated",
    ),
    "a pack two levels down, sold": (
        [*IN_CASE, packed(2, PALLET, [CASE]), dispensed(3, [A], who=MAKER)],
        4, "child_moved_while_aggregated",
    ),
    "a pack of a received case, received alone": (
        [*IN_CASE, shipped(2, [CASE], MAKER, SHOP), received(3, [CASE], MAKER, SHOP),
         shipped(4, [A], SHOP, TRADER)], 5, "child_moved_while_aggregated",
    ),
    "packed elsewhere": ([*IN_CASE, packed(2, OTHER, [A])], 3, "already_aggregated"),
    "packed elsewhere, said late": (
        [*MADE, packed(2, CASE, [A]), packed(1, OTHER, [A])], 2, "already_aggregated",
    ),
    "taken out twice": (
        [*IN_CASE, unpacked(2, CASE, [A]), unpacked(3, CASE, [A])], 4, "not_a_child",
    ),
    "taken out of another": ([*IN_CASE, unpacked(2, OTHER, [A])], 3, "not_a_child"),
    "taken out after all was": (
        [*IN_CASE, unpacked(2, CASE), unpacked(3, CASE, [A])], 4, "not_a_child",
    ),
    "sold, then shipped": (
        [*SOLD, dispensed(3, [A]), shipped(4, [A], SHOP, TRADER)], 4, "already_dispensed",
    ),
    "sold, then packed": (
        [*SOLD, dispensed(3, [A]), packed(4, CASE, [A], who=SHOP)], 4, "already_dispensed",
    ),
    "sold twice in retail": (
        [*SOLD, *(seen(hour, [A], "retail_selling", SHOP, disposition="retail_sold")
                  for hour in (3, 4))], 4, "already_dispensed",
    ),
    "sold twice at one moment": (
        [*SOLD, named(dispensed(3, [A]), "urn:x:1"),
         dispensed(3, [A], readPoint={"id": place(SHOP, 2)})], 4, "already_dispensed",
    ),
    "sold after its last day": (
        [made(0, [A], expiry="2026-03-01"), dispensed(40, [A], who=MAKER)], 1, "expired",
    ),
    "sold after a date of six digits": (
        [made(0, [A], expiry="260200"), dispensed(1, [A], who=MAKER)], 1, "expired",
    ),
    "recalled, then sold": (
        [*SOLD, seen(3, [A], "holding", SHOP, disposition="recalled"), dispensed(4, [A])],
        4, "recalled",
    ),
    "recalled with its case, then shipped alone": (
        [*IN_CASE, seen(2, [CASE], "inspecting", persistentDisposition={"set": ["recalled"]}),
         unpacked(3, CASE, [A]), shipped(4, [A], MAKER, SHOP)], 5, "recalled",
    ),
    "received by a stranger, no party stated": (
        [made(0, [A]), shipped(1, [A], MAKER, TRADER), seen(2, [A], "receiving", SHOP)],
        2, "wrong_receiver",
    ),
    "the case received by a stranger": (
        [*IN_CASE, shipped(2, [CASE], MAKER, TRADER), received(3, [CASE], MAKER, SHOP)],
        4, "wrong_receiver",
    ),
    "received before it was commissioned": (
        [received(1, [A], MAKER, SHOP), made(2, [A])], 0, "before_commissioning",
    ),
    "sold before it was commissioned": (
        [made(5, [A]), dispensed(1, [A], who=MAKER)], 1, "before_commissioning",
    ),
    "destroyed before it was commissioned": (
        [made(5, [A]), seen(1, [A], "destroying", action="DELETE")], 1, "before_commissioning",
    ),
    "packed before it was commissioned": (
        [made(5, [A]), made(0, [CASE], lot=None), packed(1, CASE, [A])], 2, "before_commissioning",
    ),
    "a lot with two dates, made by transformation": (
        [made(0, [A]), {"type": "TransformationEvent", "eventTime": at(1), **ZONE,
         "inputEPCList": [pack("C")],
         "outputEPCList": [B],
         "ilmd": {"cbvmda:lotNumber": "L1", "cbvmda:itemExpirationDate": "2027-01-01"}}],
        1, "lot_expiry_conflict",
    ),
    "a ring of units": (
        [*MADE, packed(1, CASE, [OTHER]), packed(2, PALLET, [CASE]), packed(3, OTHER, [PALLET])],
        4, "aggregation_cycle",
    ),
    "a unit in itself": ([*MADE, packed(1, CASE, [CASE])], 2, "aggregation_cycle"),
    "destroyed, then packed": (
        [*MADE, seen(1, [A], "destroying", action="DELETE"), packed(2, CASE, [A])],
        3, "decommissioned",
    ),
    "destroyed with its case": (
        [*IN_CASE, seen(2, [CASE], "destroying", disposition="destroyed"),
         dispensed(3, [A], who=MAKER)], 4, "decommissioned",
    ),
    "used up, then shipped": (
        [made(0, [A]), {"type": "TransformationEvent", "eventTime": at(1), **ZONE,
         "inputEPCList": [A],
         "outputEPCList": [B]}, shipped(2, [A], MAKER, SHOP)], 2, "decommissioned",
    ),
    "used up twice": (
        [made(0, [A]), *({"type": "TransformationEvent", "eventTime": at(hour), **ZONE,
         "inputEPCList": [A], "outputEPCList": [pack(hour)]} for hour in (1, 2))],
        2, "decommissioned",
    ),
    "said twice": (
        [made(0, [A]), named(seen(1, [A], "storing"), "urn:x:1"),
         named(seen(1, [A], "storing"), "urn:x:2")], 2, "duplicate_event",
    ),
    "not yet": ([made(24 * 400, [A])], 0, "future_time"),
    "a sensor's alarm": (
        [made(0, [A]), seen(1, [A], "sensor_reporting", sensorElementList=ALARM)],
        1, "cold_chain_excursion",
    ),
    "used by its maker, never commissioned": (
        [shipped(1, [A], MAKER, SHOP)], 0, "not_commissioned",
    ),
    "received from nowhere": (
        [*SOLD, received(3, [A], MAKER, TRADER)], 3, "not_shipped",
    ),
    "sold by somebody who never had it": (
        [*SOLD, dispensed(3, [A], who=TRADER)], 3, "not_shipped",
    ),
    "decommissioned twice": (
        [*MADE, *(seen(hour, [A], "decommissioning", action="DELETE", disposition="inactive")
                  for hour in (1, 2))], 3, "decommissioned",
    ),
    "shipped by somebody who does not hold it": (
        [*SOLD, shipped(3, [A], TRADER, MAKER)], 3, "not_shipped",
    ),
    "sold on the way": (
        [made(0, [A]), shipped(1, [A], MAKER, SHOP), dispensed(2, [A])], 2, "in_transit",
    ),
    "shipped twice from one place to one party, with two documents": (
        [made(0, [A]), shipped(1, [A], MAKER, SHOP), shipped(2, [A], MAKER, SHOP)],
        2, "in_transit",
    ),
    "shipped twice to different parties": (
        [made(0, [A]), shipped(1, [A], MAKER, SHOP), shipped(2, [A], MAKER, TRADER)],
        2, "in_transit",
    ),
    "stolen, then sold": (
        [*SOLD, seen(3, [A], "inspecting", SHOP, disposition="stolen"), dispensed(4, [A])],
        4, "blocked",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREACHES)
def test_the_breach_is_found_and_nothing_else(name: str) -> None:
    events, index, rule = BREACHES[name]
    assert broken(events) == [(index, rule)]


def test_every_rule_is_broken_by_some_flow_and_has_words() -> None:
    elsewhere = {"diversion", "sold_again"}  # test_master_data.py, partners/test_sale_claims.py
    shown = {rule for _, _, rule in BREACHES.values()} | elsewhere
    assert shown == {rule.word for rule in Rule}
    assert set(MEANINGS) == set(Rule)
    assert all(
        meaning.en.endswith(".") and meaning.zh.endswith("。") for meaning in MEANINGS.values()
    )
    assert rule_named("expired") is Rule.EXPIRED
    assert rule_named("nonsense") is None


def test_a_finding_names_the_event_that_it_contradicts() -> None:
    events = [*SOLD, dispensed(3, [A]), dispensed(4, [A])]
    (found,) = history(events, NOW_MS).findings
    assert (found.position, found.other, found.code) == (5, 4, A)


def test_one_wrong_movement_is_accused_once() -> None:
    events = [*IN_CASE, shipped(2, [A], MAKER, SHOP), received(3, [A], MAKER, SHOP)]
    assert broken([*events, dispensed(4, [A])]) == [(3, "child_moved_while_aggregated")]


def test_every_rule_stands_in_the_reference_with_its_severity() -> None:
    page = (ROOT / "docs" / "reference" / "state-rules.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (info|warning|alarm) \|", page, flags=re.M))
    assert rows == {rule.word: MEANINGS[rule].severity for rule in Rule}
