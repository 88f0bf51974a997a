"""XML documents of EPCIS 1.2 and 2.0 to their JSON twins.

The twin is what the same content looks like as EPCIS 2.0 JSON, so that everything behind it (the
schema, normalising, the commitment) knows one form only. Where a gateway reports a problem of the
twin, `places_of` finds the element that it comes from.

Source: EPCIS 1.2 and 2.0 with their XML schemas; docs/reference/epcis-xml.md has the mapping.
"""

import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal

from lxml.etree import _Element as Element

from node_gateway.epcis.xml.errors import XmlProblem, XmlRefusedError
from node_gateway.epcis.xml.header import (
    creation_date,
    foreign_members,
    header_members,
    only_child,
    vocabulary_list,
)
from node_gateway.epcis.xml.place import Place, find, line_of, named, path_within
from node_gateway.epcis.xml.poll import poll_twin
from node_gateway.epcis.xml.reading import Reading
from node_gateway.epcis.xml.scope import standard_name, tag_of
from node_gateway.epcis.xml.stream import EVENT_TYPES, EventStream, XmlEvent

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
DEPTH_MAX: Final = 64
XmlKind = Literal["document", "query", "poll", "master_data", "event"]
_VERSIONS: Final = ("1", "2")


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """An XML document read.

    Attributes:
        kind: `document` (EPCISDocument), `query` (the results of one), `poll` (a query asked),
            `master_data`, or `event` (a single one).
        version: What the document states: `1.2`, `2.0`, ...
        document: The JSON twin: EPCISDocument, EPCISQueryDocument, a query definition, an
            EPCISDocument without events, or the event with its `@context`.
        events: The events, their twins being those of `document`.
        frame_problems: What is wrong around the events.
    """

    kind: XmlKind
    version: str
    document: dict[str, Any]
    events: tuple[XmlEvent, ...]
    frame_problems: tuple[XmlProblem, ...]

    @property
    def problems(self) -> tuple[XmlProblem, ...]:
        """Everything that was found, those of the frame first, then event by event."""
        return (*self.frame_problems, *(p for event in self.events for p in event.problems))


def read_xml(raw: bytes, *, size_bytes_max: int, depth_max: int = DEPTH_MAX) -> XmlDocument:
    """Return the JSON twin of an XML document.

    Args:
        raw: The whole body: UTF-8, UTF-16 or another encoding that it declares.
        size_bytes_max: Refused beyond this.
        depth_max: Nested objects and arrays of the twin, the outermost counting as 1.

    Raises:
        BodyTooLargeError: more bytes than `size_bytes_max`.
        XmlTextError: not well-formed, a DTD, an unknown encoding, nested too deep.
        XmlRefusedError: no EPCIS document. Problems within one are in the result.

    Cost: about 60 us per event of 15 members.
    """
    stream = EventStream(io.BytesIO(raw), size_bytes_max=size_bytes_max, depth_max=depth_max)
    events = tuple(stream.events())
    return _document(stream, events, depth_max)


def read_events(
    source: BinaryIO, *, size_bytes_max: int, depth_max: int = DEPTH_MAX
) -> Iterator[XmlEvent]:
    """Yield the events of a document of any size in their order; arguments as `read_xml`.

    Each twin carries a whole `@context` of its own, since the document around it may still be
    unread. Memory stays flat.
    """
    stream = EventStream(source, size_bytes_max=size_bytes_max, depth_max=depth_max)
    for event in stream.events():
        outer = dict(stream.scope.added)
        own = event.twin.get("@context", {})
        event.twin["@context"] = [CONTEXT, {**outer, **own}]
        yield event


def places_of(
    raw: bytes,
    pointers: Mapping[int, Collection[str]],
    *,
    size_bytes_max: int,
    depth_max: int = DEPTH_MAX,
) -> dict[tuple[int, str], Place]:
    """Return where JSON pointers into event twins lead in the document.

    The document is read once more for it, so that reading itself need not keep any place.

    Args:
        raw: The same document.
        pointers: RFC 6901 pointers into the twin of an event, by the event's index.
        size_bytes_max: As in `read_xml`.
        depth_max: As in `read_xml`.
    """
    found: dict[tuple[int, str], Place] = {}
    last = max(pointers, default=-1)
    stream = EventStream(io.BytesIO(raw), size_bytes_max=size_bytes_max, depth_max=depth_max)
    for index, (event, path) in enumerate(stream.elements()):
        for pointer in pointers.get(index, ()):
            element, attribute = find(event, _segments(pointer))
            place = path + path_within(element, event) + attribute
            found[index, pointer] = Place(place, line_of(element))
        if index >= last:
            break
    return found


def _segments(pointer: str) -> list[str | int]:
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return [int(part) if part.isdecimal() and part.isascii() else part for part in parts]


