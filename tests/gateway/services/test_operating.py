"""Operations: the right event, refused where the rules forbid it, unless a reason is given."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from node_gateway.services.disclosing import open_event
from node_gateway.storage.ports import event_key
from tests.anvil import Anvil
from tests.gateway.running import (
    Running,
    Wishes,
    commissioning,
    deploy_for_one,
    dispensing,
    running_gateway,
    sgtin,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUYER = "9521321000018"


async def do(up: Running, operation: str, **body: Any) -> Any:
    headers = {"Idempotency-Key": body.pop("key")} if "key" in body else {}
    return await up.client.post(f"/v1/operations/{operation}", json=body, headers=headers)


async def made(up: Running, *codes: str, **members: Any) -> None:
    await up.entry(commissioning(*codes, **members), final=False)


async def stated(up: Running, event_id: str) -> dict[str, Any]:
    stored = await up.gateway.store.event_by_key(event_key(event_id, error_declaration=False))
    assert stored is not None
    return open_event(stored).event


async def count(up: Running) -> int:
    return (await up.gateway.store.status()).event_count


async def test_an_operation_captures_one_event(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    answer = await do(shared, "ship", codes=[code], to=BUYER, document="DN-1")
    assert answer.status_code == 201, answer.text
    event = await stated(shared, answer.json()["eventID"])
    assert (event["bizStep"], event["disposition"]) == ("shipping", "in_transit")
    assert event["epcList"] == [code]
    (to,) = event["destinationList"]
    assert to["destination"] == f"https://id.gs1.org/417/{BUYER}"
    (document,) = event["bizTransactionList"]
    assert document == {"type": "desadv", "bizTransaction": "urn:x-sealtrail:document:1:DN-1"}


async def test_codes_are_understood_in_any_spelling(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    serial = code.rpartition("/")[2]
    spelled = f"(01)06901234123456(21){serial}"
    answer = await do(shared, "dispense", codes=[spelled])
    assert answer.status_code == 201, answer.text
    assert (await stated(shared, answer.json()["eventID"]))["epcList"] == [code]


async def test_a_second_sale_is_refused_and_nothing_is_stored(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    assert (await do(shared, "dispense", codes=[code])).status_code == 201
    before = await count(shared)
    answer = await do(shared, "dispense", codes=[code])
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "operation_refused"
    (spot,) = problem["errors"]
    assert (spot["code"], spot["pointer"]) == ("already_dispensed", "/codes/0")
    assert await count(shared) == before


async def test_the_standard_interface_takes_what_an_operation_refuses(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    await shared.entry(dispensing(code), final=False)
    later = dispensing(code, eventTime="2026-03-06T17:30:00.000+08:00")
    await shared.entry(later, final=False)
    assert (await do(shared, "dispense", codes=[code])).status_code == 409


async def test_an_override_goes_through_and_is_part_of_the_event(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    await do(shared, "destroy", codes=[code], reason="broken")
    assert (await do(shared, "ship", codes=[code], to=BUYER)).status_code == 409
    answer = await do(shared, "ship", codes=[code], to=BUYER, override="found again, ticket 7")
    assert answer.status_code == 201, answer.text
    (rule,) = {one["rule"] for one in answer.json()["overridden"]}
    event = await stated(shared, answer.json()["eventID"])
    said = event["urn:x-sealtrail:override"]
    assert said["urn:x-sealtrail:reason"] == "found again, ticket 7"
    assert said["urn:x-sealtrail:rules"] == [rule]
    bundle = await shared.client.get(f"/v1/events/{answer.json()['entry']}/bundle")
    assert bundle.status_code in (200, 409)
    shown = json.dumps((await shared.stranger().get(f"/v1/public/codes/{code}")).json())
    assert "ticket 7" not in shown


async def test_an_override_without_need_is_not_recorded(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    answer = await do(shared, "ship", codes=[code], to=BUYER, override="just in case")
    event = await stated(shared, answer.json()["eventID"])
    assert answer.json()["overridden"] == []
    assert "urn:x-sealtrail:override" not in event


async def test_two_tills_never_sell_one_pack(shared: Running) -> None:
    code, other = sgtin(), sgtin()
    await made(shared, code, other)
    answers = await asyncio.gather(
        *(do(shared, "dispense", codes=[code]) for _ in range(8)),
        do(shared, "dispense", codes=[other]),
    )
    statuses = sorted(one.status_code for one in answers[:-1])
    assert statuses == [201] + [409] * 7
    assert answers[-1].status_code == 201


async def test_the_same_request_under_its_key_is_done_once(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    answers = [await do(shared, "dispense", codes=[code], key=f"till-1-{code}") for _ in range(3)]
    assert [one.status_code for one in answers] == [201, 200, 200]
    assert len({one.json()["entry"] for one in answers}) == 1
    assert [one.json()["repeated"] for one in answers] == [False, True, True]
    others = [{"codes": [sgtin()]}, {"codes": [code], "document": "INV-2"}]
    for other in others:
        another = await do(shared, "dispense", key=f"till-1-{code}", **other)
        assert (another.status_code, another.json()["code"]) == (422, "idempotency_mismatch")


async def test_an_overridden_request_under_its_key_is_done_once(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    await do(shared, "destroy", codes=[code], reason="broken")
    order = {"codes": [code], "to": BUYER, "override": "found again", "key": f"again-{code}"}
    assert (await do(shared, "ship", **order)).status_code == 201
    assert (await do(shared, "ship", **order)).json()["repeated"] is True
    assert (await do(shared, "ship", **{**order, "override": "no"})).status_code == 422


async def test_undo_takes_the_latest_statement_back(shared: Running) -> None:
    code = sgtin()
    await made(shared, code)
    sale = (await do(shared, "dispense", codes=[code])).json()
    undone = await shared.client.post("/v1/operations/dispense/undo", json={"code": code})
    assert undone.status_code == 201, undone.text
    state = (await shared.client.get(f"/v1/events/{sale['entry']}")).json()
    assert state["correction"]["status"] == "voided"
    assert (await do(shared, "dispense", codes=[code])).status_code == 201  # sold at last
    nothing = await shared.client.post("/v1/operations/ship/undo", json={"code": code})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "nothing_to_undo")


async def test_packing_unpacking_and_moving_a_child_alone(shared: Running) -> None:
    first, second = sgtin(), sgtin()
    case = "https://id.gs1.org/00/069012340000000276"
    await made(shared, first, second)
    await made(shared, case, ilmd={})
    assert (await do(shared, "pack", parent=case, codes=[first, second])).status_code == 201
    alone = await do(shared, "ship", codes=[first], to=BUYER)
    assert alone.status_code == 409
    assert alone.json()["errors"][0]["code"] == "child_moved_while_aggregated"
    assert (await do(shared, "ship", codes=[case], to=BUYER)).status_code == 201
    assert (await do(shared, "unpack", parent=case)).status_code == 201
    wrong = await do(shared, "unpack", parent=case, codes=[first])
    assert wrong.status_code == 409
    assert wrong.json()["errors"][0]["code"] == "not_a_child"


async def test_what_is_expired_is_not_sold(shared: Running) -> None:
    code = sgtin()
    old = {"cbvmda:lotNumber": "L-OLD", "cbvmda:itemExpirationDate": "2024-02-29"}
    await made(shared, code, ilmd=old)
    answer = await do(shared, "dispense", codes=[code])
    assert answer.status_code == 409
    assert "expired" in {one["code"] for one in answer.json()["errors"]}


async def test_the_answer_comes_within_a_tenth_of_a_second(shared: Running) -> None:
    """A bound for a person at a till, with a wide margin; `make bench` measures.

    Seconds that this process works: what else the machine does is not the gateway's.
    """
    codes = [sgtin() for _ in range(20)]
    await made(shared, *codes)
    took = []
    for code in codes:
        began = time.process_time()
        assert (await do(shared, "dispense", codes=[code])).status_code == 201
        took.append(time.process_time() - began)
    assert sorted(took)[len(took) // 2] < 1.0


@pytest.mark.parametrize(
    ("operation", "body", "status", "code"),
    [
        ("teleport", {"codes": [sgtin()]}, 404, "operation_not_found"),
        ("ship", {"codes": [sgtin()]}, 400, "operation_incomplete"),
        ("ship", {"to": BUYER}, 400, "operation_incomplete"),
        ("destroy", {"codes": [sgtin()]}, 400, "operation_incomplete"),
        ("pack", {"codes": [sgtin()]}, 400, "operation_incomplete"),
        ("dispense", {"codes": ["(01)06901234123457(21)1"]}, 400, "check_digit"),
        ("dispense", {"codes": [sgtin(), "(01)06901234123457(21)1"]}, 400, "/codes/1"),
        ("dispense", {"codes": ["blue box"]}, 400, "identifier_form"),
        ("pack", {"codes": [sgtin()], "parent": "pallet"}, 400, "/parent"),
        ("ship", {"codes": [sgtin()]}, 400, "which party gets the goods"),
        ("dispense", {"codes": [""]}, 400, "parameter"),
        ("dispense", {"codes": [sgtin()], "price": 3}, 400, "parameter"),
        ("ship", {"codes": [sgtin()], "to": "9521321000011"}, 400, "check_digit"),
        ("ship", {"codes": [sgtin()], "to": "Nobody & Sons"}, 400, "party_unknown"),
        ("dispense", {"codes": [sgtin()], "eventTime": "yesterday"}, 400, "time_form"),
        ("dispense", {"codes": [sgtin()], "eventTime": "2199-01-01T00:00:00Z"}, 409, "future_time"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_code(
    shared: Running, operation: str, body: dict[str, Any], status: int, code: str
) -> None:
    before = await count(shared)
    answer = await do(shared, operation, **body)
    assert answer.status_code == status, answer.text
    assert code in answer.text
    assert await count(shared) == before


@pytest.mark.asyncio(loop_scope="function")
async def test_a_chain_that_is_down_stops_no_operation(template: Path, tmp_path: Path) -> None:
    with Anvil() as chain:
        deployed = await deploy_for_one(chain)
        async with running_gateway(chain, template, tmp_path, Wishes(), deployed=deployed) as up:
            code, other = sgtin(), sgtin()
            await made(up, code, other)
            chain.close()
            for operation, body, status in (
                ("dispense", {"codes": [code]}, 201),
                ("dispense", {"codes": [code]}, 409),
                ("ship", {"codes": [other], "to": BUYER}, 201),
            ):
                began = time.perf_counter()
                assert (await do(up, operation, **body)).status_code == status
                assert time.perf_counter() - began < 9  # a call of the chain alone waits 10 s


async def issue(up: Running, gtin: str, count: int) -> list[str]:
    answer = await up.client.post("/v1/codes/issue", json={"gtin": gtin, "count": count})
    assert answer.status_code == 200, answer.text
    return [line.partition(",")[0] for line in answer.text.splitlines()[1:]]


async def refused(up: Running, operation: str, **body: Any) -> set[str]:
    answer = await do(up, operation, **body)
    assert answer.status_code == 409, answer.text
    return {one["code"] for one in answer.json()["errors"]}


async def test_a_code_of_ours_is_not_valid_before_it_is_commissioned(shared: Running) -> None:
    gtin = "06901234000023"
    first, second, third = await issue(shared, gtin, 3)
    made_up = f"https://id.gs1.org/01/{gtin}/21/MADEUP"
    wrong = first[:-1] + ("3" if first[-1] == "2" else "2")
    for operation in ("dispense", "receive", "return"):
        assert await refused(shared, operation, codes=[first]) == {"issued_not_commissioned"}
    assert await refused(shared, "ship", codes=[made_up], to=BUYER) == {"never_issued"}
    assert await refused(shared, "dispense", codes=[wrong]) == {"check_wrong"}
    await made(shared, first)
    assert (await do(shared, "dispense", codes=[first])).status_code == 201
    declared = {"code": second, "reason": "torn"}
    assert (await shared.client.post("/v1/codes/void", json=declared)).status_code == 200
    assert await refused(shared, "dispense", codes=[second]) == {"void"}
    answer = await do(shared, "dispense", codes=[third], override="label was scanned too early")
    assert answer.status_code == 201, answer.text
    assert (await do(shared, "destroy", codes=[second], reason="torn")).status_code == 201


async def test_the_trace_of_a_unit_shows_what_was_packed_into_it(shared: Running) -> None:
    code, case = sgtin(), "https://id.gs1.org/00/069012340000000344"
    await made(shared, code)
    packed = (await do(shared, "pack", parent=case, codes=[code])).json()
    sent = (await do(shared, "ship", codes=[case], to=BUYER)).json()
    steps = (await shared.client.get(f"/v1/codes/{case}")).json()["events"]
    assert [one["entry"] for one in steps] == [packed["entry"], sent["entry"]]
    assert [one.get("role") for one in steps] == ["parent", None]
