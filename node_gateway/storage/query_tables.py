"""Tables of the EPCIS query side: the facet index, named queries, what paging and URNs need."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from node_gateway.storage.tables import metadata

_Key = Text().with_variant(Text(collation="C"), "postgresql")
_Name = String().with_variant(String(collation="C"), "postgresql")

# What events have in common: each value under its kind. A value without events is not there.
facet = Table(
    "facet",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", _Key, nullable=False),  # two digits of the kind, a blank, the value
    Column("value", Text),  # NULL if the key holds all of it
)
Index("facet_by_key", facet.c.key, unique=True)

# In the order of eventTime, so that a span of time is one range of a facet.
facet_event = Table(
    "facet_event",
    metadata,
    Column("facet", Integer, primary_key=True, autoincrement=False),
    Column("event_time_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

named_query = Table(
    "named_query",
    metadata,
    Column("name", _Name, primary_key=True),
    Column("body", LargeBinary, nullable=False),  # the query as it was sent, JSON
    Column("created_at_ms", BigInteger, nullable=False),
)

# Page tokens that were given back before they expired.
spent_token = Table(
    "spent_token",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

# GS1 company prefixes whose length is known, because an EPC URN was captured that shows it.
company_prefix = Table(
    "company_prefix",
    metadata,
    Column("prefix", _Name, primary_key=True),
)
