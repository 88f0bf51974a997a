"""Grants and delegations, and the log of what was read under them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    _given_grant()
    _granted_goods()
    _granted_event()
    _grant_read()
    _grant_read_end()
    _grant_read_statement()
    _delegation()
    _delegated_request()


def _given_grant() -> None:
    op.create_table(
        "given_grant",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("grant_id", _NAME, nullable=False),
        sa.Column("grantee", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("given_grant_by_id", "given_grant", ["grant_id"], unique=True)
    op.create_index("given_grant_by_grantee", "given_grant", ["grantee", "number"])


def _granted_goods() -> None:
    op.create_table(
        "granted_goods",
        sa.Column("goods", _CODE, nullable=False),
        sa.PrimaryKeyConstraint("goods"),
        sqlite_with_rowid=False,
    )


def _granted_event() -> None:
    op.create_table(
        "granted_event",
        sa.Column("goods", _CODE, nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("goods", "event"),
        sqlite_with_rowid=False,
    )
    op.create_index("granted_event_by_event", "granted_event", ["event"])


def _grant_read() -> None:
    op.create_table(
        "grant_read",
        sa.Column("grantee", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("grant_id", _NAME, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("grantee", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("grant_read_by_entry", "grant_read", ["entry", "at_ms"])


def _grant_read_end() -> None:
    op.create_table(
        "grant_read_end",
        sa.Column("grantee", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("stated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("grantee"),
    )


def _grant_read_statement() -> None:
    op.create_table(
        "grant_read_statement",
        sa.Column("grantee", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("stated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("grantee", "number"),
        sqlite_with_rowid=False,
    )


def _delegation() -> None:
    op.create_table(
        "delegation",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("delegation_id", _NAME, nullable=False),
        sa.Column("provider", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("delegation_by_id", "delegation", ["delegation_id"], unique=True)
    op.create_index("delegation_by_provider", "delegation", ["provider", "number"])


def _delegated_request() -> None:
    op.create_table(
        "delegated_request",
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("provider", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("delegation_id", _NAME, nullable=False),
        sa.Column("asked_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("owner", "provider", "key"),
    )
    op.create_index("delegated_request_by_time", "delegated_request", ["asked_at_ms"])
