"""What an audit of a network is to look at, and how strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from anchoring.network_audit.challenging import ANSWER_S
from anchoring.network_audit.gateways import BUDGET_S
from anchoring.network_audit.schedule import Limits
from anchoring.verification import QUORUM_DEFAULT

GAPS: Final = "gaps"
RECEIPTS: Final = "receipts"
CHALLENGES: Final = "challenges"
PARTS: Final = (GAPS, RECEIPTS, CHALLENGES)


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What to look at, and how strictly.

    Attributes:
        parts: `gaps` is the chain itself: sequences, keys, times; `receipts` the public lists and
            what was handed over; `challenges` leaves that gateways must open.
        participants: Whom; empty means everybody in the directory.
        quorum: How many organisations must be audited through, from 1.
        cadence_s: Slot lengths that are known, by stream.
        leaves: How many leaves of each stream are asked for; 0 for none.
        announced_block: The seed is the block after this one; None: the newest block is the seed.
        addresses: Addresses of gateways in place of the directory's, by participant.
        with_evidence: Read what an evidence zip needs beyond the report.
    """

    parts: tuple[str, ...] = PARTS
    participants: frozenset[int] = frozenset()
    quorum: int = QUORUM_DEFAULT
    limits: Limits = field(default_factory=Limits)
    cadence_s: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    leaves: int = 0
    announced_block: int | None = None
    answer_s: float = ANSWER_S
    addresses: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    budget_s: float = BUDGET_S
    with_evidence: bool = False

    @property
    def challenges(self) -> bool:
        """Whether leaves are asked for."""
        return CHALLENGES in self.parts and self.leaves > 0
