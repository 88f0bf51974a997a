"""The tables of people: who may sign in to the console, who is signed in, and what they did."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from node_gateway.storage.tables import Id, metadata

person = Table(
    "person",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("password", String),  # argon2; NULL until the first link was used
    Column("code_key", LargeBinary),  # of the one-time codes; NULL until then
    Column("code_step", BigInteger, nullable=False),  # of the last one-time code that was taken
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("link_hash", LargeBinary, unique=True),  # NULL once it was used
    Column("link_until", BigInteger),
)

person_recovery = Table(
    "person_recovery",
    metadata,
    Column("person", BigInteger, primary_key=True, autoincrement=False),
    Column("code_hash", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)

person_session = Table(
    "person_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("person", BigInteger, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("origin", String, nullable=False),
    sqlite_with_rowid=False,
)
Index("person_session_by_person", person_session.c.person)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", String, nullable=False),  # ok, or the code of a problem
    Column("origin", String, nullable=False),  # an address without its last part
    Column("status", Integer, nullable=False),
)
Index("audit_entry_by_who", audit_entry.c.who, audit_entry.c.number)
