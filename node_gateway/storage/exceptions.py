"""Exceptions in the database: cases, what was said about them, what was changed.

All functions run inside a transaction of the caller: a case is opened where its cause is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from node_gateway.storage.code_states import among
from node_gateway.storage.database import Insert
from node_gateway.storage.exception_tables import (
    exception_case,
    exception_change,
    exception_code,
    exception_message,
)
from node_gateway.storage.issuing_allocation import next_number

OPEN, WAITING, ESCALATED, RESOLVED = "open", "waiting", "escalated", "resolved"
HERE, PARTNER, FILE = "here", "partner", "file"
"""Where a case began: found or opened here, told by the partner, brought as a file."""
STATES: Final = (OPEN, WAITING, ESCALATED, RESOLVED)
CODES_KEPT_MAX: Final = 100_000
"""Most codes of a case that collects."""
CHANGES_MAX: Final = 1000
"""Most lines in the history of a case that collects."""
_case, _message, _change = exception_case.c, exception_message.c, exception_change.c


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case.

    Attributes:
        uuid: Names it at both sides.
        fingerprint: SHA-256 of what it is about; the same again is the same case.
        origin: `here`, `partner` or `file`.
        partner: The other participant; None: ours alone, or its sender is unknown.
        subject: What it is about, 32 bytes.
        code_count: How many codes are kept with it.
        owner: Who cares for it.
        told: The partner has a case of the same uuid.
        entry: Of the event that states the resolution; `entry_there`: of the partner's.
        proof_owed: 1 while the partner is still to get the bundle of `entry`.
        proof_there: The partner's bundle of its resolution, checked.
    """

    number: int
    uuid: str
    fingerprint: bytes
    origin: str
    kind: str
    partner: int | None
    subject: bytes
    detail: str
    code_count: int
    expected: int | None
    found: int | None
    owner: str
    state: str
    told: bool
    opened_at_ms: int
    due_at_ms: int
    resolved_at_ms: int | None = None
    cause: str | None = None
    action: str | None = None
    resolution: str | None = None
    entry: bytes | None = None
    proof_owed: int = 0
    entry_there: bytes | None = None
    proof_there: bytes | None = None

    @property
    def resolved(self) -> bool:
        """Whether it is closed here."""
        return self.state == RESOLVED

    def overdue(self, now_ms: int) -> bool:
        """Whether it should have been resolved by now."""
        return not self.resolved and self.due_at_ms <= now_ms


@dataclass(frozen=True, slots=True)
class MessageRow:
    """Something that was said about a case.

    Attributes:
        participant: Who said it.
        who: The person or API key, if it was said here.
        act: `open`, `say`, `ask`, `propose`, `agree`, `resolve`, `reopen`.
        action: What is proposed, or was done.
        digest: Of the signed message, 32 bytes; None: it came by another way.
    """

    participant: int
    who: str | None
    at_ms: int
    act: str
    action: str | None
    text: str
    digest: bytes | None
    number: int = 0


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One line of a case's history."""

    at_ms: int
    who: str
    what: str
    value: str | None = None


_FIELDS: Final = tuple(one.name for one in fields(CaseRow))
COLUMNS: Final = tuple(_case[name] for name in _FIELDS)


def case_of(row: Row[Any]) -> CaseRow:
    """Return a case from a row of `COLUMNS`."""
    return CaseRow(*tuple(row))


def next_case(connection: Connection) -> int:
    """Return the number that the next case gets."""
    return next_number(connection, exception_case)


def add_case(
    connection: Connection, put: Insert, row: CaseRow, codes: Sequence[str], change: ChangeRow
) -> None:
    """Keep a new case with its codes (distinct) and the first line of its history."""
    connection.execute(insert(exception_case).values(**asdict(row), closed=int(row.resolved)))
    if codes:
        put(connection, exception_code, [(row.number, code) for code in codes])
    add_change(connection, row.number, change)


def collect(
    connection: Connection, put: Insert, row: CaseRow, codes: Sequence[str], change: ChangeRow
) -> None:
    """Add codes (distinct) to a case: a partner that goes on makes one case, not ever more.

    `found` counts them all; of more than CODES_KEPT_MAX the codes themselves are not kept, of
    more than CHANGES_MAX lines of its history neither is the change.
    """
    rows = among(connection, "SELECT code, case_number FROM exception_code WHERE code IN {}", codes)
    known = {code for code, number in rows if number == row.number}
    fresh = [code for code in codes if code not in known][: CODES_KEPT_MAX - row.code_count]
    if fresh:
        put(connection, exception_code, [(row.number, code) for code in fresh])
    found = (row.code_count if row.found is None else row.found) + len(codes)
    change_case(connection, row.number, code_count=row.code_count + len(fresh), found=found)
    lines = select(func.count()).where(_change.case_number == row.number)
    if int(connection.execute(lines).scalar() or 0) < CHANGES_MAX:
        add_change(connection, row.number, change)


def add_change(connection: Connection, number: int, change: ChangeRow) -> None:
    """Add a line to the history of a case."""
    last = select(func.max(_change.number)).where(_change.case_number == number)
    at = int(connection.execute(last).scalar() or 0) + 1
    connection.execute(
        insert(exception_change).values(case_number=number, number=at, **asdict(change))
    )


def add_message(connection: Connection, number: int, said: MessageRow) -> int:
    """Keep what was said about a case; return its number there."""
    last = select(func.max(_message.number)).where(_message.case_number == number)
    at = int(connection.execute(last).scalar() or 0) + 1
    values = {**asdict(said), "number": at}
    connection.execute(insert(exception_message).values(case_number=number, **values))
    return at


def change_case(connection: Connection, number: int, **values: Any) -> None:
    """Change members of a case."""
    if "state" in values:
        values["closed"] = int(values["state"] == RESOLVED)
    connection.execute(update(exception_case).where(_case.number == number).values(**values))


def rename(connection: Connection, old: bytes, new: bytes) -> None:
    """Follow a message, which may be a handover, that has another digest now."""
    said = update(exception_message).where(_message.digest == old)
    connection.execute(said.values(digest=new))
    about = update(exception_case).where(_case.subject == old)
    connection.execute(about.values(subject=new))


def case_by_number(connection: Connection, number: int) -> CaseRow | None:
    """Return a case."""
    return _one(connection, _case.number == number)


def case_by_fingerprint(connection: Connection, fingerprint: bytes) -> CaseRow | None:
    """Return the case that is about this."""
    return _one(connection, _case.fingerprint == fingerprint)


def case_by_uuid(connection: Connection, uuid: str, partner: int | None) -> CaseRow | None:
    """Return the case that we have with a partner under a uuid; with others it is not known."""
    same = _case.partner.is_(None) if partner is None else _case.partner == partner
    return _one(connection, (_case.uuid == uuid) & same)


def _one(connection: Connection, condition: Any) -> CaseRow | None:
    row = connection.execute(select(*COLUMNS).where(condition)).first()
    return None if row is None else case_of(row)
