"""One holder at a time: which claim of custody cannot hold beside what was claimed before. Pure.

What we know of a code's way are the handovers of which we are one end, what their receivers
answered, and what our own books say. A new handover to us is laid beside that. It errs towards
accusing nobody: what a correction, a return or a shipment on behalf of another explains is no
conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from node_gateway.partners.ports import Direction


class Reason(StrEnum):
    """Why two claims cannot hold together. Values are stable."""

    TWO_SENDERS = "two_senders"
    SENT_TWICE = "sent_twice"
    WAY_UNKNOWN = "way_unknown"
    ENDED_HERE = "ended_here"
    NEVER_LEFT = "never_left"


class Claim(NamedTuple):
    """A handover of one code, seen from here.

    Attributes:
        partner: Who handed it to us, or to whom we handed it.
        handover: Digest of the handover, 32 bytes.
        shipment: Entry of the sender's shipping event.
        at: When it became known here, Unix seconds.
        kept: The receiver answered that the code was not there: it stayed with the sender.
        others: Other participants that its event names as sources or destinations.
    """

    direction: Direction
    partner: int
    handover: bytes
    shipment: bytes
    at: int
    kept: bool = False
    others: frozenset[int] = frozenset()


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
    """

    reason: Reason
    first: bytes
    partner: int | None


def conflict(claims: Sequence[Claim], new: Claim, books: OwnBooks) -> Conflict | None:
    """Return what a new handover to us contradicts, None if it can hold.

    Args:
        claims: Earlier handovers of the code that stand, in the order in which they became known.
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
    return Conflict(reason, last.handover, last.partner)


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


__all__ = ["Claim", "Conflict", "OwnBooks", "Reason", "conflict"]
