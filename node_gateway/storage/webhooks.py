"""What is kept of webhooks. Calls with a connection run inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from node_gateway.storage.webhook_tables import (
    webhook,
    webhook_delivery,
    webhook_event,
    webhook_secret,
    webhook_source,
)

WAITS: Final = 0
TAKEN: Final = 1
GIVEN_UP: Final = 2
_STATES: Final = ("waiting", "delivered", "given_up")

_hook, _given, _told = webhook.c, webhook_delivery.c, webhook_event.c


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """Who is told. Times are Unix milliseconds.

    Attributes:
        kinds: Full names of what it is told of.
        state: `active`, `failing` or `disabled`.
        hold_until_ms: Nothing is sent before: the last try failed.
    """

    id: str
    url: str
    kinds: tuple[str, ...]
    state: str
    created_at_ms: int
    failing_since_ms: int | None
    hold_until_ms: int
    last_error: str | None
    last_status: int | None
    delivered_at_ms: int | None


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One generation of secrets; `until_ms` None: the newest."""

    number: int
    shared: bytes
    seed: bytes
    created_at_ms: int
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come."""

    event: int
    tries: int
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """How one delivery went; `state` is `waiting`, `delivered` or `given_up`."""

    event: int
    kind: str
    key: str
    state: str
    tries: int
    at_ms: int
    next_at_ms: int
    done_at_ms: int | None
    last_error: str | None
    last_status: int | None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something to tell, as it will be sent."""

    key: str
    kind: str
    at_ms: int
    body: bytes


def _webhook(row: Row[Any]) -> StoredWebhook:
    members = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name
    return StoredWebhook(**{**members, "kinds": tuple(members["kinds"].split())})


def all_webhooks(connection: Connection) -> list[StoredWebhook]:
    """Return every webhook, the oldest first."""
    query = select(webhook).order_by(_hook.created_at_ms, _hook.id)
    return [_webhook(row) for row in connection.execute(query)]


def one_webhook(connection: Connection, name: str) -> StoredWebhook | None:
    """Return a webhook by its id."""
    row = connection.execute(select(webhook).where(_hook.id == name)).one_or_none()
    return None if row is None else _webhook(row)


def add_webhook(connection: Connection, made: StoredWebhook) -> None:
    """Add a webhook."""
    values = {name: getattr(made, name) for name in StoredWebhook.__slots__}
    connection.execute(insert(webhook).values({**values, "kinds": " ".join(made.kinds)}))


def change_webhook(connection: Connection, name: str, **values: Any) -> bool:
    """Change columns of a webhook; return whether it is there."""
    done = connection.execute(update(webhook).where(_hook.id == name).values(**values))
    return done.rowcount > 0


def remove_webhook(connection: Connection, name: str) -> bool:
    """Remove a webhook with all that is kept of it; return whether it was there."""
    connection.execute(delete(webhook_secret).where(webhook_secret.c.webhook == name))
    connection.execute(delete(webhook_delivery).where(_given.webhook == name))
    return connection.execute(delete(webhook).where(_hook.id == name)).rowcount > 0


def secrets_of(connection: Connection, name: str, *, now_ms: int) -> list[StoredSecret]:
    """Return the secrets that sign now, the newest first."""
    row = webhook_secret.c
    query = (
        select(row.number, row.shared, row.seed, row.created_at_ms, row.until_ms)
        .where(row.webhook == name)
        .order_by(row.number.desc())
    )
    found = [StoredSecret(*one) for one in connection.execute(query)]
    return [one for one in found if one.until_ms is None or one.until_ms > now_ms]


def add_secret(
    connection: Connection, name: str, *, shared: bytes, seed: bytes, now_ms: int, overlap_ms: int
) -> None:
    """Add secrets; the newest before go on signing for `overlap_ms`, older ones are forgotten."""
    row = webhook_secret.c
    last = connection.execute(select(func.max(row.number)).where(row.webhook == name)).scalar()
    is_old = and_(row.webhook == name, row.until_ms.is_not(None))
    connection.execute(delete(webhook_secret).where(is_old))
    connection.execute(
        update(webhook_secret).where(row.webhook == name).values(until_ms=now_ms + overlap_ms)
    )
    connection.execute(
        insert(webhook_secret).values(
            webhook=name,
            number=(last or 0) + 1,
            shared=shared,
            seed=seed,
            created_at_ms=now_ms,
            until_ms=None,
        )
    )


