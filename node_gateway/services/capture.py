"""Capture: a document in, durable events and a signed receipt out."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from anchoring.chain.receipts import ReceiptSigner
from anchoring.core.receipt import Receipt
from node_gateway.errors import ConflictError, Spot
from node_gateway.master_data.records import Record
from node_gateway.services.disclosing import open_event, whole_event
from node_gateway.services.gate import Gate
from node_gateway.services.preparing import (
    PreparedDocument,
    PreparedEvent,
    Preparing,
    content_key,
)
from node_gateway.services.xml_input import XmlInput
from node_gateway.storage.errors import IdempotencyMismatchError, StorageError
from node_gateway.storage.ports import (
    CaptureOutcome,
    CaptureProblem,
    CaptureUnit,
    GatewayStore,
    OutcomeKind,
    SignedPromise,
)
from node_gateway.streams import Stream, Streams
from node_gateway.telemetry import Metrics

_INLINE_SIZE_BYTES_MAX = 8 * 1024
"""Smaller bodies are prepared on the event loop: a thread switch costs more than the work."""
_CONFLICT = "this eventID is known with other content"


class TakeHeader(Protocol):
    """Takes the master data that the header of a stored document states."""

    async def __call__(self, records: Sequence[Record], *, by: str) -> int:
        """Take them; returns how many are news."""
        ...


@dataclass(frozen=True, slots=True)
class EventResult:
    """What became of one event of a document."""

    index: int
    event_id: str
    kind: OutcomeKind
    entry: bytes | None


@dataclass(frozen=True, slots=True)
class CaptureReport:
    """What became of a document. `success` is False if anything was not taken."""

    capture_id: str
    events: tuple[EventResult, ...]
    problems: tuple[CaptureProblem, ...]
    replayed: bool = False

    @property
    def success(self) -> bool:
        """Whether every event is stored, now or before."""
        return not self.problems


class Capture:
    """The use case of capturing, for HTTP and for the command line."""

    def __init__(
        self,
        *,
        store: GatewayStore,
        preparing: Preparing,
        streams: Streams,
        signer: ReceiptSigner,
        gate: Gate,
        metrics: Metrics,
        clock: Callable[[], float],
        on_stored: Callable[[], None],
        take_header: TakeHeader | None = None,
    ) -> None:
        self._store, self._preparing, self._streams = store, preparing, streams
        self._xml = XmlInput(preparing)
        self._signer, self._gate, self._metrics, self._clock = signer, gate, metrics, clock
        self._on_stored, self._take_header = on_stored, take_header

    async def document(
        self,
        raw: bytes,
        *,
        proceed: bool = False,
        idempotency_key: str | None = None,
        xml: bool = False,
    ) -> CaptureReport:
        """Capture an EPCIS document.

        Args:
            raw: The body as received.
            xml: It is XML, not JSON.
            proceed: Store what is valid and report the rest; otherwise all events or none.
            idempotency_key: The client's own name for this request, if any.

        Raises:
            NotReadyError: captures are not taken now; nothing was stored.
            EpcisError, DocumentRefusedError: refused; nothing was stored.
            ConflictError: an eventID is known with other content; without `proceed` only.
            StorageError: not stored.
        """
        self._gate.require_capture()
        now_ms = int(self._clock() * 1000)

        def prepare() -> PreparedDocument:
            reader = self._xml if xml else self._preparing
            return reader.document(raw, proceed=proceed, now_ms=now_ms)

        prepared = await _run(prepare, len(raw))
        return await self._store_all(prepared, idempotency_key, now_ms, all_or_nothing=not proceed)

    async def converted(
        self,
        document: Mapping[str, Any],
        *,
        digest: bytes,
        proceed: bool = False,
        idempotency_key: str | None = None,
    ) -> CaptureReport:
        """Capture an EPCIS document that was made from another form, or a part of one.

        Args:
            document: The EPCISDocument.
            digest: SHA-256 of the original file, 32 bytes.
            proceed: As in `document`.
            idempotency_key: As in `document`; parts of one file need different ones.

        Raises:
            As `document`, with pointers into the EPCISDocument.
        """
        self._gate.require_capture()
        now_ms = int(self._clock() * 1000)

        def prepare() -> PreparedDocument:
            return self._preparing.converted(document, digest, proceed=proceed, now_ms=now_ms)

        prepared = await asyncio.to_thread(prepare)
        return await self._store_all(prepared, idempotency_key, now_ms, all_or_nothing=not proceed)

    async def event(self, raw: bytes, *, xml: bool = False) -> CaptureReport:
        """Capture one bare event. Errors as `document`."""
        self._gate.require_capture()
        now_ms = int(self._clock() * 1000)

        def prepare() -> PreparedDocument:
            return (self._xml if xml else self._preparing).single(raw, now_ms=now_ms)

        prepared = await _run(prepare, len(raw))
        return await self._store_all(prepared, None, now_ms, all_or_nothing=True)

    async def _store_all(
        self,
        prepared: PreparedDocument,
        idempotency_key: str | None,
        now_ms: int,
        *,
        all_or_nothing: bool,
    ) -> CaptureReport:
        parts = self._parts(prepared.events)
        if all_or_nothing and len(parts) > 1:
            await self._refuse_known_conflicts(prepared.events)
        capture_id = _capture_id(now_ms)
        problems = [
            CaptureProblem(spot.code, _place_and_detail(spot), one.index)
            for one in prepared.refused
            for spot in one.spots
        ]
        results: list[EventResult] = []
        replayed = False
        # A crash between two parts leaves a job that is still running. Sent again, its first part
        # is a duplicate (or, by its idempotency key, a replay), and the second is stored then.
        for part, (stream, events) in enumerate(parts):
            last = part == len(parts) - 1
            outcome = await self._store.capture(
                CaptureUnit(
                    capture_id=capture_id,
                    stream=stream.number,
                    created_at_ms=now_ms,
                    document_digest=prepared.digest,
                    events=[one.new for one in events],
                    all_or_nothing=all_or_nothing,
                    sign=self._promise(stream),
                    problems=problems if last else (),
                    part=part,
                    last=last,
                    idempotency_key=_part_key(idempotency_key, part),
                )
            )
            capture_id, replayed = outcome.capture_id, replayed or outcome.replayed
            results += _results(events, outcome)
        self._on_stored()
        self._count(results, len(prepared.refused))
        conflicting = [one.index for one in results if one.kind == "conflict"]
        if conflicting and all_or_nothing and not any(one.kind == "stored" for one in results):
            pointers = {one.index: one.pointer for one in prepared.events}
            raise ConflictError([_conflict(pointers[index]) for index in sorted(conflicting)])
        if prepared.header and self._take_header is not None:
            # The events are durable, so nothing here may fail the capture; sent again, it is taken.
            with contextlib.suppress(StorageError):
                await self._take_header(prepared.header, by=f"capture {capture_id}")
        conflicts = [CaptureProblem("event_conflict", _CONFLICT, at) for at in conflicting]
        ordered = tuple(sorted(results, key=lambda one: one.index))
        return CaptureReport(capture_id, ordered, (*problems, *conflicts), replayed)

    def _count(self, results: Sequence[EventResult], refused: int) -> None:
        for kind in {one.kind for one in results}:
            self._metrics.events.labels(kind).inc(sum(one.kind == kind for one in results))
        self._metrics.events.labels("refused").inc(refused)

    def _parts(self, events: Sequence[PreparedEvent]) -> list[tuple[Stream, list[PreparedEvent]]]:
        """Group events by stream; a document without events still makes a job."""
        groups: dict[int, tuple[Stream, list[PreparedEvent]]] = {}
        for event in events:
            stream = self._streams.of_step(event.biz_step)
            groups.setdefault(stream.number, (stream, []))[1].append(event)
        return list(groups.values()) or [(self._streams.ordinary, [])]

    async def _refuse_known_conflicts(self, events: Sequence[PreparedEvent]) -> None:
        """Keep all-or-nothing over two streams, which are stored one after the other."""
        spots = []
        inside: dict[bytes, bytes] = {}
        for one in events:
            known = inside.setdefault(one.new.event_key, one.new.content_key)
            stored = await self._store.event_by_key(one.new.event_key)
            if stored is not None and stored.payload is not None:
                known = content_key(await whole_event(self._store, open_event(stored)))
            if known != one.new.content_key:
                spots.append(_conflict(one.pointer))
        if spots:
            raise ConflictError(spots)

    def _promise(self, stream: Stream) -> Callable[[Sequence[bytes]], SignedPromise]:
        def sign(entries: Sequence[bytes]) -> SignedPromise:
            now_s = int(self._clock())
            receipt = self._signer.sign(
                Receipt(
                    participant=self._preparing.participant,
                    stream=stream.number,
                    entries=tuple(entries),
                    received_at=now_s,
                    anchor_by=now_s + stream.promise_s,
                    chain_id=self._signer.chain_id,
                    registry=self._signer.registry,
                )
            )
            return SignedPromise(
                received_at=receipt.received_at,
                anchor_by=receipt.anchor_by,
                chain_id=receipt.chain_id,
                registry=receipt.registry,
                signature=receipt.signature,
            )

        return sign


def _place_and_detail(spot: Spot) -> str:
    place = spot.pointer if spot.line is None else f"line {spot.line}, {spot.pointer}"
    return f"{place}: {spot.detail}"


def _conflict(pointer: str) -> Spot:
    hint = "Send a corrected event under its own eventID."
    return Spot("event_conflict", _CONFLICT, f"{pointer}/eventID", hint)


def _part_key(key: str | None, part: int) -> str | None:
    """Return the idempotency key of one part; no header can hold a line break."""
    return f"{key}\n{part}" if key is not None and part else key


def _results(events: Sequence[PreparedEvent], outcome: CaptureOutcome) -> list[EventResult]:
    if outcome.replayed and len(outcome.events) != len(events):
        # The same bytes, but other events of them were refused then (as too early, perhaps).
        raise IdempotencyMismatchError(capture_id=outcome.capture_id)
    return [
        EventResult(event.index, event.event_id, one.kind, one.entry)
        for event, one in zip(events, outcome.events, strict=True)
    ]


async def _run(prepare: Callable[[], PreparedDocument], size_bytes: int) -> PreparedDocument:
    if size_bytes <= _INLINE_SIZE_BYTES_MAX:
        return prepare()
    return await asyncio.to_thread(prepare)


def _capture_id(now_ms: int) -> str:
    """Return an id that grows with time (UUID version 7, RFC 9562), so that its index does too."""
    random = uuid.uuid4().int
    number = (now_ms & ((1 << 48) - 1)) << 80 | (random & ((1 << 76) - 1)) | (0x7 << 76)
    return str(uuid.UUID(int=number & ~(0x3 << 62) | (0x2 << 62)))