def _document(stream: EventStream, events: tuple[XmlEvent, ...], depth_max: int) -> XmlDocument:
    root = stream.root
    path = f"/{named(root)}"
    reading = Reading(root, stream.scope.within({}), path=path, depth_max=depth_max)
    name = standard_name(root)
    version = _version(reading, root)
    if name in EVENT_TYPES:
        twin = events[0].twin
        context = {**stream.scope.added, **twin.get("@context", {})}
        twin["@context"] = [CONTEXT, context] if context else [CONTEXT]
        return XmlDocument("event", version, twin, events, tuple(reading.problems))
    return _framed(stream, reading, events, version)


def _framed(
    stream: EventStream, reading: Reading, events: tuple[XmlEvent, ...], version: str
) -> XmlDocument:
    root = reading.element
    frame: dict[str, Any] = {"type": "EPCISDocument", "schemaVersion": "2.0"}
    if version.startswith("2"):
        frame["schemaVersion"] = version
    if date := root.get("creationDate"):
        frame["creationDate"] = creation_date(date)
    header = only_child(root, "EPCISHeader")
    if header is not None:
        frame.update(header_members(reading, header))
    if stream.lists > 1:
        detail = "The document has more than one list of events."
        reading.report("element_repeated", detail, root, hint="Put all events into one list.")
    twins = [event.twin for event in events]
    kind, content = _body(reading, twins)
    if kind == "poll":
        return XmlDocument(kind, version, content, events, tuple(reading.problems))
    frame.update(content)
    frame.update(foreign_members(reading, root))
    scope = {**stream.scope.added, **reading.scope.added}
    twin = {"@context": [CONTEXT, scope] if scope else [CONTEXT], **frame}
    return XmlDocument(kind, version, twin, events, tuple(reading.problems))


def _body(reading: Reading, twins: list[dict[str, Any]]) -> tuple[XmlKind, dict[str, Any]]:
    root = reading.element
    name = standard_name(root)
    body = only_child(root, "EPCISBody")
    if (
        body is None
        and name == "EPCISQueryDocument"
        and only_child(root, "resultsBody") is not None
    ):
        return "query", _results(reading, root, twins)  # some write a query's results so
    if body is None:
        detail = f"{name} has no EPCISBody."
        reading.report("element_missing", detail, root, hint="The events stand in EPCISBody.")
        return "document", {"epcisBody": {"eventList": twins}}
    if name == "EPCISDocument":
        return "document", {"epcisBody": {"eventList": twins}}
    if name == "EPCISMasterDataDocument":
        return "master_data", _master_data(reading, body)
    poll, results = only_child(body, "Poll"), only_child(body, "QueryResults")
    if poll is not None:
        return "poll", poll_twin(reading, poll)
    if results is None:
        detail = "The body has neither QueryResults nor Poll."
        reading.report("element_missing", detail, body, hint="Events stand in QueryResults.")
        return "query", {}
    return "query", _results(reading, results, twins)


def _results(reading: Reading, results: Element, twins: list[dict[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {"eventList": twins}
    # The name is mandatory in JSON; who leaves it out in XML asked no named query.
    found: dict[str, Any] = {"queryName": "SimpleEventQuery"}
    for name in ("queryName", "subscriptionID"):
        element = only_child(results, name)
        if element is not None:
            found[name] = reading.text(element)
    inside = only_child(results, "resultsBody")
    if inside is None:
        detail = "QueryResults has no resultsBody."
        reading.report("element_missing", detail, results, hint="Events stand in resultsBody.")
    else:
        vocabularies = only_child(inside, "VocabularyList")
        if vocabularies is not None:
            body["vocabularyList"] = vocabulary_list(reading, vocabularies)
    found["resultsBody"] = body
    return {"type": "EPCISQueryDocument", "epcisBody": {"queryResults": found}}


def _master_data(reading: Reading, body: Element) -> dict[str, Any]:
    element = only_child(body, "VocabularyList")
    vocabularies = [] if element is None else vocabulary_list(reading, element)
    return {
        "epcisHeader": {"epcisMasterData": {"vocabularyList": vocabularies}},
        "epcisBody": {"eventList": []},
    }


def _version(reading: Reading, root: Element) -> str:
    """Return the version stated; the namespace has only the first part of it."""
    namespace, _, _ = tag_of(root).rpartition("}")
    if namespace and namespace.rpartition(":")[2] not in _VERSIONS:
        detail = "This version of EPCIS is not read here."
        problem = XmlProblem(
            "epcis_version", detail, f"/{named(root)}", line_of(root), "Send EPCIS 1.2 or 2.0."
        )
        raise XmlRefusedError([problem])
    if not namespace and reading.element.get("schemaVersion") is None:
        return "2.0"
    stated = (root.get("schemaVersion") or "").strip()
    return stated or ("1.2" if namespace.endswith(":1") else "2.0")
