"""From where a contradiction is noticed, an operator comes to the one file that proves it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from anchoring.chain.messages import digest_of, sign_statement
from anchoring.chain.network import write_network
from anchoring.core.message import SignedMessage, Statement, body_digest
from anchoring.evidence.model import EvidenceKind
from anchoring.evidence.parse import parse_evidence
from node_gateway.storage import peers
from node_gateway.storage.peers import Way
from tests.anchoring.cli_scene import process
from tests.anvil import Anvil
from tests.gateway.cli.conftest import Cli, Said
from tests.gateway.partners.arriving import (
    came,
    exceptions,
    finish,
    get,
    made_and_sent,
    post,
    receiving,
    scan,
    send,
    wishes,
)
from tests.gateway.partners.ways import PREFIXES, do, person, until
from tests.gateway.running import sgtin
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Desks:
    """Everybody's command line, and what a third party holds: a network file."""

    t: Town
    folder: Path

    async def __call__(self, slug: str, *arguments: str | int | Path) -> Said:
        words = [*map(str, arguments), "--gateway", self.t.url(slug)]
        cli, key = Cli(self.folder / "none.toml", {}), self.t[slug].admin_key
        return await asyncio.to_thread(lambda: cli(*words, SEALTRAIL_API_KEY=key))

    async def proven(self, who: str, path: str) -> bytes:
        """Return a file, once there is a block that is not older than what was said."""

        async def given() -> bytes | None:
            await asyncio.to_thread(self.t.net.anvil.rpc, "evm_mine")
            answer = await self.t[who].client.get(path)
            assert answer.status_code == 200, answer.text
            proven = answer.headers["sealtrail-evidence"] == "proven; proven"
            return answer.content if proven else None

        raw: bytes = await until(given)
        return raw

    async def verified(self, file: Path) -> dict[str, Any]:
        """Verify a file offline, knowing nothing but the network file and one block's hash."""
        network = self.folder / "network.json"
        if not network.exists():
            write_network(network, self.t.net.network)
        text = await asyncio.to_thread(file.read_text)
        headers = json.loads(text)["chain"]["headers"]
        given = ("--network", str(network), "--offline", "--json", "--block", headers[-1]["hash"])
        done = await asyncio.to_thread(process, "verify", str(file), *given)
        assert done.status == 0, done.out + done.err
        found: dict[str, Any] = json.loads(done.out)
        return found

    async def exported(self, who: str, name: str, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
        file = tmp_path / "evidence.json"
        await self.proven(who, f"/v1/evidence/{name}")
        said = await self(who, "evidence", "export", name, "-o", file)
        assert said.status == 0, said.err
        return file, await self.verified(file)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desks]:
    folder = tmp_path_factory.mktemp("desks")
    people = [person(one) for one in ("maker", "dist", "shop")]
    async with town(anvil, template, folder, people, wishes=wishes()) as t:
        yield Desks(t, folder)


async def two_senders(t: Town, pack: str) -> dict[str, Any]:
    """Have the shop get a pack from two; return its exception."""
    shop = t["shop"]
    first = await made_and_sent(t, "maker", "shop", pack)
    await scan(shop, first["number"], pack)
    await finish(shop, first["number"])
    await t["dist"].entry(receiving(pack))
    await send(t, "dist", "shop", pack)
    (case,) = await exceptions(shop, "custody_conflict", pack)
    return case


async def test_an_exception_leads_to_its_file(desks: Desks, tmp_path: Path) -> None:
    pack, shop = sgtin(), desks.t["shop"]
    case = await two_senders(desks.t, pack)
    shown = await get(shop, f"/v1/exceptions/{case['number']}")
    named = shown["evidence"][0]
    assert named["kind"] == "custody_conflict"
    for path in (f"/v1/exceptions/{case['number']}/evidence", named["href"]):
        raw = await desks.proven("shop", path)
        assert parse_evidence(raw).kind is EvidenceKind.CUSTODY_CONFLICT
    people = await desks("shop", "exception", "show", case["number"])
    command = f"sealtrail evidence export {named['name']} -o {named['name']}.json"
    assert command in people.out + people.err
    _, verdict = await desks.exported("shop", named["name"], tmp_path)
    assert verdict["kind"] == "custody_conflict"
    assert sorted(verdict["by"]) == [desks.t.member("maker").id, desks.t.member("dist").id]
    found = await get(shop, "/v1/custody-conflicts", perPage=1000)
    (conflict,) = [one for one in found["conflicts"] if one["evidence"] == named["name"]]
    assert conflict["codes"][0] in " ".join(verdict["said"])


async def test_the_lists_lead_to_it_too(desks: Desks) -> None:
    pack, shop = sgtin(), desks.t["shop"]
    case = await two_senders(desks.t, pack)
    found = await get(shop, "/v1/custody-conflicts", perPage=1000)
    (conflict,) = [one for one in found["conflicts"] if pack in one["codes"]]
    listed = await desks("shop", "evidence", "list", "--json")
    (kept,) = [one for one in listed.json()["evidence"] if one["name"] == conflict["evidence"]]
    assert kept["exception"] == case["number"]
    assert kept["partners"] == [desks.t.member("maker").id, desks.t.member("dist").id]
    first = await get(shop, "/v1/evidence", perPage=1)
    second = await get(shop, "/v1/evidence", perPage=1000, after=first["next"])
    whole = await get(shop, "/v1/evidence", perPage=1000)
    assert [*first["evidence"], *second["evidence"]] == whole["evidence"]
    assert len(whole["evidence"]) > 1


