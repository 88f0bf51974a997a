"""Merging: all of it in one document, what lies in the units, refused where rules forbid it."""

import asyncio
from typing import Any

import pytest

from tests.gateway.codes.china.making import BOX, PACK, code
from tests.gateway.running import Running, commissioning
from tests.gateway.running import serial as number
from tests.gateway.services.test_operating import count, do, stated

pytestmark = pytest.mark.asyncio(loop_scope="module")


def drug(drug_id: str) -> str:
    return f"urn:x-cn-drug:{code(drug_id, number())}"


async def boxes(up: Running, *sizes: int) -> list[tuple[str, list[str]]]:
    """Make boxes, each with so many packs in it."""
    made = [(drug(BOX), [drug(PACK) for _ in range(size)]) for size in sizes]
    await up.entry(
        commissioning(*(one for box, packs in made for one in (box, *packs))), final=False
    )
    for box, packs in made:
        if packs:
            answer = await do(up, "pack", parent=box, codes=packs)
            assert answer.status_code == 201, answer.text
    return made


async def inside(up: Running, box: str) -> list[str]:
    tree = (await up.client.get(f"/v1/codes/{box}/tree")).json()
    return [one["code"] for one in tree["children"]]


async def findings(up: Running, box: str) -> list[Any]:
    return list((await up.client.get(f"/v1/codes/{box}/state")).json()["findings"])


async def test_what_lies_in_two_boxes_goes_into_a_third(shared: Running) -> None:
    (one, some), (two, others), (into, kept) = await boxes(shared, 2, 3, 1)
    before = await count(shared)
    answer = await do(shared, "merge", parent=into, units=[one, two], document="M-1")
    assert answer.status_code == 201, answer.text
    assert await count(shared) == before + 3
    events = [await stated(shared, each["eventID"]) for each in answer.json()["events"]]
    assert [(each["bizStep"], each["action"]) for each in events] == [
        ("unpacking", "DELETE"),
        ("unpacking", "DELETE"),
        ("packing", "ADD"),
    ]
    assert [each["parentID"] for each in events] == [one, two, into]
    assert sorted(events[2]["childEPCs"]) == sorted(some + others)
    names = {each["bizTransactionList"][0]["bizTransaction"] for each in events}
    assert names == {"urn:x-sealtrail:document:1:M-1"}
    assert await inside(shared, one) == await inside(shared, two) == []
    assert await inside(shared, into) == sorted(some + others + kept)
    assert [await findings(shared, each) for each in (one, two, into)] == [[], [], []]


async def test_a_refused_merge_stores_nothing(shared: Running) -> None:
    (one, packs), (into, _) = await boxes(shared, 2, 0)
    sold = await do(shared, "destroy", codes=[into], reason="crushed")
    assert sold.status_code == 201, sold.text
    before = await count(shared)
    answer = await do(shared, "merge", parent=into, units=[one])
    assert (answer.status_code, answer.json()["code"]) == (409, "operation_refused")
    assert {spot["pointer"] for spot in answer.json()["errors"]} == {"/parent"}
    assert await count(shared) == before
    assert await inside(shared, one) == sorted(packs)
    done = await do(shared, "merge", parent=into, units=[one], override="it was another box")
    assert done.status_code == 201, done.text
    event = await stated(shared, done.json()["events"][1]["eventID"])
    said = event["urn:x-sealtrail:override"]
    assert said["urn:x-sealtrail:reason"] == "it was another box"
    assert said["urn:x-sealtrail:rules"] == sorted(
        {spot["rule"] for spot in done.json()["overridden"]}
    )


async def test_a_pack_that_may_not_be_moved_is_named_by_its_unit(shared: Running) -> None:
    (one, _), (two, packs), (into, _) = await boxes(shared, 1, 2, 0)
    notice = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-05T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "DELETE",
        "bizStep": "destroying",
        "disposition": "destroyed",
        "epcList": packs[:1],
    }
    await shared.entry(notice, final=False)
    before = await count(shared)
    answer = await do(shared, "merge", parent=into, units=[one, two])
    assert answer.status_code == 409
    (spot,) = answer.json()["errors"]
    assert (spot["code"], spot["pointer"]) == ("decommissioned", "/units/1")
    assert await count(shared) == before
    assert await inside(shared, two) == sorted(packs)


async def test_units_that_hold_nothing(shared: Running) -> None:
    (one, _), (empty, _), (into, _) = await boxes(shared, 1, 0, 1)
    before = await count(shared)
    for units, pointer in (
        ([one, empty], "/units/1"),
        ([drug(BOX)], "/units/0"),
        ([one, into], "/units/1"),
    ):
        answer = await do(shared, "merge", parent=into, units=units)
        assert (answer.status_code, answer.json()["code"]) == (400, "packing_form"), answer.text
        assert [spot["pointer"] for spot in answer.json()["errors"]] == [pointer]
    for body in ({"parent": into}, {"parent": into, "units": []}, {"units": [one]}):
        assert (await do(shared, "merge", **body)).status_code == 400
    assert await count(shared) == before


async def test_a_key_names_one_merge(shared: Running) -> None:
    (one, _), (into, _), (other, _) = await boxes(shared, 2, 0, 0)
    key = f"merge-{number()}"
    first = await do(shared, "merge", parent=into, units=[one], key=key)
    again = await do(shared, "merge", parent=into, units=[one], key=key)
    assert (first.status_code, again.status_code) == (201, 200), again.text
    assert again.json()["events"] == first.json()["events"]
    assert again.json()["repeated"] is True
    wrong = await do(shared, "merge", parent=other, units=[one], key=key)
    assert wrong.json()["code"] == "idempotency_mismatch"


async def test_of_two_merges_of_one_box_one_is_refused(shared: Running) -> None:
    (one, packs), (left, _), (right, _) = await boxes(shared, 3, 0, 0)
    answers = await asyncio.gather(
        *(do(shared, "merge", parent=into, units=[one]) for into in (left, right))
    )
    assert sorted(each.status_code for each in answers) == [201, 400]
    assert sorted(await inside(shared, left) + await inside(shared, right)) == sorted(packs)


async def test_packed_elsewhere_meanwhile(shared: Running) -> None:
    """What came into the unit by the standard interface is moved, too."""
    (one, packs), (into, _) = await boxes(shared, 1, 0)
    late = drug(PACK)
    aggregation = {
        "type": "AggregationEvent",
        "eventTime": "2026-03-05T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "ADD",
        "bizStep": "packing",
        "parentID": one,
        "childEPCs": [late],
    }
    assert (await shared.capture(aggregation)).status_code == 202
    assert (await do(shared, "merge", parent=into, units=[one])).status_code == 201
    assert await inside(shared, into) == sorted([*packs, late])
