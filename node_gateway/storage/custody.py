"""Who claims to have had which code: handovers of which we are one end, and what they answered.

All functions run inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select, update

from node_gateway.partners.ports import Direction, ExceptionKind
from node_gateway.storage.code_states import among
from node_gateway.storage.database import Insert
from node_gateway.storage.exception_tables import exception_case
from node_gateway.storage.handover_tables import handover as _handover
from node_gateway.storage.handovers import DIRECTIONS, State
from node_gateway.storage.issuing_allocation import next_number
from node_gateway.storage.receiving import Phase, packed, unpacked
from node_gateway.storage.receiving_tables import (
    acknowledgement,
    acknowledgement_event,
    custody_conflict,
    custody_conflict_code,
    custody_gap,
    receipt,
)

_a, _ae = acknowledgement.c, acknowledgement_event.c
_k, _kc = custody_conflict.c, custody_conflict_code.c


class ClaimRow(NamedTuple):
    """One handover of one code that stands.

    Attributes:
        handover: Local number; `digest` names it for everybody.
        at: When it became known here, Unix seconds.
        kept: Its receiver answered that the code was not there.
        received: It came to us, and its receipt is finished.
        made_by: Whose commissioning of the code came or went with it, None if none did.
    """

    code: str
    handover: int
    direction: Direction
    partner: int
    digest: bytes
    shipment: bytes
    at: int
    kept: bool
    received: bool
    made_by: int | None = None


class AnswerRow(NamedTuple):
    """The receiver's answer to a handover.

    Attributes:
        digest: Of the message, 32 bytes.
        differences: As they were said.
    """

    handover: int
    digest: bytes
    said_at: int
    expected: int
    found: int
    extra: int
    differences: Sequence[Mapping[str, Any]]


class AnswerEvent(NamedTuple):
    """A receiving event that a partner's answer names.

    Attributes:
        bundle: The unanchored bundle, JSON.
        proof: Event path and anchor as JSON text, None before it came.
    """

    handover: int
    entry: bytes
    bundle: Mapping[str, Any]
    proof: bytes | None


class ConflictRow(NamedTuple):
    """Two statements about codes that cannot both hold.

    Attributes:
        first: Digest of a handover, or the entry of our own event: what is believed, the earlier
            one where nothing is shown of either.
        first_partner: Who said it; our own number for our own statement.
        second: Digest of the handover that is in doubt.
        case_number: Of the exception.
    """

    number: int
    reason: str
    first: bytes
    first_partner: int
    second: bytes
    second_partner: int
    found_at: int
    case_number: int


_CLAIMS: Final = (
    "SELECT c.code, h.number, h.direction, h.partner, h.digest, h.shipment, h.created_at, "
    "(SELECT 1 FROM custody_gap g WHERE g.code = c.code AND g.handover = h.number) AS kept, "
    "r.state, e.participant AS made_by "
    "FROM handover_code c JOIN handover h ON h.number = c.handover "
    "LEFT JOIN receipt r ON r.handover = h.number "
    "LEFT JOIN handover_event e ON e.number = c.made "
    "WHERE h.state = 4 AND c.code IN {} ORDER BY h.number"  # 4: SAID
)


_CONTRADICTIONS: Final = (
    "SELECT o.code, k.first, k.second FROM custody_conflict_code o "
    "JOIN custody_conflict k ON k.number = o.conflict WHERE NOT EXISTS "
    "(SELECT 1 FROM handover h WHERE h.digest IN (k.first, k.second) AND h.state = 5) "
    "AND o.code IN {} ORDER BY k.number"  # 5: WITHDRAWN
)


def claims(connection: Connection, codes: Collection[str]) -> dict[str, list[ClaimRow]]:
    """Return the standing handovers of some codes, oldest first; of each code that has any."""
    found: dict[str, list[ClaimRow]] = {}
    for row in among(connection, _CLAIMS, codes):
        found.setdefault(row.code, []).append(
            ClaimRow(
                row.code,
                row.number,
                DIRECTIONS[row.direction],
                row.partner,
                bytes(row.digest),
                bytes(row.shipment),
                row.created_at,
                bool(row.kept),
                row.state == Phase.FINISHED,
                row.made_by,
            )
        )
    return found


def add_gaps(connection: Connection, put: Insert, handover: int, codes: Collection[str]) -> None:
    """Keep that codes of a handover stayed with its sender. Called once for each handover."""
    put(connection, custody_gap, [(code, handover) for code in sorted(set(codes))])


def add_answer(connection: Connection, row: AnswerRow) -> None:
    """Keep the answer to a handover; there is one."""
    values = {**row._asdict(), "differences": packed(list(row.differences))}
    connection.execute(
        insert(acknowledgement).values(**values, difference_count=len(row.differences))
    )


def answer_to(connection: Connection, handover: int) -> AnswerRow | None:
    """Return the answer to a handover, None before it came."""
    row = connection.execute(select(acknowledgement).where(_a.handover == handover)).first()
    if row is None:
        return None
    return AnswerRow(
        row.handover,
        bytes(row.digest),
        row.said_at,
        row.expected,
        row.found,
        row.extra,
        unpacked(bytes(row.differences)),
    )


def renumbered(connection: Connection, old: bytes, new: bytes) -> None:
    """Follow answers and handovers to new digests; see `MessageChannel.on_renumbered`."""
    connection.execute(update(acknowledgement).where(_a.digest == old).values(digest=new))
    for column in (_k.first, _k.second):
        claims = update(custody_conflict).where(column == old)
        connection.execute(claims.values({column.name: new}))


def difference_counts(connection: Connection, handovers: Collection[int]) -> dict[int, int]:
    """Return how many differences the answers to some handovers told, of those answered."""
    statement = "SELECT handover, difference_count FROM acknowledgement WHERE handover IN {}"
    return dict(map(tuple, among(connection, statement, handovers)))


def add_answer_event(connection: Connection, row: AnswerEvent) -> None:
    """Keep a receiving event that a partner's answer names."""
    values = {**row._asdict(), "bundle": packed(row.bundle)}
    connection.execute(insert(acknowledgement_event).values(**values))


