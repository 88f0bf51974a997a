"""What a partner is told of a case: what it needs, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from node_gateway.storage.exceptions import CaseRow


class Silent:
    """Tells nobody: cases stay here."""

    def tell(self, connection: Connection, row: CaseRow, codes: Sequence[str]) -> bool:
        """Tell nothing."""
        del connection, row, codes
        return False
