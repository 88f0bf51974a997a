"""One holder at a time: which claim of custody cannot hold beside what was claimed before. Pure.

What we know of a code's way are the handovers of which we are one end, what their receivers
answered, and what our own books say. A new handover to us is laid beside that. It errs towards
accusing nobody: what a correction, a return or a shipment on behalf of another explains is no
conflict. Of two that contradict each other the one is believed whose custody is shown; who was
first counts only where neither is. What is not believed is no step of the code's way afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

from node_gateway.partners.ports import Direction


class Reason(StrEnum):
    """Why two claims cannot hold together. Values are stable."""

    TWO_SENDERS = "two_senders"
    SENT_TWICE = "sent_twice"
    WAY_UNKNOWN = "way_unknown"
    ENDED_HERE = "ended_here"
    NEVER_LEFT = "never_left"


class Standing(IntEnum):
    """What shows that whoever hands a code over had it."""

    CLAIMED = 0
    """Nothing but its word."""
    SHOWN = 1
    """It commissioned the code under its own prefix, or we had handed the code to it."""
    RECEIVED = 2
    """We received the goods from it."""


class Claim(NamedTuple):
    """A handover of one code, seen from here.

    Attributes:
        partner: Who handed it to us, or to whom we handed it.
        handover: Digest of the handover, 32 bytes.
        shipment: Entry of the sender's shipping event.
        at: When it became known here, Unix seconds.
        kept: The receiver answered that the code was not there: it stayed with the sender.
        others: Other participants that its event names as sources or destinations.
        standing: Of its sender; what we hand over ourselves is SHOWN.
    """

    direction: Direction
    partner: int
    handover: bytes
    shipment: bytes
    at: int
    kept: bool = False
    others: frozenset[int] = frozenset()
    standing: Standing = Standing.CLAIMED


@dataclass(frozen=True, slots=True)
class OwnBooks:
    """What our own events say of a code.

    Attributes:
        ended: Entry of the event by which it left the trade here, None if it did not.
        made: Entry of our commissioning of it, if it is ours.
        left_at: When it was last shipped from here, Unix seconds; None if it came back since, or
            never left.
    """

    ended: bytes | None = None
    made: bytes | None = None
    left_at: int | None = None


class Conflict(NamedTuple):
    """Two statements that cannot both hold.

    Attributes:
        first: Digest of the earlier handover, or the entry of our own event.
        partner: Who said the first; None: we did.
        first_doubted: The new handover's sender is shown to have had the code, that of the first
            is not: the first is the one that is in doubt.
        undecided: Neither sender is shown to have had the code. Until one is, what was known of
            its way before stays: else any third claim, believed beside the two, would win.
    """

    reason: Reason
    first: bytes
    partner: int | None
    first_doubted: bool = False
    undecided: bool = False


def believed(claims: Sequence[Claim], contradictions: Iterable[tuple[bytes, bytes]]) -> list[Claim]:
    """Return the claims without those that stand against better ones.

    Args:
        claims: Of one code.
        contradictions: Conflicts that were found before as (first, second): digests of handovers,
            or the entry of our own event as the first.
    """
    standings = {
        one.handover: Standing.SHOWN if one.direction is Direction.OUT else one.standing
        for one in claims
    }
    doubted = set()
    for first, second in contradictions:
        if second in standings:
            better = standings[second] > standings.get(first, Standing.SHOWN)
            doubted.add(first if better else second)
    return [one for one in claims if one.direction is Direction.OUT or one.handover not in doubted]


def conflict(claims: Sequence[Claim], new: Claim, books: OwnBooks) -> Conflict | None:
    """Return what a new handover to us contradicts, None if it can hold.

    Args:
        claims: Earlier handovers of the code that stand and are `believed`, in the order in which
            they became known.
        new: The handover to us that was just disclosed.
        books: Our own events about the code.
    """
    if books.ended is not None:
        return Conflict(Reason.ENDED_HERE, books.ended, None)
    held = [one for one in claims if not one.kept and one.shipment != new.shipment]
    if not held:
        if books.made is not None and books.left_at is None:
            return Conflict(Reason.NEVER_LEFT, books.made, None)
        return None
    last = held[-1]
    if last.direction is Direction.IN:
        return _while_with_us(last, new, books)
    if _may_come_from(held, last, new):
        return None
    return Conflict(Reason.WAY_UNKNOWN, last.handover, None)


def _while_with_us(last: Claim, new: Claim, books: OwnBooks) -> Conflict | None:
    """Judge a handover of what was handed to us before, and not from us to anybody we know."""
    left_since = books.left_at is not None and books.left_at >= last.at
    if left_since or _together(last, new):  # it went to somebody outside of the network
        return None
    reason = Reason.SENT_TWICE if last.partner == new.partner else Reason.TWO_SENDERS
    undecided = reason is Reason.TWO_SENDERS and {new.standing, last.standing} == {Standing.CLAIMED}
    better = new.standing > last.standing
    return Conflict(reason, last.handover, last.partner, better, undecided)


def _together(one: Claim, other: Claim) -> bool:
    """Tell whether one of two shipments was made for the sender of the other."""
    if one.partner == other.partner:
        return False
    return other.partner in one.others or one.partner in other.others


def _may_come_from(held: Sequence[Claim], last: Claim, new: Claim) -> bool:
    """Tell whether goods that we handed on may come from the sender of `new`, as far as we know.

    They may come from whom we gave them to, from whom that shipment named beside it, and from
    whoever handed them over for one of these. What went back to whom we had it from may come again
    over anybody: on that side we know the last step only.
    """
    if any(one.direction is Direction.IN and one.partner == last.partner for one in held):
        return True
    behind: Collection[int] = {last.partner, *last.others}
    named = new.partner in behind or any(one in behind for one in new.others)
    return named or _sent_along(held, last, new)


def _sent_along(held: Sequence[Claim], last: Claim, new: Claim) -> bool:
    """Tell whether we gave them to several at once, as a carrier and the one who waits for them."""
    return any(
        one.direction is Direction.OUT
        and one.shipment == last.shipment
        and new.partner in {one.partner, *one.others}
        for one in held
    )


__all__ = ["Claim", "Conflict", "OwnBooks", "Reason", "Standing", "believed", "conflict"]
