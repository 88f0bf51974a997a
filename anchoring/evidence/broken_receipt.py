"""A promise that was not kept: the receipt, and the public lists without what it promised."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from anchoring.chain.receipts import receipt_signer
from anchoring.core import merkle
from anchoring.core.anchor import ZERO_HASH, Anchor
from anchoring.core.receipt import Receipt
from anchoring.evidence.facts import NeedHalts, NeedRecords, NeedStatuses
from anchoring.evidence.inquiry import PURPOSE_SIGN, Inquiry
from anchoring.evidence.model import BrokenReceipt, EvidenceRefusedError, PublicList

CLOCK_S = 86_400
"""Lists older than the receipt by so much may be left out: no gateway's clock is a day wrong."""
ACTIVE = 1
_NEVER = 2**62


def check_broken_receipt(shown: BrokenReceipt, inquiry: Inquiry) -> tuple[int, ...]:
    """Check that a promised entry is in no anchor that was made in time.

    The last anchor is held against the chain; its tip commits to all before it, and each list
    must give its root and size, so that no list can be left out or changed. The promised time is
    extended by all time in which the participant was not active or the chain made no block.

    Returns:
        The participant that made the promise.

    Raises:
        FormatError, VerificationError: it is not shown, or the promise is not due.
    """
    receipt = shown.receipt
    _check_receipt(shown, inquiry)
    _check_row(shown, inquiry)
    withheld = _check_lists(shown)
    deadline = _deadline(shown, inquiry)
    if deadline is not None:
        _check_end(shown, inquiry, deadline)
    if withheld:
        inquiry.lacks(
            "lists_withheld",
            f"the lists of sequences {_numbers(withheld)} are not in the file: that they were "
            "withheld is the word of whoever made it; ask the participant's gateway for them",
        )
    inquiry.said.append(
        f"participant {receipt.participant} promised to anchor entry {shown.entry.hex()} in "
        f"stream {receipt.stream} by block time {receipt.anchor_by}"
    )
    if deadline is not None and deadline != receipt.anchor_by:
        inquiry.said.append(f"extended to {deadline} by suspensions and halts of the chain")
    known = len(shown.lists) - len(withheld)
    inquiry.said.append(f"{known} lists up to that time hold no such entry")
    return (receipt.participant,)


def _check_receipt(shown: BrokenReceipt, inquiry: Inquiry) -> None:
    receipt, network = shown.receipt, inquiry.facts.network
    registries = {one.address for one in network.registries}
    if receipt.chain_id != network.chain_id or receipt.registry not in registries:
        text = "the receipt is for another chain or registry"
        raise EvidenceRefusedError(text, "other_chain")
    if shown.entry not in receipt.entries:
        raise EvidenceRefusedError("the receipt does not promise this entry", "entry_not_promised")
    signer = receipt_signer(receipt)
    inquiry.signed_by(
        signer, receipt.participant, PURPOSE_SIGN, at=receipt.received_at, what="the receipt"
    )


def _check_row(shown: BrokenReceipt, inquiry: Inquiry) -> None:
    """Check that the anchors are all there are of the stream, from the first to the last."""
    network = inquiry.facts.network
    placed = [one.anchor for one in (shown.before, shown.after, shown.last) if one is not None]
    for anchor in (*placed, *(one.anchor for one in shown.lists)):
        if anchor.stream != shown.receipt.stream:
            raise EvidenceRefusedError("an anchor is of another stream", "stream_differs")
        anchor.check()
    row = _row(shown)
    if row and shown.before is None and row[0].sequence != 1:
        text = f"the lists of sequences 1 to {row[0].sequence - 1} are left out"
        raise EvidenceRefusedError(text, "lists_incomplete")
    for earlier, later in pairwise(row):
        tips = {
            earlier.tip(chain_id=network.chain_id, registry=one.address)
            for one in network.registries
        }
        if later.sequence != earlier.sequence + 1 or later.previous_tip not in tips:
            text = f"anchor {later.sequence} does not follow {earlier.sequence}"
            raise EvidenceRefusedError(text, "lists_incomplete")
    if shown.before is not None:
        if shown.before.at.block_time > shown.receipt.received_at - CLOCK_S:
            text = "lists from less than a day before the receipt are left out"
            raise EvidenceRefusedError(text, "lists_incomplete")
        inquiry.anchored(shown.before.anchor, shown.before.at)


def _row(shown: BrokenReceipt) -> list[Anchor]:
    before = [shown.before.anchor] if shown.before is not None else []
    after = [shown.after.anchor] if shown.after is not None else []
    return [*before, *(one.anchor for one in shown.lists), *after]


