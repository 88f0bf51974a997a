"""People who use a gateway's console."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "person",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password", sa.String()),
        sa.Column("code_key", sa.LargeBinary()),
        sa.Column("code_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.Column("link_hash", sa.LargeBinary()),
        sa.Column("link_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("link_hash"),
    )
    op.create_table(
        "person_recovery",
        sa.Column("person", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person", "code_hash"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
        sqlite_with_rowid=False,
    )
    op.create_index("person_session_by_person", "person_session", ["person"])
    op.create_table(
        "audit_entry",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("audit_entry_by_who", "audit_entry", ["who", "number"])
