"""State of codes, findings and event hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _code(name: str, *, nullable: bool = False) -> sa.Column[str]:
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _id(name: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=False, nullable=False)


def upgrade() -> None:
    """Create the tables."""
    _create_code_states()
    op.create_table(
        "event_standing",
        _id("event"),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("standing", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event"),
    )
    op.create_index("event_standing_by_fingerprint", "event_standing", ["fingerprint", "event"])
    op.create_table(
        "error_declared",
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        _number("declaration"),
        sa.PrimaryKeyConstraint("event_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lot_statement",
        _code("lot"),
        _number("event"),
        sa.Column("expiry", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lot", "event"),
        sqlite_with_rowid=False,
    )
    _create_findings()


def _create_code_states() -> None:
    op.create_table(
        "code_state",
        _code("code"),
        _code("parent", nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "code_state_by_parent",
        "code_state",
        ["parent", "code"],
        sqlite_where=sa.text("parent IS NOT NULL"),
        postgresql_where=sa.text("parent IS NOT NULL"),
    )
    op.create_table(
        "parent_event",
        _code("parent"),
        _number("event"),
        sa.PrimaryKeyConstraint("parent", "event"),
        sqlite_with_rowid=False,
    )


def _create_findings() -> None:
    op.create_table(
        "finding",
        _id("number"),
        _number("event"),
        sa.Column("rule", sa.SmallInteger(), nullable=False),
        _code("code"),
        _number("other"),
        _number("found_at_ms"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("finding_by_event", "finding", ["event", "rule", "code"], unique=True)
    op.create_index("finding_by_code", "finding", ["code"])
    op.create_index("finding_by_rule", "finding", ["rule", "number"])
