"""What verification against the chain comes to: outcomes, witness lines, warnings, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from anchoring.ports import BlockRef
from anchoring.witness_ports import WitnessReader


@dataclass(frozen=True, slots=True)
class Witness:
    """One endpoint. `participant` is its organisation's id, None for an outsider."""

    organisation: str
    participant: int | None
    name: str
    reader: WitnessReader


class Outcome(StrEnum):
    """What verification came to. Only `verified` is a pass."""

    VERIFIED = "verified"
    REFUSED = "refused"
    NOT_AUTHORISED = "not_authorised"
    RECALLED = "recalled"
    DISAGREEMENT = "disagreement"
    CANNOT_CHECK = "cannot_check"


WORST_FIRST = (
    Outcome.REFUSED,
    Outcome.NOT_AUTHORISED,
    Outcome.RECALLED,
    Outcome.DISAGREEMENT,
    Outcome.CANNOT_CHECK,
    Outcome.VERIFIED,
)
"""The worst outcome of several bundles is that of all; of one bundle, the first that applies."""


class WitnessState(StrEnum):
    """What became of one witness."""

    AGREES = "agrees"
    REFUSES = "refuses"
    STALE = "stale"
    UNAVAILABLE = "unavailable"
    WRONG_CHAIN = "wrong_chain"
    FORKED = "forked"
    CONTRADICTS_ITSELF = "contradicts_itself"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class WitnessLine:
    """One witness's answer. `code` is a refusal code or names why it does not count.

    `proven` is True if its own answer was proven under the block hash by `eth_getProof`.
    """

    organisation: str
    name: str
    state: WitnessState
    code: str
    text: str
    proven: bool = False


@dataclass(frozen=True, slots=True)
class ChainWarning:
    """Something a viewer must see beside a result; one witness that shows it is enough.

    Attributes:
        since: From when on it holds, Unix seconds; 0 if it has no time.
        shown_by: Organisations that show it; others may withhold it.
    """

    code: str
    text: str
    since: int = 0
    shown_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seals:
    """How many of the network file's validators sealed the block at which all were asked."""

    count: int
    validators: int
    is_enough: bool


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """The result for one bundle.

    Attributes:
        code: Stable; `verified`, a refusal code, `not_authorised`, `recalled`,
            `witness_disagreement`, `witness_stale`, `chain_unavailable`, `chain_mismatch` or
            `quorum_not_met`.
        is_anchored: Enough witnesses hold the anchor; also true of what is recalled.
        agreeing: Names of organisations that agree.
        at: The block at which all were asked, None if none could be.
        registry: The registry that holds the anchor, None unless `is_anchored`.
        seals: Who sealed that block; None if the network file names no validators or no witness
            showed its header.
        notes: What could not be asked, and says nothing against the bundle.
    """

    outcome: Outcome
    code: str
    text: str
    quorum: int
    is_anchored: bool
    agreeing: tuple[str, ...]
    at: BlockRef | None
    registry: bytes | None
    witnesses: tuple[WitnessLine, ...]
    warnings: tuple[ChainWarning, ...]
    notes: tuple[ChainWarning, ...] = ()
    seals: Seals | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        at, seals = self.at, self.seals
        return {
            "outcome": str(self.outcome),
            "code": self.code,
            "text": self.text,
            "quorum": self.quorum,
            "anchored": self.is_anchored,
            "agreeing": list(self.agreeing),
            "at": {"number": at.number, "hash": at.block_hash.hex()} if at else None,
            "seals": {"count": seals.count, "validators": seals.validators} if seals else None,
            "registry": self.registry.hex() if self.registry else None,
            "witnesses": [
                {
                    "organisation": one.organisation,
                    "name": one.name,
                    "state": str(one.state),
                    "code": one.code,
                    "proven": one.proven,
                    "text": one.text,
                }
                for one in self.witnesses
            ],
            "warnings": [_warning(one) for one in self.warnings],
            "notes": [_warning(one) for one in self.notes],
        }


def _warning(one: ChainWarning) -> dict[str, Any]:
    return {
        "code": one.code,
        "text": one.text,
        "since": one.since or None,
        "shownBy": list(one.shown_by),
    }
