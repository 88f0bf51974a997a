"""Two signed handovers of one code that cannot both hold."""

from __future__ import annotations

from hashlib import sha256

from anchoring.chain.messages import digest_of
from anchoring.evidence.inquiry import Inquiry
from anchoring.evidence.messages import check_signed
from anchoring.evidence.model import CustodyConflict, EvidenceRefusedError, HandedOver
from anchoring.handover import HandedEvent, Manifest
from anchoring.handover_check import (
    PARENT_PATH,
    SHIPPING_STEPS,
    ShipmentCheck,
    check_event,
)
from anchoring.handover_reading import parse_manifest, parse_part

HANDOVER_KIND = "handover"
_GOODS = ("epcList", "childEPCs")


def check_custody_conflict(shown: CustodyConflict, inquiry: Inquiry) -> tuple[int, ...]:
    """Check that two handovers of one code were signed that do not follow each other.

    What a file cannot show is that nothing happened in between: a code may have come back, or a
    sender may have taken a handover back. So it proves that both were said, and blames nobody;
    an honest sender answers it with the handover that is missing.

    Returns:
        The senders.

    Raises:
        FormatError, VerificationError: it is not shown.
    """
    first, second = shown.handovers
    digests = [digest_of(one.message.statement) for one in shown.handovers]
    if digests[0] == digests[1]:
        raise EvidenceRefusedError("both are one handover", "no_contradiction")
    manifests = [_manifest(one) for one in shown.handovers]
    _check_apart(first, second, manifests, digests)
    for number, (one, manifest) in enumerate(zip(shown.handovers, manifests, strict=True), start=1):
        check_signed(one.message, inquiry, what=f"handover {number}")
        if not _names(one, manifest, shown.code):
            text = f"handover {number} does not disclose the code"
            raise EvidenceRefusedError(text, "code_not_disclosed")
        inquiry.said.append(f"handover {number} names the code {shown.code}")
    return tuple(dict.fromkeys(one.message.statement.sender for one in shown.handovers))


def _manifest(one: HandedOver) -> Manifest:
    statement = one.message.statement
    if statement.kind != HANDOVER_KIND or one.message.body is None:
        raise EvidenceRefusedError("a message is no handover with its manifest", "no_handover")
    if one.message.answer is not None and one.message.answer.code:
        text = "a handover was refused by its receiver, so the sender kept the goods"
        raise EvidenceRefusedError(text, "handover_refused")
    return parse_manifest(one.message.body)


def _check_apart(
    first: HandedOver, second: HandedOver, manifests: list[Manifest], digests: list[bytes]
) -> None:
    """Refuse two handovers of which one follows, or corrects, the other."""
    for manifest, other in zip(manifests, reversed(digests), strict=True):
        if manifest.replaces == other:
            raise EvidenceRefusedError("one replaces the other", "handover_replaced")
    if manifests[0].shipment == manifests[1].shipment:
        raise EvidenceRefusedError("both hand over one shipment", "no_contradiction")
    left, right = first.message.statement, second.message.statement
    if left.receiver == right.sender or right.receiver == left.sender:
        text = "the receiver of one is the sender of the other: goods go on so"
        raise EvidenceRefusedError(text, "handovers_follow")


def _names(one: HandedOver, manifest: Manifest, code: str) -> bool:
    sender = one.message.statement.sender
    if one.event is not None:
        return _event_names(one.event, manifest, sender, code)
    if tuple(sha256(text).digest() for text in one.parts) != manifest.parts:
        raise EvidenceRefusedError("the parts are not those of the manifest", "handover_parts")
    check = ShipmentCheck(sender, manifest.shipment, manifest.replaces)
    for text in one.parts:
        part = parse_part(text)
        check.add(part, [check_event(event) for event in part.events])
    return code in check.finish().parents


def _event_names(event: HandedEvent, manifest: Manifest, sender: int, code: str) -> bool:
    checked = check_event(event)
    if checked.entry != manifest.shipment or checked.participant != sender:
        raise EvidenceRefusedError("the event is not the one that was shipped", "entries_differ")
    if checked.act.biz_step not in SHIPPING_STEPS or checked.act.has_error_declaration:
        raise EvidenceRefusedError("the event ships nothing", "no_handover")
    return code in checked.named(*_GOODS) or code == checked.text(PARENT_PATH)
