"""Labels: jobs that one scanned label unlocks, and the log of what was printed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "label_job",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("label_count", sa.Integer(), nullable=False),
        sa.Column("failed_scans", sa.Integer(), nullable=False),
        sa.Column("unlocked_at_ms", sa.BigInteger()),
        sa.Column("unlocked_by", sa.String()),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "label_print",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("job", sa.BigInteger()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("label_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("override", sa.Text()),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("label_print_by_job", "label_print", ["job"])
    op.create_table(
        "label_printed",
        sa.Column("order_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("print", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_number", "first", "print"),
        sqlite_with_rowid=False,
    )
    op.create_index("label_printed_by_print", "label_printed", ["print"])
    op.create_table(
        "label_printed_code",
        sa.Column("code", _CODE, nullable=False),
        sa.Column("print", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("code", "print"),
        sqlite_with_rowid=False,
    )
    op.create_index("label_printed_code_by_print", "label_printed_code", ["print"])
