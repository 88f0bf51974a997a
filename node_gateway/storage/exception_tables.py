"""The tables of exceptions: cases, their codes, what was said, what was changed, documents."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from node_gateway.storage.tables import Code, Id, metadata

exception_case = Table(
    "exception_case",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("uuid", String, nullable=False),  # the same at both sides
    Column("fingerprint", LargeBinary, nullable=False),  # of what it is about
    Column("origin", String, nullable=False),  # here, partner or file
    Column("kind", String, nullable=False),
    Column("partner", BigInteger),
    Column("subject", LargeBinary, nullable=False),
    Column("detail", Text, nullable=False),
    Column("code_count", Integer, nullable=False),
    Column("expected", BigInteger),
    Column("found", BigInteger),
    Column("owner", Text, nullable=False),
    Column("closed", SmallInteger, nullable=False),  # 0 or 1, the first part of the list's order
    Column("state", String, nullable=False),  # open, waiting, escalated, resolved
    Column("told", Boolean, nullable=False),  # the partner has the case too
    Column("opened_at_ms", BigInteger, nullable=False),
    Column("due_at_ms", BigInteger, nullable=False),
    # From here on, how it was resolved; NULL while it is not.
    Column("resolved_at_ms", BigInteger),
    Column("cause", String),
    Column("action", String),
    Column("resolution", Text),
    Column("entry", LargeBinary),  # of the event that states the resolution
    Column("proof_owed", SmallInteger, nullable=False),  # 1: the partner is to get its bundle
    Column("entry_there", LargeBinary),  # of the one that the partner says it stated
    Column("proof_there", LargeBinary),  # the partner's bundle of it
)
Index("exception_case_by_fingerprint", exception_case.c.fingerprint, unique=True)
Index("exception_case_by_uuid", exception_case.c.uuid)
Index(
    "exception_case_by_due",
    exception_case.c.closed,
    exception_case.c.due_at_ms,
    exception_case.c.number,
)
Index("exception_case_by_kind", exception_case.c.kind, exception_case.c.partner)
Index("exception_case_by_subject", exception_case.c.subject)
Index(
    "exception_case_unproven",
    exception_case.c.number,
    sqlite_where=text("proof_owed = 1"),
    postgresql_where=text("proof_owed = 1"),
)

exception_code = Table(
    "exception_code",
    metadata,
    Column("case_number", BigInteger, primary_key=True, autoincrement=False),
    Column("code", Code, primary_key=True),
    sqlite_with_rowid=False,
)
Index("exception_code_by_code", exception_code.c.code)

# What was said, by us or by the partner, in the order in which it got here.
exception_message = Table(
    "exception_message",
    metadata,
    Column("case_number", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("participant", BigInteger, nullable=False),  # who said it; 0: a file without a sender
    Column("who", Text),  # the person or API key here; never told to others
    Column("at_ms", BigInteger, nullable=False),
    Column("act", String, nullable=False),
    Column("action", String),
    Column("text", Text, nullable=False),
    Column("digest", LargeBinary),  # of the signed message; NULL: it came by another way
)

exception_change = Table(
    "exception_change",
    metadata,
    Column("case_number", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", String, nullable=False),
    Column("value", Text),
)

# DSCSA documents as they came and went, so that nothing of them is lost.
exception_document = Table(
    "exception_document",
    metadata,
    Column("case_number", BigInteger, primary_key=True, autoincrement=False),
    Column("uuid", String, primary_key=True),  # `message_uuid` of the document
    Column("incoming", Boolean, primary_key=True),
    Column("kind", String, nullable=False),  # report or response
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("exception_document_by_uuid", exception_document.c.uuid)
