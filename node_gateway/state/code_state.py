"""The state of one code: what its events have made of it. Immutable and of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from node_gateway.state.facts import Party

Mark: TypeAlias = tuple[int, int]
"""(eventTime in ms, position) of an event: the order in which events are folded."""
EARLY_MAX: Final = 8
EMPTIED_MAX: Final = 4
ENDS: Final = frozenset({"dispensed", "decommissioned", "destroyed", "lost", "consumed"})
"""How a code can leave the trade."""


class Ended(NamedTuple):
    """How a code left the trade: `dispensed`, `decommissioned`, `destroyed`, `lost`, `consumed`."""

    kind: str
    by: Mark


class Recall(NamedTuple):
    """A recall; one said by a persistent disposition stays until that is unset."""

    by: Mark
    persistent: bool


class Sent(NamedTuple):
    """A shipment under way."""

    by: Mark
    sources: tuple[Party, ...]
    destinations: tuple[Party, ...]
    place: str | None


class Emptied(NamedTuple):
    """Everything was taken out of a unit: what held for it then holds for what came out."""

    by: Mark
    place: str | None
    holder: str | None
    supplier: str | None
    sent: Sent | None
    recalled: Recall | None


class CodeState(NamedTuple):
    """What is known of a code after some events.

    Attributes:
        made: Its commissioning.
        last: Its latest event in the order of folding.
        early: Its first uses while no commissioning is known, at most EARLY_MAX.
        ended: How it left the trade, None while it is in it.
        returned: It came back after having been dispensed and was not released since.
        recalled: The recall that holds for it.
        disposition: Latest stated; `persistent` are those that stay until unset.
        step: Latest business step stated.
        parent: What it was packed into; valid while `packed` is later than the parent's `emptied`.
        filled: Its first packing, as a parent.
        emptied: When everything was taken out of it, the last EMPTIED_MAX times, oldest first.
        relied_ms: Latest event of another code whose judgement rested on this one.
        place: Where it was last stated to be.
        holder: The last party, or place, that had custody.
        supplier: From whom the holder had it.
        sent: The shipment under way.
        lot: As first stated; so is `expiry`, the last good day.
    """

    made: Mark | None = None
    last: Mark = (0, 0)
    early: tuple[Mark, ...] = ()
    ended: Ended | None = None
    returned: bool = False
    recalled: Recall | None = None
    disposition: str | None = None
    persistent: tuple[str, ...] = ()
    step: str | None = None
    parent: str | None = None
    packed: Mark | None = None
    filled: Mark | None = None
    emptied: tuple[Emptied, ...] = ()
    relied_ms: int = 0
    place: str | None = None
    holder: str | None = None
    supplier: str | None = None
    moved: Mark | None = None
    sent: Sent | None = None
    lot: str | None = None
    expiry: str | None = None

    @property
    def fully_known(self) -> bool:
        """Whether all that is in it was packed under the eyes of this gateway."""
        return self.filled is not None and (self.made is not None or not self.early)


NEVER_SEEN: Final = CodeState()


def holds(parent: CodeState | None, packed: Mark | None) -> bool:
    """Tell whether what was packed into a parent then is still inside."""
    if packed is None:
        return False
    return parent is None or not parent.emptied or parent.emptied[-1].by < packed


def left_behind(parent: CodeState, packed: Mark | None) -> Emptied | None:
    """Return the emptying by which what was packed then came out of a parent."""
    if packed is None:
        return None
    return next((one for one in parent.emptied if one.by > packed), None)


def to_wire(state: CodeState) -> list[Any]:
    """Return a state as JSON values; members at the end that say nothing are left out."""
    values = list(state)
    while values and values[-1] == NEVER_SEEN[len(values) - 1]:
        values.pop()
    return values


def from_wire(values: list[Any]) -> CodeState:
    """Return the state that `to_wire` wrote."""
    given = dict(zip(CodeState._fields, values, strict=False))
    for name in ("made", "last", "packed", "filled", "moved"):
        if given.get(name) is not None:
            given[name] = tuple(given[name])
    given["early"] = tuple(tuple(one) for one in given.get("early", ()))
    given["persistent"] = tuple(given.get("persistent", ()))
    if given.get("ended") is not None:
        kind, by = given["ended"]
        given["ended"] = Ended(kind, tuple(by))
    given["recalled"] = _recall(given.get("recalled"))
    given["sent"] = _sent(given.get("sent"))
    given["emptied"] = tuple(
        Emptied(tuple(by), place, holder, supplier, _sent(sent), _recall(held))
        for by, place, holder, supplier, sent, held in given.get("emptied", ())
    )
    return CodeState(**given)


def _recall(values: list[Any] | None) -> Recall | None:
    return None if values is None else Recall(tuple(values[0]), values[1])


def _sent(values: list[Any] | None) -> Sent | None:
    if values is None:
        return None
    by, sources, destinations, place = values
    return Sent(
        tuple(by),
        tuple(tuple(one) for one in sources),
        tuple(tuple(one) for one in destinations),
        place,
    )


def status_of(state: CodeState, chain: Mapping[str, CodeState] | None = None) -> str:
    """Return one word for a code's state.

    Args:
        state: Its own state.
        chain: The states of what it is packed into, nearest first.

    Returns:
        The kind of its end, or `recalled`, `returned`, `in_transit`, `packed`, `active` (it was
        commissioned, or seen in use) or `unknown`.
    """
    around = tuple((chain or {}).values())
    ended = state.ended or next((one.ended for one in around if one.ended), None)
    if ended is not None:
        return ended.kind
    if any(one.recalled for one in (state, *around)):
        return "recalled"
    if state.returned:
        return "returned"
    if any(one.sent for one in (state, *around)):
        return "in_transit"
    if around:
        return "packed"
    return "active" if state.last != (0, 0) else "unknown"
