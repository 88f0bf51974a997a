"""What followed the events so far, and which declarations name an event as the right one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "projection",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "correction",
        sa.Column("corrective", sa.LargeBinary(), nullable=False),
        sa.Column("declaration", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("corrective", "declaration"),
        sqlite_with_rowid=False,
    )
