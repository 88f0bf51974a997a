"""Names of the contradictions that are kept, and which kind of file each of them makes.

A name leads from wherever a contradiction is noticed (a partner, an exception, the list of claims
of custody) to its one file. A conflict of custody makes one of its own only if both statements are
messages of which neither can follow the other: against our own books, or where goods may have come
round, what there is to show is what the partner `said`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from anchoring.evidence.model import EvidenceKind
from node_gateway.storage import custody, peers
from node_gateway.storage.custody import ConflictRow
from node_gateway.storage.peers import Way

MESSAGES, CUSTODY = "messages", "custody"
OF_CASE_MAX = 20
"""One task may gather any number of contradictions."""


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """One contradiction that was kept.

    Attributes:
        name: Under which it is exported.
        kind: Of the file that it makes.
        partners: Whose statements they are.
        found_at: Unix seconds.
        reason: In a word: `message_conflict`, or why custody conflicts.
        place: Where a list goes on behind it.
        case: Number of its exception, None if it has none.
    """

    name: str
    kind: EvidenceKind
    partners: tuple[int, ...]
    found_at: int
    reason: str
    place: str
    case: int | None = None

    @property
    def href(self) -> str:
        """Where the gateway gives the file."""
        return f"/v1/evidence/{self.name}"

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        return {
            "name": self.name,
            "kind": str(self.kind),
            "partners": list(self.partners),
            "foundAt": self.found_at,
            "reason": self.reason,
            "exception": self.case,
            "href": self.href,
        }


def message_name(row: Row[Any]) -> str:
    """Return the name under which a message that does not count is exported."""
    return f"{MESSAGES}-{row.id}"


def of_message(connection: Connection, row: Row[Any], own: int) -> KeptEvidence:
    """Return what a row of messages that do not count makes; `own` is our participant."""
    way = Way(row.direction)
    first = peers.digest_at(connection, row.partner, way, row.number)
    two = first is not None and first != bytes(row.digest)
    name = message_name(row)
    return KeptEvidence(
        name,
        EvidenceKind.TWO_MESSAGES if two else EvidenceKind.SAID,
        (row.partner if way is Way.HEARD else own,),
        row.found_at,
        "message_conflict",
        name,
    )


def of_custody(connection: Connection, row: ConflictRow, own: int) -> KeptEvidence:
    """Return what a conflict of custody makes; `own` is our participant."""
    place = f"{CUSTODY}-{row.number}"
    first, second = (peers.ends_of(connection, one) for one in (row.first, row.second))
    both = tuple(dict.fromkeys((row.first_partner, row.second_partner)))
    kind, name = EvidenceKind.CUSTODY_CONFLICT, place
    if second is not None and (first is None or _may_follow(first, second)):
        kind, name, both = EvidenceKind.SAID, row.second.hex(), (_sender(second, own),)
    return KeptEvidence(name, kind, both, row.found_at, row.reason, place, row.case_number)


def custody_name(connection: Connection, row: ConflictRow) -> str:
    """Return the name under which a conflict of custody is exported."""
    return of_custody(connection, row, own=0).name  # whose it is stands in no name


def of_case(connection: Connection, case: int, own: int) -> list[KeptEvidence]:
    """Return what was kept of an exception, the first of it; the list of all has the rest."""
    found = custody.conflicts(connection, case=case, limit=OF_CASE_MAX)
    return [of_custody(connection, one, own) for one in found]


def _may_follow(first: tuple[int, Way], second: tuple[int, Way]) -> bool:
    """Tell whether the receiver of one is the sender of the other."""
    return first[1] is not second[1]


def _sender(ends: tuple[int, Way], own: int) -> int:
    partner, way = ends
    return partner if way is Way.HEARD else own
