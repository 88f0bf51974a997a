"""Named queries, page tokens that were given back, known company prefixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy import func as sql

from node_gateway.storage.database import Database
from node_gateway.storage.errors import StorageError
from node_gateway.storage.query_tables import company_prefix, named_query, spent_token


class QueryExistsError(StorageError):
    """A query with this name exists already."""

    code = "query_exists"


class TooManyQueriesError(StorageError):
    """There are as many named queries as a gateway keeps."""

    code = "too_many_queries"
    exception: ClassVar[str] = "ImplementationException"


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A named query; `body` is the query as it was sent, JSON."""

    name: str
    body: bytes
    created_at_ms: int


class QueryStore:
    """Keeps what the query side needs beside the events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, query: NamedQuery, *, most: int) -> None:
        """Keep a query.

        Raises:
            QueryExistsError: its name is taken.
            TooManyQueriesError: there are `most` already.
        """

        def work(connection: Connection) -> None:
            same = select(named_query.c.name).where(named_query.c.name == query.name)
            if connection.execute(same).scalar() is not None:
                raise QueryExistsError("a query has this name already")
            count = connection.execute(select(sql.count()).select_from(named_query)).scalar() or 0
            if count >= most:
                raise TooManyQueriesError(f"there are {most} named queries already")
            connection.execute(
                insert(named_query).values(
                    name=query.name, body=query.body, created_at_ms=query.created_at_ms
                )
            )

        await self._database.write("query", work)

    async def get(self, name: str) -> NamedQuery | None:
        """Return a query by its name."""

        def work(connection: Connection) -> NamedQuery | None:
            found = connection.execute(
                select(named_query).where(named_query.c.name == name)
            ).one_or_none()
            return None if found is None else NamedQuery(*found)

        return await self._database.read(work)

    async def page(self, *, after: str, limit: int) -> Sequence[NamedQuery]:
        """Return queries by name, above `after`."""

        def work(connection: Connection) -> Sequence[NamedQuery]:
            query = select(named_query).where(named_query.c.name > after)
            rows = connection.execute(query.order_by(named_query.c.name).limit(limit))
            return [NamedQuery(*row) for row in rows]

        return await self._database.read(work)

    async def remove(self, name: str) -> bool:
        """Remove a query; False if there is none."""

        def work(connection: Connection) -> bool:
            gone = connection.execute(delete(named_query).where(named_query.c.name == name))
            return bool(gone.rowcount)

        return await self._database.write("query", work)

    async def spend(self, digest: bytes, *, expires_at: int, now_s: int) -> None:
        """Keep in mind that a page token was given back; those that have expired are dropped."""

        def work(connection: Connection) -> None:
            connection.execute(delete(spent_token).where(spent_token.c.expires_at <= now_s))
            connection.execute(delete(spent_token).where(spent_token.c.digest == digest))
            connection.execute(insert(spent_token).values(digest=digest, expires_at=expires_at))

        await self._database.write("query", work)

    async def is_spent(self, digest: bytes) -> bool:
        """Tell whether a page token was given back."""

        def work(connection: Connection) -> bool:
            query = select(spent_token.c.digest).where(spent_token.c.digest == digest)
            return connection.execute(query).scalar() is not None

        return await self._database.read(work)

    async def company_prefixes(self) -> list[str]:
        """Return every company prefix that was learnt."""

        def work(connection: Connection) -> list[str]:
            return list(connection.execute(select(company_prefix.c.prefix)).scalars())

        return await self._database.read(work)

    async def learn_prefixes(self, prefixes: Sequence[str]) -> None:
        """Keep company prefixes; known ones are no-ops."""

        def work(connection: Connection) -> None:
            known = select(company_prefix.c.prefix).where(company_prefix.c.prefix.in_(prefixes))
            there = set(connection.execute(known).scalars())
            for prefix in prefixes:
                if prefix not in there:
                    connection.execute(insert(company_prefix).values(prefix=prefix))

        await self._database.write("query", work)
