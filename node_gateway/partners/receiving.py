"""Receive a shipment: scan it in several goes, see what differs, and say that it came.

A receipt lasts: what was read is kept with the shipment, whoever read it and however often. At the
end the receiving event is captured (only what was really there), exceptions are opened, and the
sender gets a signed answer. Crash order: the plan is durable before the event is captured, the
event before the answer; `conclude` does again what a crash left undone, under the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from node_gateway.errors import GatewayError, NotPossibleError, ParameterError
from node_gateway.partners.acknowledging import Acknowledging
from node_gateway.partners.matching import match, verdict
from node_gateway.partners.receiving_parts import Loaded, Parts, load, require
from node_gateway.partners.receiving_words import (
    counts_wire,
    difference_wire,
    reason_wire,
    shipment_wire,
)
from node_gateway.partners.shipment import Expected, Scan
from node_gateway.partners.symbols import TEXT_LENGTH_MAX, read_symbol
from node_gateway.state.parties import class_of
from node_gateway.storage import custody, handovers, receiving, receiving_lookups
from node_gateway.storage.receiving import Phase, ScanRow

SCANS_MAX: Final = 10_000
"""How many scans one request may bring."""
COUNTED_MAX: Final = 5_000
"""Up to how many codes of a shipment each answer to a scan says how many are there."""
_OPEN: Final = (Phase.OPEN, Phase.FINISHING)


@dataclass(frozen=True, slots=True)
class Read:
    """One text from a scanner.

    Attributes:
        inside: The unit that it was found in, `LOOSE` outside any, None if nobody said.
        opened: It is a unit, and what is in it is scanned one by one.
    """

    text: str
    inside: str | None = None
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How a receipt is finished.

    Attributes:
        who: Finishes it.
        place: Where the goods are received, canonical.
        override: Why it is done although state rules forbid it.
    """

    who: str
    place: str | None = None
    override: str | None = None


