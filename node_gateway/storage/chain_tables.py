"""The tables of chain following: what was read of the contracts' logs, and where reading stands."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from node_gateway.storage.tables import metadata

_Code: Final = Text().with_variant(Text(collation="C"), "postgresql")

chain_block = Table(
    "chain_block",
    metadata,
    # The newest row is the cursor; older ones find the block where a reorg branched off.
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("time", BigInteger, nullable=False),
)

chain_log = Table(
    "chain_log",
    metadata,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("block_time", BigInteger, nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("topics", LargeBinary, nullable=False),  # 32 bytes each
    Column("data", LargeBinary, nullable=False),
)

notice_code = Table(
    "notice_code",
    metadata,
    # Lists of codes that a notice names by digest only; they came in off chain and were checked.
    Column("code", _Code, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
)
