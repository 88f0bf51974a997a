"""The tables of `importing`: files, where their events are, bills that are known, pack levels."""

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
    text,
)

from node_gateway.storage.tables import metadata

_Id: Final = BigInteger().with_variant(Integer(), "sqlite")
_Text: Final = Text().with_variant(Text(collation="C"), "postgresql")

import_job = Table(
    "import_job",
    metadata,
    Column("number", _Id, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("kind", String, nullable=False),
    Column("options", String, nullable=False),
    Column("state", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("finished_at_ms", BigInteger),
    Column("code_count", BigInteger, nullable=False),  # that the file holds
    Column("part_count", Integer, nullable=False),  # that are stored
    Column("event_count", BigInteger, nullable=False),
    Column("duplicate_count", BigInteger, nullable=False),
    Column("captured_code_count", BigInteger, nullable=False),
    Column("report", LargeBinary),  # JSON, NULL without
)
Index(
    "import_job_by_file",
    import_job.c.digest,
    import_job.c.kind,
    import_job.c.options,
    unique=True,
)
Index(
    "import_job_open",
    import_job.c.number,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

# Which parts of an import hold events about a bill or a lot.
import_place = Table(
    "import_place",
    metadata,
    Column("key", _Text, primary_key=True),
    Column("job", BigInteger, primary_key=True),
    Column("part", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

# A bill's number belongs to one content for ever.
import_bill = Table(
    "import_bill",
    metadata,
    Column("number", _Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("job", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),  # its codes were active when it came
)
Index("import_bill_by_job", import_bill.c.job)

# The pack level of a drug identification code, from relation files.
import_level = Table(
    "import_level",
    metadata,
    Column("drug_id", String, primary_key=True),
    Column("level", SmallInteger, nullable=False),
    Column("job", BigInteger, nullable=False),
)
