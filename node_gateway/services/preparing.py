"""Validate, normalise and commit: from the bytes of a document to events ready to be stored.

No I/O here. Together with batching this is where randomness is drawn: a fresh secret per event.
"""

from __future__ import annotations

import hmac
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import orjson

from anchoring.core.codes import CodesTree
from anchoring.core.commit import EventCommitment, commit_event
from anchoring.core.items import CODE_LISTS
from anchoring.errors import EventFormError
from node_gateway.epcis.derived import Location, derive
from node_gateway.epcis.errors import EpcisError, pointer_to
from node_gateway.epcis.normalise import check_time, normalise_document, normalise_event
from node_gateway.epcis.normalise_errors import DocumentRefusedError as NormalisingRefusedError
from node_gateway.epcis.parse import parse_json
from node_gateway.epcis.times import time_ms
from node_gateway.epcis.validation import EpcisValidator
from node_gateway.errors import DocumentRefusedError, Spot
from node_gateway.master_data.header import Told, header_records
from node_gateway.master_data.records import Record
from node_gateway.settings import LimitsSection
from node_gateway.storage.ports import MetaStore, NewCode, NewEvent, event_key
from node_gateway.storage.tiles import sparse_tiles

CODES_KEPT_INSIDE_MAX: Final = 1024
_EVENT_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "EPCISDocument": ("epcisBody", "eventList"),
    "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList"),
}
_SECRET_SIZE_BYTES: Final = 32
_META_EVENT_ID_KEY: Final = "event_id_key"


