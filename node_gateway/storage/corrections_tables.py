"""The table of `corrections`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from node_gateway.storage.tables import metadata

# Who names an eventID as corrective. The other direction needs no table: a declaration carries
# the eventID of what it takes back.
correction = Table(
    "correction",
    metadata,
    Column("corrective", LargeBinary, primary_key=True),  # first 8 bytes of SHA-256 of the eventID
    Column("declaration", BigInteger, primary_key=True),  # position of the declaring event
    sqlite_with_rowid=False,
)
