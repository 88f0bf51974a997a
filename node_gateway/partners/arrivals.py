"""What happens to handovers to us without anybody asking, beside the requests.

A new one gets its receipt: claims of custody are compared, what was received before its data came
is noted, and a shipment that came whole by our own events is answered for. One that was taken back
is void. What a crash left unfinished is finished; proofs follow when they are final; goods whose
data do not come become an exception.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import structlog
from sqlalchemy import Connection

from node_gateway.errors import GatewayError
from node_gateway.partners.acknowledging import Acknowledging
from node_gateway.partners.custody_watch import CustodyWatch, Found
from node_gateway.partners.matching import match
from node_gateway.partners.ports import ExceptionKind, NewException
from node_gateway.partners.receipt_events import WHO, by_event, received, senders_of
from node_gateway.partners.receiving_parts import (
    Parts,
    all_codes,
    load,
    parties_shown,
    shown,
)
from node_gateway.partners.receiving_words import sentence
from node_gateway.partners.shipment import Cause, Difference
from node_gateway.storage import code_states, handovers, receiving, receiving_lookups
from node_gateway.storage.handover_goods import own_events
from node_gateway.storage.handovers import Handover
from node_gateway.storage.receiving import Phase, ReceiptRow, ScanRow, UnmatchedRow
from node_gateway.telemetry import without_values

POLL_S: Final = 1.0
_RETRY_S: Final = 5.0
_PAGE: Final = 100


class _Arrival(NamedTuple):
    """What a new handover means, worked out on a reader thread.

    Attributes:
        scans: What our own events said before of its codes, or people scanned for the handover
            that it replaces.
        unmatched: Events that waited for it, with the codes that they still wait for.
    """

    handover: Handover
    for_us: bool
    conflicts: Sequence[Found]
    scans: Sequence[ScanRow]
    events: Sequence[tuple[int, bytes]]
    unmatched: Sequence[UnmatchedRow]


class Arrivals:
    """Runs beside the requests (`services.background.Background`)."""

    def __init__(
        self,
        parts: Parts,
        acknowledging: Acknowledging,
        watch: CustodyWatch,
        *,
        data_late_s: int,
        poll_s: float = POLL_S,
    ) -> None:
        self._parts, self._acknowledging, self._watch = parts, acknowledging, watch
        self._data_late_s, self._poll_s = data_late_s, poll_s
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = False
        self._looked_at: dict[int, int] = {}
        self._told_more = True
        self._log = structlog.get_logger()

    def wake(self) -> None:
        """Do the next pass now; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    def taken(self, connection: Connection, handover: Handover) -> None:
        """Hear of a handover that came, or was taken back (`handover_taking.Taken`)."""
        del connection, handover
        self.wake()

    def stop(self) -> None:
        """Let `run` end after the step that is running."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop`. A failure is said and tried again."""
        self._loop = asyncio.get_running_loop()
        while not self._ending:
            self._wake.clear()
            pause_s = self._poll_s
            try:
                await self.catch_up()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass tries again
                self._log.error("receiving failed", **without_values(error))
                pause_s = _RETRY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause_s)

    async def catch_up(self) -> None:
        """Do everything that is to be done by now."""
        if self._parts.parties.is_read:  # who is behind a party is written down here
            await self._name_senders()
            await self._arrive_all()
        await self._void()
        for row in await self._waiting(Phase.FINISHING):
            await self._conclude(row.handover)
        for row in await self._waiting(Phase.OPEN):
            await self._finish_whole(row.handover)
        await self._acknowledging.prove()
        await self._miss()
        await self._settle()

    async def _waiting(self, state: Phase) -> list[ReceiptRow]:
        found: list[ReceiptRow] = []
        while True:
            after = found[-1].handover if found else 0
            page = await self._parts.store.read(
                lambda c, at=after: receiving.receipts(c, after=at, limit=_PAGE, states=(state,))  # type: ignore[misc]
            )
            found += page
            if len(page) < _PAGE:
                return found

    async def _name_senders(self) -> None:
        """Write down whose goods came in before the chain was read for the first time."""
        parts = self._parts
        waiting = [
            one
            for one in await parts.store.read(receiving.unmatched)
            if one.partner == receiving.NOBODY
        ]

        def work(connection: Connection) -> None:
            events = own_events(connection, [one.position for one in waiting])
            for one in waiting:
                event = events[one.position].event if one.position in events else {}
                senders = senders_of(event, parts.parties, parts.participant)
                named = one._replace(partner=senders[0]) if senders else one._replace(codes=())
                receiving.change_unmatched(connection, named)

        if waiting:
            await parts.store.write("receipt_unmatched", work)

    async def _arrive_all(self) -> None:
        for number in await self._parts.store.read(receiving.new_handovers):
            await self._parts.follower.catch_up()
            await self._arrive(number)
            self._told_more = True

    async def _arrive(self, number: int) -> None:
        arrival = await self._parts.store.read(lambda c: self._look(c, number))
        now = int(self._parts.clock())
        row = ReceiptRow(
            number, Phase.OPEN, now, self._parts.due(now), arrival.for_us, None, None, None
        )

        def write(connection: Connection) -> None:
            if receiving.receipt_of(connection, number) is not None:
                return
            put = self._parts.store.insert
            receiving.add_receipt(connection, row)
            receiving.keep_scans(connection, put, number, arrival.scans)
            for position, entry in arrival.events:
                receiving.add_event(connection, number, position, entry)
            for one in arrival.unmatched:
                receiving.change_unmatched(connection, one)
            self._watch.keep(connection, put, arrival.handover, arrival.conflicts, now)

        await self._parts.store.write("receipt_opened", write)

    def _look(self, connection: Connection, number: int) -> _Arrival:
        handover = handovers.handover_numbered(connection, number)
        if handover is None:
            raise LookupError(number)
        codes = {one.code for one in all_codes(connection, handover.digest or b"")}
        carried = _of_replaced(connection, handover)
        waiting = [
            one
            for one in receiving.unmatched(connection)
            if one.partner == handover.partner and not codes.isdisjoint(one.codes)
        ]
        late = {code for one in waiting for code in one.codes if code in codes}
        scans = [
            by_event(code, one.at * 1000, one.position)
            for one in waiting
            for code in one.codes
            if code in codes
        ]
        return _Arrival(
            handover,
            for_us=self._is_for_us(connection, handover),
            conflicts=self._watch.look(connection, handover, codes, late | carried.came),
            scans=[*carried.scans, *scans],
            events=[*carried.events, *((one.position, one.entry) for one in waiting)],
            unmatched=[
                one._replace(codes=[code for code in one.codes if code not in codes])
                for one in waiting
            ],
        )

    def _is_for_us(self, connection: Connection, handover: Handover) -> bool:
        """Tell whether the event names us as the destination, or nobody in the network."""
        named = parties_shown(shown(connection, handover.shipment), "destination")
        owners = {self._parts.parties.participant_of(one) for one in named} - {None}
        return not owners or self._parts.participant in owners

    async def _void(self) -> None:
        taken_back = await self._parts.store.read(receiving.withdrawn)
        if not taken_back:
            return

        def work(connection: Connection) -> None:
            for number in taken_back:
                receiving.change_receipt(connection, number, state=Phase.VOID)

        await self._parts.store.write("receipt_void", work)

    async def _conclude(self, number: int) -> None:
        """Finish what was planned; what is refused goes back to the people."""
        try:
            await self._acknowledging.conclude(number)
        except GatewayError as error:
            if error.retry_after_s is not None:
                return  # read-only for now
            self._log.warning("a receipt was refused", code=error.code, shipment=number)
            await self._parts.store.write(
                "receipt_reopened",
                lambda c: receiving.change_receipt(c, number, state=Phase.OPEN, plan=None),
            )

    async def _finish_whole(self, number: int) -> None:
        """Answer for a shipment of which our own events say that all of it came."""
        scanned, events = await self._parts.store.read(
            lambda c: (receiving.scan_count(c, number), receiving.events_of(c, number))
        )
        if not events or self._looked_at.get(number) == scanned:
            return  # nothing came since it was looked at
        self._looked_at[number] = scanned
        loaded = await self._parts.store.read(lambda c: load(c, number))
        if any(one.event is None for one in loaded.scans):
            return  # somebody is scanning it
        if not loaded.receipt.for_us or match(loaded.shipment, loaded.read).missing:
            return
        if await self._acknowledging.plan(loaded, who=WHO, wishes={}):
            await self._conclude(number)

    async def _miss(self) -> None:
        """Open exceptions about goods whose sender does not tell of them."""
        before = int(self._parts.clock()) - self._data_late_s
        waiting = [
            one
            for one in await self._parts.store.read(receiving.unmatched)
            if one.partner != receiving.NOBODY and one.case_number is None and one.at <= before
        ]
        if not waiting:
            return

        def work(connection: Connection) -> None:
            for one in waiting:
                case = self._parts.exceptions.open(connection, _no_data(one))
                receiving.change_unmatched(connection, one._replace(case_number=case))

        await self._parts.store.write("receipt_unmatched", work)
        self._told_more = True

    async def _settle(self) -> None:
        """Resolve exceptions about goods without data whose sender has told of them since."""
        if not self._told_more:
            return
        for number in await self._parts.store.read(_with_data):
            try:
                await self._parts.settle(number)
            except GatewayError as error:
                self._log.warning("an exception stays open", code=error.code, exception=number)
        self._told_more = False