class Receiving:
    """The use cases of receiving shipments."""

    def __init__(self, parts: Parts, acknowledging: Acknowledging) -> None:
        self._parts, self._acknowledging = parts, acknowledging
        self._finishing = asyncio.Lock()

    async def shipments(
        self, *, after: int, limit: int, which: str, code: str | None = None
    ) -> dict[str, Any]:
        """Return a page of shipments to us as JSON.

        Args:
            after: Number of the last one of the page before, 0 for the first.
            limit: At most so many.
            which: `open`, `late`, `finished` or `all`.
            code: Only those that are said to hold this canonical code.
        """
        now = int(self._parts.clock())
        states = {"open": _OPEN, "late": _OPEN, "finished": (Phase.FINISHED,)}.get(which, ())

        def work(connection: Connection) -> dict[str, Any]:
            found: list[dict[str, Any]] = []
            rows = receiving.receipts(connection, after=after, limit=limit, states=states)
            wanted = None if code is None else _holding(connection, code)
            for row in rows:
                if (which == "late" and row.due_at > now) or (
                    wanted is not None and row.handover not in wanted
                ):
                    continue
                handover = handovers.handover_numbered(connection, row.handover)
                if handover is not None:
                    found.append(shipment_wire(handover, row, now=now))
            more = rows[-1].handover if len(rows) == limit else None
            return {
                "shipments": found,
                "late": receiving.late_count(connection, now),
                "next": more,
            }

        return await self._parts.store.read(work)

    async def shipment(self, number: int) -> dict[str, Any]:
        """Return one shipment as JSON: what was said, what is there, what differs.

        Raises:
            NotFoundError: `shipment_not_found`.
        """
        await self._parts.follower.catch_up()
        loaded = await self._parts.store.read(lambda c: load(c, number))
        if loaded.receipt.state is Phase.FINISHED:
            return await self._finished(loaded)
        known = await self._parts.knowing.of(
            loaded.handover, loaded.handed, [one.code for one in loaded.scans]
        )
        matched = await asyncio.to_thread(match, loaded.shipment, loaded.read, known)
        return {
            **shipment_wire(loaded.handover, loaded.receipt, now=int(self._parts.clock())),
            "counts": counts_wire(matched, loaded.scans),
            "differences": [difference_wire(one) for one in matched.differences],
            "events": [],
            "acknowledgement": None,
        }

    async def _finished(self, loaded: Loaded) -> dict[str, Any]:
        number = loaded.handover.number
        answer, events = await self._parts.store.read(
            lambda c: (custody.answer_to(c, number), receiving.events_of(c, number))
        )
        said = {} if answer is None else answer._asdict()
        return {
            **shipment_wire(loaded.handover, loaded.receipt, now=int(self._parts.clock())),
            "counts": {
                "expected": said.get("expected", 0),
                "found": said.get("found", 0),
                "scanned": len(loaded.scans),
                "extra": said.get("extra", 0),
                "twice": sum(one.times > 1 for one in loaded.scans),
            },
            "differences": list(said.get("differences", [])),
            "events": [entry.hex() for _, entry in events],
            "acknowledgement": None if answer is None else answer.digest.hex(),
        }

    async def scan(self, number: int, reads: Sequence[Read], *, who: str) -> dict[str, Any]:
        """Keep what was read for a shipment; return a verdict on each, as JSON.

        The same code again changes nothing but what its symbol states anew.

        Args:
            number: Of the shipment.
            reads: At most `SCANS_MAX`.
            who: Reads them.

        Raises:
            NotFoundError: `shipment_not_found`.
            NotPossibleError: `receipt_finished` or `receipt_void`.
            ParameterError: a text is too long, or there are too many.
        """
        if len(reads) > SCANS_MAX or any(len(one.text) > TEXT_LENGTH_MAX for one in reads):
            raise ParameterError(
                f"at most {SCANS_MAX} scans of {TEXT_LENGTH_MAX} characters", code="too_many_scans"
            )
        scans = [
            read_symbol(one.text)._replace(inside=one.inside, opened=one.opened) for one in reads
        ]
        at_ms = int(self._parts.clock() * 1000)
        rows = _rows(scans, at_ms, who)

        def keep(connection: Connection) -> set[str]:
            _, receipt = require(connection, number)
            _require_open(receipt.state)
            return receiving.keep_scans(connection, self._parts.store.insert, number, rows)

        again = await self._parts.store.write("receipt_scanned", keep)
        results = await self._verdicts(number, reads, scans, again)
        return {"shipment": number, "results": results, "counts": await self._counts(number)}

    async def unscan(self, number: int, text: str) -> dict[str, Any]:
        """Forget that a code was read; return whether it had been, as JSON.

        Raises:
            NotFoundError, NotPossibleError: as `scan`.
        """
        code = read_symbol(text).code

        def work(connection: Connection) -> bool:
            _, receipt = require(connection, number)
            _require_open(receipt.state)
            return receiving.remove_scan(connection, number, code)

        removed = await self._parts.store.write("receipt_scanned", work)
        return {"shipment": number, "removed": removed, "counts": await self._counts(number)}

    async def _verdicts(
        self, number: int, reads: Sequence[Read], scans: Sequence[Scan], again: set[str]
    ) -> list[dict[str, Any]]:
        codes = list(dict.fromkeys(one.code for one in scans))
        handover, handed, alike = await self._parts.store.read(lambda c: _about(c, number, codes))
        known = await self._parts.knowing.of(handover, list(handed.values()), codes)
        results = []
        for read, scan in zip(reads, scans, strict=True):
            one = handed.get(scan.code)
            said = None if one is None else Expected(one.code, one.parent, one.lot, one.expiry)
            found = verdict(scan, said, known, alike=class_of(scan.code) in alike)
            results.append(
                {
                    "text": read.text,
                    "code": scan.code,
                    "verdict": "difference" if found else "again" if scan.code in again else "ok",
                    "reasons": [reason_wire(each) for each in found],
                }
            )
            again.add(scan.code)
        return results

    async def _counts(self, number: int) -> dict[str, Any]:
        """Return how far a receipt is; `found` only of shipments that are quickly compared."""

        def work(connection: Connection) -> tuple[int, Loaded | None]:
            handover, _ = require(connection, number)
            if handover.code_count > COUNTED_MAX:
                return receiving.scan_count(connection, number), None
            return 0, load(connection, number)

        scanned, loaded = await self._parts.store.read(work)
        if loaded is None:
            return {"expected": None, "found": None, "scanned": scanned, "extra": None,
                    "twice": None}  # fmt: skip
        return counts_wire(match(loaded.shipment, loaded.read), loaded.scans)

    async def finish(self, number: int, ending: Ending) -> dict[str, Any]:
        """Say that a shipment was received as far as it is there; return it as JSON.

        Raises:
            NotFoundError: `shipment_not_found`.
            NotPossibleError: `receipt_void`.
            RefusedOperationError: the state rules forbid it; it stays open.
            EpcisError, DocumentRefusedError, NotReadyError: as capturing does.
        """
        async with self._finishing:
            await self._parts.follower.catch_up()
            loaded = await self._parts.store.read(lambda c: load(c, number))
            if loaded.receipt.state is Phase.VOID:
                _require_open(loaded.receipt.state)
            if loaded.receipt.state is Phase.OPEN:
                wishes = {"place": ending.place, "override": ending.override}
                await self._acknowledging.plan(loaded, who=ending.who, wishes=wishes)
            if loaded.receipt.state is not Phase.FINISHED:
                try:
                    await self._acknowledging.conclude(number)
                except GatewayError:
                    await self._reopen(number)
                    raise
        return await self.shipment(number)

    async def _reopen(self, number: int) -> None:
        def work(connection: Connection) -> None:
            _, receipt = require(connection, number)
            if receipt.state is Phase.FINISHING:
                receiving.change_receipt(connection, number, state=Phase.OPEN, plan=None)

        await self._parts.store.write("receipt_reopened", work)


