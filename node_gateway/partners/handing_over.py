"""Hand shipments over: drafts become messages, proofs follow, what came is looked up on the chain.

A handover goes through durable steps: noted, drafted part by part, put part by part into the
channel, and said with its manifest. Each step is a transaction; whatever a crash interrupts is
done again or gone on with, and nothing is put twice. From there on the channel delivers.
"""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from sqlalchemy import Connection, select

from anchoring.handover import Manifest
from node_gateway.partners import handover_drafting as drafting
from node_gateway.partners.handover_completing import Completing
from node_gateway.partners.handover_content import Rules
from node_gateway.partners.handover_drafting import Draft, NotHandedOverError
from node_gateway.partners.handover_noticing import CORRECTION_KIND
from node_gateway.partners.handover_proving import PROOFS_KIND, Proving
from node_gateway.partners.handover_taking import (
    Incoming,
    TakingCorrections,
    TakingManifests,
    TakingParts,
    TakingProofs,
)
from node_gateway.partners.ports import Channel
from node_gateway.services.following import Follower
from node_gateway.storage import handover_writing as writing
from node_gateway.storage import handovers as reading
from node_gateway.storage.database import Database
from node_gateway.storage.handover_reading import unsaid
from node_gateway.storage.handover_tables import handover, handover_part
from node_gateway.storage.handover_writing import PartRow
from node_gateway.storage.handovers import Handover, State
from node_gateway.telemetry import without_values

KIND: Final = "handover"
PART_KIND: Final = "handover_part"
_AT_ONCE: Final = 100
_CODES_AT_ONCE: Final = 10_000
_POLL_S: Final = 2.0
_RETRY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Going:
    """What handing over builds on.

    Attributes:
        rules: What may be disclosed; `partner` is filled in for each handover.
        is_read: Whether the chain was read: only it says who is a stranger to a receiver.
        poll_s: How often it looks whether something became final.
    """

    database: Database
    channel: Channel
    follower: Follower
    rules: Rules
    clock: Callable[[], float]
    is_read: Callable[[], bool]
    poll_s: float = _POLL_S


