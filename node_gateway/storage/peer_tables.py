"""The tables of `peers`: what participants said to each other, and the requests that were seen."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from node_gateway.storage.tables import Id, metadata

# One row per participant that we said something to, or that said something to us.
peer_partner = Table(
    "peer_partner",
    metadata,
    Column("participant", BigInteger, primary_key=True, autoincrement=False),
    Column("said_number", BigInteger, nullable=False),  # last one that we gave out
    Column("said_digest", LargeBinary, nullable=False),
    Column("cursor", BigInteger, nullable=False),  # up to here it has answered
    Column("heard_number", BigInteger, nullable=False),  # last one that we answered
    Column("heard_digest", LargeBinary, nullable=False),
    Column("failures", Integer, nullable=False),  # tries since the last answer
    Column("failing_since", BigInteger),
    Column("last_error", String),
    Column("last_try_at", BigInteger),
    Column("alarm", String),  # what a person should look at, until they did
)

# Messages in both directions, kept: they are what either side proves with. `direction` is 0 for
# what was said to us, 1 for what we said.
peer_message = Table(
    "peer_message",
    metadata,
    Column("partner", BigInteger, primary_key=True, autoincrement=False),
    Column("direction", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("kind", String, nullable=False),
    Column("body_digest", LargeBinary, nullable=False),
    Column("said_at", BigInteger, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),  # one zstandard frame
    Column("size_bytes", BigInteger, nullable=False),
    Column("answer_code", String),  # NULL: no answer yet; empty: taken
    Column("answered_at", BigInteger),
    Column("answer_signature", LargeBinary),
)
Index("peer_message_by_digest", peer_message.c.digest)

# Two signed messages for one number, or a chain that forked: the one that did not count.
peer_conflict = Table(
    "peer_conflict",
    metadata,
    Column("id", Id, primary_key=True),
    Column("partner", BigInteger, nullable=False),
    Column("direction", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("file", LargeBinary, nullable=False),  # `sealtrail/message/v1`
    Column("found_at", BigInteger, nullable=False),
)

# Nonces of signed requests, for as long as their time would let them in again.
peer_nonce = Table(
    "peer_nonce",
    metadata,
    Column("participant", BigInteger, primary_key=True, autoincrement=False),
    Column("nonce", String, primary_key=True),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("peer_nonce_by_time", peer_nonce.c.until)
