"""The way of a pack as far as it is published, with its holes named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

MADE: Final = "commissioning"
SOLD: Final = ("dispensing", "retail_selling")
Kind = Literal["made", "step", "sold", "before", "between", "after"]
"""The last three are holes: what came before, between and after what is shown."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of the way.

    Attributes:
        kind: What it is.
        step: Business step, a CBV word; empty of a hole.
        role, name: Who; empty if it is not shown.
        where, month: As far as shown.
        times: How many sales there were, for a sale.
        is_taken_back: Whether whoever stated it took it back.
        entry: Of the event that its proof shows, hex; empty if it has none.
    """

    kind: Kind
    step: str = ""
    role: str = ""
    name: str = ""
    where: str = ""
    month: str = ""
    times: int = 0
    is_taken_back: bool = False
    entry: str = ""

    @property
    def is_hole(self) -> bool:
        """Whether it stands for what is not shown."""
        return self.kind in ("before", "between", "after")


def legs_of(answer: Mapping[str, Any], *, maker: str) -> tuple[Leg, ...]:
    """Return the way from a public answer; nothing if it shows nothing at all."""
    product, steps = answer.get("product"), sorted(answer["steps"], key=_order)
    shown = [_step(one) for one in steps]
    legs = [_made(product, maker), *shown] if product and not _has(steps, MADE) else shown
    sold = answer["soldTimes"] and not any(_has(steps, one) for one in SOLD)
    if not legs and not sold:
        return ()
    holes = {one["direction"] for one in answer["holes"]}
    before = [Leg("before")] if "up" in holes and not _has(steps, MADE) else []
    if sold:
        gap = [Leg("between")] if legs else []
        sale = Leg("sold", step=SOLD[0], times=answer["soldTimes"])
        return (*before, *legs, *gap, sale)
    after = [Leg("after")] if "down" in holes and legs[-1].kind != "sold" else []
    return (*before, *legs, *after)


def _made(product: Mapping[str, Any], maker: str) -> Leg:
    return Leg("made", step=MADE, role="manufacturer", name=maker, month=product.get("month", ""))


def _step(one: Mapping[str, Any]) -> Leg:
    step = one["step"] or ""
    return Leg(
        "sold" if step in SOLD else "made" if step == MADE else "step",
        step=step,
        role=one["role"],
        name=one["name"],
        where=one.get("city") or one.get("region") or "",
        month=one.get("month") or "",
        times=1 if step in SOLD else 0,
        is_taken_back=one["takesBack"],
        entry=one["entry"],
    )


def _has(steps: Sequence[Mapping[str, Any]], step: str) -> bool:
    return any(one["step"] == step for one in steps)


def _order(one: Mapping[str, Any]) -> tuple[int, int]:
    """Anchored together, a thing was made before all else, and sold after it."""
    return one["anchoredAt"], 0 if one["step"] == MADE else 2 if one["step"] in SOLD else 1


__all__ = ["Leg", "legs_of"]
