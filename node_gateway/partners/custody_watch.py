"""Lay a new handover to us beside every claim that is known of its codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection

from node_gateway.partners.custody import Claim, Conflict, OwnBooks, Reason, conflict
from node_gateway.partners.parties import Parties, destinations_of, sources_of
from node_gateway.partners.ports import Direction, ExceptionKind, Exceptions, NewException
from node_gateway.partners.receiving_parts import parties_shown, shown
from node_gateway.state.code_state import CodeState
from node_gateway.state.folding import DEPTH_MAX, chain_of
from node_gateway.state.parties import is_logistic
from node_gateway.storage import code_states, custody
from node_gateway.storage.custody import ConflictRow
from node_gateway.storage.database import Insert
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
        books = _books(connection, wanted, late)
        others = _Others(connection, self._parties, self._participant)
        found: dict[Conflict, list[str]] = {}
        for code in wanted:
            rows = [one for one in claims.get(code, ()) if one.handover < handover.number]
            if not rows and code not in books:
                continue
            new = Claim(
                Direction.IN,
                handover.partner,
                handover.digest or b"",
                handover.shipment,
                handover.created_at,
                others=others.of(handover.direction, handover.shipment, handover.partner),
            )
            earlier = [
                Claim(
                    one.direction,
                    one.partner,
                    one.digest,
                    one.shipment,
                    one.at,
                    one.kept,
                    others.of(one.direction, one.shipment, one.partner),
                )
                for one in rows
            ]
            against = conflict(earlier, new, books.get(code, OwnBooks()))
            if against is not None:
                found.setdefault(against, []).append(code)
        return [Found(one, tuple(sorted(some))) for one, some in found.items()]

    def keep(
        self,
        connection: Connection,
        put: Insert,
        handover: Handover,
        found: Iterable[Found],
        now: int,
    ) -> None:
        """Keep conflicts and open their exceptions, in a transaction of the caller."""
        second = handover.digest or b""
        for one in found:
            against = one.conflict
            reason = against.reason.value
            if custody.known_conflict(connection, against.first, second, reason) is not None:
                continue
            case = self._exceptions.open(
                connection,
                NewException(
                    kind=ExceptionKind.CUSTODY_CONFLICT,
                    partner=handover.partner,
                    subject=second,
                    detail=f"Custody cannot be as it is claimed: {_WORDS[against.reason]}.",
                    codes=one.codes,
                ),
            )
            partner = self._participant if against.partner is None else against.partner
            row = ConflictRow(
                0, reason, against.first, partner, second, handover.partner, now, case
            )
            custody.add_conflict(connection, put, row, one.codes)


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
