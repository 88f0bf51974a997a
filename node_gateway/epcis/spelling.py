"""Write events as a client wants to read them: EPC URNs for Digital Links, its own prefixes.

What is stored and committed never changes; these are copies on their way out.

Source: EPCIS 2.0, REST bindings, headers GS1-EPC-Format and GS1-Extensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Rewrite: TypeAlias = Callable[[str], str]

_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES: Final = (
    "quantityList",
    "childQuantityList",
    "inputQuantityList",
    "outputQuantityList",
)
_SINGLE: Final = ("parentID", "transformationID")
_PLACES: Final = ("readPoint", "bizLocation")
_PAIRS: Final = (
    ("bizTransactionList", "bizTransaction"),
    ("sourceList", "source"),
    ("destinationList", "destination"),
    *((name, "epcClass") for name in _QUANTITIES),
)


def with_identifiers(event: Mapping[str, Any], rewrite: Rewrite) -> dict[str, Any]:
    """Return an event with every identifier of a thing, place or party rewritten.

    Args:
        event: A normalised event.
        rewrite: Takes a canonical identifier, returns it in the form that is wanted.
    """
    made = dict(event)
    for name in _LISTS:
        codes = made.get(name)
        if isinstance(codes, list):
            made[name] = [_text(code, rewrite) for code in codes]
    for name in _SINGLE:
        if name in made:
            made[name] = _text(made[name], rewrite)
    for name in _PLACES:
        place = made.get(name)
        if isinstance(place, Mapping) and "id" in place:
            made[name] = {**place, "id": _text(place["id"], rewrite)}
    for name, member in _PAIRS:
        some = made.get(name)
        if isinstance(some, list):
            made[name] = [_with(one, member, rewrite) for one in some]
    if "sensorElementList" in made:
        made["sensorElementList"] = _devices(made["sensorElementList"], rewrite)
    return made


def with_prefixes(value: Any, prefixes: Mapping[str, str]) -> Any:
    """Return a JSON value whose member names use a client's prefixes where they fit.

    Args:
        value: A normalised event, or a part of one.
        prefixes: Namespace IRI by prefix.
    """
    if isinstance(value, Mapping):
        return {
            shortened(name, prefixes): with_prefixes(inner, prefixes)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [with_prefixes(inner, prefixes) for inner in value]
    return value


def shortened(iri: str, prefixes: Mapping[str, str]) -> str:
    """Return an IRI as `prefix:local` if one of the namespaces begins it, else as it is."""
    for prefix, space in prefixes.items():
        local = iri[len(space) :]
        if local and iri.startswith(space) and not local.startswith("/"):
            return f"{prefix}:{local}"
    return iri


def _text(value: Any, rewrite: Rewrite) -> Any:
    return rewrite(value) if isinstance(value, str) else value


def _with(value: Any, member: str, rewrite: Rewrite) -> Any:
    if isinstance(value, Mapping) and member in value:
        return {**value, member: _text(value[member], rewrite)}
    return value


def _devices(elements: Any, rewrite: Rewrite) -> Any:
    if not isinstance(elements, list):
        return elements
    made = []
    for element in elements:
        if isinstance(element, Mapping):
            element = dict(element)
            if "sensorMetadata" in element:
                element["sensorMetadata"] = _with(element["sensorMetadata"], "deviceID", rewrite)
            reports = element.get("sensorReport")
            if isinstance(reports, list):
                element["sensorReport"] = [_with(one, "deviceID", rewrite) for one in reports]
        made.append(element)
    return made
