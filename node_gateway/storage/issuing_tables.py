"""The tables of `issuing`: nothing is kept per code but what was declared of it.

A code is found by computing its number back and looking for the part of an order that the number
lies in.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)

from node_gateway.storage.tables import metadata

_Id: Final = BigInteger().with_variant(Integer(), "sqlite")
_Code: Final = Text().with_variant(Text(collation="C"), "postgresql")

issuing_scheme = Table(
    "issuing_scheme",
    metadata,
    Column("number", _Id, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("alphabet", String, nullable=False),
    Column("body_length", SmallInteger, nullable=False),
    Column("checks_length", SmallInteger, nullable=False),
    Column("permutation_key", LargeBinary, nullable=False),
    Column("next_first", BigInteger, nullable=False),  # the first number that lies in no range
    Column("created_at_ms", BigInteger, nullable=False),
)
Index("issuing_scheme_by_name", issuing_scheme.c.kind, issuing_scheme.c.name, unique=True)

issuing_range = Table(
    "issuing_range",
    metadata,
    Column("number", _Id, primary_key=True, autoincrement=False),
    Column("scheme", BigInteger, nullable=False),
    Column("line", String, nullable=False),  # empty: no line was named
    Column("first", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("fixed", Boolean, nullable=False),  # an operator's: the line takes no other by itself
    Column("closed", Boolean, nullable=False),
    Column("checks_key", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)
Index("issuing_range_by_line", issuing_range.c.scheme, issuing_range.c.line)

issuing_order = Table(
    "issuing_order",
    metadata,
    Column("number", _Id, primary_key=True, autoincrement=False),
    Column("order_id", String, nullable=False),
    Column("scheme", BigInteger, nullable=False),
    Column("line", String, nullable=False),
    Column("code_count", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)
Index("issuing_order_by_id", issuing_order.c.order_id, unique=True)

issuing_part = Table(
    "issuing_part",
    metadata,
    Column("scheme", BigInteger, primary_key=True),
    Column("first", BigInteger, primary_key=True),  # its first number
    Column("code_count", BigInteger, nullable=False),
    Column("order_number", BigInteger, nullable=False),
    Column("order_index", BigInteger, nullable=False),  # which code of the order the first one is
    Column("range_number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("issuing_part_by_order", issuing_part.c.order_number, issuing_part.c.order_index)

issuing_mark = Table(
    "issuing_mark",
    metadata,
    Column("number", _Id, primary_key=True, autoincrement=False),
    Column("code", _Code, nullable=False),
    Column("kind", String, nullable=False),  # void or replaced
    Column("reason", Text, nullable=False),
    Column("replacement", _Code),
    Column("order_number", BigInteger),  # NULL: not issued here
    Column("order_index", BigInteger),
    Column("new_order_number", BigInteger),  # of the replacement, if this mark commissions it
    Column("new_order_index", BigInteger),
    Column("marked_at_ms", BigInteger, nullable=False),
    Column("event", LargeBinary),  # JSON, until it is captured
    Column("entry", LargeBinary),  # of the captured event; NULL: the code was not commissioned
)
Index("issuing_mark_by_code", issuing_mark.c.code, unique=True)
Index("issuing_mark_by_replacement", issuing_mark.c.replacement)
Index("issuing_mark_by_order", issuing_mark.c.order_number, issuing_mark.c.order_index)
Index("issuing_mark_by_new", issuing_mark.c.new_order_number, issuing_mark.c.new_order_index)

issuing_commission = Table(
    "issuing_commission",
    metadata,
    Column("order_number", BigInteger, primary_key=True),
    Column("first", BigInteger, primary_key=True),  # index of its first code in the order
    Column("code_count", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of what was asked for
    Column("marks_through", BigInteger, nullable=False),  # codes marked up to here are left out
    Column("event", LargeBinary, nullable=False),  # JSON without its codes
    Column("created_at_ms", BigInteger, nullable=False),
    Column("entry", LargeBinary),  # of the captured event, NULL until then
)
