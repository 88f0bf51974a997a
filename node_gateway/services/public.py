"""The public answer: what anybody learns who holds a code, and no more.

The participant that commissioned a code discloses product, lot, expiry, maker, month and status.
Any other participant answers only whether it sold the code: yes or no, without place or date. A
code that is unknown here and one of which nothing is disclosed get the same answer.

Nothing is asked of others for it: sales and steps that they told stand in the database already, so
an answer is as fast as it is local, and codes are never broadcast.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from anchoring.core.bundle import BUNDLES_FORMAT, Bundle, parse_bundle
from anchoring.core.verify import check_bundle
from node_gateway.errors import StateError
from node_gateway.services.commissioned import takes_in
from node_gateway.services.disclosing import (
    Disclosing,
    DisclosingStore,
    OpenEvent,
    choose_policy,
    covers,
    may_go,
    open_event,
)
from node_gateway.services.notice_words import banner_wire
from node_gateway.services.notices import Notices
from node_gateway.services.steps import COARSE, in_order, step_wire
from node_gateway.settings import PoliciesSection
from node_gateway.settings_partners import TraceSection
from node_gateway.storage.corrections import corrective_ids
from node_gateway.storage.database import Database
from node_gateway.storage.told import Told, told_of

PAGE_EVENTS = 1000
BUNDLES_MAX = 16
SELLING_STEPS = ("dispensing", "retail_selling")
COMMISSIONING_STEP = "commissioning"
SSCC_PREFIX = "https://id.gs1.org/00/"
NOT_DISCLOSED: Final = "not_disclosed"
_GTIN = re.compile(r"https://id\.gs1\.org/01/([0-9]{14})/")
_LOT, _EXPIRY = "cbvmda:lotNumber", "cbvmda:itemExpirationDate"


def nothing_known(code: str) -> dict[str, Any]:
    """Return what the answer says of a code that is unknown, or of which nothing is disclosed."""
    return {
        "code": code,
        "issuedHere": False,
        "sold": False,
        "soldTimes": 0,
        "soldAgain": False,
        "sealing": False,
        "corrections": [],
        "steps": [],
        "holes": _holes(issued_here=False),
        "proofs": None,
    }


class PublicStore(DisclosingStore, Database, Protocol):
    """What public answers need of the store."""


@dataclass(frozen=True, slots=True)
class Maker:
    """The participant as it shows itself."""

    participant: int
    name: str


class PublicAnswers:
    """Answers by possession of a code."""

    def __init__(
        self,
        store: PublicStore,
        disclosing: Disclosing,
        policies: PoliciesSection,
        maker: Maker,
        notices: Notices,
        trace: TraceSection,
    ) -> None:
        self._store, self._disclosing, self._trace = store, disclosing, trace
        self._policies, self._maker, self._notices = policies, maker, notices

    @property
    def maker(self) -> Maker:
        """The participant whose answers these are."""
        return self._maker

    async def answer(self, code: str) -> dict[str, Any]:
        """Return the public answer for a canonical code.

        A sale counts once it is sealed: counted earlier, whoever asks again and again would
        learn the hour of a sale, which the slow stream for selling exists to hide.
        """
        known = [] if code.startswith(SSCC_PREFIX) else await self._events(code)
        told = await self._store.read(lambda c: told_of(c, code))
        events = [one for one in known if self._is_public(one)]
        made = [one for one in events if one.biz_step == COMMISSIONING_STEP]
        sealed = [one for one in events if one.stored.header.state == "final"]
        times = _times_sold(standing_among(sealed, SELLING_STEPS), told, issued_here=bool(made))
        sold = times > 0
        answer: dict[str, Any] = {
            "code": code,
            "statement": "as stated by this gateway; check the proofs against witnesses you chose",
            "issuedHere": bool(made),
            "sold": sold,
            "soldTimes": times,
            "soldAgain": times > 1,
            "sealing": any(one.stored.header.state != "final" for one in made),
        }
        if made:
            standing = standing_among(made, (COMMISSIONING_STEP,))
            product = self._product(code, (standing or made)[-1])
            gone = bool(standing) and await takes_in(self._store, standing[-1], code)
            status = "withdrawn" if gone else _status(standing, sold=sold)
            answer["product"] = {**product, "status": status}
        answer["notices"] = await self.banners(code, answer.get("product", {}).get("lot"))
        answer["corrections"] = _corrections(sealed)
        answer["steps"] = await self._steps(code, known, told if made else None)
        answer["holes"] = _holes(issued_here=bool(made))
        answer["proofs"] = await self._proofs(code, sealed)
        if len(sealed) > BUNDLES_MAX:
            answer["truncated"] = True  # the newest are there
        return answer

    @property
    def shows_packs(self) -> bool:
        """Whether a pack that is made here is shown to everybody, unless its event says no.

        Where none is, "never issued" would tell of every other code that a pack has it.
        """
        return choose_policy(self._policies, "public", COMMISSIONING_STEP) is not None

    async def banners(self, code: str, lot: str | None) -> list[dict[str, Any]]:
        """Return the recalls that stand: by the product, and by the lot if it is shown above."""
        directory = self._notices.standing.directory
        found = await self._notices.public(code, lot=lot)
        return [banner_wire(one, directory) for one in found]

    async def _events(self, code: str) -> list[OpenEvent]:
        """Return the events that name a code, oldest first; which are shown is for the policies."""
        found: list[OpenEvent] = []
        after = 0
        while stored := await self._store.events_of_code(code, after=after, limit=PAGE_EVENTS):
            after = stored[-1].header.position
            found += [open_event(one) for one in stored if one.payload is not None]
        return found

    def _is_public(self, one: OpenEvent) -> bool:
        return choose_policy(self._policies, "public", one.biz_step, one.preset) is not None

    async def _steps(
        self, code: str, known: Sequence[OpenEvent], told: Told | None
    ) -> list[dict[str, Any]]:
        """Return the steps that we and others publish, with their proofs."""
        bundles: list[Bundle] = [parse_bundle(one) for one in told.steps] if told else []
        if self._trace.publish != "no":
            final = [one for one in known if one.stored.header.state == "final"]
            open_to_all = [one for one in final if may_go(self._policies, one, "public")]
            chosen = standing_among(open_to_all, self._trace.publish_steps)[-BUNDLES_MAX:]
            bundles += [
                await self._disclosing.bundle_under(one, COARSE, codes=[code], hinting=False)
                for one in chosen
            ]
        directory = self._notices.directory
        steps = []
        for bundle in bundles:
            checked = check_bundle(bundle)
            at = bundle.anchored_at.block_time
            steps.append({**step_wire(checked, directory, time=at), "proof": bundle.to_wire()})
        return in_order(steps)

    def _product(self, code: str, made: OpenEvent) -> dict[str, Any]:
        policy = choose_policy(self._policies, "public", made.biz_step, made.preset)
        allowed = policy.paths if policy else ()
        ilmd = made.event.get("ilmd") or {}
        product: dict[str, Any] = {
            "maker": {"participant": self._maker.participant, "name": self._maker.name}
        }
        if (gtin := _GTIN.match(code)) is not None:
            product["gtin"] = gtin[1]
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
        for one in events[-BUNDLES_MAX:]:
            try:
                bundle = await self._disclosing.bundle(
                    one.stored.header.entry, audience="public", codes=[code]
                )
            except StateError:  # not final yet, or erased meanwhile
                continue
            bundles.append(bundle.to_wire())
        return {"format": BUNDLES_FORMAT, "bundles": bundles} if bundles else None


def _times_sold(own: Sequence[OpenEvent], told: Told, *, issued_here: bool) -> int:
    """Return how often a code was sold: by us, and if it is ours by others, as they told.

    Sales that are older than the first claim have none: of these one counts, for a return between
    two of them was not kept.
    """
    positions = [one.stored.header.position for one in own]
    claimed = [one for one in positions if one in told.own]
    standing = sum(told.own[one] for one in claimed)
    times = standing or (1 if len(claimed) < len(positions) else 0)
    if times:
        times = max(times, told.times)
    return max(0, times + told.others) if issued_here else times


def _holes(*, issued_here: bool) -> list[dict[str, Any]]:
    """Say where the answer ends, by what it shows, never by what is known.

    A hole that came and went with the goods would tell when they were shipped.
    """
    directions = ("down",) if issued_here else ("up", "down")
    return [{"direction": one, "reason": NOT_DISCLOSED} for one in directions]


def _status(standing: Sequence[OpenEvent], *, sold: bool) -> str:
    """Return what became of a code by what is public: `issued`, `sold` or `withdrawn`."""
    if not standing or standing[-1].event.get("action") == "DELETE":
        return "withdrawn"
    return "sold" if sold else "issued"


def standing_among(events: Sequence[OpenEvent], steps: Sequence[str]) -> list[OpenEvent]:
    """Return the statements with one of `steps` that were not declared an error, oldest first.

    An event's identity is (eventID, has errorDeclaration): the declaration carries the eventID
    of what it takes back.
    """
    taken_back = {_event_id(one) for one in events if "errorDeclaration" in one.event}
    return [
        one
        for one in events
        if one.biz_step in steps
        and "errorDeclaration" not in one.event
        and _event_id(one) not in taken_back
    ]


def _corrections(sealed: Sequence[OpenEvent]) -> list[dict[str, Any]]:
    """Say of the statements below which were taken back: by entry, and nothing of the content.

    The proofs show the same: a declaration's own bundle says by `sealtrail:act` that it is one.
    """
    declared = {_event_id(one): one for one in sealed if "errorDeclaration" in one.event}
    return [
        {
            "entry": one.stored.header.entry.hex(),
            "status": "replaced" if corrective_ids(declaration.event) else "voided",
            "declaration": declaration.stored.header.entry.hex(),
        }
        for one in sealed
        if "errorDeclaration" not in one.event
        and (declaration := declared.get(_event_id(one))) is not None
    ]


def _event_id(one: OpenEvent) -> str:
    return str(one.event.get("eventID"))
