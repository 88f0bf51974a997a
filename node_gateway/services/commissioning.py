"""Commission the codes of an order: from here on they are valid, and not before."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.identifiers import canonical_identifier
from node_gateway.errors import DocumentRefusedError, NotPossibleError, ParameterError
from node_gateway.services.capture import Capture
from node_gateway.services.gate import Gate
from node_gateway.services.issuing import Issuing
from node_gateway.services.withdrawing import document_of, stated
from node_gateway.storage.issuing_marks import Commission, MarkStore
from node_gateway.storage.issuing_rows import OrderRow

EVENT_CODES_MAX: Final = 100_000
_LOT: Final = re.compile(r"[!-\"%-?A-Z_a-z]{1,20}")  # GS1 set 82, as of (10)


@dataclass(frozen=True, slots=True)
class CommissionRequest:
    """What is said of codes when they are commissioned.

    Attributes:
        first: Index in the order of the first code, from 0.
        count: How many codes; None: all that follow.
        location: Where, in any spelling of a location's identifier.
        event_time: With offset; None: now.
    """

    lot: str
    expiry: str
    first: int = 0
    count: int | None = None
    location: str | None = None
    made_on: str | None = None
    event_time: str | None = None


@dataclass(frozen=True, slots=True)
class CommissionedCodes:
    """One event that commissions codes of an order.

    Attributes:
        first: Index in the order of its first code.
        count: Codes from there on; those that were void or replaced before are left out.
        commissioned: How many codes the event names.
        entry: Of the event; None in a dry run, and where every code was void.
        repeated: It was there already.
    """

    first: int
    count: int
    commissioned: int
    entry: bytes | None
    repeated: bool


class Commissioning:
    """The use case of commissioning by order."""

    def __init__(
        self,
        *,
        issuing: Issuing,
        marks: MarkStore,
        capture: Capture,
        gate: Gate,
        clock: Callable[[], float],
        lock: asyncio.Lock,
    ) -> None:
        self._issuing, self._marks, self._capture = issuing, marks, capture
        self._gate, self._clock, self._lock = gate, clock, lock

    async def commission(
        self, order_id: str, request: CommissionRequest, *, dry_run: bool = False
    ) -> list[CommissionedCodes]:
        """Capture the commissioning of codes, an event for every 100,000. Again is a no-op.

        A kill half-way leaves whole events; the same request goes on with the others.

        Raises:
            NotReadyError: nothing may be written now.
            NotFoundError: there is no such order.
            ParameterError: lot, expiry, time, place or codes are not as they must be.
            NotPossibleError: some of these codes were commissioned with other words.
        """
        self._gate.require_capture()
        order = await self._issuing.order(order_id)
        last = _last(order, request)
        template, digest = self._template(request)
        done = []
        for first in range(request.first, last, EVENT_CODES_MAX):
            new = Commission(
                order_number=order.number,
                first=first,
                count=min(EVENT_CODES_MAX, last - first),
                digest=digest,
                event=orjson.dumps(template),
                created_at_ms=int(self._clock() * 1000),
            )
            if dry_run:
                done.append(await self._tried(new))
                continue
            async with self._lock:  # no code of it is declared void meanwhile
                done.append(await self._one(order, new))
        return done

    async def done(self, order: OrderRow) -> list[Commission]:
        """Return what was commissioned of an order, by its first code."""
        return await self._marks.commissions(order.number)

    async def _tried(self, new: Commission) -> CommissionedCodes:
        known = [
            one
            for one in await self._marks.commissions(new.order_number)
            if one.first < new.first + new.count and new.first < one.first + one.count
        ]
        if known:
            _require_same(new, known)
        return CommissionedCodes(new.first, new.count, new.count, None, repeated=bool(known))

    async def _one(self, order: OrderRow, new: Commission) -> CommissionedCodes:
        """Keep what will be said, then say it: the next try after a kill says the very same."""
        kept = await self._marks.begin(new)
        _require_same(new, kept)
        (commission,) = kept
        left_out = await self._marks.left_out(commission)
        named = commission.count - len(left_out)
        repeated = commission.entry is not None
        entry = commission.entry
        if entry is None and named:
            try:
                entry = await self._say(order, commission, left_out)
            except (EpcisError, DocumentRefusedError):  # of what was asked for: ask otherwise
                await self._marks.give_up(commission)
                raise
            await self._marks.done(commission, entry)
        return CommissionedCodes(commission.first, commission.count, named, entry, repeated)

    async def _say(self, order: OrderRow, commission: Commission, left_out: set[int]) -> bytes:
        codes = await self._issuing.codes(order, commission.first, commission.count)
        names = [
            code.uri for index, code in enumerate(codes, commission.first) if index not in left_out
        ]
        event = {**orjson.loads(commission.event), "epcList": names}
        document = document_of(event, commission.created_at_ms)
        digest = sha256(commission.event + "\n".join(names).encode()).digest()
        report = await self._capture.converted(document, digest=digest)
        entry = report.events[0].entry
        if entry is None:
            raise NotPossibleError("the event was not stored", code="event_conflict")
        return entry

    def _template(self, request: CommissionRequest) -> tuple[dict[str, Any], bytes]:
        """Return the event without codes, and the digest of what was asked for.

        A time that nobody stated is not part of the digest: asked again, it is another one.
        """
        words = {
            "lot": _lot(request.lot),
            "expiry": _day(request.expiry, "expiry"),
            "made_on": None if request.made_on is None else _day(request.made_on, "made_on"),
            "location": None if request.location is None else _place(request.location),
            "event_time": request.event_time,
        }
        time, offset = self._time(request.event_time)
        ilmd = {"cbvmda:lotNumber": words["lot"], "cbvmda:itemExpirationDate": words["expiry"]}
        if words["made_on"]:
            ilmd["gs1:productionDate"] = words["made_on"]
        event: dict[str, Any] = {
            "type": "ObjectEvent",
            "eventTime": time,
            "eventTimeZoneOffset": offset,
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "ilmd": ilmd,
        }
        if words["location"]:
            event["readPoint"] = event["bizLocation"] = {"id": words["location"]}
        return event, sha256(orjson.dumps(words, option=orjson.OPT_SORT_KEYS)).digest()

    def _time(self, text: str | None) -> tuple[str, str]:
        if text is None:
            return stated(int(self._clock() * 1000)), "+00:00"
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ParameterError(
                "event_time is no time with its offset",
                code="time_form",
                hint="Such as 2026-03-01T09:30:00+08:00.",
            )
        offset = moment.strftime("%z")
        return moment.isoformat(timespec="milliseconds"), f"{offset[:3]}:{offset[3:5]}"


def _last(order: OrderRow, request: CommissionRequest) -> int:
    last = order.count if request.count is None else request.first + request.count
    if not 0 <= request.first < last <= order.count:
        raise ParameterError(
            f"the order has {order.count} codes, counted from 0",
            code="order_count",
            hint="Choose first and count within it.",
        )
    return last


def _require_same(new: Commission, known: list[Commission]) -> None:
    same = [(one.first, one.count, one.digest) for one in known]
    if same != [(new.first, new.count, new.digest)]:
        raise NotPossibleError(
            "some of these codes were commissioned before, with other words",
            code="codes_commissioned",
            hint="sealtrail code orders shows what is commissioned of it.",
        )


def _lot(text: str) -> str:
    if not _LOT.fullmatch(text):
        raise ParameterError("a lot has 1 to 20 characters of GS1 set 82", code="lot_form")
    return text


def _day(text: str, member: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ParameterError(
            f"{member} is no date", code="day_form", hint="Such as 2028-02-29."
        ) from None


def _place(text: str) -> str:
    made = canonical_identifier(text)
    if ":" not in made:
        raise ParameterError(
            "the location is no identifier",
            code="identifier_form",
            hint="A GLN as (414)... or as a Digital Link, or another URI.",
        )
    return made
