"""Two signed transactions for one place of a stream."""

from __future__ import annotations

from anchoring.evidence.inquiry import PURPOSE_ANCHOR, Inquiry
from anchoring.evidence.model import EvidenceRefusedError, TwoTransactions
from anchoring.evidence.signed import signed_anchors


def check_two_transactions(shown: TwoTransactions, inquiry: Inquiry) -> tuple[int, ...]:
    """Check that a participant signed two different batches for one (stream, sequence).

    A gateway makes a batch durable before it signs and never changes it, so another gas price,
    nonce or signature leaves root and size as they are. A stream that goes on in a successor is
    signed anew for the other registry; that is why both must be for one. Whether any of the two
    was mined does not matter.

    Returns:
        The participant that signed both.

    Raises:
        VerificationError: it is not shown.
    """
    network = inquiry.facts.network
    first, second = (signed_anchors(raw, network) for raw in shown.transactions)
    if first.registry != second.registry:
        text = "the two are for two registries: a stream goes on in a successor by signing anew"
        raise EvidenceRefusedError(text, "registries_differ")
    others = {(one.stream, one.sequence): one for one in second.anchors}
    pairs = [
        (one, others[one.stream, one.sequence])
        for one in first.anchors
        if (one.stream, one.sequence) in others
    ]
    if not pairs:
        raise EvidenceRefusedError("the two anchor no place both", "no_contradiction")
    differing = [
        (one, other) for one, other in pairs if (one.root, one.size) != (other.root, other.size)
    ]
    if not differing:
        text = "both anchor the same: signed again is no second statement"
        raise EvidenceRefusedError(text, "no_contradiction")
    participant = differing[0][0].participant
    for one, other in differing:
        if one.participant != participant:
            continue  # whoever signs may name a stream that is not its own
        inquiry.said.append(
            f"for stream {one.stream}, sequence {one.sequence} participant {participant} signed "
            f"root {one.root.hex()} ({one.size}) and root {other.root.hex()} ({other.size})"
        )
    for number, signed in enumerate((first, second), start=1):
        what = f"transaction {number} (0x{signed.tx_hash.hex()})"
        inquiry.signed_by(signed.sender, participant, PURPOSE_ANCHOR, at=None, what=what)
    return (participant,)
