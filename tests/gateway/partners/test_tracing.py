"""Traces across gateways: along custody edges only, proven, and silent about everybody else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from anchoring.core.verify import check_bundles
from node_gateway.partners.ports import Direction
from node_gateway.partners.trace_wire import PATH, Question, Way, read_found
from node_gateway.settings_partners import TraceSection
from node_gateway.settings_policies import PoliciesSection, PolicySection
from node_gateway.storage.code_ways import partners_of
from tests.anvil import Anvil
from tests.gateway.partners import ways
from tests.gateway.partners.arriving import receiving
from tests.gateway.partners.ways import (
    NAMES,
    PREFIXES,
    code,
    do,
    hand_over,
    make,
    now,
    person,
    trace,
    until,
    wishes,
)
from tests.gateway.running import shipping
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "00" * 16


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("ways")
    people = [person(one) for one in ("maker", "dist", "shop", "other")]
    async with town(anvil, template, folder, people, wishes=wishes()) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pack(t: Town) -> str:
    """A pack that went from the maker over the distributor to the shop."""
    pack = code()
    await make(t["maker"], pack)
    await hand_over(t, "maker", "dist", pack)
    await hand_over(t, "dist", "shop", pack)
    return pack


async def asked(t: Town, who: str, whom: str, pack: str, way: Way, **changes: int) -> bytes:
    """Let one gateway ask another about a code, and return the answer."""
    numbers = {"distance": 1, "hops": 5, "budget_ms": 3000, **changes}
    question = Question(code=pack, way=way, question=QUESTION, **numbers)
    answer = await t[who].gateway.partners.peers.request(
        t.member(whom).id, "POST", PATH, body=question.model_dump_json().encode()
    )
    assert answer.status == 200, answer.body
    return answer.body


async def test_the_shop_sees_where_the_pack_came_from(t: Town, pack: str) -> None:
    found = await trace(t["shop"], pack)
    assert [one["bizStep"] for one in found["events"]] == ["receiving"]
    assert found["made"]["participant"] == t.member("maker").id
    assert (found["made"]["step"], found["made"]["lot"]) == ("commissioning", "L-2026-03")
    steps = found["up"]["steps"]
    assert [(one["hop"], one["name"], one["step"]) for one in steps] == [
        (1, NAMES["dist"], "receiving"),
        (1, NAMES["dist"], "shipping"),
        (2, NAMES["maker"], "commissioning"),
    ]
    assert all(one["proven"] is True for one in steps)
    assert {"hop", "direction", "role", "reason"} <= set(found["up"]["holes"][0])
    (hole,) = found["up"]["holes"]
    assert (hole["hop"], hole["role"], hole["reason"]) == (2, "manufacturer", "not_disclosed")
    assert found["down"] == {"steps": [], "holes": []}


async def test_each_step_proves_itself_to_anybody(t: Town, pack: str) -> None:
    found = await trace(t["shop"], pack)
    for step in found["up"]["steps"]:
        (bundle,) = await t["shop"].checked(json.dumps(step["proof"]).encode())
        assert bundle.code_values == {pack}
        assert bundle.bundle.participant == step["participant"]
        assert not {"$['eventTime']", "$['destinationList']"} & set(bundle.values)


async def test_the_maker_sees_its_partner_and_behind_it_a_hole(t: Town, pack: str) -> None:
    found = await trace(t["maker"], pack, way="down")
    steps = [(one["hop"], one["name"], one["step"]) for one in found["down"]["steps"]]
    assert steps == [(1, NAMES["dist"], "receiving"), (1, NAMES["dist"], "shipping")]
    assert found["down"]["holes"] == [
        {"hop": 2, "direction": "down", "role": "pharmacy", "reason": "not_disclosed"}
    ]
    assert found["up"] is None


async def test_nobody_is_named_who_is_no_partner(t: Town, pack: str) -> None:
    text = json.dumps(await trace(t["maker"], pack))
    assert NAMES["shop"] not in text
    for marker in ("6903456", f'"participant": {t.member("shop").id},'):
        assert marker not in text
    text = json.dumps(await trace(t["shop"], pack)) + json.dumps(await trace(t["dist"], pack))
    assert NAMES["other"] not in text
    raw = await asked(t, "maker", "dist", pack, Way.DOWN)
    for marker in ("6903456", NAMES["shop"]):
        assert marker.encode() not in raw


async def test_a_stranger_is_answered_like_about_an_unknown_code(t: Town, pack: str) -> None:
    unknown = code()
    for way in Way:
        known = await asked(t, "other", "dist", pack, way)
        assert known == await asked(t, "other", "dist", unknown, way)
        assert read_found(known).steps == ()


async def test_a_partner_is_told_nothing_of_a_code_that_it_did_not_get(t: Town) -> None:
    mine = code()
    await make(t["maker"], mine)
    assert await asked(t, "dist", "maker", mine, Way.UP) == await asked(
        t, "dist", "maker", code(), Way.UP
    )


async def test_a_partner_may_not_ask_in_the_other_direction(t: Town, pack: str) -> None:
    """Who got the pack from us has no business with where else it went, nor the other way."""
    nothing = await asked(t, "shop", "dist", code(), Way.DOWN)
    assert await asked(t, "shop", "dist", pack, Way.DOWN) == nothing
    assert await asked(t, "maker", "dist", pack, Way.UP) == nothing


async def test_the_same_question_is_answered_once(t: Town, pack: str) -> None:
    question = Question(
        code=pack, way=Way.DOWN, question="ab" * 16, distance=1, hops=5, budget_ms=3000
    )
    answering = t["dist"].gateway.partners.traces.answering
    first = await answering.answer(t.member("maker").id, question)
    again = await answering.answer(t.member("maker").id, question)
    assert first.steps
    assert [one.reason.value for one in again.holes] == ["asked_already"]
    assert not again.steps


async def test_hops_are_counted(t: Town, pack: str) -> None:
    found = await trace(t["shop"], pack, hops=1)
    assert {one["hop"] for one in found["up"]["steps"]} == {1}
    assert [(one["hop"], one["reason"]) for one in found["up"]["holes"]] == [(2, "hop_limit")]
    found = await trace(t["shop"], pack, hops=0)
    assert found["up"]["steps"] == []
    (hole,) = found["up"]["holes"]
    assert (hole["reason"], hole["name"]) == ("hop_limit", NAMES["dist"])


async def test_an_unknown_code_is_not_found(t: Town) -> None:
    answer = await t["shop"].client.get(f"/v1/traces/{code()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "code_not_found")


async def test_a_question_without_form_is_refused(t: Town) -> None:
    peers = t["maker"].gateway.partners.peers
    for body in (
        b"{}",
        b"[]",
        b'{"code": "x", "way": "round"}',
        b"\xff",
        b'{"code":' + b"9" * 5000,
    ):
        answer = await peers.request(t.member("dist").id, "POST", PATH, body=body)
        assert answer.status in (400, 413), answer.body


async def test_a_dead_neighbour_is_a_named_hole(t: Town, pack: str) -> None:
    await t.stop("maker")
    try:
        found = await trace(t["shop"], pack)
        assert {one["name"] for one in found["up"]["steps"]} == {NAMES["dist"]}
        assert [(one["hop"], one["role"], one["reason"]) for one in found["up"]["holes"]] == [
            (2, "manufacturer", "no_answer")
        ]
        assert found["made"]["name"] == NAMES["maker"]  # it came with the goods
    finally:
        await t.start("maker")


async def test_a_lying_neighbour_shows_nothing(t: Town, pack: str) -> None:
    """A bundle of another event, of another code, or changed, is a hole and no step."""
    another = code()
    await make(t["dist"], another)
    dist = t["dist"].gateway
    answering, tracing = dist.partners.traces.answering, t["maker"].gateway.partners.traces.tracing
    question = Question(
        code=pack, way=Way.DOWN, question="cd" * 16, distance=1, hops=0, budget_ms=3000
    )
    told = await answering.answer(t.member("maker").id, question)
    (honest,) = check_bundles(json.dumps(told.steps[0].bundle).encode())
    assert honest.code_values == {pack}
    wrong = [dict(one.bundle) for one in told.steps[:1]]
    wrong[0]["anchor"] = {**wrong[0]["anchor"], "blockTime": wrong[0]["anchor"]["blockTime"] - 60}
    stored = await dist.store.events_of_code(another)
    other = await dist.disclosing.bundle(stored[0].header.entry, audience="owner", codes=[another])
    for bundle in (wrong[0], other.to_wire(), {"format": "sealtrail/proof/v1"}):
        lie = type(told)((type(told.steps[0])(1, bundle),))
        steps, holes = await tracing._proven(pack, t.member("dist").id, lie)
        assert steps == []
        assert [one.reason.value for one in holes] == ["proof_refused"]
    steps, holes = await tracing._proven(pack, t.member("other").id, told.farther())
    assert steps == []  # true, but no step of the one that shows it


async def test_policies_decide(t: Town, pack: str) -> None:
    """A partner that shows nothing is a hole with a name; one that publishes names itself."""
    try:
        await t.restart("dist", wishes(trace=TraceSection(partners="no")))
        found = await trace(t["maker"], pack)
        assert found["down"]["steps"] == []
        assert [(one["hop"], one["reason"]) for one in found["down"]["holes"]] == [
            (1, "not_disclosed"),
            (2, "not_disclosed"),
        ]
        assert found["down"]["holes"][0]["name"] == NAMES["dist"]

        await t.restart("dist", wishes(trace=TraceSection(relay=False)))
        found = await trace(t["shop"], pack)
        assert [(one["hop"], one["reason"]) for one in found["up"]["holes"]] == [
            (2, "not_disclosed")
        ]

        await t.restart("dist", wishes())
        await t.restart("shop", wishes(trace=TraceSection(publish="coarse")))
        found = await trace(t["maker"], pack)
        shown = [one for one in found["down"]["steps"] if one["hop"] == 2]
        assert [(one["name"], one["step"], one["proven"]) for one in shown] == [
            (NAMES["shop"], "receiving", True)
        ]
        assert found["down"]["holes"] == []
    finally:
        await t.restart("dist", wishes())
        await t.restart("shop", wishes())


async def test_a_trace_tells_a_partner_no_more_than_the_policy_for_partners(t: Town) -> None:
    """The sender of goods is shown of receiving them what the policy for answers names."""
    pack, place = code(), party_of(PREFIXES["dist"], 52).replace("/417/", "/414/")
    at = {"readPoint": {"id": place}, "bizLocation": {"id": place}}
    put = await t["dist"].client.put(f"/v1/locations/{place[-13:]}", json={"region": "R-7"})
    assert put.status_code in (200, 201), put.text
    await make(t["maker"], pack)
    await do(t["maker"], "ship", pack, to=party_of(PREFIXES["dist"]))
    await until(lambda: t["dist"].gateway.store.read(lambda c: partners_of(c, pack, Direction.IN)))
    await t["dist"].entry(receiving(pack, **now(), **at))
    await t["dist"].entry(shipping(pack, **now(), **at))

    async def shown() -> list[tuple[str, str | None]]:
        steps = (await trace(t["maker"], pack, way="down"))["down"]["steps"]
        assert all("month" in one for one in steps)
        return [(one["step"], one.get("region")) for one in steps]

    assert await shown() == [("receiving", None), ("shipping", "R-7")]
    month = PolicySection(paths=("sealtrail:month",))
    try:
        await t.restart("dist", wishes(policies=PoliciesSection(partner=(month,))))
        assert await shown() == [("receiving", None), ("shipping", None)]
        only = PoliciesSection(partner=(month.model_copy(update={"steps": ("receiving",)}),))
        await t.restart("dist", wishes(policies=only))
        assert await shown() == [("receiving", None)]
    finally:
        await t.restart("dist", wishes())


async def test_ways_of_the_test_world_hold(t: Town, pack: str) -> None:
    """The markers that other tests look for do stand where they belong."""
    assert NAMES["dist"] in json.dumps(await trace(t["maker"], pack))
    assert ways.PREFIXES["shop"] == "gs1:6903456"
