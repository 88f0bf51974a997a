"""What a gateway says of its network: from its own copy, which it follows from the chain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.governance import GrantPrefix, Suspend
from anchoring.chain.governance_calls import NoticeScope, NoticeText
from node_gateway.api import answers_consortium, answers_health
from tests.anvil import Anvil
from tests.consortium import Net, Person, found
from tests.gateway.conftest import Start
from tests.gateway.running import Deployed, Running, Wishes, running_gateway

PEOPLE = (
    Person("maker", prefixes=("gs1:6901234",)),
    Person("other", prefixes=("cn:8112345",)),
    Person("regulator", roles=16 | 32),
)
APPLIED_S_MAX = 60.0


async def network(anvil: Anvil) -> tuple[Net, Deployed]:
    net = await found(anvil, PEOPLE)
    maker = net.member(1)
    return net, Deployed(net.network, maker.anchor, maker.sign)


async def get(up: Running, path: str, **params: Any) -> dict[str, Any]:
    answer = await up.stranger().get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(APPLIED_S_MAX):
        while not reached():  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.02)


async def test_it_tells_what_the_participants_decided(anvil: Anvil, start: Start) -> None:
    net, deployed = await network(anvil)
    up = await start(deployed=deployed)
    assert net.network.code_registry is not None
    await net.call(1, net.calls.propose(Suspend(2), b"\x07" * 32))
    codes = net.network.code_registry.address
    mined = await net.call(1, net.calls.propose(GrantPrefix(codes, "gs1:4901", 1)))
    await until(lambda: up.gateway.directory.current.head.number >= mined.block_number)

    whole = await get(up, "/v1/consortium")
    answers_consortium.Consortium.model_validate(whole)
    assert whole["following"]["state"] == "current"
    assert whole["head"]["number"] >= mined.block_number
    assert whole["electorate"] == {
        "voters": 3,
        "active": 3,
        "ordinaryNeeds": 2,
        "heavyNeeds": 2,
    }
    assert "fewer than four" in whole["warning"]
    assert (whole["delaySeconds"], whole["participants"], whole["proposals"]) == (2, 3, 2)

    page = await get(up, "/v1/consortium/proposals", perPage=1)
    answers_consortium.Proposals.model_validate(page)
    (one,) = page["proposals"]
    assert (one["state"], one["approvals"]) == ("open", {"by": [1], "given": 1, "needed": 2})
    assert one["action"] == {"kind": "suspend", "participant": 2}
    assert one["evidence"] == "07" * 32
    page = await get(up, "/v1/consortium/proposals", after=page["next"])
    (one,) = page["proposals"]
    assert page["next"] is None
    assert one["action"]["prefix"] == "gs1:4901"
    assert one == await get(up, "/v1/consortium/proposals/2")
    assert not (await get(up, "/v1/consortium/proposals", state="ready"))["proposals"]

    digest = bytes.fromhex((await get(up, "/v1/consortium/proposals/1"))["digest"])
    await net.call(3, net.calls.approve(1, digest))
    mined = await net.call(3, net.calls.execute(1))
    await until(lambda: up.gateway.directory.current.head.number >= mined.block_number)
    other = await get(up, "/v1/consortium/participants/other")
    answers_consortium.WholeParticipant.model_validate(other)
    assert other == await get(up, "/v1/consortium/participants/2")
    assert [each["status"] for each in other["statuses"]] == ["active", "suspended"]
    assert [each["purpose"] for each in other["keys"]] == ["anchor", "sign"]
    assert other["prefixes"][0]["prefix"] == "cn:8112345"


async def test_participants_and_prefixes_come_by_pages(anvil: Anvil, start: Start) -> None:
    _, deployed = await network(anvil)
    up = await start(deployed=deployed)
    await up.gateway.directory.catch_up()
    slugs, after = [], 0
    while after is not None:
        page = await get(up, "/v1/consortium/participants", after=after, perPage=2)
        answers_consortium.Participants.model_validate(page)
        slugs += [one["slug"] for one in page["participants"]]
        after = page["next"]
    assert slugs == ["maker", "other", "regulator"]

    for asked, owner in (
        ("06901234123456", "maker"),
        ("https://id.gs1.org/01/06901234123456/21/1", "maker"),
        ("urn:x-cn-drug:81123450000000000000", "other"),
        ("gs1:690", None),
    ):
        answer = await up.stranger().get("/v1/consortium/prefixes", params={"prefix": asked})
        if owner is None:
            assert (answer.status_code, answer.json()["code"]) == (400, "prefix_form")
            continue
        body = answer.json()
        answers_consortium.Prefixes.model_validate(body)
        assert (body["owner"]["slug"], len(body["prefixes"])) == (owner, 1)
    mine = await get(up, "/v1/consortium/prefixes", participant=1)
    assert [one["prefix"] for one in mine["prefixes"]] == ["gs1:6901234"]
    above = await get(up, "/v1/consortium/prefixes", prefix="gs1:6901")
    assert (above["owner"], len(above["prefixes"])) == (None, 1)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/consortium/participants/99", 404, "participant_not_found"),
        ("/v1/consortium/participants/nobody", 404, "participant_not_found"),
        ("/v1/consortium/proposals/99", 404, "proposal_not_found"),
        ("/v1/consortium/proposals/0", 400, "parameter"),
        ("/v1/consortium/prefixes?at=yesterday", 400, "time_form"),
        ("/v1/consortium/prefixes?prefix=6901234", 400, "prefix_form"),
    ],
)
async def test_what_is_not_there_or_malformed(
    shared: Running, path: str, status: int, code: str
) -> None:
    answer = await shared.stranger().get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_recall_is_known_within_seconds_and_over_a_restart(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    net, deployed = await network(anvil)
    text = NoticeText(zh="", en="Example recall", uri="", uri_digest=bytes(32))
    scope = NoticeScope("gs1:690123412345", ("L1",), bytes(32))
    slow = Wishes(poll_s=600.0)
    async with running_gateway(anvil, template, tmp_path, slow, deployed=deployed) as up:
        heard: list[int] = []
        up.gateway.directory.on_changed(lambda known: heard.append(len(known.notices)))
        begun = time.monotonic()
        mined = await net.call(1, net.calls.publish_notice(1, scope, text, drill=False))
        await until(lambda: up.gateway.directory.current.head.number >= mined.block_number)
        assert time.monotonic() - begun < slow.poll_s / 5  # no poll told it
        assert heard[-1] == 1
        before = up.gateway.directory.current
        metrics = (await up.client.get("/metrics")).text
        assert "sealtrail_chain_lag_blocks 0.0" in metrics
        assert "sealtrail_chain_reorgs_total 0.0" in metrics

    # No chain answers, and everything that was read is there.
    dead = Wishes(rpc="http://127.0.0.1:9", start_without_chain=True)
    async with running_gateway(anvil, template, tmp_path, dead, deployed=deployed) as up:
        directory = up.gateway.directory
        assert directory.current == before
        await until(lambda: directory.view.code is not None)
        whole = await get(up, "/v1/consortium")
        assert whole["following"]["state"] == "unavailable"
        assert whole["following"]["code"] == "chain_unavailable"
        assert "127.0.0.1" not in str(whole)
        ready = (await up.client.get("/readyz?verbose")).json()
        answers_health.Readiness.model_validate(ready)
        assert ready["directory"]["code"] == "chain_unavailable"
        assert ready["directory"]["block"] == before.head.number