def _rows(scans: Sequence[Scan], at_ms: int, who: str) -> list[ScanRow]:
    """Return the rows of scans, each code once; later statements complete earlier ones."""
    rows: dict[str, ScanRow] = {}
    for one in scans:
        seen = rows.get(one.code)
        rows[one.code] = ScanRow(
            one.code,
            one.lot or (seen.lot if seen else None),
            one.expiry or (seen.expiry if seen else None),
            one.inside or (seen.inside if seen else None),
            one.opened or bool(seen and seen.opened),
            1 + (seen.times if seen else 0),
            at_ms,
            who,
        )
    return list(rows.values())


def _require_open(state: Phase) -> None:
    if state is Phase.VOID:
        raise NotPossibleError(
            "the sender took this shipment's data back", code="receipt_void",
            hint="sealtrail shipment list: a corrected one may have come.",
        )  # fmt: skip
    if state is not Phase.OPEN:
        raise NotPossibleError(
            "this shipment was received already", code="receipt_finished",
            hint="What is found later: sealtrail exception list, sealtrail receive.",
        )  # fmt: skip


def _about(
    connection: Connection, number: int, codes: Sequence[str]
) -> tuple[handovers.Handover, Mapping[str, handovers.HandedCode], set[str]]:
    """Return a shipment, what it says of some codes, and of which products it holds any."""
    handover, _ = require(connection, number)
    handed = {
        one.code: one for one in handovers.codes_among(connection, handover.digest or b"", codes)
    }
    classes = {class_of(code) for code in codes if code not in handed} - {""}
    alike = {one for one in classes if receiving_lookups.holds_class(connection, number, one)}
    return handover, handed, alike


def _holding(connection: Connection, code: str) -> set[int]:
    return {one.handover for one in custody.claims(connection, [code]).get(code, ())}


__all__ = ["COUNTED_MAX", "SCANS_MAX", "Ending", "Read", "Receiving"]
