"""What speaks against labels, and what a person should know before they are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from node_gateway.codes.issuing import Status
from node_gateway.errors import RefusedOperationError, Spot
from node_gateway.labels.choosing import Goods
from node_gateway.labels.contents import Unit
from node_gateway.labels.requests import LabelRequest
from node_gateway.services.notice_words import spots_of
from node_gateway.services.notices import Notices
from node_gateway.services.states import CODES_MAX, CodeView, States
from node_gateway.state.code_state import ENDS

SPOTS_MAX: Final = 100
MONTHS_LEFT_MIN: Final = 6
_STATUS: Final[Mapping[Status, tuple[str, str]]] = {
    Status.NEVER_ISSUED: ("label_not_issued", "the code was neither issued nor commissioned here"),
    Status.CHECK_WRONG: ("label_not_issued", "its last characters are not those that were issued"),
    Status.VOID: ("label_code_void", "the code was declared void"),
    Status.REPLACED: ("label_code_void", "another code took its place"),
}


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that forbids nothing. `count` labels are concerned."""

    code: str
    detail: str
    count: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Units that may be printed, what is known against them all the same, and warnings."""

    units: tuple[Unit, ...]
    overridden: tuple[Spot, ...]
    warnings: tuple[Caution, ...]


class Judging:
    """Holds goods against states, notices and the calendar."""

    def __init__(self, states: States, notices: Notices, *, clock: Callable[[], float]) -> None:
        self._states, self._notices, self._clock = states, notices, clock

    async def judged(self, goods: Goods, request: LabelRequest) -> Judged:
        """Return the units of goods.

        Raises:
            RefusedOperationError: `operation_refused`, with a spot for every reason: `/codes/N`
                counts the labels from 0. An override with a reason lets it pass.
        """
        units: list[Unit] = []
        spots: list[Spot] = []
        for start in range(0, len(goods.codes), CODES_MAX):
            some = goods.codes[start : start + CODES_MAX]
            views = await self._states.of(some)
            made = [_unit(code, views.get(code), goods, request) for code in some]
            units += made
            lots = {one.code: one.lot for one in made if one.lot is not None}
            laid = await self._notices.of(some, lots)
            for index, unit in enumerate(made, start):
                pointer = f"/codes/{index}"
                spots += _against(unit, views.get(unit.code), goods, request, pointer)
                spots += self._expired(unit, pointer)
                spots += spots_of(laid.concerns.get(unit.code, ()), unit.code, pointer)
        if spots and request.override is None:
            raise RefusedOperationError("printing labels", spots[:SPOTS_MAX])
        return Judged(tuple(units), tuple(spots[:SPOTS_MAX]), tuple(self._warnings(units)))

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock(), UTC).date()

    def _expired(self, unit: Unit, pointer: str) -> Sequence[Spot]:
        if unit.expiry is None or unit.expiry >= self._today():
            return ()
        return (Spot("label_expired", f"the goods expired on {unit.expiry}", pointer),)

    def _warnings(self, units: Sequence[Unit]) -> Sequence[Caution]:
        soon, today = months_after(self._today(), MONTHS_LEFT_MIN), self._today()
        expiring = sum(one.expiry is not None and today <= one.expiry < soon for one in units)
        bare = sum(
            one.parts.kind == "gtin" and (one.lot is None or one.expiry is None) for one in units
        )
        found = []
        if expiring:
            text = f"expires in less than {MONTHS_LEFT_MIN} months"
            found.append(Caution("label_expires_soon", text, expiring))
        if bare:
            text = "neither events nor the request state both lot and expiry"
            found.append(Caution("label_without_lot", text, bare))
        return found


def months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or its last one."""
    year, month = divmod(day.month - 1 + months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(day.year + year, month + 1, number)
        except ValueError:
            continue
    return date(day.year + year, month + 1, min(day.day, 28))


def _unit(code: str, view: CodeView | None, goods: Goods, request: LabelRequest) -> Unit:
    """Return what a label states: what events say goes before what the request says."""
    lot = (view.state.lot if view else None) or goods.lots.get(code) or request.lot
    stated = view.state.expiry if view else None
    expiry = date.fromisoformat(stated) if stated else request.expiry
    return Unit(code, lot or request.of_lot, expiry)


def _against(
    unit: Unit, view: CodeView | None, goods: Goods, request: LabelRequest, pointer: str
) -> list[Spot]:
    found = []
    if (status := goods.refused.get(unit.code)) is not None:
        code, detail = _STATUS[status]
        found.append(Spot(code, detail, pointer))
    if view is None:
        return found
    if view.status in ENDS:
        found.append(Spot("label_code_ended", f"the code left the trade: {view.status}", pointer))
    elif view.status == "recalled":
        found.append(Spot("label_code_recalled", "an event says that it is recalled", pointer))
    for said, known, what in (
        (request.lot, view.state.lot, "lot"),
        (request.expiry and request.expiry.isoformat(), view.state.expiry, "expiry"),
    ):
        if said is not None and known is not None and said != known:
            text = f"events state another {what}; the label has theirs"
            found.append(Spot("label_contradicts", text, pointer))
    return found