async def test_against_our_own_books_there_is_what_the_partner_said(
    desks: Desks, tmp_path: Path
) -> None:
    """The maker gets what it never handed to anybody: its own event is no message."""
    pack, maker = sgtin(), desks.t["maker"]
    await maker.entry({**receiving(pack), "bizStep": "commissioning", "action": "ADD"})
    await desks.t["dist"].entry(receiving(pack))
    head = await send(desks.t, "dist", "maker", pack)
    (case,) = await exceptions(maker, "custody_conflict", pack)
    listed = (await get(maker, f"/v1/exceptions/{case['number']}"))["evidence"]
    (named,) = [one for one in listed if one["name"] == head["handover"]]
    assert named["kind"] == "said"
    _, verdict = await desks.exported("maker", named["name"], tmp_path)
    assert (verdict["kind"], verdict["by"]) == ("said", [desks.t.member("dist").id])


async def test_what_may_have_come_round_is_said_and_accuses_nobody(
    desks: Desks, tmp_path: Path
) -> None:
    """We handed it to one, and get it from another: no file can show that they never met."""
    pack, dist = sgtin(), desks.t["dist"]
    await desks.t["shop"].entry(receiving(pack))
    await made_and_sent(desks.t, "maker", "dist", pack)
    second = await send(desks.t, "shop", "dist", pack)
    (case,) = await exceptions(dist, "custody_conflict", pack)
    named = (await get(dist, f"/v1/exceptions/{case['number']}"))["evidence"]
    assert {one["kind"] for one in named} == {"custody_conflict"}, "both were handed to us"
    third = await do_ship_on(desks.t, pack)
    await came(desks.t["shop"], third)
    again = await send(desks.t, "maker", "dist", pack, override="again")
    found = await get(dist, "/v1/custody-conflicts", perPage=1000)
    for one in found["conflicts"]:
        if one["second"] == again["handover"] and one["reason"] == "way_unknown":
            assert one["evidence"] == again["handover"]
    assert second["handover"] != again["handover"]
    _, verdict = await desks.exported("dist", again["handover"], tmp_path)
    assert verdict["kind"] == "said"


async def do_ship_on(t: Town, pack: str) -> str:
    """Ship a pack from the distributor to the shop; return the event's entry."""
    to = party_of(PREFIXES["shop"])
    shipped = await do(t["dist"], "ship", pack, to=to, override="a test")
    entry: str = shipped.json()["entry"]
    return entry


async def test_two_messages_lead_from_the_partner_to_the_file(desks: Desks, tmp_path: Path) -> None:
    pack, t = sgtin(), desks.t
    head = await made_and_sent(t, "maker", "shop", pack)
    shop, maker = t["shop"].gateway, t.member("maker")
    known = await shop.store.read(
        lambda one: peers.message_by_digest(one, bytes.fromhex(head["handover"]))
    )
    assert known is not None
    other = Statement(
        sender=maker.id,
        receiver=t.member("shop").id,
        number=known.number,
        previous=known.previous,
        kind="exception",
        body=body_digest(b"{}"),
        at=known.said_at,
        chain_id=t.net.network.chain_id,
        consortium=t.net.network.consortium,
    )
    message = SignedMessage(other, sign_statement(other, maker.sign))
    row = (maker.id, Way.HEARD, known.number, digest_of(other), message.to_json(), known.said_at)
    await shop.store.write("test", lambda one: peers.add_conflict(one, *row))
    shown = await get(t["shop"], "/v1/peers/maker")
    (conflict,) = shown["conflicts"]
    people = await desks("shop", "peer", "show", "maker")
    assert f"sealtrail evidence export {conflict['evidence']} -o" in people.out + people.err
    _, verdict = await desks.exported("shop", conflict["evidence"], tmp_path)
    assert (verdict["kind"], verdict["by"]) == ("two_messages", [maker.id])


async def test_what_is_not_kept_is_refused_in_words(desks: Desks, tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    for name in ("custody-999999", "messages-999999", "ff" * 32, "..%2Fetc"):
        said = await desks("shop", "evidence", "export", name, "-o", file)
        assert said.status == 11, said.err
        assert said.tries() == "sealtrail evidence list"
    other = await desks.t["shop"].client.get("/v1/exceptions/999999/evidence")
    assert (other.status_code, other.json()["code"]) == (404, "exception_not_found")
    assert not file.exists()


async def test_an_exception_without_a_contradiction_has_no_file(desks: Desks) -> None:
    pack, shop = sgtin(), desks.t["shop"]
    wish = {"kind": "other", "detail": "a dent", "codes": [pack]}
    case = await post(shop, "/v1/exceptions", wish, status=201)
    assert (await get(shop, f"/v1/exceptions/{case['number']}"))["evidence"] == []
    answer = await shop.client.get(f"/v1/exceptions/{case['number']}/evidence")
    assert (answer.status_code, answer.json()["code"]) == (404, "evidence_not_found")
