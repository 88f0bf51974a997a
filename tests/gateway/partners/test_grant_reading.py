"""The log of reads: every read is in it, its end is anchored, and both sides can compare it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from anchoring.chain.governance import Suspend
from anchoring.core.bundle import parse_bundle
from anchoring.core.verify import check_bundle
from node_gateway.partners.ports import PeerAnswer, PeerError
from node_gateway.storage import granted_goods
from tests.anvil import Anvil
from tests.gateway.partners.granting import (
    GTIN,
    PEOPLE,
    TOWN,
    code_of,
    entries,
    fetched,
    give,
    made,
)
from tests.gateway.running import Running
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("reading")
    async with town(anvil, template, folder, PEOPLE, wishes=TOWN) as made_town:
        yield made_town


async def reads_of(up: Running, who: str) -> list[dict[str, Any]]:
    answer = await up.client.get("/v1/reads", params={"participant": who, "perPage": 1000})
    found: list[dict[str, Any]] = answer.json()["reads"]
    return found


async def check(up: Running) -> dict[str, Any]:
    found: dict[str, Any] = (await up.client.get("/v1/reads/check")).json()
    return found


async def stated(up: Running) -> str:
    """State the log in an event, and wait until that is final."""
    answer = await up.client.post("/v1/reads/state")
    assert answer.status_code == 201, answer.text
    entry = str(answer.json()["entry"])
    await up.final(entry)
    return entry


async def test_every_read_is_logged_and_none_that_was_refused(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-1")
    given = await give(maker, scope={"lots": [{"product": GTIN, "lot": "LOT-1"}]})
    before = len(await reads_of(maker, "auditor"))

    await entries(auditor, "maker", given)
    await fetched(auditor, "maker", given, one.shipped)
    await fetched(auditor, "maker", given, one.shipped, "opening")
    await fetched(auditor, "maker", given, "00" * 32)

    new = (await reads_of(maker, "auditor"))[before:]
    assert [(read["kind"], read["entry"]) for read in new] == [
        ("listed", one.commissioned),
        ("listed", one.shipped),
        ("bundle", one.shipped),
    ]
    assert json.loads(new[-1]["items"]) == {"codes": 2, "paths": ["sealtrail:month"]}
    assert {read["grant"] for read in new} == {given}


async def test_the_log_is_anchored_and_each_grantee_sees_its_own_end_alone(here: Town) -> None:
    maker, auditor, insurer = here["maker"], here["auditor"], here["insurer"]
    one = await made(maker, "LOT-2")
    for who, up in (("auditor", auditor), ("insurer", insurer)):
        given = await give(maker, to=who, scope={"codes": [one.codes[0]]})
        await fetched(up, "maker", given, one.shipped)
    entry = await stated(maker)
    assert (await maker.client.post("/v1/reads/state")).json()["entry"] is None

    answer = (await auditor.client.get("/v1/granted/maker/reads")).json()

    assert answer["holds"] is True
    assert answer["anchored"] == len(answer["reads"])
    (proof,) = await maker.checked(json.dumps(answer["proof"]).encode())
    assert proof.entry.hex() == entry
    other = f"p{here.member('insurer').id}"
    assert other not in json.dumps(answer["proof"])
    assert not any(other in path for path in proof.values)
    assert any(f"p{here.member('auditor').id}" in path for path in proof.values)
    found = await check(maker)
    assert (found["holds"], found["grantees"]) == (True, 2)
    assert found["final"] == found["stated"] >= 2
    public = await maker.stranger().get(f"/v1/public/codes/{one.codes[0]}")
    assert entry not in public.text


async def test_the_statement_of_the_log_shows_nothing_to_partners(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-3")
    given = await give(maker, scope={"codes": [one.codes[0]]})
    await fetched(auditor, "maker", given, one.shipped)
    entry = await stated(maker)

    seen = (await maker.client.get(f"/v1/events/{entry}/visibility")).json()

    assert (seen["preset"], seen["public"]["sees"], seen["partners"]["sees"]) == (
        *("private", False, False),
    )
    for audience in ("public", "partner"):
        answer = await maker.client.get(f"/v1/events/{entry}/bundle", params={"audience": audience})
        assert answer.status_code == 404


async def test_a_changed_log_is_found_out(anvil: Anvil, template: Path, tmp_path: Path) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=TOWN) as t:
        maker, auditor = t["maker"], t["auditor"]
        one = await made(maker, "LOT-4")
        given = await give(maker, scope={"codes": [one.codes[0]]})
        for _ in range(3):
            await fetched(auditor, "maker", given, one.shipped)
        await stated(maker)
        assert (await check(maker))["holds"]

        change(t.database("maker"), "UPDATE grant_read SET kind = 'listed' WHERE number = 2")
        (broken,) = (await check(maker))["broken"]
        assert "do not give the digest" in broken
        refused = await auditor.client.get("/v1/granted/maker/reads")
        assert refused.json().get("holds") is not True

        change(t.database("maker"), "UPDATE grant_read SET kind = 'bundle' WHERE number = 2")
        assert (await check(maker))["holds"]
        await forget_last(maker, t.database("maker"))
        (broken,) = (await check(maker))["broken"]
        assert "not the one that was stated" in broken


async def forget_last(up: Running, database: Path) -> None:
    """Take the last read out of the log and put everything right that this database has of it."""
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM grant_read WHERE number = 3")
        (digest,) = connection.execute("SELECT digest FROM grant_read WHERE number = 2").fetchone()
        connection.execute("UPDATE grant_read_end SET number = 2, digest = ?", (digest,))
        connection.commit()


def change(database: Path, statement: str) -> None:
    with sqlite3.connect(database) as connection:
        assert connection.execute(statement).rowcount == 1
        connection.commit()


async def test_a_suspended_grantee_reads_nothing(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=TOWN) as t:
        maker, auditor = t["maker"], t["auditor"]
        one = await made(maker, "LOT-5")
        given = await give(maker, scope={"codes": [one.codes[0]]})
        assert (await fetched(auditor, "maker", given, one.shipped)).status_code == 200
        before = len(await reads_of(maker, "auditor"))

        await suspend(t, "auditor")
        await t.seen()

        assert (await fetched(auditor, "maker", given, one.shipped)).status_code != 200
        grants = maker.gateway.partners.grants
        assert await grants.grants(t.member("auditor").id) == []
        assert len(await reads_of(maker, "auditor")) == before


async def suspend(t: Town, slug: str) -> None:
    """Let the two others agree on it."""
    net = t.net
    await net.call("maker", net.calls.propose(Suspend(t.member(slug).id)))
    ((number, proposal),) = (await net.directory()).proposals.items()
    await net.call("insurer", net.calls.approve(number, proposal.digest))
    await net.call("maker", net.calls.execute(number))


class Lying:
    """Peers whose owner answers with something else."""

    def __init__(self, real: Any, body: bytes) -> None:
        self._real, self._body = real, body

    async def request(self, *asked: Any, **parts: Any) -> PeerAnswer:
        return PeerAnswer(200, self._body)


async def test_an_owner_that_answers_with_another_event_is_not_believed(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-6")
    given = await give(maker, scope={"codes": [one.codes[0]]}, items={"opening": "full"})
    other = await fetched(auditor, "maker", given, one.commissioned)
    opening = await fetched(auditor, "maker", given, one.commissioned, "opening")
    grantee = auditor.gateway.partners.granting.grantee
    owner, entry = here.member("maker").id, bytes.fromhex(one.shipped)
    real = grantee._peers
    assert check_bundle(parse_bundle(other.content)).entry.hex() == one.commissioned

    for body in (other.content, opening.content, b"{}", b"\xff", b"[1]"):
        grantee._peers = Lying(real, body)
        try:
            for asking in (
                grantee.bundle(owner, given, entry, []),
                grantee.opening(owner, given, entry),
                grantee.codes_opening(owner, given, entry),
                grantee.reads(owner, after=0),
            ):
                with pytest.raises(PeerError) as refused:
                    await asking
                assert refused.value.code == "peer_answer"
        finally:
            grantee._peers = real


async def test_the_index_of_goods_is_no_longer_kept_than_a_grant_needs_it(here: Town) -> None:
    maker = here["maker"]
    one = await made(maker, "LOT-7")
    granting = maker.gateway.partners.granting
    given = await give(maker, scope={"lots": [{"product": GTIN, "lot": "LOT-7"}]})
    position = await maker.gateway.store.read(
        lambda c: granted_goods.window(c, ["gs1:690123412345/LOT-7"], 0, 10)
    )
    assert len(position) == 2

    await maker.gateway.follower.rebuild()
    again = await maker.gateway.store.read(
        lambda c: granted_goods.window(c, ["gs1:690123412345/LOT-7"], 0, 10)
    )
    assert again == position
    assert len(await entries(here["auditor"], "maker", given)) == 2

    await maker.client.post(f"/v1/grants/{given}/revoke")
    await granting.giving.tidy()
    left = await maker.gateway.store.read(
        lambda c: granted_goods.window(c, ["gs1:690123412345/LOT-7"], 0, 10)
    )
    assert left == []
    assert one.codes


async def test_two_reads_at_once_are_two_links_of_one_chain(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-8")
    given = await give(maker, scope={"codes": [one.codes[0]]})
    before = len(await reads_of(maker, "auditor"))

    answers = await asyncio.gather(
        *(fetched(auditor, "maker", given, one.shipped) for _ in range(10))
    )

    assert {answer.status_code for answer in answers} == {200}
    numbers = [read["number"] for read in await reads_of(maker, "auditor")]
    assert numbers == list(range(1, before + 11))
    assert (await check(maker))["holds"]
    missing = await maker.client.get("/v1/reads", params={"participant": "nobody"})
    assert code_of(missing) == "participant_not_found"
