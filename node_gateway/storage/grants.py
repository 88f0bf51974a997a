"""What we allow other participants, kept: grants to read, delegations to act.

Both are permissions of one shape, in a table each: to whom, what (JSON), from when until when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, Table, func, insert, select, update

from node_gateway.storage.grant_tables import delegation, given_grant


@dataclass(frozen=True, slots=True)
class Permission:
    """A grant or a delegation.

    Attributes:
        id: Random: tells nobody how many there are.
        to: Id of the participant that has it.
        terms: What exactly, JSON; see `partners.grant_terms`.
        valid_from: Unix seconds; it holds from then on and before `valid_until`.
        created_by: Id of the API key by which it was given.
    """

    number: int
    id: str
    to: int
    terms: dict[str, Any]
    purpose: str
    valid_from: int
    valid_until: int
    created_at: int
    created_by: str
    revoked_at: int | None = None
    revoked_by: str | None = None

    def state_at(self, now_s: float) -> str:
        """Return `revoked`, `expired`, `pending` or `active`."""
        if self.revoked_at is not None:
            return "revoked"
        if now_s >= self.valid_until:
            return "expired"
        return "active" if now_s >= self.valid_from else "pending"


class Permissions:
    """One of the two tables. Every call is made inside a transaction of the caller."""

    def __init__(self, table: Table, to: str, prefix: str) -> None:
        self._table, self._columns = table, table.c
        self._to, self._id = table.c[to], table.c[f"{prefix}_id"]
        self._names = (to, f"{prefix}_id")

    def add(self, connection: Connection, one: Permission) -> Permission:
        """Insert it under the next number, which is not in `one`; return it with that."""
        last = connection.execute(select(func.max(self._columns.number))).scalar() or 0
        to, name = self._names
        connection.execute(
            insert(self._table).values(
                {
                    "number": last + 1,
                    name: one.id,
                    to: one.to,
                    "terms": orjson.dumps(one.terms),
                    "purpose": one.purpose,
                    "valid_from": one.valid_from,
                    "valid_until": one.valid_until,
                    "created_at": one.created_at,
                    "created_by": one.created_by,
                }
            )
        )
        return self.of_id(connection, one.id) or one

    def of_id(self, connection: Connection, permission_id: str) -> Permission | None:
        """Return one by its id."""
        query = select(self._table).where(self._id == permission_id)
        row = connection.execute(query).mappings().first()
        return None if row is None else self._read(row)

    def after(
        self, connection: Connection, number: int, limit: int, to: int | None = None
    ) -> list[Permission]:
        """Return those above a number, ascending; only those of one participant if named."""
        query = select(self._table).where(self._columns.number > number)
        if to is not None:
            query = query.where(self._to == to)
        rows = connection.execute(query.order_by(self._columns.number).limit(limit)).mappings()
        return [self._read(row) for row in rows]

    def active(self, connection: Connection, now_s: int, to: int | None = None) -> list[Permission]:
        """Return all that hold now, ascending by number."""
        columns = self._columns
        query = select(self._table).where(
            columns.revoked_at.is_(None),
            columns.valid_from <= now_s,
            columns.valid_until > now_s,
        )
        if to is not None:
            query = query.where(self._to == to)
        rows = connection.execute(query.order_by(columns.number)).mappings()
        return [self._read(row) for row in rows]

    def unended(self, connection: Connection, now_s: int) -> list[Permission]:
        """Return all that hold now or will."""
        columns = self._columns
        query = select(self._table).where(columns.revoked_at.is_(None), columns.valid_until > now_s)
        return [self._read(row) for row in connection.execute(query).mappings()]

    def revoke(
        self, connection: Connection, permission_id: str, *, at: int, by: str
    ) -> Permission | None:
        """Revoke one; the first revocation stands. None if the id is unknown."""
        connection.execute(
            update(self._table)
            .where(self._id == permission_id, self._columns.revoked_at.is_(None))
            .values(revoked_at=at, revoked_by=by)
        )
        return self.of_id(connection, permission_id)

    def _read(self, row: RowMapping) -> Permission:
        to, name = self._names
        return Permission(
            number=row["number"],
            id=row[name],
            to=row[to],
            terms=orjson.loads(row["terms"]),
            purpose=row["purpose"],
            valid_from=row["valid_from"],
            valid_until=row["valid_until"],
            created_at=row["created_at"],
            created_by=row["created_by"],
            revoked_at=row["revoked_at"],
            revoked_by=row["revoked_by"],
        )


GRANTS: Final = Permissions(given_grant, "grantee", "grant")
DELEGATIONS: Final = Permissions(delegation, "provider", "delegation")


def page(found: Sequence[Permission], limit: int) -> tuple[Sequence[Permission], int | None]:
    """Cut one more than a page into the page and the number to go on from."""
    more = len(found) > limit
    return found[:limit], found[limit - 1].number if more else None


__all__ = ["DELEGATIONS", "GRANTS", "Permission", "Permissions", "page"]
