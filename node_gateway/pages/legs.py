"""The way of a pack as far as it is published, with its holes named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from node_gateway.pictures.journey import Step, journey
from node_gateway.pictures.shapes import Picture
from node_gateway.web.words import catalogue, say

_WAY_WIDTH: Final = 288.0
"""What the card of a page of 360 pixels has room for."""
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


def step_of(leg: Leg, language: str) -> Step:
    """Return a leg in words."""
    if leg.is_hole:
        return Step(say(language, f"result.hole.{leg.kind}"), is_hole=True)
    what = step_words(leg.step, language)
    if leg.times > 1:
        what = say(language, "result.step.sold_times", count=leg.times)
    if leg.is_taken_back:
        what = say(language, "result.leg.taken_back", what=what)
    who = leg.name or role_words(leg.role, language)
    return Step(what, " · ".join(filter(None, (who, leg.where, leg.month))))


def step_words(step: str, language: str) -> str:
    """Return a business step in words; one that has none here is named."""
    key = f"result.step.{step}"
    if key in catalogue(language):
        return say(language, key)
    return say(language, "result.step.other", step=step or "-")


def role_words(role: str, language: str) -> str:
    """Return a role in words, empty if there is none."""
    return say(language, f"result.role.{role}") if role else ""


def way_picture(steps: Sequence[Step], language: str) -> Picture:
    """Draw a way, as wide as a page of 360 pixels has room for."""
    return journey(steps, title=say(language, "result.journey"), width=_WAY_WIDTH)


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


__all__ = ["Leg", "legs_of", "role_words", "step_of", "step_words", "way_picture"]