def _check_lists(shown: BrokenReceipt) -> list[int]:
    """Check every list against its root; return the sequences of those that are not there."""
    withheld = []
    for one in shown.lists:
        if one.entries is None:
            withheld.append(one.anchor.sequence)
            continue
        _check_list(one)
        if shown.entry in one.entries:
            text = f"the entry is in the list of sequence {one.anchor.sequence}"
            raise EvidenceRefusedError(text, "entry_anchored")
    return withheld


def _check_list(one: PublicList) -> None:
    entries = one.entries or ()
    size, root = len(entries), ZERO_HASH
    if entries:
        root = merkle.tree_root(merkle.build_levels(merkle.leaf_hashes(entries)))
    if (size, root) != (one.anchor.size, one.anchor.root):
        text = f"the list of sequence {one.anchor.sequence} is not what was anchored"
        raise EvidenceRefusedError(text, "list_mismatch")


def _check_end(shown: BrokenReceipt, inquiry: Inquiry, deadline: int) -> None:
    """Check that the anchors up to the deadline are all in the row."""
    if deadline >= _NEVER:
        raise EvidenceRefusedError("the participant is suspended: it is not due", "not_due")
    if shown.after is not None:
        inquiry.anchored(shown.after.anchor, shown.after.at)
        return
    _check_silence(shown, inquiry, deadline)


def _check_end_follows(shown: BrokenReceipt, deadline: int) -> None:
    if shown.after is not None and shown.after.at.block_time <= deadline:
        text = f"anchors up to block time {deadline} count, and the lists end before"
        raise EvidenceRefusedError(text, "not_due")


def _check_silence(shown: BrokenReceipt, inquiry: Inquiry, deadline: int) -> None:
    """Check that nothing was anchored behind the lists up to a time after the deadline."""
    row = _row(shown)
    if row:
        last = shown.last or (shown.before if not shown.lists else None)
        if last is None or last.anchor != row[-1]:
            raise EvidenceRefusedError("where the last list is anchored is not said", "list_place")
        inquiry.anchored(last.anchor, last.at)
    sequence = row[-1].sequence + 1 if row else 1
    stream = shown.receipt.stream
    need = NeedRecords(stream, sequence, deadline + 1)
    text = f"that nothing was anchored at {stream}/{sequence} until {deadline} was not checked"
    answer = inquiry.ask(need, code="silence_unchecked", unknown=text)
    if answer is None:
        return
    if any(slot != ZERO_HASH for _, slot in answer.records):
        text = f"the chain holds an anchor {stream}/{sequence}, and its list is left out"
        raise EvidenceRefusedError(text, "lists_incomplete")
    inquiry.rests_on(f"nothing is anchored at {stream}/{sequence}: {answer.basis}")


def _deadline(shown: BrokenReceipt, inquiry: Inquiry) -> int | None:
    """Return the promised time with all extensions, None if not all of them are known.

    What extends the promise may bring further suspensions and halts into its time; so it is
    computed until it stays.
    """
    receipt = shown.receipt
    deadline = receipt.anchor_by
    while deadline < _NEVER:
        _check_end_follows(shown, deadline)
        away = _inactive(receipt, inquiry, deadline)
        halts = _halts(receipt, inquiry, deadline)
        if away is None or halts is None:
            return None
        extended = receipt.anchor_by
        extended += _within(away, receipt.received_at, deadline)
        extended += _within(halts, receipt.received_at, deadline)
        if extended <= deadline:
            return deadline
        deadline = min(extended, _NEVER)
    return _NEVER


def _within(intervals: Sequence[tuple[int, int]], start: int, deadline: int) -> int:
    return sum(max(0, until - max(since, start)) for since, until in intervals if since <= deadline)


def _inactive(receipt: Receipt, inquiry: Inquiry, deadline: int) -> list[tuple[int, int]] | None:
    participant = receipt.participant
    text = f"whether participant {participant} was suspended meanwhile was not checked"
    need = NeedStatuses(participant, deadline + 1)
    answer = inquiry.ask(need, code="suspensions_unchecked", unknown=text)
    if answer is None:
        return None
    inquiry.rests_on(f"the statuses of participant {participant}: {answer.basis}")
    changes = answer.spans
    ends = [since for since, _ in changes[1:]] + [_NEVER]
    return [
        (since, end) for (since, status), end in zip(changes, ends, strict=True) if status != ACTIVE
    ]


def _halts(receipt: Receipt, inquiry: Inquiry, deadline: int) -> Sequence[tuple[int, int]] | None:
    text = "whether the chain stood still meanwhile was not checked"
    need = NeedHalts(receipt.received_at, deadline)
    answer = inquiry.ask(need, code="halts_unchecked", unknown=text)
    if answer is None:
        return None
    inquiry.rests_on(f"the times of all blocks meanwhile: {answer.basis}")
    return answer.spans


def _numbers(sequences: Sequence[int]) -> str:
    shown = ", ".join(str(one) for one in sequences[:10])
    return shown if len(sequences) <= 10 else f"{shown} and {len(sequences) - 10} more"
