"""F1 between gateways: either side dies at a durable step of a handover; nothing lost or doubled.

A gateway that dies here writes nothing more, as after a kill: its writer ends in the middle, before
or after a commit, and it is started again on the database as it was left.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import Connection, func, select

from node_gateway.partners.ports import Direction
from node_gateway.storage import handovers, peers
from node_gateway.storage.handover_tables import handover_part
from node_gateway.storage.handovers import Handover, State
from node_gateway.storage.peers import Way
from tests.anvil import Anvil
from tests.gateway.partners.arriving import get, receiving, wishes
from tests.gateway.partners.test_handing_over import sent
from tests.gateway.partners.ways import PREFIXES, make, person, until
from tests.gateway.running import sgtin
from tests.partners import Town, town

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

Kill = tuple[str, str, int]
KILLS: Final[tuple[Kill, ...]] = (
    ("maker", "project.after_commit", 1),
    ("maker", "handover.before_commit", 2),  # a part is being drafted
    ("maker", "handover.after_commit", 3),  # codes are written, the draft is not closed
    ("maker", "handover.after_commit", 5),  # the part is said, the manifest is not
    ("maker", "handover.before_commit", 6),
    ("maker", "peer_answered.before_commit", 1),  # the receiver has it, we do not know
    ("maker", "handover_proofs.after_commit", 1),
    ("shop", "peer_hear.before_commit", 2),  # the manifest
    ("shop", "peer_hear.after_commit", 2),  # it is kept, and its answer is lost
    ("shop", "receipt_opened.after_commit", 1),
    ("shop", "handover_sealed.before_commit", 1),
    ("shop", "receipt_planned.after_commit", 1),
    ("shop", "receipt_finished.before_commit", 1),
    ("shop", "receipt_finished.after_commit", 1),
    ("shop", "receipt_proven.after_commit", 1),
)


# Every third one at each change, all of them in the long form.
SWEPT: Final = KILLS if os.environ.get("SEALTRAIL_FAULTS") == "long" else KILLS[2::3]


class Killed(BaseException):
    """Ends a writer like a kill: nobody gets to handle it."""


class Killer:
    """The hook of one gateway's durable steps; does nothing unless `arm` was called."""

    def __init__(self) -> None:
        self.dead = False
        self._wanted: tuple[str, int] | None = None
        self._counts: Counter[str] = Counter()

    def arm(self, step: str, number: int) -> None:
        self.dead, self._wanted = False, (step, number)
        self._counts.clear()

    def __call__(self, step: str) -> None:
        if self._wanted is None:
            return
        self._counts[step] += 1
        if (step, self._counts[step]) == self._wanted:
            self.dead, self._wanted = True, None
            raise Killed


class Story:
    """Shipments from the maker to the shop, whatever becomes of the two."""

    def __init__(self, t: Town, killers: dict[str, Killer]) -> None:
        self.t, self.killers = t, killers
        self.shipments: list[bytes] = []
        self._entry = b""
        self._deaths = 0

    async def run(self, who: str, step: str, number: int) -> None:
        """Ship and receive three packs while one of the two dies; see that both agree."""
        packs = [sgtin() for _ in range(3)]
        await make(self.t["maker"], *packs)
        shipped = sent(PREFIXES["maker"], PREFIXES["shop"], *packs, eventID=_name())
        received = receiving(*packs, eventID=_name())
        self.killers[who].arm(step, number)

        async def done() -> bool:
            await self._bury()
            try:
                return await self._goes_on(shipped, received)
            except httpx2.TransportError:
                return False

        await until(done, timeout_s=90)
        assert self._deaths == len(self.shipments) + 1, f"{step} {number} never came"
        await self._check(self._entry, set(packs))

    async def _bury(self) -> None:
        for slug, killer in self.killers.items():
            if killer.dead:
                await self.t.restart(slug)
                killer.dead = False
                self._deaths += 1

    async def _goes_on(self, shipped: dict[str, Any], received: dict[str, Any]) -> bool:
        """Do what is still to be done; the same event again is none."""
        maker, shop = self.t["maker"], self.t["shop"]
        taken = await maker.capture(shipped)
        if taken.status_code != 202:
            return False
        self._entry = entry = bytes.fromhex(taken.json()["events"][0]["entry"])
        came = await self._handover("shop", entry, Direction.IN)
        if came is None:
            return False
        if (await shop.capture(received)).status_code != 202:
            return False
        said = await self._handover("maker", entry, Direction.OUT)
        seen = await get(shop, f"/v1/handovers/{came.number}")
        answer = await maker.client.get(f"/v1/acknowledgements/{(came.digest or b'').hex()}")
        return bool(
            said is not None
            and said.acknowledged_at
            and seen["proofs"]["sealed"] == 2
            and answer.status_code == 200
            and all(one["isProven"] for one in answer.json()["events"])
            and not any(one.dead for one in self.killers.values())
        )

    async def _handover(self, slug: str, entry: bytes, way: Direction) -> Handover | None:
        found = await self.t[slug].gateway.store.read(lambda c: handovers.handovers_of(c, entry))
        mine = [one for one in found if one.direction is way]
        assert len(mine) <= 1, "a handover was doubled"
        return mine[0] if mine and mine[0].state is State.SAID else None

    async def _check(self, entry: bytes, packs: set[str]) -> None:
        self.shipments.append(entry)
        came = await self._handover("shop", entry, Direction.IN)
        said = await self._handover("maker", entry, Direction.OUT)
        assert came is not None
        assert said is not None
        assert came.digest == said.digest
        shop, maker = self.t["shop"].gateway.store, self.t["maker"].gateway.store
        digest = came.digest or b""
        codes = await shop.read(lambda c: handovers.codes_of(c, digest))
        assert {one.code for one in codes} == packs
        assert await shop.read(_loose_parts) == 0
        count = len(self.shipments)
        heard = Counter(await shop.read(lambda c: _kinds(c, self.t.member("maker").id)))
        assert (heard["handover"], heard["handover_part"]) == (count, count)
        answered = Counter(await maker.read(lambda c: _kinds(c, self.t.member("shop").id)))
        assert answered["acknowledgement"] == count
        for slug in ("maker", "shop"):
            assert (await get(self.t[slug], "/v1/exceptions"))["exceptions"] == []


def _name() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def _loose_parts(c: Connection) -> int:
    query = select(func.count()).where(handover_part.c.handover.is_(None))
    return int(c.execute(query).scalar_one())


def _kinds(c: Connection, partner: int) -> list[str]:
    return [one.kind for one in peers.messages(c, partner, Way.HEARD, limit=1000)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Story]:
    folder = tmp_path_factory.mktemp("killed")
    killers = {slug: Killer() for slug in ("maker", "shop")}
    own = {slug: wishes(on_step=killer) for slug, killer in killers.items()}
    people = [person(one) for one in killers]
    async with town(anvil, template, folder, people, wishes=wishes(), own=own) as t:
        yield Story(t, killers)


@pytest.mark.faults
@pytest.mark.parametrize("kill", SWEPT, ids=lambda one: "-".join(map(str, one)))
async def test_f1_a_kill_between_gateways_loses_and_doubles_nothing(
    story: Story, kill: Kill
) -> None:
    await story.run(*kill)
