"""Sales as the network knows them, and steps that partners published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "sale_claim",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("code", text, nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger()),
        sa.Column("event", sa.BigInteger()),
        sa.Column("entry", sa.LargeBinary()),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.SmallInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("taken_back", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("sale_claim_by_token", "sale_claim", ["token"], unique=True)
    op.create_index("sale_claim_by_code", "sale_claim", ["code", "number"])
    for name, columns, condition in (
        ("sale_claim_by_event", ["event", "code"], "event IS NOT NULL"),
        ("sale_claim_waiting", ["event"], "state = 0"),
        ("sale_claim_due", ["due_at"], "due_at IS NOT NULL"),
    ):
        op.create_index(
            name,
            "sale_claim",
            columns,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    op.create_table(
        "publication",
        sa.Column("event", number, autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("after", text, nullable=False),
        sa.PrimaryKeyConstraint("event"),
    )
    op.create_table(
        "published_step",
        sa.Column("code", text, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("participant", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("code", "entry"),
        sqlite_with_rowid=False,
    )
