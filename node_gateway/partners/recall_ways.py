"""The way that a pack took through us, from everything that was stated of it. Pure.

A way is what is left when all that was undone is taken out: what came back from whoever got it
never left, what went back to whoever gave it never came. Movements that were stated twice, or
again, are one. So two neighbours that know the same statements agree on who answers for a pack,
whatever was stated again and in whichever order it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from node_gateway.partners.ports import Direction


@dataclass(frozen=True, slots=True)
class Step:
    """One handover that a pack went by, in the order of happening.

    Attributes:
        arrived: Whether the pack was there when that shipment was received; true of what we gave.
        said: Number of the message that said it, among those between its two ends: both know it.
    """

    direction: Direction
    partner: int
    handover: bytes
    arrived: bool = True
    said: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """A movement between us and a partner; `names` are the handovers that state it, oldest first.

    The giver asks by the last name that it knows of.
    """

    direction: Direction
    partner: int
    steps: tuple[Step, ...]

    @property
    def names(self) -> tuple[bytes, ...]:
        """Digests of the handovers."""
        return tuple(one.handover for one in self.steps)

    @property
    def arrived(self) -> bool:
        """Whether the pack was there by any of the handovers."""
        return any(one.arrived for one in self.steps)

    def told_again(self, step: Step) -> Move:
        """Return it with one more statement."""
        steps = tuple(sorted((*self.steps, step), key=lambda one: one.said))
        return replace(self, steps=steps)


@dataclass(frozen=True, slots=True)
class Way:
    """How a pack came and where it is.

    Attributes:
        moves: What was not undone, in order.
        is_here: Whether it is ours to answer for; false if it went back to whoever gave it.
    """

    moves: tuple[Move, ...]
    is_here: bool

    @property
    def out(self) -> Move | None:
        """The movement to the partner that answers for it, None if none does."""
        last = self.moves[-1] if self.moves else None
        return last if last is not None and last.direction is Direction.OUT else None

    @property
    def came(self) -> tuple[Move, ...]:
        """The movements by which it came, oldest first: a pack may come by a circle."""
        return tuple(one for one in self.moves if one.direction is Direction.IN)


def way_of(steps: Iterable[Step], *, made_here: bool = False) -> Way:
    """Return the way of a pack that took these steps, as stated and in order.

    A handover to us counts when the pack was there. Where it was not, it may be the first that is
    known of a pack of somebody else's, or another statement of how it came: what somebody only
    says to have sent moves nothing.
    """
    taking = _Taking(made_here)
    for step in steps:
        taking.take(step)
    is_back = taking.undone is not None and taking.undone[1] is Direction.OUT
    is_here = made_here or bool(taking.moves) or not is_back
    return Way(tuple(taking.moves), is_here)


class _Taking:
    """Takes one step after the other.

    Attributes:
        undone: Direction and partner of the step that undid the one before, while nothing came
            after it: stated again, it undoes no more.
    """

    def __init__(self, made_here: bool) -> None:
        self.moves: list[Move] = []
        self.undone: tuple[int, Direction] | None = None
        self._made_here = made_here

    def take(self, step: Step) -> None:
        """Take one step."""
        if self.undone == (step.partner, step.direction):
            return
        last = self.moves[-1] if self.moves else None
        if last is not None and last.partner == step.partner:
            if last.direction is step.direction:
                self.moves[-1] = last.told_again(step)
                return
            if step.arrived:
                self.moves.pop()
                self.undone = (step.partner, step.direction)
            return
        if step.arrived or self._is_first():
            self.moves.append(Move(step.direction, step.partner, (step,)))
            self.undone = None
            return
        self._tell_again(step)

    def _is_first(self) -> bool:
        """Tell whether nothing says that the pack is here, or went on from here."""
        is_back = self.undone is not None and self.undone[1] is Direction.OUT
        return not self.moves and not self._made_here and (self.undone is None or is_back)

    def _tell_again(self, step: Step) -> None:
        """Note another statement of how the pack came, if it came from there."""
        for place in reversed(range(len(self.moves))):
            one = self.moves[place]
            if (one.partner, one.direction) == (step.partner, step.direction):
                self.moves[place] = one.told_again(step)
                return


__all__ = ["Move", "Step", "Way", "way_of"]
