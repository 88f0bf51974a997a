"""Imported files, where their events are, bills that are known, pack levels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    job_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "import_job",
        sa.Column("number", job_number, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("options", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("code_count", sa.BigInteger(), nullable=False),
        sa.Column("part_count", sa.Integer(), nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("duplicate_count", sa.BigInteger(), nullable=False),
        sa.Column("captured_code_count", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("import_job_by_file", "import_job", ["digest", "kind", "options"], unique=True)
    op.create_index(
        "import_job_open",
        "import_job",
        ["number"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "import_place",
        sa.Column("key", _text(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "job", "part"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_bill",
        sa.Column("number", _text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("import_bill_by_job", "import_bill", ["job"])
    op.create_table(
        "import_level",
        sa.Column("drug_id", sa.String(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("drug_id"),
    )
