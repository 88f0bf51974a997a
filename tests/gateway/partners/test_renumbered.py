"""Handovers after their sender was restored from an old copy: both ends still mean the same."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import orjson

from node_gateway.partners.ports import Direction
from node_gateway.settings_partners import HandoversSection
from node_gateway.storage import handovers, peers
from node_gateway.storage.handovers import Handover, State
from tests.anvil import Anvil
from tests.gateway.partners.arriving import answer, came, finish, scan, wishes
from tests.gateway.partners.hearers import listening, settled
from tests.gateway.partners.ways import PREFIXES, code, now, person, until
from tests.gateway.running import BATCHING, Running, commissioning, shipping
from tests.partners import Town, party_of, town

PEOPLE = [person("maker"), person("shop")]
QUIET = wishes().but(batching=BATCHING)
"""Nothing is anchored meanwhile: a gateway whose anchors went on would have to adopt them first."""
BY_HAND = QUIET.but(
    sections={**QUIET.sections, "handovers": HandoversSection(automatic=False, poll_s=0.1)}
)


class Back:
    """An old copy of the maker's database."""

    def __init__(self, t: Town, folder: Path) -> None:
        self._town, self.copy = t, folder / "maker.copy"

    async def up(self) -> None:
        await self._town.stop("maker")
        shutil.copy(self._town.database("maker"), self.copy)
        await self._town.start("maker")

    async def to(self) -> None:
        await self._town.stop("maker")
        for beside in self._town.database("maker").parent.glob("gateway.db*"):
            beside.unlink()
        shutil.copy(self.copy, self._town.database("maker"))
        await self._town.start("maker")


def sent(pack: str) -> dict[str, Any]:
    goes_to = {"type": "owning_party", "destination": party_of(PREFIXES["shop"])}
    return shipping(pack, **{**now(), "destinationList": [goes_to]})


async def capture(up: Running, pack: str) -> str:
    await up.entry(commissioning(pack, **now()), final=False)
    return await up.entry(sent(pack), final=False)


async def handover_of(up: Running, entry: str, state: State = State.SAID) -> Handover:
    async def there() -> Handover | None:
        found = await up.gateway.store.read(
            lambda c: handovers.handovers_of(c, bytes.fromhex(entry))
        )
        return next((one for one in found if one.state is state), None)

    found: Handover = await until(there)
    return found


async def ends_meet(t: Town, pack: str, entry: str, *, acknowledged: bool) -> None:
    """Both have one edge, named by one message that both have and the maker signed."""
    (ours,) = await t["maker"].gateway.store.read(lambda c: handovers.edges(c, pack))
    (theirs,) = await t["shop"].gateway.store.read(lambda c: handovers.edges(c, pack))
    assert (ours.direction, theirs.direction) == (Direction.OUT, Direction.IN)
    assert ours.handover == theirs.handover
    assert ours.shipment == theirs.shipment == bytes.fromhex(entry)
    assert (ours.acknowledged, theirs.acknowledged) == (acknowledged, acknowledged)
    for slug in ("maker", "shop"):
        message = await t[slug].gateway.store.read(
            lambda c: peers.message_by_digest(c, ours.handover)
        )
        assert message is not None
        assert (message.kind, message.answer_code) == ("handover", "")
        assert orjson.loads(message.body)["shipment"] == entry


async def receive(t: Town, pack: str, entry: str) -> None:
    number = (await came(t["shop"], entry))["number"]
    await scan(t["shop"], number, pack)
    await finish(t["shop"], number)


async def test_a_handover_that_gets_another_number_keeps_its_edge_and_is_acknowledged(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=QUIET) as t:
        back, pack = Back(t, tmp_path), code()
        await back.up()
        listening(t["shop"])
        await t["maker"].gateway.partners.channel.say(2, "note", b"forgotten")
        await settled(t["maker"], 2)
        await t.stop("shop")
        await back.to()
        entry = await capture(t["maker"], pack)
        first = await handover_of(t["maker"], entry)
        await t.start("shop")

        there = await handover_of(t["shop"], entry)
        await settled(t["maker"], 2)

        assert there.digest != first.digest  # it was said as number 1, which had been given
        await ends_meet(t, pack, entry, acknowledged=False)
        await receive(t, pack, entry)
        await answer(t["maker"], there.digest.hex() if there.digest else "")
        await ends_meet(t, pack, entry, acknowledged=True)


async def test_a_handover_that_was_forgotten_is_said_again_and_its_answer_fits(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=BY_HAND) as t:
        back, pack = Back(t, tmp_path), code()
        entry = await capture(t["maker"], pack)
        held = await handover_of(t["maker"], entry, State.HELD)
        await back.up()
        with contextlib.closing(sqlite3.connect(back.copy)) as copy, copy:  # as if it was at it
            copy.execute("UPDATE handover SET state = ?", (int(State.WAITING),))
        resent = await t["maker"].client.post(f"/v1/handovers/{held.number}/resend")
        assert resent.status_code == 201, resent.text
        await receive(t, pack, entry)
        first = await handover_of(t["shop"], entry)
        await answer(t["maker"], first.digest.hex() if first.digest else "")
        await t.stop("shop")  # so that the maker speaks before it is told what it forgot
        await back.to()
        await handover_of(t["maker"], entry)
        await t.start("shop")

        async def meets() -> bool:
            (ours,) = await t["maker"].gateway.store.read(lambda c: handovers.edges(c, pack))
            return ours.acknowledged

        await until(meets)
        await settled(t["maker"], 2)
        await ends_meet(t, pack, entry, acknowledged=True)
        (one,) = await t["shop"].gateway.store.read(
            lambda c: handovers.handovers_of(c, bytes.fromhex(entry))
        )
        assert one.digest != first.digest
        assert not await t["shop"].gateway.store.read(
            lambda c: [
                row for row in peers.messages(c, 1, peers.Way.HEARD, limit=99) if row.answer_code
            ]
        )


async def test_a_body_that_names_what_was_said_anew_follows_it(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    """A handover that replaces one which never arrived: parts and manifest name the first."""
    async with town(anvil, template, tmp_path, PEOPLE, wishes=QUIET) as t:
        back, pack = Back(t, tmp_path), code()
        await back.up()
        listening(t["shop"])
        await t["maker"].gateway.partners.channel.say(2, "note", b"forgotten")
        await settled(t["maker"], 2)
        await t.stop("shop")
        await back.to()
        entry = await capture(t["maker"], pack)
        first = await handover_of(t["maker"], entry)
        again = await t["maker"].client.post(f"/v1/handovers/{first.number}/resend")
        assert again.status_code == 201, again.text
        await handover_of(t["maker"], entry, State.WITHDRAWN)
        await t.start("shop")

        old = await handover_of(t["shop"], entry, State.WITHDRAWN)
        second = await handover_of(t["shop"], entry)
        await settled(t["maker"], 2)

        assert second.replaces == old.digest
        assert old.digest != first.digest
        await ends_meet(t, pack, entry, acknowledged=False)
