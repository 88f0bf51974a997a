"""The table of shipments whose receiver nobody knows yet."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table

from node_gateway.storage.tables import Code, metadata

# By each party that such a shipment names: to which participant it belongs, nobody knows.
handover_unaddressed = Table(
    "handover_unaddressed",
    metadata,
    Column("party", Code, primary_key=True),
    Column("entry", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
Index("handover_unaddressed_by_entry", handover_unaddressed.c.entry)
