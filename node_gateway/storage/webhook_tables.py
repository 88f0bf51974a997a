"""The tables of webhooks: who is told, with which secrets, of what, and how that went."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from node_gateway.storage.tables import Id, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("kinds", Text, nullable=False),  # separated by spaces
    Column("state", String, nullable=False),  # active, failing, disabled
    Column("created_at_ms", BigInteger, nullable=False),
    Column("failing_since_ms", BigInteger),
    Column("hold_until_ms", BigInteger, nullable=False),  # nothing is sent before
    Column("last_error", String),
    Column("last_status", Integer),
    Column("delivered_at_ms", BigInteger),
)

webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("webhook", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("shared", LargeBinary, nullable=False),
    Column("seed", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger),  # NULL: the newest
)

webhook_event = Table(
    "webhook_event",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the CloudEvent as it is sent
    Column("at_ms", BigInteger, nullable=False),
)
Index("webhook_event_by_key", webhook_event.c.key, unique=True)
Index("webhook_event_by_time", webhook_event.c.at_ms)

# 0 waits, 1 was taken, 2 was given up.
webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("webhook", String, primary_key=True),
    Column("event", BigInteger, primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at_ms", BigInteger, nullable=False),
    Column("last_error", String),
    Column("last_status", Integer),
    Column("done_at_ms", BigInteger),
    sqlite_with_rowid=False,
)
Index(
    "webhook_delivery_waiting",
    webhook_delivery.c.webhook,
    webhook_delivery.c.next_at_ms,
    sqlite_where=text("state = 0"),
    postgresql_where=text("state = 0"),
)
Index("webhook_delivery_by_event", webhook_delivery.c.event)

webhook_source = Table(
    "webhook_source",
    metadata,
    Column("name", String, primary_key=True),
    Column("reached", Text, nullable=False),  # JSON, as the source understands it
)
