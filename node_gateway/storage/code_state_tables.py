"""The tables of `code_states`: what follows from the stored events for codes, lots and events."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    text,
)

from node_gateway.storage.tables import Code, Id, metadata

code_state = Table(
    "code_state",
    metadata,
    Column("code", Code, primary_key=True),
    Column("parent", Code),  # of which `data` says whether it still holds
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "code_state_by_parent",
    code_state.c.parent,
    code_state.c.code,
    sqlite_where=text("parent IS NOT NULL"),
    postgresql_where=text("parent IS NOT NULL"),
)

# Events that name a code as the parent of others; the code index holds the other roles.
parent_event = Table(
    "parent_event",
    metadata,
    Column("parent", Code, primary_key=True),
    Column("event", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

# Whether an event counts: 0 it stands, 1 it is void, 2 it repeats another, 3 it declares an error.
event_standing = Table(
    "event_standing",
    metadata,
    Column("event", Id, primary_key=True, autoincrement=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("standing", SmallInteger, nullable=False),
)
Index("event_standing_by_fingerprint", event_standing.c.fingerprint, event_standing.c.event)

# Which eventIDs are declared errors: SHA-256 of the eventID as `storage.ports.event_key` makes it.
error_declared = Table(
    "error_declared",
    metadata,
    Column("event_key", LargeBinary, primary_key=True),
    Column("declaration", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

lot_statement = Table(
    "lot_statement",
    metadata,
    Column("lot", Code, primary_key=True),  # <product>/<lot>
    Column("event", BigInteger, primary_key=True),
    Column("expiry", String, nullable=False),
    sqlite_with_rowid=False,
)

finding = Table(
    "finding",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("event", BigInteger, nullable=False),
    Column("rule", SmallInteger, nullable=False),
    Column("code", Code, nullable=False),  # empty: the event as a whole
    Column("other", BigInteger, nullable=False),  # 0: no other event
    Column("found_at_ms", BigInteger, nullable=False),
)
Index("finding_by_event", finding.c.event, finding.c.rule, finding.c.code, unique=True)
Index("finding_by_code", finding.c.code)
Index("finding_by_rule", finding.c.rule, finding.c.number)
