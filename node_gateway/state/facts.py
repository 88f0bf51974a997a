"""What the rules read of an event: one small immutable value, made once per event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from node_gateway.state.dates import expiry_day, local_day
from node_gateway.state.sensors import Reading, readings
from node_gateway.state.words import NOT_COMMISSIONING

Kind: TypeAlias = Literal["object", "aggregation", "association", "transaction", "transformation"]
Role: TypeAlias = Literal["thing", "child", "parent", "input", "output"]
Party: TypeAlias = tuple[str, str]
"""(type, identifier) of a source or destination; the type is a bare CBV word or a URI."""

_KINDS: Final[Mapping[str, Kind]] = {
    "ObjectEvent": "object",
    "AggregationEvent": "aggregation",
    "AssociationEvent": "association",
    "TransactionEvent": "transaction",
    "TransformationEvent": "transformation",
}
_LISTS: Final[Sequence[tuple[str, Role]]] = (
    ("epcList", "thing"),
    ("childEPCs", "child"),
    ("inputEPCList", "input"),
    ("outputEPCList", "output"),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as the rules see it.

    Attributes:
        position: Place in the order of capture, from 1 (an index in a document plus 1).
        time_ms: eventTime, milliseconds since the epoch.
        received_ms: When this gateway received it, likewise.
        day: The local day of the event, `YYYY-MM-DD`.
        place: bizLocation, or the readPoint where there is none.
        empties: It takes everything out of its parent.
        codes: (role, code) of everything it names, each pair once.
    """

    position: int
    time_ms: int
    received_ms: int
    day: str
    kind: Kind
    action: str | None
    step: str | None
    disposition: str | None
    persistent_set: tuple[str, ...]
    persistent_unset: tuple[str, ...]
    place: str | None
    sources: tuple[Party, ...]
    destinations: tuple[Party, ...]
    is_return: bool
    parent: str | None
    empties: bool
    lot: str | None
    expiry: str | None
    readings: tuple[Reading, ...]
    event_id: str | None
    declares_error: bool
    codes: tuple[tuple[Role, str], ...]

    @property
    def mark(self) -> tuple[int, int]:
        """Its place in the order of folding."""
        return (self.time_ms, self.position)

    @property
    def commissions(self) -> bool:
        """Whether its outputs, or its things, begin with it."""
        return self.kind == "transformation" or is_commissioning(self)

    def only(self, codes: Collection[str]) -> Fact:
        """Return this fact about some of its codes."""
        return replace(self, codes=tuple(one for one in self.codes if one[1] in codes))

    def named(self) -> Iterator[str]:
        """Yield every code that it names."""
        return (code for _, code in self.codes)


def is_commissioning(fact: Fact) -> bool:
    """Tell whether the things of an object event begin with it."""
    if fact.kind != "object" or fact.action not in ("ADD", None):
        return False
    return fact.step == "commissioning" or fact.step not in NOT_COMMISSIONING


def fact_of(
    event: Mapping[str, Any],
    *,
    position: int,
    time_ms: int,
    received_ms: int,
    codes: Iterable[tuple[Role, str]] | None = None,
) -> Fact:
    """Return what the rules read of a normalised event.

    Args:
        event: The event, complete with its code lists unless `codes` is given.
        position: Its place in the order of capture.
        time_ms: Its eventTime in milliseconds since the epoch.
        received_ms: When it was received, likewise.
        codes: The codes to judge, in place of all that it names.
    """
    persistent = event.get("persistentDisposition") or {}
    ilmd = event.get("ilmd") or {}
    kind = _KINDS.get(str(event.get("type")), "object")
    lot = ilmd.get("cbvmda:lotNumber")
    offset = event.get("eventTimeZoneOffset")
    return Fact(
        position=position,
        time_ms=time_ms,
        received_ms=received_ms,
        day=local_day(time_ms, offset if isinstance(offset, str) else None),
        kind=kind,
        action=event.get("action"),
        step=event.get("bizStep"),
        disposition=event.get("disposition"),
        persistent_set=tuple(sorted(persistent.get("set") or ())),
        persistent_unset=tuple(sorted(persistent.get("unset") or ())),
        place=_place(event),
        sources=_parties(event, "sourceList", "source"),
        destinations=_parties(event, "destinationList", "destination"),
        is_return=_is_return(event),
        parent=event.get("parentID"),
        empties=_empties(event, kind),
        lot=lot if isinstance(lot, str) else None,
        expiry=expiry_day(ilmd.get("cbvmda:itemExpirationDate")),
        readings=readings(event.get("sensorElementList")),
        event_id=event.get("eventID"),
        declares_error="errorDeclaration" in event,
        codes=tuple(_codes(event) if codes is None else codes),
    )


def _codes(event: Mapping[str, Any]) -> Iterator[tuple[Role, str]]:
    parent = event.get("parentID")
    if isinstance(parent, str):
        yield "parent", parent
    for member, role in _LISTS:
        listed = event.get(member)
        if listed:
            yield from ((role, code) for code in dict.fromkeys(listed))


def _place(event: Mapping[str, Any]) -> str | None:
    for member in ("bizLocation", "readPoint"):
        place = event.get(member)
        if isinstance(place, Mapping) and isinstance(place.get("id"), str):
            return str(place["id"])
    return None


def _parties(event: Mapping[str, Any], member: str, name: str) -> tuple[Party, ...]:
    listed = event.get(member) or ()
    return tuple((str(one.get("type")), str(one[name])) for one in listed if name in one)


def _is_return(event: Mapping[str, Any]) -> bool:
    """Tell whether goods go back: by disposition, or by a return merchandise authorisation."""
    if event.get("disposition") == "returned":
        return True
    listed = event.get("bizTransactionList") or ()
    return any(one.get("type") == "rma" for one in listed)


def _empties(event: Mapping[str, Any], kind: Kind) -> bool:
    """An aggregation's DELETE without children takes all out (EPCIS 2.0, 7.4.3)."""
    if kind != "aggregation" or event.get("action") != "DELETE":
        return False
    return not event.get("childEPCs") and not event.get("childQuantityList")
