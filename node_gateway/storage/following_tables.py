"""The table of `following`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from node_gateway.storage.tables import metadata

projection = Table(
    "projection",
    metadata,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False),  # of the last event that is in it
)
