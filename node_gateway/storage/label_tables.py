"""The tables of labels: jobs, and the log of what was printed, by whom and why.

What was issued here is logged as places in orders, so that a run of 10,000 labels is one row;
other codes are logged one by one.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from node_gateway.storage.tables import Code, Id, metadata

label_job = Table(
    "label_job",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("made_by", String, nullable=False),  # id of an API key
    Column("created_at_ms", BigInteger, nullable=False),
    Column("request", LargeBinary, nullable=False),  # JSON of what was asked for
    Column("label_count", Integer, nullable=False),
    Column("failed_scans", Integer, nullable=False),
    Column("unlocked_at_ms", BigInteger),  # NULL: its first label was not scanned yet
    Column("unlocked_by", String),
)

label_print = Table(
    "label_print",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("job", BigInteger),  # NULL: printed without a job
    Column("kind", String, nullable=False),  # first, run or once
    Column("format", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("label_count", Integer, nullable=False),
    Column("reason", Text),  # of a reprint
    Column("override", Text),  # why codes were printed that are refused otherwise
)
Index("label_print_by_job", label_print.c.job)

label_printed = Table(
    "label_printed",
    metadata,
    Column("order_number", BigInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),  # index in the order
    Column("print", BigInteger, primary_key=True, autoincrement=False),
    Column("code_count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("label_printed_by_print", label_printed.c.print)

label_printed_code = Table(
    "label_printed_code",
    metadata,
    Column("code", Code, primary_key=True),
    Column("print", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
Index("label_printed_code_by_print", label_printed_code.c.print)
