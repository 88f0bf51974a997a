"""Products, locations and parties: what holds now, and every version before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from node_gateway.storage.database import Database
from node_gateway.storage.master_data_tables import master_record, master_version

VERSIONS_MAX: Final = 1000
_BEYOND: Final = "\U0010ffff"  # sorts after everything that goes on from a prefix
_now, _then = master_record.c, master_version.c
_ONE: Final = select(master_record).where(
    _now.kind == bindparam("kind"), _now.identifier == bindparam("identifier")
)


@dataclass(frozen=True, slots=True)
class MasterRow:
    """One version of a product, location or party.

    Attributes:
        kind: `product`, `location` or `party`.
        version: From 1, by one per change.
        body: The record as JSON.
        words: Names and codes, case folded, for searching; empty in versions of the past.
        source: `operator`, `file` or `header`.
        changed_by: Who wrote this version.
        removed: It was removed by this version; the body is what it was.
    """

    kind: str
    identifier: str
    version: int
    body: bytes
    words: str
    source: str
    changed_at_ms: int
    changed_by: str
    removed: bool


class MasterDataStore:
    """Master data in a database; every call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, rows: Sequence[MasterRow]) -> None:
        """Make each row what holds now, and keep what it replaces as a version of the past.

        Args:
            rows: At most one per (kind, identifier); the caller counts their versions.
        """

        def work(connection: Connection) -> None:
            for row in rows:
                _replace(connection, row)

        await self._database.write("master_data", work)

    async def get(self, kind: str, identifier: str) -> MasterRow | None:
        """Return what holds now, removed or not."""

        def work(connection: Connection) -> MasterRow | None:
            found = connection.execute(_ONE, {"kind": kind, "identifier": identifier}).first()
            return None if found is None else _row(found, words=found.words)

        return await self._database.read(work)

    async def page(
        self, kind: str, *, after: str = "", prefix: str = "", words: str = "", limit: int
    ) -> list[MasterRow]:
        """Return what is not removed, by identifier in bytewise order.

        Args:
            kind: Which table.
            after: Go on after this identifier.
            prefix: Identifiers that begin so.
            words: Records whose case folded words hold this.
            limit: At most so many.
        """
        query = select(master_record).where(
            _now.kind == kind, _now.removed.is_(False), _now.identifier > after
        )
        if prefix:
            query = query.where(_now.identifier >= prefix, _now.identifier < prefix + _BEYOND)
        if words:
            query = query.where(_now.words.contains(words, autoescape=True))
        query = query.order_by(_now.identifier).limit(limit)

        def work(connection: Connection) -> list[MasterRow]:
            return [_row(one, words=one.words) for one in connection.execute(query)]

        return await self._database.read(work)

    async def after(self, kind: str, identifier: str, *, limit: int) -> list[MasterRow]:
        """Return records in bytewise order after an identifier, removed ones too."""
        query = select(master_record).where(_now.kind == kind, _now.identifier > identifier)
        query = query.order_by(_now.identifier).limit(limit)

        def work(connection: Connection) -> list[MasterRow]:
            return [_row(one, words=one.words) for one in connection.execute(query)]

        return await self._database.read(work)

    async def versions(self, kind: str, identifier: str) -> list[MasterRow]:
        """Return what held and holds, newest first, at most `VERSIONS_MAX`."""
        query = select(master_version).where(_then.kind == kind, _then.identifier == identifier)
        query = query.order_by(_then.version.desc()).limit(VERSIONS_MAX)

        def work(connection: Connection) -> list[MasterRow]:
            now = connection.execute(_ONE, {"kind": kind, "identifier": identifier}).first()
            past = [_row(one) for one in connection.execute(query)]
            return past if now is None else [_row(now, words=now.words), *past]

        return await self._database.read(work)


def _replace(connection: Connection, row: MasterRow) -> None:
    key = {"kind": row.kind, "identifier": row.identifier}
    known = connection.execute(_ONE, key).first()
    if known is not None:
        kept = {name: value for name, value in known._asdict().items() if name != "words"}
        connection.execute(insert(master_version), kept)
        gone = delete(master_record).where(
            _now.kind == bindparam("kind"), _now.identifier == bindparam("identifier")
        )
        connection.execute(gone, key)
    connection.execute(
        insert(master_record),
        {name: getattr(row, name) for name in MasterRow.__dataclass_fields__},
    )


def _row(found: Row[Any], *, words: str = "") -> MasterRow:
    return MasterRow(
        kind=found.kind,
        identifier=found.identifier,
        version=found.version,
        body=found.body,
        words=words,
        source=found.source,
        changed_at_ms=found.changed_at_ms,
        changed_by=found.changed_by,
        removed=found.removed,
    )
