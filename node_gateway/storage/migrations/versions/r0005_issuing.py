"""Issued codes and their ranges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _code(name: str, *, nullable: bool = False) -> sa.Column[str]:
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _id() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("number", kind, autoincrement=False, nullable=False)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "issuing_scheme",
        _id(),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("alphabet", sa.String(), nullable=False),
        sa.Column("body_length", sa.SmallInteger(), nullable=False),
        sa.Column("checks_length", sa.SmallInteger(), nullable=False),
        sa.Column("permutation_key", sa.LargeBinary(), nullable=False),
        _number("next_first"),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("issuing_scheme_by_name", "issuing_scheme", ["kind", "name"], unique=True)
    op.create_table(
        "issuing_range",
        _id(),
        _number("scheme"),
        sa.Column("line", sa.String(), nullable=False),
        *(_number(name) for name in ("first", "size", "used")),
        sa.Column("fixed", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("checks_key", sa.LargeBinary(), nullable=False),
        _number("created_at_ms"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("issuing_range_by_line", "issuing_range", ["scheme", "line"])
    op.create_table(
        "issuing_order",
        _id(),
        sa.Column("order_id", sa.String(), nullable=False),
        _number("scheme"),
        sa.Column("line", sa.String(), nullable=False),
        *(_number(name) for name in ("code_count", "created_at_ms")),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("issuing_order_by_id", "issuing_order", ["order_id"], unique=True)
    names = ("scheme", "first", "code_count", "order_number", "order_index", "range_number")
    op.create_table(
        "issuing_part",
        *(_number(name) for name in names),
        sa.PrimaryKeyConstraint("scheme", "first"),
        sqlite_with_rowid=False,
    )
    op.create_index("issuing_part_by_order", "issuing_part", ["order_number", "order_index"])
    _create_marks()
    op.create_table(
        "issuing_commission",
        *(_number(name) for name in ("order_number", "first", "code_count")),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _number("marks_through"),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        _number("created_at_ms"),
        sa.Column("entry", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("order_number", "first"),
    )


def _create_marks() -> None:
    op.create_table(
        "issuing_mark",
        _id(),
        _code("code"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _code("replacement", nullable=True),
        *(_number(name, nullable=True) for name in ("order_number", "order_index")),
        *(_number(name, nullable=True) for name in ("new_order_number", "new_order_index")),
        _number("marked_at_ms"),
        sa.Column("event", sa.LargeBinary(), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("issuing_mark_by_code", "issuing_mark", ["code"], unique=True)
    op.create_index("issuing_mark_by_replacement", "issuing_mark", ["replacement"])
    op.create_index("issuing_mark_by_order", "issuing_mark", ["order_number", "order_index"])
    names = ["new_order_number", "new_order_index"]
    op.create_index("issuing_mark_by_new", "issuing_mark", names)