def answer_events(connection: Connection, handover: int) -> list[AnswerEvent]:
    """Return the receiving events that the answer to a handover names."""
    query = select(acknowledgement_event).where(_ae.handover == handover).order_by(_ae.entry)
    return [_event(row) for row in connection.execute(query)]


def answer_events_named(connection: Connection, entry: bytes, partner: int) -> list[AnswerEvent]:
    """Return what answers of a partner hold of one of its receiving events."""
    query = (
        select(acknowledgement_event)
        .join_from(acknowledgement_event, _handover, _handover.c.number == _ae.handover)
        .where(_ae.entry == entry, _handover.c.partner == partner)
        .order_by(_ae.handover)
    )
    return [_event(row) for row in connection.execute(query)]


def _event(row: Row[Any]) -> AnswerEvent:
    return AnswerEvent(
        row.handover,
        bytes(row.entry),
        unpacked(bytes(row.bundle)),
        None if row.proof is None else bytes(row.proof),
    )


def set_answer_proof(connection: Connection, handover: int, entry: bytes, proof: bytes) -> None:
    """Keep the proof of a receiving event that a partner's answer names; the first one stays."""
    connection.execute(
        update(acknowledgement_event)
        .where(_ae.handover == handover, _ae.entry == entry, _ae.proof.is_(None))
        .values(proof=proof)
    )


def contradictions(
    connection: Connection, codes: Collection[str]
) -> dict[str, list[tuple[bytes, bytes]]]:
    """Return (first, second) of the conflicts of codes of which neither was taken back."""
    found: dict[str, list[tuple[bytes, bytes]]] = {}
    for code, first, second in among(connection, _CONTRADICTIONS, codes):
        found.setdefault(code, []).append((bytes(first), bytes(second)))
    return found