@dataclass(frozen=True, slots=True)
class PreparedEvent:
    """One event, committed. `index` is its place in the document, `pointer` the way to it."""

    index: int
    pointer: str
    event_id: str
    biz_step: str | None
    new: NewEvent


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """One event of a document that cannot be taken, with every problem found in it."""

    index: int
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document after all checks. `refused` is empty unless the sender said `proceed`."""

    digest: bytes
    events: tuple[PreparedEvent, ...]
    refused: tuple[RefusedEvent, ...]
    header: tuple[Record, ...] = ()
    """Master data that its header states."""


@dataclass(frozen=True, slots=True)
class Preparing:
    """The checks and the commit of one gateway.

    Attributes:
        event_id_key: 32 secret bytes of this database. An event without eventID gets one that is
            random to everybody else, and the same one when the same content comes again.
        locations: Master data by canonical location id.
    """

    participant: int
    validator: EpcisValidator
    limits: LimitsSection
    event_id_key: bytes
    locations: Mapping[str, Location]

    def document(self, raw: bytes, *, proceed: bool, now_ms: int) -> PreparedDocument:
        """Return the events of an EPCIS document.

        Args:
            raw: The body as received.
            proceed: Take what is valid and list the rest, instead of refusing all.
            now_ms: Milliseconds since the epoch, to refuse events from the future.

        Raises:
            EpcisError, DocumentRefusedError: with pointers into the document.
        """
        document = self._parse(raw)
        if not isinstance(document, dict) or _list_path(document) is None:
            what = "an EPCISDocument or EPCISQueryDocument is expected here"
            raise DocumentRefusedError([Spot("document_kind", what, "/type")])
        return self.converted(document, sha256(raw).digest(), proceed=proceed, now_ms=now_ms)

    def converted(
        self, document: Mapping[str, Any], digest: bytes, *, proceed: bool, now_ms: int
    ) -> PreparedDocument:
        """Return the events of an EPCIS document that was made from another form.

        Args:
            document: The EPCISDocument; it is not touched.
            digest: SHA-256 of the original, 32 bytes: it becomes `sealtrail:source`.
            proceed: As in `document`.
            now_ms: As in `document`.

        Raises:
            EpcisError, DocumentRefusedError: with pointers into `document`.
        """
        informed, told = self.informed_by(document)
        prepared = informed.events_of(document, digest, proceed=proceed, now_ms=now_ms)
        return replace(prepared, header=told) if told else prepared

    def informed_by(self, document: Mapping[str, Any]) -> tuple[Preparing, tuple[Record, ...]]:
        """Return the checks with the master data that a document's header states, and these."""
        told = header_records(document) if "epcisHeader" in document else []
        if not told:
            return self, ()
        return replace(self, locations=Told(self.locations, told)), tuple(told)

    def events_of(
        self, document: Mapping[str, Any], digest: bytes, *, proceed: bool, now_ms: int
    ) -> PreparedDocument:
        """Do as `converted`, whatever the document's header says."""
        _require_events(document)
        if not proceed:
            self._validate(document)
            normalised = [
                (index, one.event, one.pointer) for index, one in enumerate(_normalised(document))
            ]
            return self.commit_all(digest, normalised, now_ms, proceed=False)
        good, refused = self._one_by_one(document)
        prepared = self.commit_all(digest, good, now_ms, proceed=True)
        every = sorted((*refused, *prepared.refused), key=lambda one: one.index)
        return PreparedDocument(digest, prepared.events, tuple(every))

    def single(self, raw: bytes, *, now_ms: int) -> PreparedDocument:
        """Return the one bare event (with its own `@context`) of a body."""
        event = self._parse(raw)
        if not isinstance(event, dict) or _list_path(event) is not None:
            raise DocumentRefusedError(
                [Spot("document_kind", "a single event is expected here", "/type")]
            )
        self._validate(event)
        normalised = [(0, one.event, "") for one in _normalised(event)]
        return self.commit_all(sha256(raw).digest(), normalised, now_ms, proceed=False)

    def normalised(self, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the events of an EPCIS document, validated and normalised, not committed.

        Raises:
            EpcisError, DocumentRefusedError: it would be refused.
        """
        self._validate(document)
        return [one.event for one in _normalised(document)]

    def event_id_of(self, event: Mapping[str, Any]) -> str:
        """Return the eventID under which a bare event would be stored.

        Raises:
            EpcisError, DocumentRefusedError: it would be refused; pointers into the event.
        """
        self._validate(event)
        (one,) = _normalised(event)
        return str(one.event.get("eventID") or self._made_event_id(one.event))

    def _parse(self, raw: bytes) -> object:
        limits = self.limits
        return parse_json(
            raw, size_bytes_max=limits.body_size_bytes_max, depth_max=limits.levels_max
        )

    def _validate(self, document: Mapping[str, Any]) -> None:
        problems = self.validator.validate_document(document)
        if problems:
            raise DocumentRefusedError(
                [Spot(one.code, one.detail, one.pointer, one.hint) for one in problems]
            )

    def _one_by_one(
        self, document: Mapping[str, Any]
    ) -> tuple[list[tuple[int, dict[str, Any], str]], list[RefusedEvent]]:
        """Check the frame as a whole and each event alone, so that one cannot spoil another."""
        path = _list_path(document) or ()
        events = _at(document, path)
        if not isinstance(events, list):
            self._validate(document)  # says what is missing
            events = []
        else:
            self._validate(_without_events(document, path))
        good: list[tuple[int, dict[str, Any], str]] = []
        refused: list[RefusedEvent] = []
        for index, event in enumerate(events):
            pointer = pointer_to(*path, index)
            problems = self.validator.validate_event(event)
            spots = [Spot(p.code, p.detail, pointer + p.pointer, p.hint) for p in problems]
            if not spots:
                try:
                    good.append((index, normalise_event(event, document.get("@context")), pointer))
                except NormalisingRefusedError as error:
                    spots = _spots(error, pointer)
            if spots:
                refused.append(RefusedEvent(index, tuple(spots)))
        return good, refused

    def commit_all(
        self,
        digest: bytes,
        events: Sequence[tuple[int, dict[str, Any], str]],
        now_ms: int,
        *,
        proceed: bool,
    ) -> PreparedDocument:
        """Commit normalised events.

        Args:
            digest: SHA-256 of the original, 32 bytes.
            events: Place in the document, normalised event (its own), pointer to the original.
            now_ms: Milliseconds since the epoch.
            proceed: List those that cannot be taken, instead of refusing all.

        Raises:
            DocumentRefusedError: with the given pointers; without `proceed` only.
        """
        prepared: list[PreparedEvent] = []
        refused: list[RefusedEvent] = []
        secrets = os.urandom(_SECRET_SIZE_BYTES * len(events))
        for at, (index, event, pointer) in enumerate(events):
            secret = secrets[at * _SECRET_SIZE_BYTES : (at + 1) * _SECRET_SIZE_BYTES]
            try:
                _require_goods(event, pointer)
                check_time(event, now_ms, self.limits.future_tolerance_s, pointer)
                prepared.append(self._commit(index, pointer, event, digest, secret))
            except (EventFormError, EpcisError) as error:
                spot = _spot(error, pointer)
                if not proceed:
                    raise DocumentRefusedError([spot]) from error
                refused.append(RefusedEvent(index, (spot,)))
        return PreparedDocument(digest, tuple(prepared), tuple(refused))

    def _commit(
        self, index: int, pointer: str, event: dict[str, Any], digest: bytes, secret: bytes
    ) -> PreparedEvent:
        event_id = event.get("eventID") or self._made_event_id(event)
        event["eventID"] = event_id
        derived = derive(event, source_digest=digest.hex(), locations=self.locations)
        commitment = commit_event(event, derived, participant=self.participant, secret=secret)
        apart = len(commitment.codes.codes) > CODES_KEPT_INSIDE_MAX
        step = event.get("bizStep")
        new = NewEvent(
            event_key=event_key(event_id, error_declaration="errorDeclaration" in event),
            content_key=content_key(event),
            payload=orjson.dumps(_without_codes(event) if apart else event),
            derived=_sorted_json(derived),
            secret=secret,
            entry=commitment.entry,
            fields_size=commitment.fields.size,
            fields_root=commitment.fields.root,
            codes_root=commitment.codes.root,
            event_time_ms=time_ms(event["eventTime"]),
            codes=_new_codes(event, commitment),
            codes_apart=apart,
            code_tiles=sparse_tiles(commitment.codes.pairs) if apart else (),
            document_index=index,
        )
        known_step = step if isinstance(step, str) else None
        return PreparedEvent(index, pointer, event_id, known_step, new)

    def _made_event_id(self, event: Mapping[str, Any]) -> str:
        """Return an eventID for an event that has none.

        It must not be a hash that anybody could recompute (a guess about the content could then
        be tested), but the same content must get the same one, so that a document that is sent
        twice is not stored twice. So it is keyed: a UUID of version 8 (RFC 9562).
        """
        mac = hmac.digest(self.event_id_key, _sorted_json(event), "sha256")[:16]
        number = int.from_bytes(mac) & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62)
        return f"urn:uuid:{uuid.UUID(int=number)}"


def _list_path(document: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return where a document has its events, None if it is no document."""
    kind = document.get("type")
    return _EVENT_LISTS.get(kind) if isinstance(kind, str) else None


def _at(document: Any, path: Sequence[str]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _without_events(document: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """Return a copy of a document with an empty list in place of its events."""
    name, *rest = path
    inner = _without_events(document[name], rest) if rest else []
    return {**document, name: inner}


def _require_events(document: Mapping[str, Any]) -> None:
    """The schema takes an empty eventList; a capture of nothing is a mistake of the sender."""
    path = _list_path(document) or ()
    if _at(document, path) == []:
        pointer = pointer_to(*path)
        hint = "Put at least one event into it."
        raise DocumentRefusedError([Spot("no_events", "The event list is empty.", pointer, hint)])


def _require_goods(event: Mapping[str, Any], pointer: str) -> None:
    """An ObjectEvent speaks of something (EPCIS 2.0, 7.4.2); others may have a parent alone."""
    goods = ("epcList", "quantityList", "sensorElementList")
    if event["type"] == "ObjectEvent" and not any(event.get(name) for name in goods):
        hint = "Give at least one code, or a quantityList."
        raise EpcisError(
            "The event names no goods.", code="no_goods", pointer=f"{pointer}/epcList", hint=hint
        )


def content_key(event: Mapping[str, Any]) -> bytes:
    """Return what tells the same normalised content again from other content (32 bytes)."""
    return sha256(_sorted_json(event)).digest()


def _normalised(document: Mapping[str, Any]) -> list[Any]:
    try:
        return list(normalise_document(document))
    except NormalisingRefusedError as error:
        raise DocumentRefusedError(_spots(error, "")) from error


def _spots(error: NormalisingRefusedError, pointer: str) -> list[Spot]:
    return [Spot(one.code, one.detail, pointer + one.pointer, one.hint) for one in error.errors]


def _spot(error: EventFormError | EpcisError, pointer: str) -> Spot:
    if isinstance(error, EpcisError):  # it has the whole pointer already
        return Spot(error.code, error.detail, error.pointer, error.hint)
    return Spot(error.code, str(error), pointer + error.pointer)


def _sorted_json(value: object) -> bytes:
    """Return one text per content: 15.0 and 15 are one number (RFC 8785), and XML says 15."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    if b".0" not in text:
        return text
    return orjson.dumps(_integral(value), option=orjson.OPT_SORT_KEYS)


def _integral(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _integral(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_integral(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_codes(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event without its code lists; an empty one stays, for it is a field item."""
    return {name: value for name, value in event.items() if name not in CODE_LISTS or not value}


def _new_codes(event: Mapping[str, Any], commitment: EventCommitment) -> list[NewCode]:
    tree: CodesTree = commitment.codes
    orders = {
        name: {code: order for order, code in enumerate(dict.fromkeys(event[name]))}
        for name in CODE_LISTS
        if event.get(name)
    }
    placed = zip(tree.codes, tree.positions, strict=True)
    return [
        NewCode(code, name, orders[name][code], ordinal, position)
        for ordinal, ((name, code), position) in enumerate(placed)
    ]


async def event_id_key(store: MetaStore) -> bytes:
    """Return the database's own key for eventIDs of our making; drawn once."""
    key = await store.meta(_META_EVENT_ID_KEY)
    if key is None:
        key = os.urandom(_SECRET_SIZE_BYTES)
        await store.set_meta(_META_EVENT_ID_KEY, key)
    return key
