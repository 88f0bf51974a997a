"""Receiving: what was scanned of what was expected, acknowledgements, claims of custody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _receipt()
    _receipt_scan()
    _receipt_event()
    _receipt_unmatched()
    _acknowledgement()
    _acknowledgement_event()
    _custody_gap()
    _custody_conflict()
    _custody_conflict_code()


def _receipt() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "receipt",
        sa.Column("handover", number, autoincrement=False, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("for_us", sa.SmallInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("handover"),
    )
    op.create_index(
        "receipt_not_finished",
        "receipt",
        ["handover"],
        unique=False,
        sqlite_where=sa.text("state < 2"),
        postgresql_where=sa.text("state < 2"),
    )


def _receipt_scan() -> None:
    code = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "receipt_scan",
        sa.Column("handover", sa.BigInteger(), nullable=False),
        sa.Column("code", code, nullable=False),
        sa.Column("lot", sa.Text(), nullable=True),
        sa.Column("expiry", sa.Text(), nullable=True),
        sa.Column("inside", code, nullable=True),
        sa.Column("opened", sa.SmallInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("handover", "code"),
        sqlite_with_rowid=False,
    )
    op.create_index("receipt_scan_by_code", "receipt_scan", ["code"], unique=False)


def _receipt_event() -> None:
    op.create_table(
        "receipt_event",
        sa.Column("handover", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("proven", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("handover", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("receipt_event_by_position", "receipt_event", ["position"], unique=False)
    op.create_index(
        "receipt_event_unproven",
        "receipt_event",
        ["position"],
        unique=False,
        sqlite_where=sa.text("proven = 0"),
        postgresql_where=sa.text("proven = 0"),
    )


def _receipt_unmatched() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "receipt_unmatched",
        sa.Column("position", number, autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("partner", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
    )


def _acknowledgement() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "acknowledgement",
        sa.Column("handover", number, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("extra", sa.Integer(), nullable=False),
        sa.Column("differences", sa.LargeBinary(), nullable=False),
        sa.Column("difference_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("handover"),
    )
    op.create_index("acknowledgement_by_digest", "acknowledgement", ["digest"], unique=False)


def _acknowledgement_event() -> None:
    op.create_table(
        "acknowledgement_event",
        sa.Column("handover", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("handover", "entry"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "acknowledgement_event_by_entry", "acknowledgement_event", ["entry"], unique=False
    )


def _custody_gap() -> None:
    code = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "custody_gap",
        sa.Column("code", code, nullable=False),
        sa.Column("handover", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "handover"),
        sqlite_with_rowid=False,
    )


def _custody_conflict() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "custody_conflict",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("first", sa.LargeBinary(), nullable=False),
        sa.Column("first_partner", sa.BigInteger(), nullable=False),
        sa.Column("second", sa.LargeBinary(), nullable=False),
        sa.Column("second_partner", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("case_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("custody_conflict_by_second", "custody_conflict", ["second"], unique=False)
    op.create_index(
        "custody_conflict_once", "custody_conflict", ["first", "second", "reason"], unique=True
    )


def _custody_conflict_code() -> None:
    code = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "custody_conflict_code",
        sa.Column("conflict", sa.BigInteger(), nullable=False),
        sa.Column("code", code, nullable=False),
        sa.PrimaryKeyConstraint("conflict", "code"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "custody_conflict_code_by_code", "custody_conflict_code", ["code"], unique=False
    )
