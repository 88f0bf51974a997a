"""People, their sessions, and the log of what they did, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from node_gateway.storage.database import Database
from node_gateway.storage.issuing_allocation import next_number
from node_gateway.storage.people_tables import (
    audit_entry,
    person,
    person_recovery,
    person_session,
)

_person, _recovery = person.c, person_recovery.c
_session, _audit = person_session.c, audit_entry.c


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who may sign in. Times are Unix seconds.

    Attributes:
        password: Hashed by argon2; None until the first link was used.
        code_key: Key of the one-time codes, 20 bytes; None until then.
        code_step: Time step of the last one-time code that was taken, 0 before the first.
        link_hash: Of the link that lets its bearer choose a password; None if there is none.
    """

    number: int
    name: str
    role: str
    password: str | None
    code_key: bytes | None
    code_step: int
    created_at: int
    disabled_at: int | None
    link_hash: bytes | None
    link_until: int | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Somebody who is signed in; `origin` is from where, without the last part."""

    token_hash: bytes
    person: int
    began_at: int
    seen_at: int
    ends_at: int
    origin: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What somebody did; `outcome` is `ok` or the code of a problem."""

    number: int
    at_ms: int
    who: str
    action: str
    subject: str
    outcome: str
    origin: str
    status: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody signs in with, as it is kept."""

    password: str
    code_key: bytes
    code_step: int
    recovery: tuple[bytes, ...]


class PeopleStore:
    """Every call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, name: str, role: str, *, link_hash: bytes, link_until: int, now: int
    ) -> PersonRow | None:
        """Keep a new person, who has a link and nothing else; None if the name is taken."""

        def work(connection: Connection) -> PersonRow | None:
            if _one(connection, _person.name == name) is not None:
                return None
            number = next_number(connection, person)
            row = PersonRow(number, name, role, None, None, 0, now, None, link_hash, link_until)
            values = {one: getattr(row, one) for one in PersonRow.__slots__}
            connection.execute(insert(person).values(values))
            return row

        return await self._database.write("person_added", work)

    async def named(self, name: str) -> PersonRow | None:
        """Return a person by name."""
        return await self._database.read(lambda c: _one(c, _person.name == name))

    async def by_link(self, link_hash: bytes) -> PersonRow | None:
        """Return whose link this is."""
        return await self._database.read(lambda c: _one(c, _person.link_hash == link_hash))

    async def people(self, *, after: str, limit: int) -> list[PersonRow]:
        """Return people by name."""
        query = select(person).where(_person.name > after).order_by(_person.name).limit(limit)
        return await self._database.read(lambda c: [PersonRow(*row) for row in c.execute(query)])

    async def change(self, name: str, *, ends_sessions: bool, **values: Any) -> PersonRow | None:
        """Change columns of a person; None if there is no such person."""

        def work(connection: Connection) -> PersonRow | None:
            row = _one(connection, _person.name == name)
            if row is None:
                return None
            connection.execute(update(person).where(_person.number == row.number).values(values))
            if ends_sessions:
                _end(connection, row.number)
            return _one(connection, _person.number == row.number)

        return await self._database.write("person_changed", work)

    async def join(self, link_hash: bytes, new: Credentials, *, now: int) -> PersonRow | None:
        """Use up a link: what was known of its bearer ends, and this is known instead.

        Returns:
            The person; None if the link is unknown, was used or is too old.
        """

        def work(connection: Connection) -> PersonRow | None:
            row = _one(connection, _person.link_hash == link_hash)
            if row is None or row.disabled_at is not None or (row.link_until or 0) <= now:
                return None
            values = {"password": new.password, "code_key": new.code_key}
            connection.execute(
                update(person)
                .where(_person.number == row.number)
                .values(**values, code_step=new.code_step, link_hash=None, link_until=None)
            )
            _end(connection, row.number)
            _renew(connection, row.number, new.recovery)
            return row

        return await self._database.write("person_joined", work)

    async def take_step(self, number: int, step: int) -> bool:
        """Take the one-time code of a time step; False if it, or a later one, was taken before."""
        change = (
            update(person)
            .where(_person.number == number, _person.code_step < step)
            .values(code_step=step)
        )
        return await self._database.write("person_code", lambda c: bool(c.execute(change).rowcount))

    async def take_recovery(self, number: int, code_hash: bytes) -> bool:
        """Use up a recovery code; False if it is none."""
        gone = delete(person_recovery).where(
            _recovery.person == number, _recovery.code_hash == code_hash
        )
        return await self._database.write("person_code", lambda c: bool(c.execute(gone).rowcount))

    async def renew_recovery(self, number: int, codes: Sequence[bytes]) -> None:
        """Put new recovery codes in the place of all old ones."""
        await self._database.write("person_code", lambda c: _renew(c, number, codes))

    async def recovery_count(self, number: int) -> int:
        """Return how many recovery codes are left."""
        query = select(func.count()).where(_recovery.person == number)
        return await self._database.read(lambda c: int(c.execute(query).scalar_one()))

    async def add_session(self, row: SessionRow, *, now: int) -> None:
        """Keep a session; those that ended long ago go."""

        def work(connection: Connection) -> None:
            connection.execute(delete(person_session).where(_session.ends_at <= now))
            values = {one: getattr(row, one) for one in SessionRow.__slots__}
            connection.execute(insert(person_session).values(values))

        await self._database.write("person_session", work)

    async def session(self, token_hash: bytes) -> tuple[SessionRow, PersonRow] | None:
        """Return a session and whose it is, whether or not it may still be used."""

        def work(connection: Connection) -> tuple[SessionRow, PersonRow] | None:
            query = select(person_session).where(_session.token_hash == token_hash)
            row = connection.execute(query).one_or_none()
            known = None if row is None else _one(connection, _person.number == row.person)
            return None if row is None or known is None else (SessionRow(*row), known)

        return await self._database.read(work)

    async def seen(self, token_hash: bytes, now: int) -> None:
        """Keep that a session was used."""
        change = update(person_session).where(_session.token_hash == token_hash)
        await self._database.write(
            "person_session", lambda c: c.execute(change.values(seen_at=now))
        )

    async def sessions(self, number: int, *, limit: int) -> list[SessionRow]:
        """Return the sessions of a person, the newest first."""
        query = (
            select(person_session)
            .where(_session.person == number)
            .order_by(_session.began_at.desc(), _session.token_hash)
            .limit(limit)
        )
        return await self._database.read(lambda c: [SessionRow(*row) for row in c.execute(query)])

    async def end_session(self, token_hash: bytes) -> None:
        """Forget a session."""
        gone = delete(person_session).where(_session.token_hash == token_hash)
        await self._database.write("person_session", lambda c: c.execute(gone))

    async def end_sessions(self, number: int) -> None:
        """Forget all sessions of a person."""
        await self._database.write("person_session", lambda c: _end(c, number))

    async def log(self, row: AuditRow) -> None:
        """Keep what somebody did; its number is given here."""

        def work(connection: Connection) -> None:
            values = {one: getattr(row, one) for one in AuditRow.__slots__}
            values["number"] = next_number(connection, audit_entry)
            connection.execute(insert(audit_entry).values(values))

        await self._database.write("audit_entry", work)

    async def logged(
        self, *, before: int | None, limit: int, who: str | None = None
    ) -> list[AuditRow]:
        """Return what was done, newest first; `before` is the number of an entry."""
        query = select(audit_entry).order_by(_audit.number.desc()).limit(limit)
        if before is not None:
            query = query.where(_audit.number < before)
        if who:
            query = query.where(_audit.who == who)
        return await self._database.read(lambda c: [AuditRow(*row) for row in c.execute(query)])


def _one(connection: Connection, condition: Any) -> PersonRow | None:
    row = connection.execute(select(person).where(condition)).one_or_none()
    return None if row is None else PersonRow(*row)


def _end(connection: Connection, number: int) -> None:
    connection.execute(delete(person_session).where(_session.person == number))


def _renew(connection: Connection, number: int, codes: Sequence[bytes]) -> None:
    connection.execute(delete(person_recovery).where(_recovery.person == number))
    rows = [{"person": number, "code_hash": one} for one in codes]
    connection.execute(insert(person_recovery), rows)


__all__ = ["AuditRow", "Credentials", "PeopleStore", "PersonRow", "SessionRow"]
