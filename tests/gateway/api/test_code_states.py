"""States of codes and findings over HTTP."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.gateway.conftest import Start
from tests.gateway.running import Running, document
from tests.gateway.state.flows import (
    MAKER,
    SHOP,
    Event,
    case,
    dispensed,
    made,
    pack,
    packed,
    party,
    place,
    received,
    shipped,
    unpacked,
)

shared_loop = pytest.mark.asyncio(loop_scope="module")


async def capture(up: Running, *events: Event) -> list[str]:
    answer = await up.capture(*events)
    assert answer.status_code == 202, answer.text
    return [one["entry"] for one in answer.json()["events"]]


async def get(up: Running, path: str, **params: Any) -> dict[str, Any]:
    answer = await up.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def path_of(code: str, rest: str) -> str:
    return f"/v1/codes/{quote(code, safe='')}/{rest}"


async def state_of(up: Running, code: str) -> dict[str, Any]:
    return await get(up, path_of(code, "state"))


@shared_loop
async def test_a_pack_goes_where_its_case_goes(shared: Running) -> None:
    packs, unit = [pack(f"H{number}") for number in range(5)], case(101)
    entries = await capture(
        shared, made(0, packs), made(0.1, [unit], lot=None), packed(1, unit, packs),
        shipped(2, [unit], MAKER, SHOP),
    )  # fmt: skip
    on_its_way = await state_of(shared, packs[0])
    assert on_its_way["status"] == "in_transit"
    assert on_its_way["parents"] == [unit]
    assert on_its_way["inTransit"]["to"] == [{"type": "owning_party", "id": party(SHOP)}]
    assert on_its_way["commissioned"] == {"statedAt": "2026-03-01T01:00:00.000Z",
                                          "event": entries[0]}  # fmt: skip
    await capture(shared, received(3, [unit], MAKER, SHOP))
    arrived = await state_of(shared, packs[0])
    assert (arrived["status"], arrived["lot"], arrived["expiry"]) == ("packed", "L1", "2028-02-29")
    assert (arrived["holder"], arrived["place"]) == (party(SHOP), place(SHOP))
    assert (await state_of(shared, unit))["childCount"] == 5
    await capture(shared, unpacked(4, unit, who=SHOP), dispensed(5, packs[:1]))
    assert (await state_of(shared, unit))["childCount"] == 0
    sold = await state_of(shared, packs[0])
    assert (sold["status"], sold["parents"], sold["findings"]) == ("dispensed", [], [])
    left = await state_of(shared, packs[1])
    assert (left["status"], left["holder"], left["place"]) == ("active", party(SHOP), place(SHOP))


@shared_loop
async def test_the_tree_has_pages(shared: Running) -> None:
    packs, unit, pallet = [pack(f"P{number}") for number in range(5)], case(102), case(103)
    await capture(shared, made(0, packs), packed(1, unit, packs), packed(2, pallet, [unit]))
    tree = await get(shared, path_of(unit, "tree"), perPage=2)
    assert tree["parents"] == [pallet]
    seen = [one["code"] for one in tree["children"]]
    while tree["next"] is not None:
        assert len(tree["children"]) == 2
        tree = await get(shared, path_of(unit, "tree"), perPage=2, after=tree["next"])
        seen += [one["code"] for one in tree["children"]]
    assert seen == sorted(packs)
    outer = await get(shared, path_of(pallet, "tree"))
    assert outer["children"] == [{"code": unit, "status": "packed", "isUnit": True}]


@shared_loop
async def test_a_finding_names_event_rule_and_evidence(shared: Running) -> None:
    code = pack("TWICE")
    entries = await capture(
        shared, made(0, [code]), shipped(1, [code], MAKER, SHOP), received(2, [code], MAKER, SHOP),
        dispensed(3, [code]), dispensed(4, [code]),
    )  # fmt: skip
    (found,) = (await state_of(shared, code))["findings"]
    assert (found["event"], found["contradicts"]) == (entries[4], entries[3])
    assert (found["rule"], found["severity"]) == ("already_dispensed", "alarm")
    assert found["text"]["zh"].endswith("。")
    assert await get(shared, f"/v1/findings/{found['number']}") == found
    assert (await get(shared, f"/v1/events/{entries[4]}/findings"))["findings"] == [found]
    assert (await get(shared, f"/v1/events/{entries[3]}/findings"))["findings"] == []
    listed = await get(shared, "/v1/findings", rule="already_dispensed", perPage=1000)
    assert found in listed["findings"]
    assert (await get(shared, "/v1/findings", since="2999-01-01T00:00:00Z"))["findings"] == []
    metrics = (await shared.client.get("/metrics")).text
    assert 'sealtrail_findings_total{rule="already_dispensed"}' in metrics
    assert code not in metrics


@shared_loop
async def test_findings_have_pages(shared: Running) -> None:
    codes = [pack(f"Q{number}") for number in range(4)]
    await capture(shared, made(0, codes), *(made(1, [code]) for code in codes))
    answer = await shared.client.get(
        "/v1/findings", params={"rule": "double_commission", "perPage": 3}
    )
    assert len(answer.json()["findings"]) == 3
    assert 'rel="next"' in answer.headers["link"]
    rest = await shared.client.get(answer.headers["link"].partition(">")[0][1:])
    numbers = [one["number"] for one in (*answer.json()["findings"], *rest.json()["findings"])]
    assert numbers == sorted(set(numbers))
    assert {codes[3]} <= {one["code"] for one in rest.json()["findings"]}


@shared_loop
async def test_a_check_stores_nothing(shared: Running) -> None:
    code = pack("CHECK")
    await capture(shared, made(0, [code]))
    events = [shipped(1, [code], MAKER, SHOP), dispensed(2, [code]), dispensed(3, [code])]
    body = json.dumps(document(*events))
    answer = await shared.client.post("/v1/state/check", content=body)
    assert answer.status_code == 200, answer.text
    rules = [[found["rule"] for found in one["findings"]] for one in answer.json()["events"]]
    assert rules == [[], ["in_transit"], ["already_dispensed"]]
    assert (await state_of(shared, code))["status"] == "active"
    bare = {"@context": document()["@context"], **made(1, [code])}
    again = (await shared.client.post("/v1/state/check", content=json.dumps(bare))).json()
    assert [one["rule"] for one in again["events"][0]["findings"]] == ["double_commission"]
    assert again["events"][0]["findings"][0]["contradicts"] is not None


@shared_loop
async def test_a_check_knows_what_comes_late(shared: Running) -> None:
    code = pack("LATE")
    await capture(shared, made(0, [code]), shipped(5, [code], MAKER, SHOP))
    before = {"@context": document()["@context"], **dispensed(-1, [code], who=MAKER)}
    found = (await shared.client.post("/v1/state/check", content=json.dumps(before))).json()
    assert [one["rule"] for one in found["events"][0]["findings"]] == ["before_commissioning"]


@shared_loop
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (path_of(pack("NONE"), "state"), 404, "code_not_found"),
        (path_of(pack("NONE"), "tree"), 404, "code_not_found"),
        (path_of("urn:epc:id:sgtin:1.2.3", "state"), 400, "identifier_form"),
        ("/v1/findings?rule=nonsense", 400, "unknown_rule"),
        ("/v1/findings?since=yesterday", 400, "parameter"),
        ("/v1/findings?perPage=1001", 400, "parameter"),
        ("/v1/findings/9007199254740991", 404, "finding_not_found"),
        (f"/v1/events/{'0' * 64}/findings", 404, "event_not_found"),
    ],
)
async def test_what_is_not_there_or_malformed(
    shared: Running, path: str, status: int, code: str
) -> None:
    answer = await shared.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@shared_loop
async def test_a_check_refuses_what_capture_refuses(shared: Running) -> None:
    answer = await shared.client.post("/v1/state/check", content='{"type": "EPCISDocument"}')
    assert answer.status_code == 400
    answer = await shared.client.post("/v1/state/check", content="[1]")
    assert answer.status_code == 400


async def test_erasing_an_event_takes_its_findings_along(start: Start) -> None:
    up = await start()
    code = pack("ERASED")
    entries = await capture(up, made(0, [code]), made(1, [code]))
    assert [one["rule"] for one in (await state_of(up, code))["findings"]] == ["double_commission"]
    erased = await up.client.delete(f"/v1/events/{entries[0]}")
    assert erased.status_code == 200, erased.text
    state = await state_of(up, code)
    assert (state["findings"], state["commissioned"]["event"]) == ([], entries[1])
