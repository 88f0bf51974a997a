"""The schema as first shipped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _create_capture() -> None:
    op.create_table(
        "capture",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("capture_id", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("last", sa.Boolean(), nullable=False),
        sa.Column("stream", sa.BigInteger(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("stored_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("document_digest", sa.LargeBinary(), nullable=False),
        sa.Column("all_or_nothing", sa.Boolean(), nullable=False),
        sa.Column("problems", sa.LargeBinary(), nullable=True),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("through", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("anchor_by", sa.BigInteger(), nullable=True),
        sa.Column("chain_id", sa.BigInteger(), nullable=True),
        sa.Column("registry", sa.LargeBinary(), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("capture_by_id", "capture", ["capture_id", "part"], unique=True)
    op.create_index(
        "capture_by_idempotency_key",
        "capture",
        ["idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_index(
        "capture_by_stream",
        "capture",
        ["stream", "through"],
        unique=False,
        sqlite_where=sa.text("through IS NOT NULL"),
        postgresql_where=sa.text("through IS NOT NULL"),
    )


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("capture", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        sa.Column("content_key", sa.LargeBinary(), nullable=False),
        sa.Column("fields_size", sa.Integer(), nullable=False),
        sa.Column("fields_root", sa.LargeBinary(), nullable=False),
        sa.Column("codes_root", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("event_time_ms", sa.BigInteger(), nullable=False),
        sa.Column("codes_apart", sa.Boolean(), nullable=False),
        sa.Column("erasure", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("event_by_time", "event", ["event_time_ms", "position"], unique=False)
    op.create_index(
        "event_half_erased",
        "event",
        ["erasure"],
        unique=False,
        sqlite_where=sa.text("erasure = 1"),
        postgresql_where=sa.text("erasure = 1"),
    )
    op.create_index("event_by_entry", "event", [sa.text("substr(entry, 1, 8)")])
    op.create_index("event_by_key", "event", [sa.text("substr(event_key, 1, 8)")])


def _create_chunk() -> None:
    op.create_table(
        "chunk",
        sa.Column(
            "first",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("first"),
    )


def _create_event_code() -> None:
    op.create_table(
        "event_code",
        sa.Column(
            "code", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("list", sa.SmallInteger(), nullable=False),
        sa.Column("item_order", sa.Integer(), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("code", "event", "list"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "event_code_apart",
        "event_code",
        ["event", "list", "item_order"],
        unique=False,
        sqlite_where=sa.text("list > 0"),
        postgresql_where=sa.text("list > 0"),
    )


def _create_code_tile() -> None:
    op.create_table(
        "code_tile",
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("tile", sa.Integer(), nullable=False),
        sa.Column("nodes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event", "level", "tile"),
    )


def _create_bundle() -> None:
    op.create_table(
        "bundle",
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event", "variant"),
    )


def _create_batch() -> None:
    op.create_table(
        "batch",
        sa.Column("stream", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("previous_tip", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("anchor_by", sa.BigInteger(), nullable=True),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_time", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.LargeBinary(), nullable=True),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("stream", "sequence"),
        sqlite_with_rowid=False,
    )
    op.create_index("batch_by_position", "batch", ["stream", "through", "sequence"], unique=False)
    op.create_index(
        "batch_not_final",
        "batch",
        ["stream", "sequence"],
        unique=False,
        sqlite_where=sa.text("state < 2"),
        postgresql_where=sa.text("state < 2"),
    )


def _create_batch_page() -> None:
    op.create_table(
        "batch_page",
        sa.Column("stream", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "sequence", "page"),
    )


def _create_batch_tile() -> None:
    op.create_table(
        "batch_tile",
        sa.Column("stream", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("tile", sa.Integer(), nullable=False),
        sa.Column("nodes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "sequence", "level", "tile"),
    )


def _create_batch_decoys() -> None:
    op.create_table(
        "batch_decoys",
        sa.Column("stream", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("nonces", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "sequence"),
    )


def _create_signed_transaction() -> None:
    op.create_table(
        "signed_transaction",
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tx_hash"),
    )


def _create_transaction_anchor() -> None:
    op.create_table(
        "transaction_anchor",
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("stream", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tx_hash", "ordinal"),
    )
    op.create_index(
        "transaction_by_anchor", "transaction_anchor", ["stream", "sequence"], unique=False
    )


def _create_api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("key_hash"),
    )


def _create_meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _store_uncompressed(columns: tuple[tuple[str, str], ...]) -> None:
    for table, column in columns:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")


def upgrade() -> None:
    """Create every table and index."""
    _create_capture()
    _create_event()
    _create_chunk()
    _create_event_code()
    _create_code_tile()
    _create_bundle()
    _create_batch()
    _create_batch_page()
    _create_batch_tile()
    _create_batch_decoys()
    _create_signed_transaction()
    _create_transaction_anchor()
    _create_api_key()
    _create_meta()
    _create_lease()
    if op.get_bind().dialect.name == "postgresql":
        # Chunks are zstandard already and hashes do not compress: let TOAST not try again.
        _store_uncompressed(
            (
                ("chunk", "data"),
                ("batch_page", "entries"),
                ("batch_tile", "nodes"),
                ("batch_decoys", "nonces"),
                ("code_tile", "nodes"),
            )
        )
