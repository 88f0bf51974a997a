"""Subscriptions to named queries: kept, listed, moved on, disabled, removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import ClassVar, Final, Literal

from sqlalchemy import Connection, Row, Select, delete, insert, or_, select, update
from sqlalchemy import func as sql

from node_gateway.storage import tables
from node_gateway.storage.database import Database
from node_gateway.storage.errors import StorageError
from node_gateway.storage.query_tables import named_query
from node_gateway.storage.subscription_tables import subscription

State = Literal["active", "failing", "disabled"]
KEY_ENDED: Final = "api_key"
"""Why a subscription is disabled whose API key was revoked or has expired."""


class TooManySubscriptionsError(StorageError):
    """There are as many subscriptions as a gateway keeps, or one API key may have."""

    code = "too_many_subscriptions"
    exception: ClassVar[str] = "ImplementationException"


class QueryGoneError(StorageError):
    """The query of a new subscription was removed meanwhile."""

    code = "query_not_found"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the deliveries of a subscription are.

    Attributes:
        position: Everything up to here was delivered, or did not match; None: not begun.
        through: Last position of a delivery that failed: its next try holds the same events.
        run_through: Last position of a scheduled run that is under way.
        next_at_ms: When it is to be looked at next.
        page_size: How many events a delivery has at most; receivers can make it smaller.
        failures: Failed tries since the last delivery.
        last_error: Why the last try failed, or why it is disabled; a code.
        last_status: What the receiver answered to the last try, if it did.
        executed_at_ms: Whatever is still to be delivered was captured then, or later.
        notified_at_ms: When a delivery was taken last.
    """

    state: State
    position: int | None
    next_at_ms: int
    page_size: int
    through: int | None = None
    run_through: int | None = None
    failures: int = 0
    failing_since_ms: int | None = None
    last_error: str | None = None
    last_status: int | None = None
    executed_at_ms: int | None = None
    notified_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription.

    Attributes:
        query: Name of the query.
        api_key: Id of the API key that asked for it.
        dest: Where deliveries go.
        token: What signs them, a secret; None: they are not signed.
        epc_format: In which form identifiers are delivered.
        extensions: Namespaces by prefix, JSON.
        schedule: Fields of its schedule, JSON; None: a stream.
        initial: `initialRecordTime` as it was given.
    """

    id: str
    query: str
    api_key: str
    created_at_ms: int
    dest: str
    token: str | None
    epc_format: str
    extensions: str
    schedule: str | None
    report_if_empty: bool
    initial: str | None
    initial_ms: int | None
    progress: Progress

    def __repr__(self) -> str:
        """Return what can be logged: without the secret, and the address, which may be one."""
        return f"Subscription({self.id!r}, {self.query!r}, {self.progress.state!r})"


_PROGRESS: Final = tuple(one.name for one in fields(Progress))
_GIVEN: Final = tuple(one.name for one in fields(Subscription) if one.name != "progress")
_row = subscription.c


class SubscriptionStore:
    """Keeps subscriptions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: Subscription, *, most: int, most_of_key: int) -> None:
        """Keep a subscription.

        Raises:
            QueryGoneError: there is no query of that name.
            TooManySubscriptionsError: there are `most` already, or `most_of_key` of this API key.
        """

        def work(connection: Connection) -> None:
            same = select(named_query.c.name).where(named_query.c.name == new.query)
            if connection.execute(same).scalar() is None:
                raise QueryGoneError("there is no query of this name")
            count = select(sql.count()).select_from(subscription)
            if (connection.execute(count).scalar() or 0) >= most:
                raise TooManySubscriptionsError(f"there are {most} subscriptions already")
            own = count.where(_row.api_key == new.api_key)
            if (connection.execute(own).scalar() or 0) >= most_of_key:
                raise TooManySubscriptionsError(
                    f"this API key has {most_of_key} subscriptions already"
                )
            given = {name: getattr(new, name) for name in _GIVEN}
            connection.execute(insert(subscription).values(**given, **asdict(new.progress)))

        await self._database.write("subscription", work)

    async def get(self, number: str) -> Subscription | None:
        """Return a subscription by its id."""
        found = await self._some(select(subscription).where(_row.id == number))
        return found[0] if found else None

    async def page(
        self, *, query: str | None, api_key: str | None, after: str, limit: int
    ) -> Sequence[Subscription]:
        """Return subscriptions by id, above `after`; of one query, of one API key, if named."""
        wanted = select(subscription).where(_row.id > after)
        if query is not None:
            wanted = wanted.where(_row.query == query)
        if api_key is not None:
            wanted = wanted.where(_row.api_key == api_key)
        return await self._some(wanted.order_by(_row.id).limit(limit))

    async def live(self) -> Sequence[Subscription]:
        """Return every subscription that is not disabled."""
        return await self._some(select(subscription).where(_row.state != "disabled"))

    async def save(self, number: str, progress: Progress) -> bool:
        """Keep how far a subscription is; False if it was removed or disabled meanwhile."""

        def work(connection: Connection) -> bool:
            here = update(subscription).where(_row.id == number, _row.state != "disabled")
            return bool(connection.execute(here.values(**asdict(progress))).rowcount)

        return await self._database.write("subscription", work)

    async def remove(self, number: str) -> bool:
        """Remove a subscription; False if there is none."""

        def work(connection: Connection) -> bool:
            return bool(connection.execute(delete(subscription).where(_row.id == number)).rowcount)

        return await self._database.write("subscription", work)

    async def disable_without_key(self, now_s: int) -> Collection[str]:
        """Disable the subscriptions of API keys that have ended; return their ids."""
        key = tables.api_key.c
        valid = select(key.key_id).where(
            key.revoked_at.is_(None), or_(key.expires_at.is_(None), key.expires_at > now_s)
        )
        without = (_row.state != "disabled", _row.api_key.not_in(valid))

        def find(connection: Connection) -> list[str]:
            return list(connection.execute(select(_row.id).where(*without)).scalars())

        def disable(connection: Connection) -> None:
            ended = {"state": "disabled", "last_error": KEY_ENDED, "last_status": None}
            connection.execute(update(subscription).where(*without).values(**ended))

        found = await self._database.read(find)
        if found:  # hardly ever: the writer is left alone
            await self._database.write("subscription", disable)
        return found

    async def _some(self, query: Select[tuple[object, ...]]) -> Sequence[Subscription]:
        def work(connection: Connection) -> list[Subscription]:
            return [_subscription(row) for row in connection.execute(query)]

        return await self._database.read(work)


def ended(progress: Progress, reason: str, status: int | None = None) -> Progress:
    """Return the progress of a subscription that is disabled, and why."""
    return replace(progress, state="disabled", last_error=reason, last_status=status)


def _subscription(row: Row[tuple[object, ...]]) -> Subscription:
    given = {name: getattr(row, name) for name in _GIVEN}
    progress = Progress(**{name: getattr(row, name) for name in _PROGRESS})
    return Subscription(**given, progress=progress)
