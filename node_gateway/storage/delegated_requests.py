"""Signed requests to act in somebody's name, on both sides: kept before anything follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from node_gateway.storage.grant_tables import delegated_request

ASKED, DONE, REFUSED = "asked", "done", "refused"
_row = delegated_request.c


@dataclass(frozen=True, slots=True)
class DelegatedRequest:
    """One request.

    Attributes:
        owner: In whose name; `provider` acts.
        key: The provider's name for it: the same again is the same request.
        delegation: Id, on the owner's side.
        statement: As the provider signed it, JSON.
        digest: What the signature covers, 32 bytes.
        outcome: `asked` while nothing is known, `done` or `refused`.
        answer: The owner's signed outcome, JSON.
    """

    owner: int
    provider: int
    key: str
    operation: str
    delegation: str
    asked_at_ms: int
    statement: bytes
    digest: bytes
    outcome: str = ASKED
    entry: bytes | None = None
    answer: bytes | None = None


def request_of(
    connection: Connection, owner: int, provider: int, key: str
) -> DelegatedRequest | None:
    """Return a request by its names."""
    query = select(delegated_request).where(_is(owner, provider, key))
    row = connection.execute(query).first()
    return None if row is None else _read(row)


def ask(connection: Connection, one: DelegatedRequest) -> None:
    """Keep a request; one of the same names that was refused gives way to it."""
    values = {
        "operation": one.operation,
        "delegation_id": one.delegation,
        "asked_at_ms": one.asked_at_ms,
        "statement": one.statement,
        "digest": one.digest,
        "outcome": ASKED,
        "entry": None,
        "answer": None,
    }
    changed = connection.execute(
        update(delegated_request).where(_is(one.owner, one.provider, one.key)).values(**values)
    )
    if not changed.rowcount:
        names = {"owner": one.owner, "provider": one.provider, "key": one.key}
        connection.execute(insert(delegated_request).values({**names, **values}))


def answer(
    connection: Connection,
    one: DelegatedRequest,
    outcome: str,
    *,
    entry: bytes | None,
    answer: bytes | None,
) -> None:
    """Keep what came of a request."""
    connection.execute(
        update(delegated_request)
        .where(_is(one.owner, one.provider, one.key))
        .values(outcome=outcome, entry=entry, answer=answer)
    )


def _is(owner: int, provider: int, key: str) -> Any:
    return (_row.owner == owner) & (_row.provider == provider) & (_row.key == key)


def _read(row: Row[Any]) -> DelegatedRequest:
    return DelegatedRequest(
        owner=row.owner,
        provider=row.provider,
        key=row.key,
        operation=row.operation,
        delegation=row.delegation_id,
        asked_at_ms=row.asked_at_ms,
        statement=bytes(row.statement),
        digest=bytes(row.digest),
        outcome=row.outcome,
        entry=None if row.entry is None else bytes(row.entry),
        answer=None if row.answer is None else bytes(row.answer),
    )
