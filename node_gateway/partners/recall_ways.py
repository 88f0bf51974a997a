"""The way that a pack took through us, from everything that was stated of it. Pure.

A way is a row of stays. Movements that were stated twice, or again, are one. So two neighbours that
know the same statements name the same movements, whatever was stated again and in whichever order
it came. Nothing that happened is left out of the stays, even if it was undone: a neighbour does not
see what undid it, such as a round that the pack took in between.

Where a pack is now is told by what is left when all that was undone is taken out: what came back
from whoever got it never left, what went back to whoever gave it never came.
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
class Stay:
    """One stay of a pack with us.

    Attributes:
        came: The movements by which it came, oldest first; none if it was made here.
        out: The movement to the partner that answers for it from then on, None if none does.
    """

    came: tuple[Move, ...] = ()
    out: Move | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How a pack came and where it is.

    Attributes:
        moves: What was not undone, in order.
        stays: All its stays, oldest first; there is one at least.
    """

    moves: tuple[Move, ...]
    stays: tuple[Stay, ...]

    @property
    def came(self) -> tuple[Move, ...]:
        """The movements by which it came and that were not undone, oldest first."""
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
    return Way(tuple(taking.moves), _stays(taking.all))


def _stays(moves: Iterable[Move]) -> tuple[Stay, ...]:
    """Return stays: another begins when a pack comes that had left.

    Where it is stated to have left to several partners at once, the last one answers for it.
    """
    found = [Stay()]
    for one in moves:
        if one.direction is Direction.OUT:
            found[-1] = replace(found[-1], out=one)
        elif found[-1].out is None:
            found[-1] = replace(found[-1], came=(*found[-1].came, one))
        else:
            found.append(Stay((one,)))
    return tuple(found)


class _Taking:
    """Takes one step after the other.

    Attributes:
        moves: What was not undone.
        all: What was undone, too.
        undone: Direction and partner of the step that undid the one before, while nothing came
            after it: stated again, it undoes no more.
    """

    def __init__(self, made_here: bool) -> None:
        self.moves: list[Move] = []
        self.all: list[Move] = []
        self.undone: tuple[int, Direction] | None = None
        self._made_here = made_here
        self._brought: set[int] = set()

    def take(self, step: Step) -> None:
        """Take one step."""
        is_known = step.partner in self._brought
        if step.direction is Direction.IN and step.arrived:
            self._brought.add(step.partner)
        last = self.moves[-1] if self.moves else None
        if self.undone == (step.partner, step.direction):
            _tell_again(self.all, step)
        elif last is not None and last.partner == step.partner:
            if last.direction is step.direction:
                self._tell_again(step)
            elif step.arrived:
                self.moves.pop()
                self.all.append(Move(step.direction, step.partner, (step,)))
                self.undone = (step.partner, step.direction)
        elif step.arrived or (self._is_first() and not (is_known and self._is_elsewhere(step))):
            self.moves.append(Move(step.direction, step.partner, (step,)))
            self.all.append(self.moves[-1])
            self.undone = None
        else:
            self._tell_again(step)

    def _is_first(self) -> bool:
        """Tell whether nothing says that the pack is here, or went on from here."""
        is_back = self.undone is not None and self.undone[1] is Direction.OUT
        return not self.moves and not self._made_here and (self.undone is None or is_back)

    def _is_elsewhere(self, step: Step) -> bool:
        """Tell whether the pack went back to another partner than this one, who says to send it."""
        return self.undone is not None and self.undone[0] != step.partner

    def _tell_again(self, step: Step) -> None:
        _tell_again(self.moves, step)
        _tell_again(self.all, step)


def _tell_again(moves: list[Move], step: Step) -> None:
    """Note another statement of a movement, if there is one: of the latest."""
    for place in reversed(range(len(moves))):
        one = moves[place]
        if (one.partner, one.direction) == (step.partner, step.direction):
            moves[place] = one.told_again(step)
            return


__all__ = ["Move", "Stay", "Step", "Way", "way_of"]
