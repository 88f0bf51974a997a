"""Handovers: what was disclosed of shipments, in both directions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _handover()
    _handover_part()
    _handover_event()
    _handover_part_event()
    _handover_path()
    _handover_code()


def _handover() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "handover",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("direction", sa.SmallInteger(), nullable=False),
        sa.Column("partner", sa.BigInteger(), nullable=False),
        sa.Column("shipment", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("said_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("code_count", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    _index("handover_by_digest", "handover", ["digest"], unique=True)
    _index("handover_by_shipment", "handover", ["shipment"])
    _index("handover_unsaid", "handover", ["number"], where="state < 4")


def _handover_part() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "handover_part",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("handover", sa.BigInteger(), nullable=True),
        sa.Column("partner", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("put", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    _index("handover_part_by_digest", "handover_part", ["digest"])
    _index("handover_part_by_handover", "handover_part", ["handover", "ordinal"])


def _handover_event() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "handover_event",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("participant", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("lot", sa.String(), nullable=True),
        sa.Column("expiry", sa.String(), nullable=True),
        sa.Column("fields", sa.LargeBinary(), nullable=True),
        sa.Column("codes_root", sa.LargeBinary(), nullable=True),
        sa.Column("opening", sa.LargeBinary(), nullable=True),
        sa.Column("proof", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    _index("handover_event_by_entry", "handover_event", ["entry"], unique=True)
    _index(
        "handover_event_unsealed",
        "handover_event",
        ["number"],
        where="sealed = 0 AND proof IS NOT NULL",
    )


def _handover_part_event() -> None:
    op.create_table(
        "handover_part_event",
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("proven", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("part", "event"),
        sqlite_with_rowid=False,
    )
    _index("handover_part_event_by_event", "handover_part_event", ["event"])
    _index(
        "handover_part_event_unproven", "handover_part_event", ["part", "event"], where="proven = 0"
    )


def _handover_path() -> None:
    code = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "handover_path",
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", code, nullable=False),
        sa.Column("disclosure", sa.Text(), nullable=False),
        sa.Column("siblings", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event", "position"),
        sqlite_with_rowid=False,
    )
    _index("handover_path_by_code", "handover_path", ["event", "code"])


def _handover_code() -> None:
    code = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "handover_code",
        sa.Column("handover", sa.BigInteger(), nullable=False),
        sa.Column("code", code, nullable=False),
        sa.Column("parent", code, nullable=True),
        sa.Column("made", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("handover", "code"),
        sqlite_with_rowid=False,
    )
    _index("handover_code_by_code", "handover_code", ["code", "handover"])
    _index(
        "handover_code_by_parent",
        "handover_code",
        ["parent", "handover"],
        where="parent IS NOT NULL",
    )


def _index(
    name: str, table: str, columns: list[str], *, unique: bool = False, where: str | None = None
) -> None:
    kept = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=unique, sqlite_where=kept, postgresql_where=kept)
