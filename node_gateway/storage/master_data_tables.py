"""The tables of `master_data`: what holds now, and every version before it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, Text

from node_gateway.storage.tables import metadata

# Bytewise order on both databases: pages go by it.
_Identifier: Final = Text().with_variant(Text(collation="C"), "postgresql")


master_record = Table(
    "master_record",
    metadata,
    Column("kind", String, primary_key=True),
    Column("identifier", _Identifier, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON
    Column("words", Text, nullable=False),  # what a search looks into, case folded
    Column("source", String, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("removed", Boolean, nullable=False),
)

master_version = Table(
    "master_version",
    metadata,
    Column("kind", String, primary_key=True),
    Column("identifier", _Identifier, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("source", String, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("removed", Boolean, nullable=False),
)
