"""The tables of grants and delegations, and of what was read or done under them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from node_gateway.storage.tables import Code, Id, metadata

_Name = String().with_variant(String(collation="C"), "postgresql")

# What we allow another participant to read.
given_grant = Table(
    "given_grant",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("grant_id", _Name, nullable=False),
    Column("grantee", BigInteger, nullable=False),
    Column("terms", LargeBinary, nullable=False),  # items and scope, JSON
    Column("purpose", Text, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),  # id of an API key
    Column("revoked_at", BigInteger),
    Column("revoked_by", String),
)
Index("given_grant_by_id", given_grant.c.grant_id, unique=True)
Index("given_grant_by_grantee", given_grant.c.grantee, given_grant.c.number)

# Goods that grants name: a code, `<product>/`, or `<product>/<lot>`.
granted_goods = Table(
    "granted_goods",
    metadata,
    Column("goods", Code, primary_key=True),
    sqlite_with_rowid=False,
)
# Which events are about them. Kept for these goods alone.
granted_event = Table(
    "granted_event",
    metadata,
    Column("goods", Code, primary_key=True),
    Column("event", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
Index("granted_event_by_event", granted_event.c.event)

# Every read under a grant: for each grantee a chain, each row covering the one before.
grant_read = Table(
    "grant_read",
    metadata,
    Column("grantee", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # dense from 1
    Column("grant_id", _Name, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("items", LargeBinary, nullable=False),  # JSON as it is covered by the digest
    Column("digest", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
Index("grant_read_by_entry", grant_read.c.entry, grant_read.c.at_ms)

# How far each chain is, and how far it was anchored.
grant_read_end = Table(
    "grant_read_end",
    metadata,
    Column("grantee", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("stated", BigInteger, nullable=False),
)
# Events that state how far the chains were; their anchors prove it.
grant_read_statement = Table(
    "grant_read_statement",
    metadata,
    Column("grantee", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("stated_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Whom we let do operations in our name.
delegation = Table(
    "delegation",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("delegation_id", _Name, nullable=False),
    Column("provider", BigInteger, nullable=False),
    Column("terms", LargeBinary, nullable=False),  # operations and scope, JSON
    Column("purpose", Text, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("revoked_at", BigInteger),
    Column("revoked_by", String),
)
Index("delegation_by_id", delegation.c.delegation_id, unique=True)
Index("delegation_by_provider", delegation.c.provider, delegation.c.number)

# Signed requests: of providers to us, and of ours to owners. Kept before anything follows of them.
delegated_request = Table(
    "delegated_request",
    metadata,
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("provider", BigInteger, primary_key=True, autoincrement=False),
    Column("key", _Name, primary_key=True),  # the provider's name for it
    Column("operation", String, nullable=False),
    Column("delegation_id", _Name, nullable=False),  # empty on the provider's side
    Column("asked_at_ms", BigInteger, nullable=False),
    Column("statement", LargeBinary, nullable=False),  # as it was signed, JSON
    Column("digest", LargeBinary, nullable=False),  # what the signature covers
    Column("outcome", String, nullable=False),  # asked, done, refused
    Column("entry", LargeBinary),
    Column("answer", LargeBinary),
)
Index("delegated_request_by_time", delegated_request.c.asked_at_ms)
