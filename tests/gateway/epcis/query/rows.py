"""Makes rows of the table of query parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.gateway.epcis.query.subjects import EVENT


@dataclass(frozen=True)
class Case:
    """`hits` and `misses` are values in their JSON form."""

    parameter: str
    hits: tuple[Any, ...]
    misses: tuple[Any, ...]
    family: str = ""
    event: dict[str, Any] | None = None

    @property
    def subject(self) -> dict[str, Any]:
        return EVENT if self.event is None else self.event


def many(parameter: str, *hits: str, misses: tuple[str, ...], **rest: Any) -> Case:
    """A parameter with a list: each value alone, and in a list behind one that misses."""
    lists = (*([hit] for hit in hits), [misses[0], hits[0]])
    return Case(parameter, lists, tuple([miss] for miss in misses), **rest)


def compared(name: str, value: float, above: float, below: float, **rest: Any) -> list[Case]:
    """`GT`, `GE`, `LT` and `LE` of a number that lies between `below` and `above`."""
    return [
        Case(f"GT_{name}", (below,), (value, above), **rest),
        Case(f"GE_{name}", (below, value), (above,), **rest),
        Case(f"LT_{name}", (above,), (value, below), **rest),
        Case(f"LE_{name}", (above, value), (below,), **rest),
    ]


def exists(name: str, **rest: Any) -> Case:
    return Case(f"EXISTS_{name}", (True, None, 1), (), **rest)


def times(name: str, before: str, same: str, after: str, **rest: Any) -> list[Case]:
    """`GE` and `LT` of a moment."""
    return [
        Case(f"GE_{name}", (before, same), (after,), **rest),
        Case(f"LT_{name}", (after,), (same, before), **rest),
    ]
