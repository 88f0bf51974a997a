"""XML on its way to being captured: read, checked event by event, committed as JSON is.

Problems come out at their elements, with XPath and line, whichever of the checks found them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from node_gateway.codes.china.sniffing import HEAD_SIZE, sniff
from node_gateway.epcis.normalise import normalise_event
from node_gateway.epcis.normalise_errors import DocumentRefusedError as NormalisingRefusedError
from node_gateway.epcis.xml.errors import XmlProblem, XmlRefusedError
from node_gateway.epcis.xml.read import XmlDocument, places_of, read_xml
from node_gateway.epcis.xml.schema_view import schema_views
from node_gateway.epcis.xml.stream import XmlEvent
from node_gateway.errors import DocumentRefusedError, Spot
from node_gateway.services.preparing import PreparedDocument, Preparing, RefusedEvent

SPOTS_MAX = 20
_BODY = "epcisBody"


class XmlInput:
    """The checks of one gateway on XML documents. Holds nothing of any document."""

    def __init__(self, preparing: Preparing) -> None:
        self._preparing = preparing

    def document(self, raw: bytes, *, proceed: bool, now_ms: int) -> PreparedDocument:
        """Return the events of an EPCISDocument, 1.2 or 2.0, or of an EPCISQueryDocument.

        Arguments as `Preparing.document`.

        Raises:
            EpcisError, DocumentRefusedError: with XPaths and lines.
        """
        return self._prepared(raw, "document", proceed=proceed, now_ms=now_ms)

    def single(self, raw: bytes, *, now_ms: int) -> PreparedDocument:
        """Return the one event of a document whose first element is an event."""
        return self._prepared(raw, "event", proceed=False, now_ms=now_ms)

    def _prepared(self, raw: bytes, kind: str, *, proceed: bool, now_ms: int) -> PreparedDocument:
        read = self._read(raw)
        if read.kind not in ("document", "query") if kind == "document" else read.kind != kind:
            expected = (
                "an EPCISDocument or EPCISQueryDocument" if kind == "document" else "a single event"
            )
            raise DocumentRefusedError([Spot("document_kind", f"{expected} is expected here")])
        self._check_frame(read)
        preparing, told = self._preparing.informed_by(read.document)
        context = None if kind == "event" else read.document["@context"]
        good: list[tuple[int, dict[str, Any], str]] = []
        wrong: dict[int, list[Spot]] = {}
        for event in read.events:
            spots, normalised = self._checked(event, context)
            if normalised is None:
                wrong[event.index] = spots
                if not proceed and sum(map(len, wrong.values())) >= SPOTS_MAX:
                    break
            else:
                good.append((event.index, normalised, event.path))
        refused = self._placed(raw, read.events, wrong)
        if refused and not proceed:
            spots = [spot for one in refused for spot in one.spots]
            raise DocumentRefusedError(spots[:SPOTS_MAX])
        digest = sha256(raw).digest()
        try:
            prepared = preparing.commit_all(digest, good, now_ms, proceed=proceed)
        except DocumentRefusedError as error:
            raise DocumentRefusedError([_lined(one, read.events) for one in error.spots]) from None
        late = [
            RefusedEvent(one.index, tuple(_lined(spot, read.events) for spot in one.spots))
            for one in prepared.refused
        ]
        every = sorted((*refused, *late), key=lambda one: one.index)
        return PreparedDocument(digest, prepared.events, tuple(every), told)

    def _read(self, raw: bytes) -> XmlDocument:
        if sniff(raw[:HEAD_SIZE]) is not None:
            detail = "a file of the drug platform is imported, not captured"
            hint = "POST it to /v1/imports, or: sealtrail import mashang FILE"
            raise DocumentRefusedError([Spot("document_kind", detail, hint=hint)])
        limits = self._preparing.limits
        try:
            read = read_xml(
                raw, size_bytes_max=limits.body_size_bytes_max, depth_max=limits.levels_max
            )
        except XmlRefusedError as error:
            raise DocumentRefusedError([_spot(one) for one in error.problems]) from None
        if read.frame_problems:
            raise DocumentRefusedError([_spot(one) for one in read.frame_problems])
        return read

    def _check_frame(self, read: XmlDocument) -> None:
        """Check what stands around the events, where there is something."""
        if read.kind == "event":
            return
        if not read.events:
            hint = "Put at least one event into EPCISBody/EventList."
            spot = Spot("no_events", "The document has no events.", hint=hint)
            raise DocumentRefusedError([spot])
        body: dict[str, Any] = {"eventList": []}
        if read.kind == "query":
            results = read.document[_BODY]["queryResults"]
            body = {"queryResults": {**results, "resultsBody": {**results["resultsBody"], **body}}}
        frame = {**read.document, _BODY: body}
        problems = self._preparing.validator.validate_document(frame)
        if problems:
            raise DocumentRefusedError(
                [Spot(one.code, one.detail, one.pointer, one.hint) for one in problems]
            )

    def _checked(self, event: XmlEvent, context: Any) -> tuple[list[Spot], dict[str, Any] | None]:
        """Return the normalised event, or why there is none, with pointers into the twin."""
        if event.problems:
            return [_spot(one) for one in event.problems], None
        validator = self._preparing.validator
        spots = [
            Spot(one.code, one.detail, one.pointer, one.hint)
            for view in schema_views(event.twin)
            for one in validator.validate_event(view)
        ]
        if spots:
            return spots, None
        try:
            return [], normalise_event(event.twin, context)
        except NormalisingRefusedError as error:
            return [Spot(e.code, e.detail, e.pointer, e.hint) for e in error.errors], None

    def _placed(
        self, raw: bytes, events: Sequence[XmlEvent], wrong: Mapping[int, Sequence[Spot]]
    ) -> list[RefusedEvent]:
        """Turn pointers into the twins into XPaths and lines."""
        pointers = {
            index: {spot.pointer for spot in spots}
            for index, spots in wrong.items()
            if not events[index].problems
        }
        limits = self._preparing.limits
        places = {}
        if pointers:
            places = places_of(
                raw,
                pointers,
                size_bytes_max=limits.body_size_bytes_max,
                depth_max=limits.levels_max,
            )
        refused = []
        for index, spots in wrong.items():
            placed = []
            for spot in spots:
                place = places.get((index, spot.pointer))
                if place is None:
                    placed.append(spot)
                else:
                    placed.append(Spot(spot.code, spot.detail, place.path, spot.hint, place.line))
            refused.append(RefusedEvent(index, tuple(placed)))
        return refused


def _spot(problem: XmlProblem) -> Spot:
    return Spot(problem.code, problem.detail, problem.path, problem.hint, problem.line)


def _lined(spot: Spot, events: Sequence[XmlEvent]) -> Spot:
    """Give a problem that was found last the line where its event begins."""
    for event in events:
        if spot.pointer == event.path or spot.pointer.startswith(f"{event.path}/"):
            return Spot(spot.code, spot.detail, spot.pointer, spot.hint, event.line)
    return spot
