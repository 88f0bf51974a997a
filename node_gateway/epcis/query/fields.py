"""Where the values that a parameter speaks of stand in a normalised event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

Event: TypeAlias = Mapping[str, Any]
Find: TypeAlias = Callable[[Event], Iterable[Any]]

EPC_MEMBERS: Final = ("epcList", "childEPCs")
ANY_EPC_MEMBERS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
QUANTITY_MEMBERS: Final = (
    "quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList",
)  # fmt: skip


def items(value: Any) -> Iterator[Any]:
    """Yield the items of a list, or the value itself; nothing for None."""
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects among `items`."""
    return (one for one in items(value) if isinstance(one, Mapping))


def member(name: str, *names: str) -> Find:
    """Return what finds one member, or one below others: `errorDeclaration`, `reason`."""

    def find(event: Event) -> Iterator[Any]:
        found = items(event.get(name))
        for one in names:
            found = _members(found, one)
        return found

    return find


def _members(holders: Iterable[Any], name: str) -> Iterator[Any]:
    return (
        value
        for holder in holders
        if isinstance(holder, Mapping)
        for value in items(holder.get(name))
    )


def members(names: Sequence[str], *below: str) -> Find:
    """Return what finds several members."""
    finders = [member(name, *below) for name in names]
    return lambda event: (value for find in finders for value in find(event))


def typed(list_name: str, kind: str, value_name: str) -> Find:
    """Return what finds values of one type in a list: the purchase orders among transactions."""

    def find(event: Event) -> Iterator[Any]:
        return (
            one.get(value_name)
            for one in objects(event.get(list_name))
            if one.get("type") == kind and one.get(value_name) is not None
        )

    return find


def sensor_metadata(event: Event) -> Iterator[Mapping[str, Any]]:
    """Yield the metadata of each sensor element."""
    for element in objects(event.get("sensorElementList")):
        yield from objects(element.get("sensorMetadata"))


def sensor_reports(event: Event) -> Iterator[Mapping[str, Any]]:
    """Yield each sensor report."""
    for element in objects(event.get("sensorElementList")):
        yield from objects(element.get("sensorReport"))


def sensor_value(name: str) -> Find:
    """Return what finds an attribute of reports, or of metadata that hold for all of them."""

    def find(event: Event) -> Iterator[Any]:
        for holder in (*sensor_metadata(event), *sensor_reports(event)):
            yield from items(holder.get(name))

    return find


def quantities(event: Event) -> Iterator[Mapping[str, Any]]:
    """Yield each quantity element."""
    for name in QUANTITY_MEMBERS:
        yield from objects(event.get(name))


SCOPES: Final[Mapping[str, Find]] = {
    "": lambda event: (event,),
    "ILMD": lambda event: objects(event.get("ilmd")),
    "ERROR_DECLARATION": lambda event: objects(event.get("errorDeclaration")),
    "SENSORELEMENT": lambda event: objects(event.get("sensorElementList")),
    "SENSORMETADATA": sensor_metadata,
    "SENSORREPORT": sensor_reports,
    "readPoint": lambda event: objects(event.get("readPoint")),
    "bizLocation": lambda event: objects(event.get("bizLocation")),
}
"""Where an extension may stand, by what the parameter's name says of it."""


def extension(scope: str, names: frozenset[str], *, inner: bool) -> Find:
    """Return what finds an extension's values.

    Args:
        scope: A key of `SCOPES`.
        names: The member's name, in each form that it may be stored in.
        inner: Below the extensions of the scope, at any depth, instead of among them.
    """
    holders = SCOPES[scope]

    def direct(event: Event) -> Iterator[Any]:
        return (
            value
            for holder in holders(event)
            for name in names
            for value in items(holder.get(name))
        )

    def nested(event: Event) -> Iterator[Any]:
        for holder in holders(event):
            for key, value in holder.items():
                if scope == "ILMD" or ":" in key:
                    yield from _below(value, names)

    return nested if inner else direct


def _below(value: Any, names: frozenset[str]) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            for key, inner in one.items():
                if key in names:
                    yield from items(inner)
                waiting.append(inner)
        elif isinstance(one, list):
            waiting += one


def plain(value: Any) -> Any:
    """Return the scalar that a JSON-LD value object, or a reference, stands for."""
    if isinstance(value, Mapping):
        for name in ("@value", "id", "@id"):
            if name in value:
                return value[name]
    return value


def is_there(value: Any) -> bool:
    """Tell whether a member counts as present: not null, not empty."""
    return value is not None and value not in ("", [], {})
