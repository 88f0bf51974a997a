"""Recalls from hand to hand: tasks and reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "recall_task",
        sa.Column("notice", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("way", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("partner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("handovers", sa.LargeBinary(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("asked_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.LargeBinary()),
        sa.Column("reported_at_ms", sa.BigInteger()),
        sa.Column("acknowledged_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("notice", "way", "partner"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recall_course",
        sa.Column("notice", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("began_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at_ms", sa.BigInteger()),
        sa.Column("note", sa.Text()),
        sa.Column("closed_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("notice"),
        sqlite_with_rowid=False,
    )
