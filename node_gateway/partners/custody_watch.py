"""Lay a new handover to us beside every claim that is known of its codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from node_gateway.partners.custody import (
    Claim,
    Conflict,
    OwnBooks,
    Reason,
    Standing,
    believed,
    conflict,
)
from node_gateway.partners.exceptions import GATEWAY
from node_gateway.partners.parties import Parties, destinations_of, sources_of
from node_gateway.partners.ports import Direction, ExceptionKind, Exceptions, NewException
from node_gateway.partners.receiving_parts import parties_shown, sent_ms, shown
from node_gateway.state.code_state import CodeState
from node_gateway.state.folding import DEPTH_MAX, chain_of
from node_gateway.state.parties import is_logistic
from node_gateway.storage import code_states, custody
from node_gateway.storage import exceptions as cases
from node_gateway.storage.custody import ClaimRow, ConflictRow
from node_gateway.storage.database import Insert
from node_gateway.storage.exceptions import ChangeRow
from node_gateway.storage.handover_goods import own_events
from node_gateway.storage.handovers import Handover

_WORDS: Final[Mapping[Reason, str]] = {
    Reason.TWO_SENDERS: "another participant handed the same codes to us before, "
    "and they have not left us since",
    Reason.SENT_TWICE: "the sender handed the same codes to us before, and did not get them back",
    Reason.WAY_UNKNOWN: "we handed these codes to somebody else, and know of no way from there "
    "to this sender; ask whom we handed them to",
    Reason.ENDED_HERE: "these codes were sold or ended here before",
    Reason.NEVER_LEFT: "we commissioned these codes and have never handed them to anybody",
}
_DOUBTED: Final = (
    "the sender handed these codes to us, which came from another participant as well: "
    "that one is shown to have had them, the sender is not"
)
_UNDECIDED: Final = (
    "; neither participant {first} nor participant {second} is shown to have had them: ask both. "
    "Whose goods come, or who is shown to have had them, is believed then"
)
_CODES_TURNED_MAX: Final = 100_000
_WITH_ANOTHER: Final = 2
"""Claims of a code of which one is the new one."""


class Found(NamedTuple):
    """Codes of a handover for which the same earlier statement contradicts it."""

    conflict: Conflict
    codes: tuple[str, ...]


class CustodyWatch:
    """Finds and keeps conflicts of custody.

    Args:
        parties: Who is behind a party.
        participant: We.
        exceptions: Where they become somebody's task.
    """

    def __init__(self, parties: Parties, participant: int, exceptions: Exceptions) -> None:
        self._parties, self._participant = parties, participant
        self._exceptions = exceptions

    def look(
        self,
        connection: Connection,
        handover: Handover,
        codes: Collection[str],
        late: Collection[str],
    ) -> list[Found]:
        """Return what a new handover contradicts. Reads only.

        Args:
            connection: Any connection.
            handover: To us, just come.
            codes: All of its codes. Logistic units are left out: their numbers are used again.
            late: Codes that came before their data: what ended here of them had come rightly.
        """
        wanted = [code for code in codes if not is_logistic(code)]
        claims = custody.claims(connection, wanted)
        against = custody.contradictions(connection, wanted)
        books = _books(connection, wanted, late)
        others = _Others(connection, self._parties, self._participant)
        way = _Way(connection)
        found: dict[Conflict, list[str]] = {}
        for code in wanted:
            rows = [one for one in claims.get(code, ()) if one.handover <= handover.number]
            if len(rows) < _WITH_ANOTHER and code not in books:
                continue
            known = self._standing(rows, others)
            new = next((one for one in known if one.handover == handover.digest), None)
            if new is None:
                continue  # it was taken back meanwhile
            earlier = believed([one for one in known if one is not new], against.get(code, ()))
            ours = books.get(code, OwnBooks())
            conflicting = conflict(earlier, new, ours)
            if conflicting is not None and not way.told_late(conflicting, earlier, new, ours):
                found.setdefault(conflicting, []).append(code)
        return [Found(one, tuple(sorted(some))) for one, some in found.items()]

    def _standing(self, rows: Sequence[ClaimRow], others: _Others) -> list[Claim]:
        """Return the claims of one code, oldest first, with what shows them."""
        found: list[Claim] = []
        given: set[int] = set()
        for one in rows:
            named = others.of(one.direction, one.shipment, one.partner)
            standing = Standing.CLAIMED
            if one.direction is Direction.OUT:
                standing = Standing.SHOWN
                if not one.kept:
                    given |= {one.partner, *named}
            elif one.received:
                standing = Standing.RECEIVED
            elif one.partner in given or self._made(one):
                standing = Standing.SHOWN
            found.append(
                Claim(
                    one.direction,
                    one.partner,
                    one.digest,
                    one.shipment,
                    one.at,
                    one.kept,
                    named,
                    standing,
                )
            )
        return found

    def _made(self, one: ClaimRow) -> bool:
        """Tell whether a sender commissioned the code, whose prefix is its own on the chain."""
        return one.made_by == one.partner and self._parties.participant_of(one.code) == one.partner

    def keep(
        self,
        connection: Connection,
        put: Insert,
        handover: Handover,
        found: Iterable[Found],
        now: int,
    ) -> None:
        """Keep conflicts and open their exceptions, in a transaction of the caller.

        Every conflict is kept with its codes. Of one kind between the same two there is one
        unresolved exception, which collects them.
        """
        for one in found:
            row = self._row(one.conflict, handover, now)
            known = custody.known_conflict(connection, row.first, row.second, row.reason)
            if known is None:
                case = self._case(connection, put, row, one)
                custody.add_conflict(connection, put, row._replace(case_number=case), one.codes)

    def received(self, connection: Connection, put: Insert, handover: Handover, now: int) -> None:
        """Take note of goods that came: where they were in doubt, the other statement is now.

        Called in the transaction that finishes their receipt. The exception that is there stays
        for whoever looks at it; the other sender gets one, too.
        """
        for row in custody.doubting(connection, handover.digest or b""):
            codes = custody.conflict_codes(connection, row.number, limit=_CODES_TURNED_MAX)
            if not custody.gaps_of(connection, handover.number).isdisjoint(codes):
                continue  # not all of it came: a person decides
            against = Conflict(Reason(row.reason), row.first, row.first_partner, first_doubted=True)
            turned = self._row(against, handover, now)
            case = self._case(connection, put, turned, Found(against, tuple(codes)))
            custody.turn(connection, row, case)

    def _row(self, found: Conflict, handover: Handover, now: int) -> ConflictRow:
        earlier = (found.first, self._participant if found.partner is None else found.partner)
        new = (handover.digest or b"", handover.partner)
        first, second = (new, earlier) if found.first_doubted else (earlier, new)
        return ConflictRow(0, found.reason.value, *first, *second, now, 0)

    def _case(self, connection: Connection, put: Insert, row: ConflictRow, found: Found) -> int:
        between = (row.reason, row.first_partner, row.second_partner)
        known = cases.case_by_number(connection, custody.open_case(connection, *between))
        if known is not None:
            change = ChangeRow(row.found_at * 1000, GATEWAY, "collected", str(len(found.codes)))
            cases.collect(connection, put, known, found.codes, change)
            return known.number
        against = found.conflict
        words = _DOUBTED if against.first_doubted else _WORDS[against.reason]
        if against.undecided:
            words += _UNDECIDED.format(first=row.first_partner, second=row.second_partner)
        wish = NewException(
            kind=ExceptionKind.CUSTODY_CONFLICT,
            partner=row.second_partner,
            subject=row.second,
            detail=f"Custody cannot be as it is claimed: {words}.",
            codes=found.codes,
            found=len(found.codes),
        )
        return self._exceptions.open(connection, wish)


class _Way:
    """When goods were sent to us and from us, as the events say; looked up once for each."""

    def __init__(self, connection: Connection) -> None:
        self._to_us = cache(partial(sent_ms, connection))
        self._from_us = cache(partial(code_states.time_of, connection))

    def told_late(
        self, found: Conflict, earlier: Sequence[Claim], new: Claim, books: OwnBooks
    ) -> bool:
        """Tell whether a handover only tells late whence goods had come that we sent on since.

        Nobody else may stand for where they came from, nor we ourselves.
        """
        if found.reason is not Reason.WAY_UNKNOWN or books.made is not None:
            return False
        if any(one.direction is Direction.IN and not one.kept for one in earlier):
            return False
        sent = self._to_us(new.shipment)
        left = [self._from_us(one.shipment) for one in earlier if one.direction is Direction.OUT]
        return sent is not None and all(one is not None and sent <= one for one in left)


class _Others:
    """Which participants a shipping event names beside its two ends; looked up once for each."""

    def __init__(self, connection: Connection, parties: Parties, participant: int) -> None:
        self._connection, self._parties = connection, parties
        self._participant = participant
        self._known: dict[bytes, frozenset[int]] = {}

    def of(self, direction: Direction, shipment: bytes, partner: int) -> frozenset[int]:
        if shipment not in self._known:
            named = self._named(direction, shipment)
            found = {self._parties.participant_of(one) for one in named}
            self._known[shipment] = frozenset(one for one in found if one is not None)
        return self._known[shipment] - {partner, self._participant}

    def _named(self, direction: Direction, shipment: bytes) -> list[str]:
        if direction is Direction.IN:
            values = shown(self._connection, shipment)
            return [*parties_shown(values, "source"), *parties_shown(values, "destination")]
        position = code_states.position_of(self._connection, shipment)
        events = {} if position is None else own_events(self._connection, [position])
        return [
            party
            for one in events.values()
            for _, party in (*sources_of(one.event), *destinations_of(one.event))
        ]


def _books(
    connection: Connection, codes: Collection[str], late: Collection[str]
) -> dict[str, OwnBooks]:
    """Return what our own events say of those codes that they name."""
    states = code_states.read_with_units(connection, set(codes), {}, DEPTH_MAX)
    marks = {code: _marks(states[code]) for code in codes if code in states}
    positions = {at for some in marks.values() for at in some if at is not None}
    entries = code_states.entries_of(connection, positions)
    found = {}
    for code, (ended, made) in marks.items():
        around = (states[code], *(one for _, one in chain_of(code, states)))
        sent = [one.sent.by[0] for one in around if one.sent is not None]
        found[code] = OwnBooks(
            ended=None if ended is None or code in late else entries.get(ended),
            made=None if made is None else entries.get(made),
            left_at=max(sent) // 1000 if sent else None,
        )
    return found


def _marks(state: CodeState) -> tuple[int | None, int | None]:
    return (
        state.ended.by[1] if state.ended is not None else None,
        state.made[1] if state.made is not None else None,
    )


__all__ = ["CustodyWatch", "Found"]