def open_case(connection: Connection, reason: str, first_partner: int, second_partner: int) -> int:
    """Return the unresolved exception about such conflicts between two, 0 if there is none."""
    query = (
        select(func.max(_k.case_number))
        .join_from(exception_case, custody_conflict, _k.case_number == exception_case.c.number)
        .where(
            exception_case.c.kind == ExceptionKind.CUSTODY_CONFLICT.value,
            exception_case.c.partner == second_partner,
            exception_case.c.closed == 0,
            _k.reason == reason,
            _k.first_partner == first_partner,
            _k.second_partner == second_partner,
        )
    )
    return int(connection.execute(query).scalar() or 0)


def known_conflict(connection: Connection, first: bytes, second: bytes, reason: str) -> int | None:
    """Return the number of a conflict between two statements, None if it is new."""
    query = select(_k.number).where(_k.first == first, _k.second == second, _k.reason == reason)
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def add_conflict(
    connection: Connection, put: Insert, row: ConflictRow, codes: Collection[str]
) -> int:
    """Keep a conflict with its codes; `row.number` is given out here. Returns it."""
    number = next_number(connection, custody_conflict)
    connection.execute(insert(custody_conflict).values(**row._replace(number=number)._asdict()))
    put(connection, custody_conflict_code, [(number, code) for code in sorted(set(codes))])
    return number


def conflicts(
    connection: Connection, *, after: int = 0, limit: int = 1000, case: int | None = None
) -> list[ConflictRow]:
    """Return conflicts of custody whose number is above `after`, ascending; of one case or all."""
    query = select(custody_conflict).where(_k.number > after).order_by(_k.number).limit(limit)
    if case is not None:
        query = query.where(_k.case_number == case)
    return [_conflict(row) for row in connection.execute(query)]


def _conflict(row: Row[Any]) -> ConflictRow:
    return ConflictRow(
        row.number,
        row.reason,
        bytes(row.first),
        row.first_partner,
        bytes(row.second),
        row.second_partner,
        row.found_at,
        row.case_number,
    )


def doubting(connection: Connection, digest: bytes) -> list[ConflictRow]:
    """Return the conflicts in which a handover to us is in doubt beside another one to us."""
    received = select(receipt.c.handover).where(
        receipt.c.handover == _handover.c.number, receipt.c.state == int(Phase.FINISHED)
    )
    query = (
        select(custody_conflict)
        .join_from(custody_conflict, _handover, _handover.c.digest == _k.first)
        .where(
            _k.second == digest,
            _handover.c.direction == DIRECTIONS.index(Direction.IN),
            _handover.c.state == int(State.SAID),
            ~received.exists(),
        )
    )
    return [_conflict(row) for row in connection.execute(query.order_by(_k.number))]


def turn(connection: Connection, row: ConflictRow, case: int) -> None:
    """Note that of two statements the second is believed now, and who is asked about the first."""
    turned = {
        "first": row.second,
        "first_partner": row.second_partner,
        "second": row.first,
        "second_partner": row.first_partner,
        "case_number": case,
    }
    found = update(custody_conflict).where(_k.number == row.number)
    connection.execute(found.values(**turned))


def gaps_of(connection: Connection, handover: int) -> set[str]:
    """Return the codes of a handover that stayed with its sender."""
    query = select(custody_gap.c.code).where(custody_gap.c.handover == handover)
    return set(connection.execute(query).scalars())


def conflict_codes(
    connection: Connection, number: int, *, after: str = "", limit: int = 1000
) -> list[str]:
    """Return codes of a conflict above `after`, in bytewise order."""
    query = select(_kc.code).where(_kc.conflict == number, _kc.code > after)
    return list(connection.execute(query.order_by(_kc.code).limit(limit)).scalars())


def stands(connection: Connection, row: ConflictRow) -> bool:
    """Tell whether no handover of a conflict was taken back since."""
    query = select(_handover.c.number).where(
        _handover.c.digest.in_([row.first, row.second]),
        _handover.c.state == State.WITHDRAWN,
    )
    return connection.execute(query).first() is None
