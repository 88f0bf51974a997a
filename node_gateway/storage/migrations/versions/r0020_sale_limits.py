"""What bounds the claims about sold codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. What stands in the table is a sale along the code's own way."""
    for name, kind in (
        ("kind", sa.SmallInteger()),
        ("strange", sa.SmallInteger()),
        ("heard", sa.SmallInteger()),
        ("heard_times", sa.Integer()),
    ):
        column = sa.Column(name, kind, nullable=False, server_default="0")
        op.add_column("sale_claim", column)
    op.create_index(
        "sale_claim_strange",
        "sale_claim",
        ["source", "since"],
        sqlite_where=sa.text("strange = 1"),
        postgresql_where=sa.text("strange = 1"),
    )
