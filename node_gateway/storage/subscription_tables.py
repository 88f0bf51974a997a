"""The table of subscriptions: what was asked for, and how far its deliveries are."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from node_gateway.storage.tables import metadata

_Name = String().with_variant(String(collation="C"), "postgresql")

# A subscription ends with its query: "forcibly unsubscribes" (EPCIS 2.0, DELETE of a query).
subscription = Table(
    "subscription",
    metadata,
    Column("id", _Name, primary_key=True),
    Column("query", _Name, ForeignKey("named_query.name", ondelete="CASCADE"), nullable=False),
    Column("api_key", String, nullable=False),  # id of the key that asked for it
    Column("created_at_ms", BigInteger, nullable=False),
    Column("dest", Text, nullable=False),
    Column("token", Text),  # signs deliveries; leaves the database for nothing else
    Column("epc_format", String, nullable=False),
    Column("extensions", Text, nullable=False),  # JSON: namespaces by prefix
    Column("schedule", Text),  # JSON: the fields of a schedule; NULL: a stream
    Column("report_if_empty", Boolean, nullable=False),
    Column("initial", Text),  # initialRecordTime as it was given
    Column("initial_ms", BigInteger),
    # From here on, progress.
    Column("state", String, nullable=False),  # active, failing or disabled
    Column("position", BigInteger),  # delivered up to here; NULL: not begun
    Column("through", BigInteger),  # of a delivery that failed: its last position
    Column("run_through", BigInteger),  # of a scheduled run that is under way: its last position
    Column("next_at_ms", BigInteger, nullable=False),
    Column("page_size", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since_ms", BigInteger),
    Column("last_error", String),
    Column("last_status", Integer),
    Column("executed_at_ms", BigInteger),
    Column("notified_at_ms", BigInteger),
)
Index("subscription_by_query", subscription.c.query, subscription.c.id)
