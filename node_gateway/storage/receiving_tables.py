"""The tables of receiving: what was scanned of what was said, answers to handovers, custody.

Handovers are named by their local numbers, see `handover_tables`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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

# One row for each handover to us, made when it was looked at.
receipt = Table(
    "receipt",
    metadata,
    Column("handover", Id, primary_key=True, autoincrement=False),
    Column("state", SmallInteger, nullable=False),  # 0 open, 1 finishing, 2 finished, 3 void
    Column("opened_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("for_us", SmallInteger, nullable=False),  # 0: its event names another destination
    Column("finished_at", BigInteger),
    Column("who", Text),
    Column("plan", LargeBinary),  # what is to be said: compressed JSON, while it is finishing
)
Index(
    "receipt_not_finished",
    receipt.c.handover,
    sqlite_where=text("state < 2"),
    postgresql_where=text("state < 2"),
)

receipt_scan = Table(
    "receipt_scan",
    metadata,
    Column("handover", BigInteger, primary_key=True),
    Column("code", Code, primary_key=True),
    Column("lot", Text),
    Column("expiry", Text),
    Column("inside", Code),  # the unit it was found in, `-` outside any, NULL if nobody said
    Column("opened", SmallInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),  # first
    Column("who", Text, nullable=False),
    Column("event", BigInteger),  # position of our event that says so, NULL if it was scanned
    sqlite_with_rowid=False,
)
Index("receipt_scan_by_code", receipt_scan.c.code)

# Our receiving events that count as receipts of handovers.
receipt_event = Table(
    "receipt_event",
    metadata,
    Column("handover", BigInteger, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("entry", LargeBinary, nullable=False),
    Column("proven", SmallInteger, nullable=False),  # 1: its proof was said to the sender
    sqlite_with_rowid=False,
)
Index("receipt_event_by_position", receipt_event.c.position)
Index(
    "receipt_event_unproven",
    receipt_event.c.position,
    sqlite_where=text("proven = 0"),
    postgresql_where=text("proven = 0"),
)

# Our receiving events about goods of a participant of which no handover has come.
receipt_unmatched = Table(
    "receipt_unmatched",
    metadata,
    Column("position", Id, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("partner", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("codes", LargeBinary, nullable=False),  # compressed JSON
    Column("case_number", BigInteger),  # of the exception, NULL before it is opened
)

# The receiver's answer to a handover, ours or the partner's.
acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("handover", Id, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),  # of the message
    Column("said_at", BigInteger, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("found", Integer, nullable=False),
    Column("extra", Integer, nullable=False),
    Column("differences", LargeBinary, nullable=False),  # compressed JSON
    Column("difference_count", Integer, nullable=False),
)
Index("acknowledgement_by_digest", acknowledgement.c.digest)

# Receiving events that a partner's answer names, as disclosed to us.
acknowledgement_event = Table(
    "acknowledgement_event",
    metadata,
    Column("handover", BigInteger, primary_key=True),
    Column("entry", LargeBinary, primary_key=True),
    Column("bundle", LargeBinary, nullable=False),  # compressed JSON
    Column("proof", LargeBinary),  # event path and anchor, JSON; NULL before it came
    sqlite_with_rowid=False,
)
Index("acknowledgement_event_by_entry", acknowledgement_event.c.entry)

# Codes of a handover that its receiver did not find: they were not handed over.
custody_gap = Table(
    "custody_gap",
    metadata,
    Column("code", Code, primary_key=True),
    Column("handover", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

custody_conflict = Table(
    "custody_conflict",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("reason", String, nullable=False),
    Column("first", LargeBinary, nullable=False),  # digest of a handover, or an event's entry
    Column("first_partner", BigInteger, nullable=False),
    Column("second", LargeBinary, nullable=False),  # digest of a handover
    Column("second_partner", BigInteger, nullable=False),
    Column("found_at", BigInteger, nullable=False),
    Column("case_number", BigInteger, nullable=False),  # of the exception
)
Index(
    "custody_conflict_once",
    custody_conflict.c.first,
    custody_conflict.c.second,
    custody_conflict.c.reason,
    unique=True,
)
Index("custody_conflict_by_second", custody_conflict.c.second)
Index("custody_conflict_by_case", custody_conflict.c.case_number)

custody_conflict_code = Table(
    "custody_conflict_code",
    metadata,
    Column("conflict", BigInteger, primary_key=True),
    Column("code", Code, primary_key=True),
    sqlite_with_rowid=False,
)
Index("custody_conflict_code_by_code", custody_conflict_code.c.code)