class HandingOver:
    """Says our handovers; runs beside the requests (`services.background.Background`)."""

    def __init__(self, going: Going, proving: Proving, completing: Completing) -> None:
        self._going, self._proving, self._completing = going, proving, completing
        self._database, self._channel = going.database, going.channel
        self._wake = asyncio.Event()
        self._ending = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._log = structlog.get_logger()
        self.incoming = Incoming(
            going.database,
            going.clock,
            [lambda *_: self._wake_from_thread()],  # it may complete one of ours
            self._wake_from_thread,
            going.channel.renamed,
        )
        self._channel.on(PART_KIND, TakingParts(self.incoming))
        self._channel.on(KIND, TakingManifests(self.incoming))
        self._channel.on(PROOFS_KIND, TakingProofs(self.incoming))
        self._channel.on(CORRECTION_KIND, TakingCorrections(self.incoming))
        going.follower.on_followed(self.wake)

    def wake(self) -> None:
        """Do the next pass now."""
        self._wake.set()

    def _wake_from_thread(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    def stop(self) -> None:
        """Let `run` end after the step that is running."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop`. A failure is said and tried again."""
        self._loop = asyncio.get_running_loop()
        while not self._ending:
            self._wake.clear()
            pause_s = self._going.poll_s
            try:
                await self.catch_up()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass tries again
                self._log.error("handing over failed", **without_values(error))
                pause_s = _RETRY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause_s)

    async def catch_up(self) -> None:
        """Say every handover that waits, and every proof that there is by now."""
        after = 0
        while not self._ending:
            waiting = await self._database.read(lambda c, after=after: _unsaid(c, after))  # type: ignore[misc]
            for row in waiting:
                if not self._channel.awaits(row.partner):
                    await self._say(row)
            if len(waiting) < _AT_ONCE:
                break
            after = waiting[-1].number
        if await self._completing.catch_up():
            self.wake()
        await self._proving.catch_up()

    def now(self) -> float:
        """Return the time, Unix seconds."""
        return self._going.clock()

    async def followed(self) -> None:
        """Let everything stored be known before it is asked what a shipment holds."""
        await self._going.follower.catch_up()

    def rules(self, partner: int) -> Rules:
        """Return what may be disclosed to a participant."""
        return replace(self._going.rules, partner=partner)

    async def _say(self, row: Handover) -> None:
        try:
            if row.state is State.WAITING:
                if not self._going.is_read():
                    return  # the next pass looks again
                await self._draft(row)
            await self._put(row)
        except NotHandedOverError as error:
            problem = error.code
            await self._write(
                lambda c: writing.set_state(c, row.number, State.FAILED, problem=problem)
            )
            self._log.warning("a shipment is not handed over", code=problem)

    async def _draft(self, row: Handover) -> None:
        """Work out all parts, each in a read and a transaction of its own."""
        await self._going.follower.catch_up()
        await self._write(lambda c: writing.clear_draft(c, row.number))
        draft = await self._database.read(
            lambda c: drafting.start(c, row, self.rules(row.partner), replaces=row.replaces)
        )
        while not draft.is_done:
            part = await self._database.read(lambda c: drafting.next_part(c, draft))
            await self._write(lambda c, part=part: self._add_part(c, row, part))  # type: ignore[misc]
        await self._finish(row, draft)

    def _add_part(self, connection: Connection, row: Handover, part: PartRow) -> None:
        insert = self._database.insert
        writing.add_part(connection, insert, part, partner=row.partner, number=row.number)

    async def _finish(self, row: Handover, draft: Draft) -> None:
        shipment = await asyncio.to_thread(draft.finish)
        codes = sorted(shipment.parents.items())
        for start in range(0, len(codes), _CODES_AT_ONCE):
            some = codes[start : start + _CODES_AT_ONCE]
            await self._write(
                lambda c, some=some: writing.add_codes(  # type: ignore[misc]
                    c, self._database.insert, row.number, some, shipment.made
                )
            )

        def done(connection: Connection) -> None:
            if _state(connection, row) is not State.WAITING:
                return  # it was taken back meanwhile
            writing.set_state(
                connection,
                row.number,
                State.PUTTING,
                event_count=shipment.event_count,
                code_count=len(shipment.parents),
                replaces=draft.replaces,
            )

        await self._write(done)

    async def _put(self, row: Handover) -> None:
        """Put one part after the other into the channel, the manifest behind them."""
        while await self._write(lambda c: self._put_one(c, row)):
            self._channel.wake()
        self._channel.wake()

    def _put_one(self, connection: Connection, row: Handover) -> bool:
        """Put the next message of a handover; tell whether there may be more."""
        now = reading.handover_numbered(connection, row.number)
        if now is None or now.state is not State.PUTTING:
            return False
        columns = handover_part.c
        query = select(handover_part).where(columns.handover == row.number, columns.put == 0)
        part = connection.execute(query.order_by(columns.ordinal).limit(1)).first()
        if part is not None:
            body = zlib.decompress(bytes(part.data))
            self._channel.put(connection, now.partner, PART_KIND, body)
            writing.mark_put(connection, part.number)
            return True
        manifest = Manifest(
            now.shipment,
            _digests(connection, now.number),
            now.event_count,
            now.code_count,
            now.replaces,
        )
        digest = self._channel.put(connection, now.partner, KIND, manifest.to_json())
        at = int(self._going.clock())
        writing.set_state(connection, now.number, State.SAID, digest=digest, said_at=at)
        if now.replaces is not None:
            writing.withdraw(connection, now.replaces, at)
        return False

    async def _write(self, work: Callable[[Connection], Any]) -> Any:
        return await self._database.write("handover", work)


def renumbered(connection: Connection, old: bytes, new: bytes) -> None:
    """Follow manifests and parts to new digests; see `MessageChannel.on_renumbered`."""
    for column in (handover.c.digest, handover.c.replaces):
        connection.execute(handover.update().where(column == old).values({column.name: new}))
    parts = handover_part.update().where(handover_part.c.digest == old)
    connection.execute(parts.values(digest=new))


def _unsaid(connection: Connection, after: int) -> list[Handover]:
    found = unsaid(connection, after=after, limit=_AT_ONCE)
    return [one for one in found if one.state is not State.HELD]


def _state(connection: Connection, row: Handover) -> State | None:
    now = reading.handover_numbered(connection, row.number)
    return None if now is None else now.state


def _digests(connection: Connection, number: int) -> tuple[bytes, ...]:
    columns = handover_part.c
    query = select(columns.digest).where(columns.handover == number).order_by(columns.ordinal)
    return tuple(bytes(digest) for digest in connection.execute(query).scalars())


__all__ = ["CORRECTION_KIND", "KIND", "PART_KIND", "PROOFS_KIND", "Going", "HandingOver"]
