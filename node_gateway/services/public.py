"""The public answer: what anybody learns who holds a code, and no more.

The participant that commissioned a code discloses product, lot, expiry, maker, month and status.
Any other participant answers only whether it sold the code: yes or no, without place or date. A
code that is unknown here and one of which nothing is disclosed get the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anchoring.core.bundle import BUNDLES_FORMAT
from node_gateway.errors import StateError
from node_gateway.services.disclosing import (
    Disclosing,
    DisclosingStore,
    OpenEvent,
    choose_policy,
    covers,
    open_event,
)
from node_gateway.settings import PoliciesSection

EVENTS_LOOKED_AT_MAX = 1000
BUNDLES_MAX = 16
SELLING_STEPS = ("dispensing", "retail_selling")
COMMISSIONING_STEP = "commissioning"
SSCC_PREFIX = "https://id.gs1.org/00/"
_LOT, _EXPIRY = "cbvmda:lotNumber", "cbvmda:itemExpirationDate"


@dataclass(frozen=True, slots=True)
class Maker:
    """The participant as it shows itself."""

    participant: int
    name: str


class PublicAnswers:
    """Answers by possession of a code."""

    def __init__(
        self,
        store: DisclosingStore,
        disclosing: Disclosing,
        policies: PoliciesSection,
        maker: Maker,
    ) -> None:
        self._store, self._disclosing = store, disclosing
        self._policies, self._maker = policies, maker

    async def answer(self, code: str) -> dict[str, Any]:
        """Return the public answer for a canonical code."""
        events = [] if code.startswith(SSCC_PREFIX) else await self._disclosed(code)
        made = [one for one in events if one.biz_step == COMMISSIONING_STEP]
        sold = _is_sold(events)
        answer: dict[str, Any] = {
            "code": code,
            "statement": "as stated by this gateway; check the proofs against witnesses you chose",
            "issuedHere": bool(made),
            "sold": sold,
            "sealing": any(one.stored.header.state != "final" for one in events),
        }
        if made:
            answer["product"] = {**self._product(made[-1]), "status": _status(made[-1], sold=sold)}
        answer["proofs"] = await self._proofs(code, events)
        return answer

    async def _disclosed(self, code: str) -> list[OpenEvent]:
        """Return the events of which the public policy shows something."""
        stored = await self._store.events_of_code(code, limit=EVENTS_LOOKED_AT_MAX)
        opened = [open_event(one) for one in stored if one.payload is not None]
        return [
            one
            for one in opened
            if choose_policy(self._policies, "public", one.biz_step) is not None
        ]

    def _product(self, made: OpenEvent) -> dict[str, Any]:
        policy = choose_policy(self._policies, "public", made.biz_step)
        allowed = policy.paths if policy else ()
        ilmd = made.event.get("ilmd") or {}
        product: dict[str, Any] = {
            "maker": {"participant": self._maker.participant, "name": self._maker.name}
        }
        for member, name in ((_LOT, "lot"), (_EXPIRY, "expiry")):
            shown = any(covers(one, f"$['ilmd']['{member}']") for one in allowed)
            if shown and isinstance(ilmd.get(member), str):
                product[name] = ilmd[member]
        shown = any(covers(one, "sealtrail:month") for one in allowed)
        if shown and "sealtrail:month" in made.derived:
            product["month"] = made.derived["sealtrail:month"]
        return product

    async def _proofs(self, code: str, events: Sequence[OpenEvent]) -> dict[str, Any] | None:
        bundles = []
        for one in events[:BUNDLES_MAX]:
            try:
                bundle = await self._disclosing.bundle(
                    one.stored.header.entry, audience="public", codes=[code]
                )
            except StateError:  # not final yet, or erased meanwhile
                continue
            bundles.append(bundle.to_wire())
        return {"format": BUNDLES_FORMAT, "bundles": bundles} if bundles else None


def _status(made: OpenEvent, *, sold: bool) -> str:
    """Return what became of a code by what is public: `issued`, `sold` or `withdrawn`."""
    if "errorDeclaration" in made.event or made.event.get("action") == "DELETE":
        return "withdrawn"
    return "sold" if sold else "issued"


def _is_sold(events: Sequence[OpenEvent]) -> bool:
    """Whether the last disclosed statement about selling stands: not undone, not in error."""
    sold = False
    for one in events:
        if one.biz_step in SELLING_STEPS:
            sold = one.event.get("action") != "ADD" and "errorDeclaration" not in one.event
    return sold