def _with_data(connection: Connection) -> list[int]:
    """Return exceptions about goods without data of which the data have come since."""
    cases = receiving_lookups.cases_without_data(connection)
    named = receiving_lookups.named_in_handovers(
        connection, {code for some in cases.values() for code in some}
    )
    return [number for number, some in cases.items() if some and named.issuperset(some)]


class _Carried(NamedTuple):
    """What is known already of a handover that takes the place of another one.

    Attributes:
        scans: What was read for that one; of what our events say to have come, with the event.
        events: Position and entry of our receiving events that counted for it.
        came: Its codes of which these say that they came, in a unit or by themselves.
    """

    scans: Sequence[ScanRow] = ()
    events: Sequence[tuple[int, bytes]] = ()
    came: frozenset[str] = frozenset()


def _of_replaced(connection: Connection, handover: Handover) -> _Carried:
    """Return what is known of the handover that a new one takes the place of."""
    before = (
        None if handover.replaces is None else handovers.handover(connection, handover.replaces)
    )
    if before is None:
        return _Carried()
    events = receiving.events_of(connection, before.number)
    read = receiving.scans(connection, before.number)
    standing = code_states.standings_at(connection, [position for position, _ in events])
    stands = [at for at, one in standing.items() if one.standing == code_states.STANDS]
    stated = own_events(connection, stands)
    said = {code: at for at, one in stated.items() for code in received(one.event)}
    around = {one.code: one.parent for one in all_codes(connection, before.digest or b"")}
    scans = [
        one if one.event is not None else one._replace(event=_said_of(one.code, said, around))
        for one in read
    ]
    came = frozenset(code for code in around if _said_of(code, said, around) is not None)
    return _Carried(scans, [one for one in events if one[0] in stated], came)


def _said_of(code: str, said: Mapping[str, int], around: Mapping[str, str | None]) -> int | None:
    """Return which event of ours names a code, or a unit that it came in; None if none does."""
    here: str | None = code
    while here is not None and here not in said:
        here = around.get(here)
    return None if here is None else said[here]


def _no_data(row: UnmatchedRow) -> NewException:
    codes: Collection[str] = row.codes
    found = Difference(ExceptionKind.PRODUCT_NO_DATA, Cause.DATA_LATE, tuple(codes))
    return NewException(
        kind=found.kind,
        partner=row.partner,
        subject=row.entry,
        detail=sentence(found),
        codes=found.codes,
        found=len(found.codes),
    )


__all__ = ["POLL_S", "Arrivals"]