def add_events(connection: Connection, events: Sequence[NewEvent], *, to: str | None = None) -> int:
    """Keep what happened, and who is to be told; return how many were new.

    Args:
        connection: The caller's transaction.
        events: Those whose key is known already are left out.
        to: Tell this webhook alone, whatever it asked for.
    """
    receivers = [one for one in all_webhooks(connection) if one.state != "disabled"]
    number = connection.execute(select(func.max(_told.number))).scalar() or 0
    count = 0
    for one in events:
        known = connection.execute(select(_told.number).where(_told.key == one.key)).first()
        wanting = [
            each.id
            for each in receivers
            if (each.id == to)
            or (to is None and one.kind in each.kinds and one.at_ms >= each.created_at_ms)
        ]
        if known is not None or not wanting:
            continue
        number, count = number + 1, count + 1
        connection.execute(
            insert(webhook_event).values(
                number=number, key=one.key, kind=one.kind, body=one.body, at_ms=one.at_ms
            )
        )
        connection.execute(
            insert(webhook_delivery),
            [
                {"webhook": each, "event": number, "state": WAITS, "tries": 0, "next_at_ms": 0}
                for each in wanting
            ],
        )
    return count


def reached(connection: Connection, name: str) -> str | None:
    """Return how far a source was read, None if never."""
    query = select(webhook_source.c.reached).where(webhook_source.c.name == name)
    return connection.execute(query).scalar()


def set_reached(connection: Connection, name: str, text: str) -> None:
    """Keep how far a source was read."""
    connection.execute(delete(webhook_source).where(webhook_source.c.name == name))
    connection.execute(insert(webhook_source).values(name=name, reached=text))


def due(connection: Connection, name: str, *, now_ms: int, limit: int) -> list[Due]:
    """Return the deliveries whose time has come, the oldest first."""
    query = (
        select(_given.event, _given.tries, _told.body)
        .join(webhook_event, _told.number == _given.event)
        .where(_given.webhook == name, _given.state == WAITS, _given.next_at_ms <= now_ms)
        .order_by(_given.event)
        .limit(limit)
    )
    return [Due(*row) for row in connection.execute(query)]


def next_due_ms(connection: Connection, name: str) -> int | None:
    """Return when the next delivery is due, None if nothing waits."""
    query = select(func.min(_given.next_at_ms)).where(_given.webhook == name, _given.state == WAITS)
    return connection.execute(query).scalar()


def note_try(connection: Connection, name: str, event: int, **values: Any) -> None:
    """Keep what became of a try."""
    here = and_(_given.webhook == name, _given.event == event)
    connection.execute(update(webhook_delivery).where(here).values(**values))


def deliveries(
    connection: Connection, name: str, *, before: int | None, state: int | None, limit: int
) -> list[StoredDelivery]:
    """Return deliveries of a webhook, the newest first, below the event number `before`."""
    query = (
        select(
            *(_given.event, _told.kind, _told.key, _given.state, _given.tries, _told.at_ms),
            *(_given.next_at_ms, _given.done_at_ms, _given.last_error, _given.last_status),
        )
        .join(webhook_event, _told.number == _given.event)
        .where(_given.webhook == name)
        .order_by(_given.event.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(_given.event < before)
    if state is not None:
        query = query.where(_given.state == state)
    return [
        StoredDelivery(**{**row._mapping, "state": _STATES[row.state]})  # noqa: SLF001
        for row in connection.execute(query)
    ]


def replay(connection: Connection, name: str, *, since_ms: int | None, event: int | None) -> int:
    """Let deliveries go out again: one event, or those given up, or all since a time."""
    chosen = select(_told.number)
    if event is not None:
        chosen = chosen.where(_told.number == event)
    elif since_ms is not None:
        chosen = chosen.where(_told.at_ms >= since_ms)
    here = and_(_given.webhook == name, _given.event.in_(chosen))
    if event is None and since_ms is None:
        here = and_(here, _given.state == GIVEN_UP)
    values = {"state": WAITS, "tries": 0, "next_at_ms": 0, "done_at_ms": None}
    return connection.execute(update(webhook_delivery).where(here).values(**values)).rowcount


def forget_before(connection: Connection, at_ms: int) -> None:
    """Remove what happened before a time and waits for nobody."""
    waiting = select(_given.event).where(_given.state == WAITS)
    old = select(_told.number).where(_told.at_ms < at_ms, _told.number.not_in(waiting))
    connection.execute(delete(webhook_delivery).where(_given.event.in_(old)))
    connection.execute(
        delete(webhook_event).where(_told.at_ms < at_ms, _told.number.not_in(waiting))
    )


def remove_events(connection: Connection, keys: Sequence[str]) -> None:
    """Remove what happened under these keys, delivered or not."""
    numbers = select(_told.number).where(_told.key.in_(keys))
    connection.execute(delete(webhook_delivery).where(_given.event.in_(numbers)))
    connection.execute(delete(webhook_event).where(_told.key.in_(keys)))
