"""What the anchorer says of itself: states, reasons and alarms with stable names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AnchorerState(StrEnum):
    """How far one may rely on the anchorer.

    `degraded` passes by itself; `read-only` waits for an operator; `fatal` ends the process.
    """

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    READ_ONLY = "read-only"
    FATAL = "fatal"


class Reason(StrEnum):
    """Why the state is not `ready`."""

    CHAIN_UNAVAILABLE = "chain_unavailable"
    """The chain does not answer; captures go on and wait."""
    CHAIN_BEHIND = "chain_behind"
    """The endpoint is still catching up with blocks that were seen before."""
    CHAIN_INCONSISTENT = "chain_inconsistent"
    """The endpoint's answers contradict each other; nothing is sent or made final on them."""
    SUBMISSION_UNKNOWN = "submission_unknown"
    """A transaction was sent, and whether it arrived shows on the chain only."""
    SIGNER_UNAVAILABLE = "signer_unavailable"
    """The remote signer gives no signature; captures go on and their batches wait."""
    SIGNER_MISMATCH = "signer_mismatch"
    """The remote signer signed something else than it was asked; nothing of it was sent."""
    KEY_REFUSED = "key_refused"
    """The consortium does not let this key write now: suspended, revoked, expired, or limited."""
    CONTRACT_REFUSED = "contract_refused"
    """The registry would revert for another reason."""
    REGISTRY_STOPPED = "registry_stopped"
    """A successor was named: the network file must name it before anchoring goes on."""
    RESTORED = "restored"
    """The chain holds anchors of ours that this database has never heard of: an old copy."""
    CHAIN_IDENTITY = "chain_identity"
    """This is another chain, or the chain lost what was final."""
    EQUIVOCATION_GUARD = "equivocation_guard"
    """Another root of ours stands on the chain, or was signed, for one of our sequences."""
    OUTBOX_INCONSISTENT = "outbox_inconsistent"
    """The stored anchors do not form a chain of tips: a damaged database. Nothing is signed."""


class AlarmCode(StrEnum):
    """Things that went right in the end and that an operator wants to know nevertheless."""

    FOREIGN_TRANSACTION = "foreign_transaction"
    """Somebody else sent a transaction with the anchor key."""
    NONCE_GAP = "nonce_gap"
    """A nonce before that of our own transaction was free, and was filled with an empty one."""
    REVERTED = "reverted"
    """One of our own transactions was mined and reverted."""
    SIGNER_MISMATCH = "signer_mismatch"
    """The remote signer signed something else than it was asked, or with another key."""
    REORG = "reorg"
    """Anchors that had been seen in a block are in none."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of one pass."""

    code: AlarmCode
    text: str


@dataclass(frozen=True, slots=True)
class AnchorerStatus:
    """The outcome of one pass.

    Attributes:
        reason: None if and only if the state is `ready` or `starting`.
        detail: A sentence for the operator, without anything undisclosed.
        head: Number of the newest block that was seen, None if the chain did not answer.
        pending: Anchors that are not final.
        unplaced: Those of them that are in no block.
        finalised: Anchors made final in this pass.
        lag_s: Age of the oldest anchor that is not final, 0 if there is none.
        anchor_by: The earliest promise among the anchors that are in no block.
        alarms: What happened in this pass.
    """

    state: AnchorerState
    reason: Reason | None = None
    detail: str = ""
    head: int | None = None
    pending: int = 0
    unplaced: int = 0
    finalised: int = 0
    lag_s: int = 0
    anchor_by: int | None = None
    alarms: tuple[Alarm, ...] = ()

    @property
    def may_capture(self) -> bool:
        """Whether captures may be acknowledged: unsure means stop writing."""
        return self.state in (AnchorerState.READY, AnchorerState.DEGRADED)


class HaltError(Exception):
    """Ends a pass with a state and a reason. Never leaves the anchorer."""

    def __init__(self, state: AnchorerState, reason: Reason, detail: str) -> None:
        self.state, self.reason, self.detail = state, reason, detail
        super().__init__(detail)


def degraded(reason: Reason, detail: str) -> HaltError:
    """Return what ends this pass; the next one tries again."""
    return HaltError(AnchorerState.DEGRADED, reason, detail)


def fatal(reason: Reason, detail: str) -> HaltError:
    """Return what ends all passes."""
    return HaltError(AnchorerState.FATAL, reason, detail)
