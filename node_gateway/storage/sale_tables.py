"""The tables of sales that the network knows of, and of steps that participants publish."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    text,
)

from node_gateway.storage.tables import Code, Id, metadata

# One sale of one code on its way from the shop to the issuer, as one gateway on it knows it.
sale_claim = Table(
    "sale_claim",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("token", LargeBinary, nullable=False),  # 32 random bytes, the sale's only name
    Column("code", Code, nullable=False),
    Column("source", BigInteger, nullable=False),  # who told us, 0: it is our own sale
    Column("target", BigInteger),  # whom we told, 0: the code is ours, NULL: nobody (yet)
    Column("event", BigInteger),  # position of our own sale
    Column("entry", LargeBinary),  # of the same
    Column("state", SmallInteger, nullable=False),
    Column("answer", SmallInteger, nullable=False),
    Column("times", Integer, nullable=False),  # how many sales stand, as the issuer said
    Column("taken_back", SmallInteger, nullable=False),  # 0 no, 1 it did not occur, 2 returned
    Column("due_at", BigInteger),  # when to tell the next one, Unix seconds
    Column("since", BigInteger, nullable=False),  # when we heard of it, likewise
    Column("kind", SmallInteger, nullable=False, server_default="0"),  # 0 sold, 1 came back
    # 1: its product went from us to who told us, the code itself as far as we know did not
    Column("strange", SmallInteger, nullable=False, server_default="0"),
    Column("heard", SmallInteger, nullable=False, server_default="0"),  # what the next one says
    Column("heard_times", Integer, nullable=False, server_default="0"),  # likewise
)
Index("sale_claim_by_token", sale_claim.c.token, unique=True)
Index("sale_claim_by_code", sale_claim.c.code, sale_claim.c.number)
Index(
    "sale_claim_by_event",
    sale_claim.c.event,
    sale_claim.c.code,
    sqlite_where=text("event IS NOT NULL"),
    postgresql_where=text("event IS NOT NULL"),
)
Index(
    "sale_claim_waiting",
    sale_claim.c.event,
    sqlite_where=text("state = 0"),
    postgresql_where=text("state = 0"),
)
Index(
    "sale_claim_due",
    sale_claim.c.due_at,
    sqlite_where=text("due_at IS NOT NULL"),
    postgresql_where=text("due_at IS NOT NULL"),
)
Index(
    "sale_claim_strange",
    sale_claim.c.source,
    sale_claim.c.since,
    sqlite_where=text("strange = 1"),
    postgresql_where=text("strange = 1"),
)

# Our own events that are to be published, until every code of them was.
publication = Table(
    "publication",
    metadata,
    Column("event", Id, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("after", Code, nullable=False),  # the last code that was, empty at first
)

# What participants published of codes that are ours.
published_step = Table(
    "published_step",
    metadata,
    Column("code", Code, primary_key=True),
    Column("entry", LargeBinary, primary_key=True),
    Column("participant", BigInteger, nullable=False),  # whose step it is, by the proof
    Column("source", BigInteger, nullable=False),  # who brought it to us
    Column("bundle", LargeBinary, nullable=False),  # sealtrail/proof/v1 about this code alone
    sqlite_with_rowid=False,
)
