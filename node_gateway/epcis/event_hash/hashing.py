"""Event hashes of documents, events and stored events, and which version one agrees with.

Source: CBV 2.0 and 2.1 section 8.9; RFC 6920.
"""

import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from node_gateway.epcis.errors import pointer_to
from node_gateway.epcis.event_hash.dialects import DIALECTS
from node_gateway.epcis.event_hash.prehash import pre_hash
from node_gateway.epcis.event_hash.readers import DocumentReader, LegacyReader, Reader
from node_gateway.epcis.event_hash.versions import (
    ALGORITHMS,
    EventHashVersion,
    parse_event_hash,
)
from node_gateway.epcis.normalise_errors import DocumentRefusedError, NormalisationError

_STORED: Final = MappingProxyType(
    {version: Reader(dialect) for version, dialect in DIALECTS.items()}
)
_DOCUMENTS: Final = ("EPCISDocument", "EPCISQueryDocument")
_LISTS: Final = ("event", "eventList")


def event_hashes(
    document: Mapping[str, Any], *, version: str = EventHashVersion.CBV_2_0
) -> list[str]:
    """Return the hash of every event of a document, in order.

    Args:
        document: EPCIS document, query document or bare event, as JSON; not changed. It need not
            be valid: what capture would refuse is hashed as it stands.
        version: An `EventHashVersion` or its value.

    Raises:
        DocumentRefusedError: `document_shape`, no event stands where one belongs.
        ValueError: no such version.

    Cost: about 50 us for an event of 15 members with one code.
    """
    context = document.get("@context") if _is_document(document) else None
    reader = _reader(EventHashVersion(version), context)
    return [_named(event, reader) for event in _events(document)]


def event_hash(
    event: Mapping[str, Any], *, version: str = EventHashVersion.CBV_2_0, context: Any = None
) -> str:
    """Return the hash of one event.

    Args:
        event: The event as it was submitted; its own `@context` holds inside `context`.
        version: An `EventHashVersion` or its value.
        context: The `@context` of the document around it, if any.
    """
    return _named(event, _reader(EventHashVersion(version), context))


def hash_of_normalised(event: Mapping[str, Any], version: str = EventHashVersion.CBV_2_0) -> str:
    """Return the hash of a normalised event, complete with its code lists.

    It is that of the original document except where normalising leaves no trace of what the hash
    depends on; docs/reference/event-hash.md lists these places.

    Cost: about 25 us for an event of 15 members with one code, 0.3 us per further code.
    """
    return _named(event, _STORED[EventHashVersion(version)])


def hashed_text(
    event: Mapping[str, Any], *, version: str = EventHashVersion.CBV_2_0, context: Any = None
) -> str:
    """Return the text that is hashed, to see why two hashes differ. It tells the whole event."""
    return pre_hash(event, _reader(EventHashVersion(version), context))


def agreeing_versions(
    event_id: str, event: Mapping[str, Any], *, context: Any = None
) -> tuple[EventHashVersion, ...]:
    """Return the versions in which an `ni:` eventID is the hash of an event; empty if in none.

    The label `CBV2.0` is used by two dialects, and often both agree.

    Args:
        event_id: `ni:///sha-256;...?ver=...`.
        event: The event as it was submitted.
        context: The `@context` of the document around it, if any.

    Raises:
        EventHashFormatError: `event_id` is no event hash.
    """
    stated = parse_event_hash(event_id)
    agreeing = []
    for version in EventHashVersion:
        if stated.label == version.label or stated.label.startswith(version.label + "."):
            text = pre_hash(event, _reader(version, context))
            if _digest(text, stated.algorithm) == stated.digest:
                agreeing.append(version)
    return tuple(agreeing)


def _reader(version: EventHashVersion, context: Any) -> Reader:
    dialect = DIALECTS[version]
    kind = LegacyReader if version is EventHashVersion.LEGACY else DocumentReader
    return kind.of(dialect, context)


def _named(event: Mapping[str, Any], reader: Reader) -> str:
    digest = hashlib.sha256(pre_hash(event, reader).encode("utf-8", "surrogatepass")).hexdigest()
    return f"ni:///sha-256;{digest}?ver={reader.dialect.version.label}"


def _digest(text: str, algorithm: str) -> str:
    return hashlib.new(ALGORITHMS[algorithm], text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_document(document: Mapping[str, Any]) -> bool:
    return "epcisBody" in document or document.get("type") in _DOCUMENTS


def _events(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not _is_document(document):
        yield document
        return
    steps: tuple[str, ...] = ("epcisBody",)
    body = document.get("epcisBody")
    for step in ("queryResults", "resultsBody"):
        if isinstance(body, dict) and not any(name in body for name in _LISTS):
            body, steps = body.get(step), (*steps, step)
    if not isinstance(body, dict) or not any(name in body for name in _LISTS):
        raise _shape("a list of events belongs here", (*steps, "eventList"))
    for name in _LISTS:
        listed = body.get(name, [])
        for index, event in enumerate(listed if isinstance(listed, list) else [listed]):
            if not isinstance(event, dict):
                raise _shape("an event is an object", (*steps, name, index))
            yield event


def _shape(detail: str, path: tuple[str | int, ...]) -> DocumentRefusedError:
    error = NormalisationError(detail, code="document_shape", pointer=pointer_to(*path))
    return DocumentRefusedError([error])
