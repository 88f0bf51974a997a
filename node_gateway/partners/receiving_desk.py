"""What operators ask beside receiving: what receivers answered for ours, claims that conflict."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from node_gateway.errors import NotFoundError
from node_gateway.partners.evidence_names import custody_name
from node_gateway.partners.ports import Direction
from node_gateway.partners.receiving_words import moment
from node_gateway.storage import custody, handovers
from node_gateway.storage.custody import ConflictRow
from node_gateway.storage.database import Database

CODES_SHOWN_MAX = 1000


class ReceivingDesk:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, digest: bytes) -> dict[str, Any]:
        """Return both statements about a handover, ours or a partner's, as JSON.

        Args:
            digest: Of the handover's message.

        Raises:
            NotFoundError: `handover_not_found`, or `not_acknowledged` before the answer came.
        """

        def work(connection: Connection) -> dict[str, Any]:
            handover = handovers.handover(connection, digest)
            if handover is None:
                raise NotFoundError("no handover has this digest here", code="handover_not_found")
            row = custody.answer_to(connection, handover.number)
            if row is None:
                raise NotFoundError(
                    "the receiver has not answered for this handover yet",
                    code="not_acknowledged",
                )
            we_say = handover.direction is Direction.IN
            events = custody.answer_events(connection, handover.number)
            return {
                "handover": digest.hex(),
                "acknowledgement": row.digest.hex(),
                "by": "us" if we_say else handover.partner,
                "saidAt": moment(row.said_at),
                "expected": row.expected,
                "found": row.found,
                "extra": row.extra,
                "differences": list(row.differences),
                "events": [
                    {
                        "entry": one.entry.hex(),
                        "isProven": one.proof is not None,
                        "part": one.bundle,
                    }
                    for one in events
                ],
            }

        return await self._database.read(work)

    async def conflicts(self, *, after: int, limit: int) -> dict[str, Any]:
        """Return a page of claims of custody that cannot hold together, as JSON."""

        def work(connection: Connection) -> dict[str, Any]:
            rows = custody.conflicts(connection, after=after, limit=limit)
            return {
                "conflicts": [_wire(connection, one) for one in rows],
                "next": rows[-1].number if len(rows) == limit else None,
            }

        return await self._database.read(work)


def _wire(connection: Connection, row: ConflictRow) -> dict[str, Any]:
    codes = custody.conflict_codes(connection, row.number, limit=CODES_SHOWN_MAX)
    return {
        "number": row.number,
        "reason": row.reason,
        "first": row.first.hex(),
        "firstBy": row.first_partner,
        "second": row.second.hex(),
        "secondBy": row.second_partner,
        "foundAt": moment(row.found_at),
        "stands": custody.stands(connection, row),
        "exception": row.case_number,
        "evidence": custody_name(connection, row),
        "codes": codes,
    }
