"""What partners and we said to each other: messages in both directions, nonces seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "peer_partner",
        sa.Column("participant", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said_number", sa.BigInteger(), nullable=False),
        sa.Column("said_digest", sa.LargeBinary(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("heard_number", sa.BigInteger(), nullable=False),
        sa.Column("heard_digest", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("last_error", sa.String()),
        sa.Column("last_try_at", sa.BigInteger()),
        sa.Column("alarm", sa.String()),
        sa.PrimaryKeyConstraint("participant"),
    )
    op.create_table(
        "peer_message",
        sa.Column("partner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("direction", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("answer_code", sa.String()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("answer_signature", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("partner", "direction", "number"),
    )
    op.create_index("peer_message_by_digest", "peer_message", ["digest"])
    op.create_table(
        "peer_conflict",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partner", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "peer_nonce",
        sa.Column("participant", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("participant", "nonce"),
        sqlite_with_rowid=False,
    )
    op.create_index("peer_nonce_by_time", "peer_nonce", ["until"])
