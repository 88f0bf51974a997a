"""Reading exceptions: pages, codes, messages, history, and what such cases turned out to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, and_, func, or_, select, text

from node_gateway.storage.exception_tables import (
    exception_case,
    exception_change,
    exception_code,
    exception_message,
)
from node_gateway.storage.exceptions import (
    COLUMNS,
    ESCALATED,
    RESOLVED,
    CaseRow,
    ChangeRow,
    MessageRow,
    case_of,
)
from node_gateway.storage.peer_tables import peer_message

_case, _code = exception_case.c, exception_code.c
_message, _change = exception_message.c, exception_change.c
_MESSAGE_COLUMNS: Final = tuple(
    _message[name]
    for name in ("participant", "who", "at_ms", "act", "action", "text", "digest", "number")
)
_ANSWERS: Final = ("propose", "agree", "reopen", "resolve")


class Place(NamedTuple):
    """Where a page goes on: behind this case in the order of the list."""

    closed: int
    due_at_ms: int
    number: int


class Wanted(NamedTuple):
    """Which cases a list shows; None: all."""

    states: tuple[str, ...] = ()
    partner: int | None = None
    kind: str | None = None
    owner: str | None = None
    code: str | None = None
    subject: bytes | None = None
    due_before_ms: int | None = None


class CauseCount(NamedTuple):
    """How many resolved cases had this cause."""

    cause: str
    cases: int


def place_of(row: CaseRow) -> Place:
    """Return where a page goes on that ends with this case."""
    return Place(int(row.resolved), row.due_at_ms, row.number)


def page(
    connection: Connection, wanted: Wanted, *, after: Place | None, limit: int
) -> list[CaseRow]:
    """Return cases: unresolved ones first, what is due first (so overdue) first."""
    order = (_case.closed, _case.due_at_ms, _case.number)
    query = select(*COLUMNS).where(*_conditions(wanted)).order_by(*order).limit(limit)
    if after is not None:
        query = query.where(
            or_(
                _case.closed > after.closed,
                and_(_case.closed == after.closed, _case.due_at_ms > after.due_at_ms),
                and_(
                    _case.closed == after.closed,
                    _case.due_at_ms == after.due_at_ms,
                    _case.number > after.number,
                ),
            )
        )
    return [case_of(row) for row in connection.execute(query)]


def _conditions(wanted: Wanted) -> list[Any]:
    found: list[Any] = []
    if wanted.states:
        found.append(_case.state.in_(wanted.states))
    for name in ("partner", "kind", "owner", "subject"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(_case[name] == value)
    if wanted.code is not None:
        named = select(_code.case_number).where(_code.code == wanted.code)
        found.append(_case.number.in_(named))
    if wanted.due_before_ms is not None:
        found += [_case.closed == 0, _case.due_at_ms <= wanted.due_before_ms]
    return found


def codes_of(connection: Connection, number: int, *, after: str, limit: int) -> list[str]:
    """Return codes of a case in bytewise order, above `after`."""
    query = select(_code.code).where(_code.case_number == number, _code.code > after)
    return list(connection.execute(query.order_by(_code.code).limit(limit)).scalars())


def messages_of(connection: Connection, number: int) -> list[MessageRow]:
    """Return what was said about a case, in the order in which it got here."""
    query = select(*_MESSAGE_COLUMNS).where(_message.case_number == number)
    rows = connection.execute(query.order_by(_message.number))
    return [MessageRow(*tuple(row)) for row in rows]


def refusals(connection: Connection, number: int) -> dict[bytes, str]:
    """Return why a partner refused messages of ours about a case, by their digests."""
    query = (
        select(peer_message.c.digest, peer_message.c.answer_code)
        .join(exception_message, _message.digest == peer_message.c.digest)
        .where(_message.case_number == number, peer_message.c.answer_code != "")
    )
    return {bytes(row.digest): row.answer_code for row in connection.execute(query)}


def changes_of(connection: Connection, number: int) -> list[ChangeRow]:
    """Return the history of a case, oldest first."""
    columns = (_change.at_ms, _change.who, _change.what, _change.value)
    query = select(*columns).where(_change.case_number == number).order_by(_change.number)
    return [ChangeRow(*tuple(row)) for row in connection.execute(query)]


def message_count(connection: Connection, number: int) -> int:
    """Return how many messages a case has."""
    query = select(func.count()).where(_message.case_number == number)
    return int(connection.execute(query).scalar() or 0)


def last_proposal(connection: Connection, number: int) -> MessageRow | None:
    """Return the proposal of a case that nothing has answered yet."""
    query = (
        select(*_MESSAGE_COLUMNS)
        .where(_message.case_number == number, _message.act.in_(_ANSWERS))
        .order_by(_message.number.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    said = None if row is None else MessageRow(*tuple(row))
    return said if said is not None and said.act == "propose" else None


def causes(connection: Connection, kind: str, partner: int | None) -> list[CauseCount]:
    """Return what resolved cases of a kind turned out to be, commonest first.

    Args:
        connection: Any connection.
        kind: Of the cases.
        partner: Only with this partner; None: with anybody.
    """
    count = func.count()
    query = select(_case.cause, count).where(
        _case.kind == kind, _case.state == RESOLVED, _case.cause.is_not(None)
    )
    if partner is not None:
        query = query.where(_case.partner == partner)
    query = query.group_by(_case.cause).order_by(count.desc(), _case.cause)
    return [CauseCount(*tuple(row)) for row in connection.execute(query)]


def open_count(connection: Connection, partner: int) -> int:
    """Return how many cases that a partner opened are unresolved here."""
    query = select(func.count()).where(
        _case.partner == partner, _case.closed == 0, _case.origin == "partner"
    )
    return int(connection.execute(query).scalar() or 0)


def unresolved(connection: Connection, partner: int, kind: str) -> int:
    """Return how many cases of a kind with a partner are unresolved here."""
    query = select(func.count()).where(
        _case.partner == partner, _case.closed == 0, _case.kind == kind
    )
    return int(connection.execute(query).scalar() or 0)


def overdue(connection: Connection, now_ms: int, *, limit: int) -> Sequence[CaseRow]:
    """Return unresolved cases that are due and not escalated yet."""
    query = (
        select(*COLUMNS)
        .where(_case.closed == 0, _case.due_at_ms <= now_ms, _case.state != ESCALATED)
        .order_by(_case.due_at_ms)
        .limit(limit)
    )
    return [case_of(row) for row in connection.execute(query)]


def unproven(connection: Connection, *, limit: int) -> Sequence[CaseRow]:
    """Return cases whose partner is still to get the bundle of the resolution."""
    query = select(*COLUMNS).where(text("proof_owed = 1")).order_by(_case.number).limit(limit)
    return [case_of(row) for row in connection.execute(query)]


def open_counts(connection: Connection, now_ms: int) -> tuple[int, int]:
    """Return how many cases are unresolved, and how many of them are overdue."""
    query = select(func.count()).where(_case.closed == 0)
    unresolved = connection.execute(query).scalar() or 0
    late = connection.execute(query.where(_case.due_at_ms <= now_ms)).scalar() or 0
    return int(unresolved), int(late)
