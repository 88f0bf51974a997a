"""What operators type between gateways, from end to end, with nothing but the commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from anchoring.core.bundle import parse_bundle
from anchoring.core.verify import check_bundle
from tests.anvil import Anvil
from tests.gateway.cli.conftest import Cli, Said
from tests.gateway.partners.arriving import made_and_sent, wishes
from tests.gateway.partners.ways import PREFIXES, do, make, person, until
from tests.gateway.running import sgtin
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNTIL = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


@dataclass(frozen=True)
class Desks:
    """Everybody's command line."""

    t: Town
    nowhere: Path

    async def __call__(self, slug: str, *arguments: str | int | Path) -> Said:
        key = self.t[slug].admin_key
        cli = Cli(self.nowhere, {})
        words = [*map(str, arguments), "--gateway", self.t.url(slug)]
        return await asyncio.to_thread(lambda: cli(*words, SEALTRAIL_API_KEY=key))

    async def done(self, slug: str, *arguments: str | int | Path) -> Any:
        said = await self(slug, *arguments, "--json")
        assert said.status == 0, said.err + said.out
        return said.json()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desks]:
    folder = tmp_path_factory.mktemp("desks")
    people = [person(one) for one in ("maker", "dist", "shop")]
    async with town(anvil, template, folder, people, wishes=wishes()) as t:
        yield Desks(t, folder / "none.toml")


async def test_a_short_shipment_is_received_and_settled(desks: Desks, tmp_path: Path) -> None:
    there, gone = sgtin(), sgtin()
    head = await made_and_sent(desks.t, "maker", "shop", there, gone)
    listed = await desks.done("shop", "shipment", "list", "--code", there)
    assert [one["number"] for one in listed["shipments"]] == [head["number"]]
    name = f"{listed['shipments'][0]['fromName']} ({listed['shipments'][0]['from']})"
    for shown in (("list", "--code", there), ("show", head["number"])):
        assert name in (await desks("shop", "shipment", *shown)).out
    received = await desks.done("shop", "shipment", "receive", head["number"], there, "--finish")
    assert [one["kind"] for one in received["differences"]] == ["shortage"]

    async def answered() -> bool:
        return (await desks("maker", "shipment", "answer", head["handover"])).status == 0

    await until(answered)
    said = await desks.done("maker", "shipment", "answer", head["handover"])
    assert (said["expected"], said["found"]) == (2, 1)
    handed = await desks.done("maker", "handover", "show", head["handover"])
    assert handed["acknowledgedAt"]

    async def opened() -> Any:
        found = await desks.done("maker", "exception", "list", "--code", gone)
        return found["exceptions"]

    (case,) = await until(opened)
    await desks.done(
        "maker", "exception", "message", case["number"], "Where is it?", "--act", "ask"
    )
    (theirs,) = (await desks.done("shop", "exception", "list", "--code", gone))["exceptions"]
    assert theirs["case"] == case["case"]

    async def heard() -> bool:
        found = await desks.done("shop", "exception", "show", theirs["number"])
        return "Where is it?" in [one["text"] for one in found["messages"]]

    await until(heard)
    await desks.done(
        *("shop", "exception", "resolve", theirs["number"]),
        *("--cause", "picking_error", "--action", "accept_shortage"),
    )

    async def proven() -> bool:
        return (await desks("maker", "exception", "proof", case["number"], "--partner")).status == 0

    await until(proven, timeout_s=30)
    file = tmp_path / "proof.json"
    said_ = await desks("maker", "exception", "proof", case["number"], "--partner", "--out", file)
    assert said_.status == 0, said_.err
    checked = check_bundle(parse_bundle(file.read_bytes()))
    assert checked.bundle.participant == desks.t.member("shop").id


async def test_a_provider_ships_for_another_until_it_may_not(desks: Desks) -> None:
    packs = [sgtin() for _ in range(2)]
    await make(desks.t["maker"], *packs)
    given = await desks.done(
        *("maker", "delegation", "add", "dist", "--operations", "ship"),
        *("--purpose", "warehouse", "--until", UNTIL, "--product", "06901234123456"),
    )
    shop = party_of(PREFIXES["shop"])
    done = await desks.done(
        "dist", "act-for", "maker", "ship", packs[0], "--to", shop, "--key", "order-7"
    )
    stored = await desks.t["maker"].client.get(f"/v1/events/{done['entry']}")
    assert stored.status_code == 200, "it is the owner's event"
    proof = await desks("maker", "delegation", "proof", "dist", "order-7")
    assert proof.status == 0, proof.err
    listed = await desks.done("maker", "delegation", "list")
    assert given["id"] in {one["id"] for one in listed["delegations"]}
    await desks.done("maker", "delegation", "revoke", given["id"])
    refused = await desks("dist", "act-for", "maker", "ship", packs[1], "--to", shop, "--json")
    assert refused.status != 0
    assert refused.json()["error"]["code"] == "delegation_not_found"


async def test_what_is_granted_is_read_logged_and_verified_on_both_sides(
    desks: Desks, tmp_path: Path
) -> None:
    pack = sgtin()
    entry = await make(desks.t["maker"], pack)
    given = await desks.done(
        *("maker", "grant", "add", "shop", "--code", pack, "--item", "sealtrail:month"),
        *("--purpose", "audit", "--until", UNTIL),
    )
    (seen,) = (await desks.done("shop", "grant", "list", "--of", "maker"))["grants"]
    assert seen["id"] == given["id"]
    folder = tmp_path / "fetched"
    fetched = await desks("shop", "grant", "fetch", "maker", given["id"], "-o", folder)
    assert fetched.status == 0, fetched.err
    bundles = [check_bundle(parse_bundle(one.read_bytes())) for one in folder.iterdir()]
    assert [one.entry.hex() for one in bundles] == [entry]
    kept = await desks.done("maker", "grant", "log", "shop")
    assert entry in {one["entry"] for one in kept["reads"]}
    answer = await desks.t["maker"].client.post("/v1/reads/state")
    assert answer.status_code == 201
    await desks.t["maker"].final(answer.json()["entry"])
    verified = await desks.done("maker", "grant", "log", "--verify")
    assert (verified["holds"], verified["final"]) == (True, 1)
    theirs = await desks.done("shop", "grant", "log", "--of", "maker")
    assert (theirs["holds"], theirs["anchored"]) == (True, len(kept["reads"]))
    who = await desks.done("maker", "event", "who", entry)
    assert str(desks.t.member("shop").id) in str(who)
    await desks.done("maker", "grant", "revoke", given["id"])
    assert (await desks("shop", "grant", "fetch", "maker", given["id"], "-o", folder)).status != 0


async def test_a_pack_is_traced_across_gateways(desks: Desks) -> None:
    pack = sgtin()
    await make(desks.t["maker"], pack)
    shipped = await do(desks.t["maker"], "ship", pack, to=party_of(PREFIXES["dist"]))
    await desks.t["maker"].final(shipped.json()["entry"])

    async def way() -> Any:
        said = await desks("dist", "trace", pack, "--json")
        found = said.json() if said.status == 0 else {"up": None}
        return found if found["up"] and found["up"]["steps"] else None

    found = await until(way, timeout_s=30)
    assert {one["step"] for one in found["up"]["steps"]} <= {"commissioning", "shipping"}
    people = await desks("dist", "trace", pack)
    assert people.status == 0
    assert "Example Marker MAKER Company" in people.out
