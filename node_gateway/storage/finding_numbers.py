"""Numbers of findings: each is given once, though what had it may be gone.

Whoever reads on behind a number would never see a finding that got it again.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, select

from node_gateway.storage import registers
from node_gateway.storage.code_state_tables import finding

META_LAST: Final = "finding_last"
"""The highest number that was given, decimal."""
_LAST: Final = select(func.max(finding.c.number))


def take(connection: Connection, count: int) -> int:
    """Give out numbers inside a transaction that writes; return the first of them."""
    kept = int(registers.meta(connection, META_LAST) or b"0")
    last = max(kept, int(connection.execute(_LAST).scalar() or 0))  # older databases kept none
    registers.set_meta(connection, META_LAST, str(last + count).encode())
    return last + 1
