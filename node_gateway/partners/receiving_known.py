"""What this gateway knows of codes beside the data of their shipment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from anchoring.directory.model import Directory
from node_gateway.partners.ports import Direction
from node_gateway.partners.received_events import read_proof
from node_gateway.partners.shipment import Cause, Known
from node_gateway.services.notices import Notices
from node_gateway.state.code_state import CodeState
from node_gateway.state.parties import class_of
from node_gateway.state.recalls import Match
from node_gateway.state.words import RECEIVING
from node_gateway.storage import code_states, custody, receiving
from node_gateway.storage.custody import ClaimRow
from node_gateway.storage.database import Database
from node_gateway.storage.handovers import HandedCode, Handover, Sealed, received_event

_CHUNK: Final = 1000


class Knowing:
    """Collects `Known`.

    Args:
        database: Our books.
        notices: What recalls mean.
        current: The directory as of now.
        clock: Unix seconds.
    """

    def __init__(
        self,
        database: Database,
        notices: Notices,
        current: Callable[[], Directory],
        clock: Callable[[], float],
    ) -> None:
        self._database, self._notices = database, notices
        self._current, self._clock = current, clock

    async def of(
        self, handover: Handover, handed: Sequence[HandedCode], scanned: Collection[str]
    ) -> Known:
        """Return what is known of a shipment's codes and of what was scanned.

        Args:
            handover: Of the shipment.
            handed: Its codes, or those of them that matter.
            scanned: What was read, whether or not the shipment names it.

        Cost: some look-ups per 1,000 codes; with no notice that stands, none for notices.
        """
        named = {one.code for one in handed}
        extra = sorted(set(scanned) - named)
        past, elsewhere = await self._database.read(
            lambda c: (_past(c, handover, named, extra), _elsewhere(c, handover, extra))
        )
        directory, now = self._current(), int(self._clock())
        owned = {code for code in extra if directory.owner_at(code, now) is not None}
        unauthorised = await self._database.read(lambda c: self._unauthorised(c, handover, handed))
        lots = {one.code: one.lot for one in handed if one.lot}
        recalled = await self._recalled([*sorted(named), *extra], lots)
        return Known(past, recalled, elsewhere, unauthorised, owned)

    async def _recalled(self, codes: Sequence[str], lots: Mapping[str, str]) -> set[str]:
        found: set[str] = set()
        if not self._notices.standing:
            return found
        for start in range(0, len(codes), _CHUNK):
            chunk = codes[start : start + _CHUNK]
            laid = await self._notices.of(chunk, {c: lots[c] for c in chunk if c in lots})
            for code, concerns in laid.concerns.items():
                if any(
                    one.match is Match.MEANT and one.notice.level and not one.notice.drill
                    for one in concerns
                ):
                    found.add(code)
        return found

    def _unauthorised(
        self, connection: Connection, handover: Handover, handed: Sequence[HandedCode]
    ) -> dict[str, Cause]:
        """Return the codes whose commissioner owned their prefix neither then nor now."""
        answers: dict[tuple[int, str], Cause | None] = {}
        found: dict[str, Cause] = {}
        for one in handed:
            if one.made_by is None or one.made is None:
                continue
            key = (one.made_by, class_of(one.code))
            if key not in answers:
                answers[key] = self._authority(connection, handover, one, one.made_by)
            cause = answers[key]
            if cause is not None:
                found[one.code] = cause
        return found

    def _authority(
        self, connection: Connection, handover: Handover, one: HandedCode, made_by: int
    ) -> Cause | None:
        directory = self._current()
        times = [int(self._clock()), handover.said_at or 0]
        event = received_event(connection, one.made or b"")
        if event is not None and event.proof is not None and event.sealed is Sealed.YES:
            times.append(read_proof(event.proof).anchored_at.block_time)
        owners = [directory.owner_at(one.code, at) for at in times]
        if any(owner is not None and owner.participant.id == made_by for owner in owners):
            return None
        return Cause.PREFIX_OF_NOBODY if not any(owners) else Cause.PREFIX_OF_ANOTHER


def _past(
    connection: Connection, handover: Handover, named: Collection[str], extra: Collection[str]
) -> dict[str, Cause]:
    """Return the codes that cannot come: received before and still here, or ended here."""
    codes = [*named, *extra]
    claims = custody.claims(connection, codes)
    states = code_states.read_states(connection, codes, {})
    # Goods that came, and were sold, before their sender told of them.
    late = {code for row in receiving.unmatched(connection) for code in row.codes}
    late |= set(receiving.scans_among(connection, handover.number, codes))
    before_ms = handover.created_at * 1000
    found: dict[str, Cause] = {}
    for code in codes:
        state = states.get(code)
        if _is_here(claims.get(code, ()), state, handover.number):
            found[code] = Cause.RECEIVED_BEFORE
        elif state is not None and state.ended is not None and state.ended.by[0] < before_ms:
            if code not in named or code not in late:
                found[code] = Cause.ENDED_HERE
        elif code not in named and state is not None and _was_received(state):
            found[code] = Cause.RECEIVED_BEFORE
    return found


def _is_here(claims: Sequence[ClaimRow], state: CodeState | None, handover: int) -> bool:
    """Tell whether another handover brought a code that has not left since."""
    others = [one for one in claims if one.handover != handover and not one.kept]
    earlier = [one for one in others if one.handover < handover or one.received]
    if not earlier:
        return False
    last = earlier[-1]
    if last.direction is not Direction.IN or not last.received:
        return False
    return state is None or state.sent is None


def _was_received(state: CodeState) -> bool:
    return state.step in RECEIVING and state.sent is None and state.ended is None


def _elsewhere(
    connection: Connection, handover: Handover, extra: Collection[str]
) -> frozenset[str]:
    expected = receiving.open_for(connection, extra)
    return frozenset(
        code
        for code, some in expected.items()
        if any(one.handover != handover.number for one in some)
    )
