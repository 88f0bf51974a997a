"""Events that operators make of codes: bind 拼箱, unbind 拆箱, merge 合箱, replace a code.

Every function returns bare events in the order in which they must be captured; the times ascend,
so that time alone tells the order too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from node_gateway.codes.china.drug_code import DrugCode, DrugCodeError
from node_gateway.epcis.times import normal_time


class Coded(Protocol):
    """What has a code: a drug code, or a unit under another identifier."""

    @property
    def uri(self) -> str:
        """The code in its canonical form."""
        ...


P = TypeVar("P", bound=Coded)
LevelOf = Callable[[DrugCode], int | None]
"""From a code to its pack level, 1 for the smallest; None if nobody knows."""


def bind(
    parent: DrugCode, children: Sequence[DrugCode], *, time: str, offset: str
) -> list[dict[str, Any]]:
    """Put packs into a pack (拼箱).

    Args:
        parent: The outer pack; packs of several lots may lie in one.
        children: What goes in.
        time: RFC 3339 with offset.
        offset: The offset that held there, such as `+08:00`.

    Raises:
        DrugCodeError: `packing_form`, nothing to pack, or the pack in itself.
    """
    _require(parent, children)
    return [_aggregation("ADD", "packing", parent, children, time, offset)]


def unbind(
    parent: DrugCode, children: Sequence[DrugCode], *, time: str, offset: str
) -> list[dict[str, Any]]:
    """Take packs out of a pack (拆箱); no children means all of them. As `bind` otherwise."""
    if children:
        _require(parent, children)
    return [_aggregation("DELETE", "unpacking", parent, children, time, offset)]


def merge(
    target: P,
    sources: Mapping[P, Sequence[P]],
    *,
    time: str,
    offset: str,
) -> list[dict[str, Any]]:
    """Put what lies in several packs into one (合箱).

    Args:
        target: Where everything goes; it may be one of no source.
        sources: By pack, the children that are taken out of it.
        time: Of the first unpacking; each event is a millisecond later.
        offset: As `bind`.

    Raises:
        DrugCodeError: `packing_form`, as `bind`, or the target among the sources.
    """
    if target in sources or not sources:
        raise _refused("a pack is merged from other packs", "Name the packs that are emptied.")
    moved = [child for children in sources.values() for child in children]
    _require(target, moved)
    events = []
    for number, (source, children) in enumerate(sources.items()):
        _require(source, children)
        at = _later(time, number)
        events.append(_aggregation("DELETE", "unpacking", source, children, at, offset))
    at = _later(time, len(events))
    return [*events, _aggregation("ADD", "packing", target, moved, at, offset)]


def replace(
    old: DrugCode,
    new: DrugCode,
    *,
    time: str,
    offset: str,
    parent: DrugCode | None = None,
    ilmd: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Give a pack a new code in place of its old one.

    A TransformationEvent with one input and one output: it ends the old code and begins the new
    one, a trace of either finds it, and a bundle of it proves which came from which.

    Args:
        old: The code that ends.
        new: The code that begins.
        time: Of the first event.
        offset: As `bind`.
        parent: What the pack lies in: the old code leaves it and the new one takes its place.
        ilmd: Lot and dates of the pack, which the new code does not change.

    Raises:
        DrugCodeError: `packing_form`, a code for itself.
    """
    if old == new or parent in (old, new):
        raise _refused("a code is replaced by another one", "Name the old and the new code.")
    event: dict[str, Any] = {
        "type": "TransformationEvent",
        "eventTime": _later(time, 1 if parent else 0),
        "eventTimeZoneOffset": offset,
        "bizStep": "replacing",
        "disposition": "active",
        "inputEPCList": [old.uri],
        "outputEPCList": [new.uri],
    }
    if ilmd:
        event["ilmd"] = dict(ilmd)
    if parent is None:
        return [event]
    return [
        *unbind(parent, [old], time=time, offset=offset),
        event,
        *bind(parent, [new], time=_later(time, 2), offset=offset),
    ]


def misplaced(
    parent: DrugCode, children: Sequence[DrugCode], level_of: LevelOf
) -> list[tuple[DrugCode, str]]:
    """Return the children that do not belong into a parent by their pack levels, and why.

    A level that nobody knows says nothing.
    """
    above = level_of(parent)
    found = []
    for child in children:
        level = level_of(child)
        if above is not None and level is not None and level >= above:
            found.append((child, f"pack level {level} does not go into pack level {above}"))
    return found


def _aggregation(
    action: str, step: str, parent: P, children: Sequence[P], time: str, offset: str
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": "AggregationEvent",
        "eventTime": normal_time(time),
        "eventTimeZoneOffset": offset,
        "action": action,
        "bizStep": step,
        "disposition": "in_progress",
        "parentID": parent.uri,
    }
    if children:
        event["childEPCs"] = [child.uri for child in children]
    return event


def _require(parent: P, children: Sequence[P]) -> None:
    if not children:
        raise _refused("there is nothing to pack", "Name the codes.")
    if parent in children:
        raise _refused("a pack cannot lie in itself", "Name another pack.")
    if len(set(children)) != len(children):
        raise _refused("a code is named twice", "Name every code once.")


def _later(time: str, milliseconds: int) -> str:
    moment = datetime.fromisoformat(normal_time(time)) + timedelta(milliseconds=milliseconds)
    return normal_time(moment.isoformat(timespec="milliseconds"))


def _refused(detail: str, hint: str) -> DrugCodeError:
    return DrugCodeError(detail, code="packing_form", hint=hint)
