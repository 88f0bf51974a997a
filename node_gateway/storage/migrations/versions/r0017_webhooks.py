"""Webhooks, their secrets and deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _receivers()
    _deliveries()


def _receivers() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("failing_since_ms", sa.BigInteger()),
        sa.Column("hold_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.String()),
        sa.Column("last_status", sa.Integer()),
        sa.Column("delivered_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "webhook_secret",
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shared", sa.LargeBinary(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("webhook", "number"),
    )
    op.create_table(
        "webhook_source",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reached", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _deliveries() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "webhook_event",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("webhook_event_by_key", "webhook_event", ["key"], unique=True)
    op.create_index("webhook_event_by_time", "webhook_event", ["at_ms"])
    op.create_table(
        "webhook_delivery",
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.String()),
        sa.Column("last_status", sa.Integer()),
        sa.Column("done_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("webhook", "event"),
        sqlite_with_rowid=False,
    )
    waiting = sa.text("state = 0")
    op.create_index(
        "webhook_delivery_waiting",
        "webhook_delivery",
        ["webhook", "next_at_ms"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("webhook_delivery_by_event", "webhook_delivery", ["event"])
