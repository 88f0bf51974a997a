"""The schema as SQLAlchemy Core tables; `migrations/` builds exactly this (a test compares).

Random-key B-trees are what slows a growing database down, so there are three: entry, event key
and code. The first two index 8-byte prefixes; look-ups compare the full value as well. Nothing is
written per event at batching: an event is in the first batch of its stream whose `through` is not
below the event's position. Nothing is indexed twice: what a capture unit's events share (stream,
receipt) is in the unit's row.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    text,
)

PREFIX_SIZE: Final = 8
CHUNK_EVENTS_MAX: Final = 64
PAGE_ENTRIES: Final = 256

BATCHED: Final = 0
ANCHORING: Final = 1
FINAL: Final = 2
STATE_NAMES: Final = ("batched", "anchoring", "final")

KEPT: Final = 0
SECRET_GONE: Final = 1
ERASED: Final = 2

# On SQLite only INTEGER makes the key the row id itself.
Id = BigInteger().with_variant(Integer(), "sqlite")
# Bytewise order on both: the prefix look-up needs it.
Code = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()

capture = Table(
    "capture",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("capture_id", String, nullable=False),
    Column("part", Integer, nullable=False),
    Column("last", Boolean, nullable=False),
    Column("stream", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("stored_at_ms", BigInteger, nullable=False),
    Column("document_digest", LargeBinary, nullable=False),
    Column("all_or_nothing", Boolean, nullable=False),
    Column("problems", LargeBinary),  # JSON, NULL without
    Column("event_count", Integer, nullable=False),
    Column("members", LargeBinary),  # positions in document order, NULL if first..through
    Column("idempotency_key", String),
    Column("first", BigInteger),  # positions of its new events, NULL without
    Column("through", BigInteger),
    Column("received_at", BigInteger),  # the receipt, NULL without new events
    Column("anchor_by", BigInteger),
    Column("chain_id", BigInteger),
    Column("registry", LargeBinary),
    Column("signature", LargeBinary),
)
Index("capture_by_id", capture.c.capture_id, capture.c.part, unique=True)
Index(
    "capture_by_stream",
    capture.c.stream,
    capture.c.through,
    sqlite_where=text("through IS NOT NULL"),
    postgresql_where=text("through IS NOT NULL"),
)
Index(
    "capture_by_idempotency_key",
    capture.c.idempotency_key,
    unique=True,
    sqlite_where=text("idempotency_key IS NOT NULL"),
    postgresql_where=text("idempotency_key IS NOT NULL"),
)

event = Table(
    "event",
    metadata,
    Column("position", Id, primary_key=True, autoincrement=False),
    Column("capture", BigInteger, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("event_key", LargeBinary, nullable=False),
    Column("content_key", LargeBinary, nullable=False),
    Column("fields_size", Integer, nullable=False),
    Column("fields_root", LargeBinary, nullable=False),
    Column("codes_root", LargeBinary, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("event_time_ms", BigInteger, nullable=False),
    Column("codes_apart", Boolean, nullable=False),
    Column("erasure", SmallInteger, nullable=False),
)
# Literals, not parameters: a planner matches an expression index only on the same expression.
_FIRST, _LENGTH = literal_column("1", Integer), literal_column(str(PREFIX_SIZE), Integer)
entry_prefix = func.substr(event.c.entry, _FIRST, _LENGTH, type_=LargeBinary)
event_key_prefix = func.substr(event.c.event_key, _FIRST, _LENGTH, type_=LargeBinary)
Index("event_by_entry", entry_prefix)
Index("event_by_key", event_key_prefix)
Index("event_by_time", event.c.event_time_ms, event.c.position)
Index(
    "event_half_erased",
    event.c.erasure,
    sqlite_where=text("erasure = 1"),
    postgresql_where=text("erasure = 1"),
)

# Contents of up to CHUNK_EVENTS_MAX consecutive events, compressed together (`chunks`).
chunk = Table(
    "chunk",
    metadata,
    Column("first", Id, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

event_code = Table(
    "event_code",
    metadata,
    Column("code", Code, primary_key=True),
    Column("event", BigInteger, primary_key=True),
    Column("list", SmallInteger, primary_key=True),  # 0 unless the event's codes are kept apart
    Column("item_order", Integer),
    Column("ordinal", Integer),
    Column("position", Integer),
    sqlite_with_rowid=False,
)
Index(
    "event_code_apart",
    event_code.c.event,
    event_code.c.list,
    event_code.c.item_order,
    sqlite_where=text("list > 0"),
    postgresql_where=text("list > 0"),
)

code_tile = Table(
    "code_tile",
    metadata,
    Column("event", BigInteger, primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("tile", Integer, primary_key=True),
    Column("nodes", LargeBinary, nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("stream", BigInteger, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("previous_tip", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("anchor_by", BigInteger),
    Column("event_count", Integer, nullable=False),
    Column("through", BigInteger, nullable=False),  # every event of the stream up to here is in
    Column("state", SmallInteger, nullable=False),
    Column("block_number", BigInteger),
    Column("block_time", BigInteger),
    Column("block_hash", LargeBinary),
    Column("tx_hash", LargeBinary),
    sqlite_with_rowid=False,
)
Index("batch_by_position", batch.c.stream, batch.c.through, batch.c.sequence)
Index(
    "batch_not_final",
    batch.c.stream,
    batch.c.sequence,
    sqlite_where=text("state < 2"),
    postgresql_where=text("state < 2"),
)

batch_page = Table(
    "batch_page",
    metadata,
    Column("stream", BigInteger, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("entries", LargeBinary, nullable=False),
)
batch_tile = Table(
    "batch_tile",
    metadata,
    Column("stream", BigInteger, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("tile", Integer, primary_key=True),
    Column("nodes", LargeBinary, nullable=False),
)
batch_decoys = Table(
    "batch_decoys",
    metadata,
    Column("stream", BigInteger, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("nonces", LargeBinary, nullable=False),
)

signed_transaction = Table(
    "signed_transaction",
    metadata,
    Column("tx_hash", LargeBinary, primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("sender", LargeBinary, nullable=False),
)
transaction_anchor = Table(
    "transaction_anchor",
    metadata,
    Column("tx_hash", LargeBinary, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("stream", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)
Index("transaction_by_anchor", transaction_anchor.c.stream, transaction_anchor.c.sequence)

bundle = Table(
    "bundle",
    metadata,
    Column("event", BigInteger, primary_key=True),
    Column("variant", String, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("key_hash", LargeBinary, nullable=False, unique=True),
    Column("scopes", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# One row: who holds the lease. The lock itself is the operating system's or the server's.
lease = Table(
    "lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("holder", String, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
)


def is_entry(entry: bytes) -> ColumnElement[bool]:
    """Return the condition that finds an event by its entry through the prefix index."""
    return and_(entry_prefix == entry[:PREFIX_SIZE], event.c.entry == entry)


def entry_values(entry: bytes) -> dict[str, bytes]:
    """Return the values of `IS_ENTRY`."""
    return {"entry_prefix": entry[:PREFIX_SIZE], "entry": entry}


IS_ENTRY: Final = and_(
    entry_prefix == bindparam("entry_prefix"), event.c.entry == bindparam("entry")
)
"""`is_entry` for a statement that is built once: building one takes longer than running it."""


def is_event_key(key: bytes) -> ColumnElement[bool]:
    """Return the condition that finds a kept event by its key through the prefix index."""
    return and_(
        event_key_prefix == key[:PREFIX_SIZE], event.c.event_key == key, event.c.erasure == KEPT
    )
