"""Shipments whose receiver nobody knows yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    code = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "handover_unaddressed",
        sa.Column("party", code, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("party", "entry"),
        sqlite_with_rowid=False,
    )
    op.create_index("handover_unaddressed_by_entry", "handover_unaddressed", ["entry"])
