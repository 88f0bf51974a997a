"""Normalise events: one spelling for everything that can be spelled in several ways.

What is committed is the normalised event, so two parties that mean the same commit to the same
text, and an event needs neither its document nor a context to be read. The rules stand in
docs/reference/normalisation.md; a change of what this computes is a new NORMALISATION_VERSION.

Pure: no I/O, clock or randomness. A missing eventID is the capture service's to add.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from node_gateway.epcis.errors import pointer_to
from node_gateway.epcis.members import EVENT, STANDARD_NAMES
from node_gateway.epcis.names import Names
from node_gateway.epcis.normalise_errors import DocumentRefusedError, NormalisationError
from node_gateway.epcis.times import time_ms
from node_gateway.epcis.walk import Path, Walk

NORMALISATION_VERSION: Final = 1
_DOCUMENT_BODIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "EPCISDocument": ("epcisBody",),
        "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody"),
    }
)


@dataclass(frozen=True, slots=True)
class NormalisedEvent:
    """One event of a document.

    Attributes:
        event: The normalised event, a new object; the document is not touched.
        pointer: RFC 6901 pointer to the original event.
    """

    event: dict[str, Any]
    pointer: str


def normalise_document(document: Mapping[str, Any]) -> list[NormalisedEvent]:
    """Normalise every event of a document, in order.

    Args:
        document: EPCISDocument (`epcisBody.eventList` or `epcisBody.event`), EPCISQueryDocument,
            or a bare event; validated against the schema.

    Raises:
        DocumentRefusedError: with at most 20 problems, pointers into `document`.

    Cost: about 30 us for an event of 15 members with one code.
    """
    names = Names.official()
    if _body_steps(document) and "@context" in document:
        names = names.within(document["@context"])
    walk = Walk(STANDARD_NAMES)
    events = [
        NormalisedEvent(walk.members(EVENT, event, names, path), pointer_to(*path))
        for event, path in _events(document)
    ]
    walk.finish()
    return events


def normalise_event(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
    """Normalise one event.

    Args:
        event: The event; its own `@context` holds inside `context`.
        context: The `@context` of the document around it, if any.

    Raises:
        DocumentRefusedError: with at most 20 problems, pointers into `event`.
    """
    walk = Walk(STANDARD_NAMES)
    names = Names.official()
    normalised = walk.members(EVENT, event, names if context is None else names.within(context), ())
    walk.finish()
    return normalised


def check_time(event: Mapping[str, Any], now_ms: int, tolerance_s: int, pointer: str = "") -> None:
    """Refuse an event that has not happened yet.

    Args:
        event: The event, normalised or not.
        now_ms: Milliseconds since 1970-01-01T00:00:00Z.
        tolerance_s: How far a clock may be ahead, in seconds.
        pointer: Pointer to the event in its document.

    Raises:
        NormalisationError: `event_time_future`; `time_form` if eventTime is no time.
    """
    place = f"{pointer}/eventTime"
    try:
        stated_ms = time_ms(str(event.get("eventTime")))
    except NormalisationError as error:
        raise NormalisationError(error.detail, code=error.code, pointer=place) from None
    ahead_ms = stated_ms - now_ms
    if ahead_ms > tolerance_s * 1000:
        raise NormalisationError(
            f"eventTime is {ahead_ms / 1000:.0f} s ahead of this gateway's clock, "
            f"more than the {tolerance_s} s allowed",
            code="event_time_future",
            pointer=place,
            hint="check the clock and the time zone of the sender",
        )


def _body_steps(document: Mapping[str, Any]) -> tuple[str, ...]:
    kind = document.get("type")
    return _DOCUMENT_BODIES.get(kind, ()) if isinstance(kind, str) else ()


def _events(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Path]]:
    steps = _body_steps(document)
    if not steps:
        yield document, ()
        return
    body: Any = document
    for depth, step in enumerate(steps):
        body = body.get(step)
        if not isinstance(body, Mapping):
            raise _shape("an object belongs here", steps[: depth + 1])
    if "event" not in body and "eventList" not in body:
        raise _shape("a list of events belongs here", (*steps, "eventList"))
    for name in ("event", "eventList"):
        if name in body:
            yield from _listed(body[name], (*steps, name))


def _listed(value: Any, path: Path) -> Iterator[tuple[Mapping[str, Any], Path]]:
    if isinstance(value, Mapping) and path[-1] == "event":
        yield value, path
        return
    if not isinstance(value, list):
        raise _shape("a list of events belongs here", path)
    for index, event in enumerate(value):
        if not isinstance(event, Mapping):
            raise _shape("an event is an object", (*path, index))
        yield event, (*path, index)


def _shape(detail: str, path: Path) -> DocumentRefusedError:
    error = NormalisationError(detail, code="document_shape", pointer=pointer_to(*path))
    return DocumentRefusedError([error])
