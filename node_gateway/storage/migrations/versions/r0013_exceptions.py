"""Exceptions: cases, their messages and resolutions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    _cases()
    _codes()
    _messages()
    _changes()
    _documents()


def _cases() -> None:
    op.create_table(
        "exception_case",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("partner", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("code_count", sa.Integer(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("found", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("closed", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("opened_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=True),
        sa.Column("proof_owed", sa.SmallInteger(), nullable=False),
        sa.Column("entry_there", sa.LargeBinary(), nullable=True),
        sa.Column("proof_there", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("exception_case_by_due", "exception_case", ["closed", "due_at_ms", "number"])
    op.create_index("exception_case_by_fingerprint", "exception_case", ["fingerprint"], unique=True)
    op.create_index("exception_case_by_kind", "exception_case", ["kind", "partner"])
    op.create_index("exception_case_by_subject", "exception_case", ["subject"])
    op.create_index("exception_case_by_uuid", "exception_case", ["uuid"])
    op.create_index(
        "exception_case_unproven",
        "exception_case",
        ["number"],
        sqlite_where=sa.text("proof_owed = 1"),
        postgresql_where=sa.text("proof_owed = 1"),
    )


def _codes() -> None:
    op.create_table(
        "exception_code",
        sa.Column("case_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", _CODE, nullable=False),
        sa.PrimaryKeyConstraint("case_number", "code"),
        sqlite_with_rowid=False,
    )
    op.create_index("exception_code_by_code", "exception_code", ["code"])


def _messages() -> None:
    op.create_table(
        "exception_message",
        sa.Column("case_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("participant", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("case_number", "number"),
    )


def _changes() -> None:
    op.create_table(
        "exception_change",
        sa.Column("case_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_number", "number"),
    )


def _documents() -> None:
    op.create_table(
        "exception_document",
        sa.Column("case_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("incoming", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_number", "uuid", "incoming"),
    )
    op.create_index("exception_document_by_uuid", "exception_document", ["uuid"])
