"""The log of reads, anchored: an event of ours states how far each grantee's chain is.

The event goes the way of every other one, so its anchor proves how far the log was then. What it
states of one grantee are items of their own: each is shown its own end, and learns neither who else
reads nor how many do. See docs/adr for why it is an event.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import orjson
import structlog

from anchoring.core.read_log import Read, ReadLogError, chained
from anchoring.errors import AnchoringError
from node_gateway.epcis.operations import EXTENSION, PREFIX, document_of
from node_gateway.errors import GatewayError, NotFinalError
from node_gateway.partners.grants import Giving, Rules
from node_gateway.partners.statements import Statements
from node_gateway.services.capture import Capture
from node_gateway.services.disclosing import Disclosing, open_event
from node_gateway.services.gateway import EPCIS_CONTEXT
from node_gateway.services.opening import full_opening
from node_gateway.services.operating import event_id_under
from node_gateway.settings import PolicySection
from node_gateway.storage import grant_reads
from node_gateway.storage.errors import StorageError
from node_gateway.storage.grant_reads import LogEnd, StatedEnd
from node_gateway.storage.ports import GatewayStore, event_key
from node_gateway.telemetry import without_values

STEP: Final = f"{EXTENSION}step:stating-reads"
_DOCUMENT_TYPE: Final = f"{EXTENSION}document-type:read-log"
_MEMBER: Final = f"{EXTENSION}reads"
_GRANTEES_MAX: Final = 1_000
_PAGE: Final = 1_000
STATEMENT_READS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """What checking the log found; `broken` has a sentence for each chain that does not hold."""

    grantees: int
    reads: int
    stated: int
    final: int
    broken: tuple[str, ...]

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "holds": not self.broken,
            "grantees": self.grantees,
            "reads": self.reads,
            "stated": self.stated,
            "final": self.final,
            "broken": list(self.broken),
        }


class ReadLog:
    """States, checks and hands out the log. Implements `Background`."""

    def __init__(
        self,
        store: GatewayStore,
        capture: Capture,
        disclosing: Disclosing,
        giving: Giving,
        statements: Statements,
        event_id_secret: bytes,
    ) -> None:
        self._store, self._capture, self._disclosing = store, capture, disclosing
        self._giving, self._statements, self._secret = giving, statements, event_id_secret
        self._rules: Rules = giving.rules
        self._ending = asyncio.Event()
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """See `Background`."""
        pause_s = self._rules.settings.log_anchor_s
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause_s)
                return
            try:
                await self.state_now()
                await self._giving.tidy()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass tries again
                self._log.warning("the log of reads was not stated", **without_values(error))

    def stop(self) -> None:
        """See `Background`."""
        self._ending.set()

    async def state_now(self) -> bytes | None:
        """State how far the chains are that went on since; return the event's entry, if any.

        A crash between the event and the note of it leaves an event that states what is true;
        the next pass finds it by its eventID.
        """
        ends = await self._store.read(
            lambda c: grant_reads.ends(c, unstated=True, limit=_GRANTEES_MAX)
        )
        if not ends:
            return None
        entry = await self._captured(ends)
        now_s = int(self._rules.clock())
        await self._store.write(
            "state_reads", lambda c: grant_reads.state(c, ends, entry=entry, at=now_s)
        )
        return entry

    async def statement(self, grantee: int, *, after: int) -> dict[str, Any]:
        """Return what a grantee read above a number, signed, with the proof of an anchored end.

        Args:
            grantee: Who asks.
            after: Number of the last read that it knows.
        """
        owner, limit = self._rules.participant, STATEMENT_READS_MAX
        store = self._store
        end = await store.read(lambda c: grant_reads.end_of(c, grantee))
        known = min(after, end.number if end else 0)
        reads, before = await store.read(
            lambda c: (
                grant_reads.reads_of(c, grantee, owner=owner, after=known, limit=limit),
                grant_reads.digest_at(c, grantee, known),
            )
        )
        through = reads[-1].number if reads else known
        stated = await store.read(lambda c: grant_reads.last_statement(c, grantee, through))
        body = {
            "owner": owner,
            "grantee": grantee,
            "after": known,
            "afterDigest": before.hex(),
            "reads": [one.to_wire() for one in reads],
            "digest": chained(reads, after=known, digest=before).hex(),
            "more": bool(end and end.number > through),
            "stated": None if stated is None else _stated_wire(stated),
        }
        said = self._statements.say("reads", body)
        proof = None if stated is None else await self._proof(stated)
        return {"statement": said.to_wire(), "proof": proof}

    async def check(self) -> Found:
        """Recompute every chain, and compare it with what anchored events state of it."""
        ends = await self._store.read(grant_reads.ends)
        reads = stated = final = 0
        broken: list[str] = []
        for end in ends:
            try:
                kept = await self._recomputed(end)
            except ReadLogError as error:
                broken.append(f"participant {end.grantee}: {error}")
                continue
            reads += end.number
            for one in await self._all_statements(end.grantee):
                stated += 1
                problem, is_final = await self._compared(one, kept)
                final += is_final
                if problem:
                    broken.append(f"participant {end.grantee}: {problem}")
        return Found(len(ends), reads, stated, final, tuple(broken))

    async def _captured(self, ends: Sequence[LogEnd]) -> bytes:
        said = [[one.grantee, one.number, one.digest.hex()] for one in ends]
        name = sha256(orjson.dumps(said)).hexdigest()
        event_id = event_id_under(self._secret, "stating-reads", name)
        known = await self._store.event_by_key(event_key(event_id, error_declaration=False))
        if known is not None:
            return known.header.entry
        document = document_of([self._event(ends, event_id)], EPCIS_CONTEXT)
        digest = sha256(orjson.dumps(document)).digest()
        report = await self._capture.converted(document, digest=digest)
        return report.events[0].entry or b""

    def _event(self, ends: Sequence[LogEnd], event_id: str) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._rules.clock(), UTC)
        number, digest = f"{PREFIX}:number", f"{PREFIX}:digest"
        name = f"{EXTENSION}read-log:{self._rules.participant}"
        return {
            "type": "TransactionEvent",
            "eventID": event_id,
            "eventTime": now.isoformat(timespec="milliseconds"),
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "bizStep": STEP,
            "bizTransactionList": [
                {
                    "type": _DOCUMENT_TYPE,
                    "bizTransaction": name,
                }
            ],
            "quantityList": [{"epcClass": name}],  # EPCIS wants something that it is about
            f"{PREFIX}:preset": "private",
            f"{PREFIX}:reads": {
                f"{PREFIX}:p{one.grantee}": {number: one.number, digest: one.digest.hex()}
                for one in ends
            },
        }

    async def _proof(self, stated: StatedEnd) -> dict[str, Any] | None:
        """Return the bundle that proves what was stated of one grantee, None until it is final."""
        stored = await self._store.event_by_entry(stated.entry)
        if stored is None or stored.payload is None:
            return None
        policy = PolicySection(paths=(path_of(stated.grantee),))
        with contextlib.suppress(NotFinalError):
            bundle = await self._disclosing.bundle_under(
                open_event(stored), policy, codes=(), hinting=False
            )
            return bundle.to_wire()
        return None

    async def _recomputed(self, end: LogEnd) -> dict[int, bytes]:
        """Return the digests of a chain by number, computed from its reads.

        Raises:
            ReadLogError: a read is missing, or another digest was kept.
        """
        owner, after, digest = self._rules.participant, 0, bytes(32)
        found: dict[int, bytes] = {0: digest}
        while page := await self._page(end.grantee, owner, after):
            for one in page:
                digest = chained([one], after=after, digest=digest)
                after = one.number
                found[after] = digest
        if (after, digest) != (end.number, end.digest):
            raise ReadLogError("the reads do not give the digest that was kept")
        return found

    async def _page(self, grantee: int, owner: int, after: int) -> list[Read]:
        return await self._store.read(
            lambda c: grant_reads.reads_of(c, grantee, owner=owner, after=after, limit=_PAGE)
        )

    async def _all_statements(self, grantee: int) -> list[StatedEnd]:
        found: list[StatedEnd] = []
        after = 0
        while page := await self._store.read(
            lambda c, after=after: grant_reads.statements_of(  # type: ignore[misc]
                c, grantee, after=after
            )
        ):
            found += page
            after = page[-1].number
        return found

    async def _compared(self, one: StatedEnd, kept: Mapping[int, bytes]) -> tuple[str | None, bool]:
        """Return what is wrong with a stated end, and whether its event is final.

        The event is recomputed from its secret: what is believed is what was committed.
        """
        try:
            opening = await full_opening(
                self._store, one.entry, participant=self._rules.participant
            )
        except (GatewayError, StorageError, AnchoringError):
            return f"the event that states read {one.number} is damaged", False
        member = opening.event.get(_MEMBER, {}).get(f"{EXTENSION}p{one.grantee}", {})
        said = member.get(f"{EXTENSION}number"), member.get(f"{EXTENSION}digest")
        computed = kept.get(one.number)
        if computed is None or said != (one.number, computed.hex()):
            return f"the log up to read {one.number} is not the one that was stated", False
        place = await self._store.batch_place(one.entry)
        return None, place is not None and place.batch.state == "final"


def path_of(grantee: int) -> str:
    """Return the path of what an event states of one grantee."""
    return f"$['{_MEMBER}']['{EXTENSION}p{grantee}']"


def _stated_wire(one: StatedEnd) -> dict[str, Any]:
    return {"number": one.number, "digest": one.digest.hex(), "entry": one.entry.hex()}


__all__ = ["Found", "ReadLog", "path_of"]
