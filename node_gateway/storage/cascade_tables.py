"""The tables of recalls from hand to hand: whom we asked, who asked us, what was answered."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, SmallInteger, Table, Text

from node_gateway.storage.tables import metadata

recall_task = Table(
    "recall_task",
    metadata,
    Column("notice", BigInteger, primary_key=True, autoincrement=False),
    Column("way", SmallInteger, primary_key=True, autoincrement=False),  # 0 asked us, 1 we asked
    Column("partner", BigInteger, primary_key=True, autoincrement=False),
    Column("handovers", LargeBinary, nullable=False),  # JSON: [[digest, units], ...]
    Column("units", Integer, nullable=False),
    Column("asked_at_ms", BigInteger, nullable=False),
    Column("report", LargeBinary),  # JSON of the latest answer
    Column("reported_at_ms", BigInteger),
    Column("acknowledged_at_ms", BigInteger),  # a person has taken note
    sqlite_with_rowid=False,
)

# What became of a notice here; times are the gateway's.
recall_course = Table(
    "recall_course",
    metadata,
    Column("notice", BigInteger, primary_key=True, autoincrement=False),
    Column("began_at_ms", BigInteger, nullable=False),
    Column("acknowledged_at_ms", BigInteger),
    Column("note", Text),
    Column("closed_at_ms", BigInteger),  # 95 % of the units were accounted for
    sqlite_with_rowid=False,
)
