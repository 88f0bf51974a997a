"""The tables of handovers: what was disclosed of shipments, in both directions.

A handover is drafted before it is said: its parts are kept here until all of it is in the channel.
One that comes is complete with its manifest; parts that came before it wait without a handover.
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

handover = Table(
    "handover",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("direction", SmallInteger, nullable=False),  # 0 in, 1 out
    Column("partner", BigInteger, nullable=False),
    Column("shipment", LargeBinary, nullable=False),  # entry of the sender's shipping event
    Column("state", SmallInteger, nullable=False),
    Column("digest", LargeBinary),  # of the manifest's message, NULL before it is said
    Column("said_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("event_count", Integer, nullable=False),
    Column("code_count", Integer, nullable=False),
    Column("replaces", LargeBinary),  # digest of the handover that this one corrects
    Column("withdrawn_at", BigInteger),
    Column("acknowledged_at", BigInteger),
    Column("problem", String),  # stable code of why it was not said
)
Index("handover_by_digest", handover.c.digest, unique=True)
Index("handover_by_shipment", handover.c.shipment)
Index(
    "handover_unsaid",
    handover.c.number,
    sqlite_where=text("state < 4"),
    postgresql_where=text("state < 4"),
)

handover_part = Table(
    "handover_part",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("handover", BigInteger),  # NULL until the manifest that names it has come
    Column("partner", BigInteger, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of its text
    Column("data", LargeBinary),  # the text, compressed; NULL when nobody needs it any more
    Column("put", SmallInteger, nullable=False),  # 1: it is in the channel, or came by it
)
Index("handover_part_by_digest", handover_part.c.digest)
Index("handover_part_by_handover", handover_part.c.handover, handover_part.c.ordinal)

# Events that stand in handovers. Of our own ones only the head: they are stored as events.
handover_event = Table(
    "handover_event",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("participant", BigInteger, nullable=False),
    Column("act", String, nullable=False),
    Column("lot", String),
    Column("expiry", String),
    Column("fields", LargeBinary),  # the proof of what is disclosed, compressed JSON
    Column("codes_root", LargeBinary),
    Column("opening", LargeBinary),  # the codes opening, compressed JSON
    Column("proof", LargeBinary),  # event path and anchor, JSON: the first, then the one that holds
    Column("sealed", SmallInteger, nullable=False),  # 0 no, 1 the chain has it, 2 it has not
)
Index("handover_event_by_entry", handover_event.c.entry, unique=True)

# Proofs as they were brought, side by side, until the chain has told which of them holds.
handover_proof = Table(
    "handover_proof",
    metadata,
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    Column("partner", BigInteger, primary_key=True, autoincrement=False),  # 0: nobody knows
    Column("ordinal", SmallInteger, primary_key=True, autoincrement=False),
    Column("proof", LargeBinary, nullable=False),  # event path and anchor, JSON
    Column("refused", SmallInteger, nullable=False),  # 1: the chain contradicts it
    sqlite_with_rowid=False,
)
Index(
    "handover_proof_waiting",
    handover_proof.c.partner,
    handover_proof.c.event,
    handover_proof.c.ordinal,
    sqlite_where=text("refused = 0"),
    postgresql_where=text("refused = 0"),
)

handover_part_event = Table(
    "handover_part_event",
    metadata,
    Column("part", BigInteger, primary_key=True),
    Column("event", BigInteger, primary_key=True),
    Column("proven", SmallInteger, nullable=False),  # 1: the proof is in the channel, or came by it
    sqlite_with_rowid=False,
)
Index(
    "handover_part_event_unproven",
    handover_part_event.c.part,
    handover_part_event.c.event,
    sqlite_where=text("proven = 0"),
    postgresql_where=text("proven = 0"),
)
Index("handover_part_event_by_event", handover_part_event.c.event)

handover_path = Table(
    "handover_path",
    metadata,
    Column("event", BigInteger, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("code", Code, nullable=False),
    Column("disclosure", Text, nullable=False),
    Column("siblings", LargeBinary, nullable=False),  # 20 times 32 bytes
    sqlite_with_rowid=False,
)
Index("handover_path_by_code", handover_path.c.event, handover_path.c.code)

handover_code = Table(
    "handover_code",
    metadata,
    Column("handover", BigInteger, primary_key=True),
    Column("code", Code, primary_key=True),
    Column("parent", Code),
    Column("made", BigInteger),  # number of the event that commissioned it
    sqlite_with_rowid=False,
)
Index("handover_code_by_code", handover_code.c.code, handover_code.c.handover)
Index(
    "handover_code_by_parent",
    handover_code.c.parent,
    handover_code.c.handover,
    sqlite_where=text("parent IS NOT NULL"),
    postgresql_where=text("parent IS NOT NULL"),
)
