"""Reads a document event by event: the tree holds what is around the events, and one event.

A document whose root is an event is a stream of one. The text is checked as it is read, so what is
wrong with it (a missing end, an entity) may show only after many events.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from lxml import etree
from lxml.etree import _Element as Element

from node_gateway.epcis.xml.errors import XmlProblem, XmlRefusedError
from node_gateway.epcis.xml.events import event_twin
from node_gateway.epcis.xml.place import WRAPPERS, line_of, members, named, path_within
from node_gateway.epcis.xml.reading import Reading
from node_gateway.epcis.xml.scope import Scope, checked, standard_name
from node_gateway.epcis.xml.text import check_no_entities, new_parser, pieces_of, refused

EVENT_TYPES: Final = (
    "ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent",
    "AssociationEvent",
)  # fmt: skip
DOCUMENT_TYPES: Final = ("EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument")
_LIST: Final = "EventList"
_LIST_PARENTS: Final = frozenset({"EPCISBody", "resultsBody"})
_ROOTS: Final = frozenset((*EVENT_TYPES, *DOCUMENT_TYPES))
_TAGS: Final = tuple(f"{{*}}{name}" for name in (*EVENT_TYPES, *DOCUMENT_TYPES, _LIST, "extension"))
# The first element has begun after so many pieces of text, or it has no place in EPCIS.
_PIECES_TO_ROOT_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class XmlEvent:
    """One event of a document.

    Attributes:
        index: Its place among the events, from 0.
        twin: EPCIS 2.0 JSON; worth nothing where there are problems.
        path: XPath of its element.
        line: Line where it begins, from 1.
        problems: What is wrong with it, at most 20.
    """

    index: int
    twin: dict[str, Any]
    path: str
    line: int
    problems: tuple[XmlProblem, ...]


class EventStream:
    """The events of one document, read once; afterwards `root` is the rest of the document.

    Cost: about 60 us per event of 15 members, and memory for the text and one event at a time.
    """

    def __init__(self, source: BinaryIO, *, size_bytes_max: int, depth_max: int) -> None:
        self._source = source
        self._size_bytes_max, self._depth_max = size_bytes_max, depth_max
        self._parser = new_parser(tags=_TAGS)
        self._list: Element | None = None
        self._last: Element | None = None
        self._list_path = ""
        self._declared: dict[str | None, str] = {}
        self._counts: dict[str, int] = {}
        self._root: Element | None = None
        self.scope = Scope()
        self.lists = 0

    @property
    def root(self) -> Element:
        """The document's own element; complete once all events are read."""
        if self._root is None:
            raise RuntimeError("the document has not been read")
        return self._root

    def events(self) -> Iterator[XmlEvent]:
        """Yield the events in document order.

        Raises:
            BodyTooLargeError, XmlTextError: the text cannot be taken.
            XmlRefusedError: it is no EPCIS document.
        """
        for index, (element, path) in enumerate(self.elements()):
            declared = checked(element.nsmap)
            scope = self.scope.within({} if declared == self._declared else declared)
            reading = Reading(element, scope, index=index, path=path, depth_max=self._depth_max)
            twin = event_twin(reading)
            yield XmlEvent(index, twin, path, line_of(element), tuple(reading.problems))

    def elements(self) -> Iterator[tuple[Element, str]]:
        """Yield the elements of events with their XPaths; each is empty once the next is asked."""
        pieces = pieces_of(self._source, size_bytes_max=self._size_bytes_max)
        try:
            for number, piece in enumerate(pieces):
                self._parser.feed(piece)
                for action, element in self._parser.read_events():
                    yield from self._at(action, element)
                if self._root is None and number >= _PIECES_TO_ROOT_MAX:
                    raise _no_document(None)
            root = self._parser.close()
        except etree.XMLSyntaxError as error:
            raise refused(error, self._parser) from None
        if self._root is None:
            raise _no_document(root)
        if not self.lists:
            self._enter(root)
            if standard_name(root) in EVENT_TYPES:
                yield root, f"/{named(root)}"

    def _at(self, action: str, element: Element) -> Iterator[tuple[Element, str]]:
        parent = element.getparent()
        if self._root is None:
            if parent is not None or standard_name(element) not in _ROOTS:
                raise _no_document(element.getroottree().getroot())
            check_no_entities(element)
            self._root = element
        elif action == "end" and (element is self._list or parent is self._list):
            yield from self._complete(None if element is self._list else element)
        elif action == "start" and _is_list(element, parent):
            self.lists += 1
            if self._list is None:
                self._list = element
                self._list_path = f"/{named(self._root)}{path_within(element, self._root)}"
                self._enter(element)

    def _enter(self, element: Element) -> None:
        self._declared = dict(checked(element.nsmap))
        self.scope = Scope(self._declared)

    def _complete(self, until: Element | None) -> Iterator[tuple[Element, str]]:
        """Yield the events of the list that have ended, and empty what was read."""
        listing = self._list
        if listing is None:
            return
        child = listing[0] if self._last is None and len(listing) else None
        if self._last is not None:
            child = self._last.getnext()
        while child is not None:
            name = named(child)
            number = self._counts[name] = self._counts.get(name, 0) + 1
            path = f"{self._list_path}/{name}[{number}]"
            wrapped = standard_name(child) in WRAPPERS
            for event in members(child) if wrapped else (child,):
                yield event, path + path_within(event, child)
            # The last one read stays, because the text behind it is still to come.
            child.clear(keep_tail=True)
            if self._last is not None:
                listing.remove(self._last)
            self._last = child
            child = None if child is until else child.getnext()


def _is_list(element: Element, parent: Element | None) -> bool:
    """Return whether it is the list of the document, not of something inside of an event."""
    within = parent is not None and standard_name(parent) in _LIST_PARENTS
    return within and standard_name(element) == _LIST


def _no_document(root: Element | None) -> XmlRefusedError:
    path = f"/{named(root)}" if root is not None else "/"
    detail = "This is no EPCIS document: its first element is none of EPCIS."
    hint = "EPCISDocument in the namespace urn:epcglobal:epcis:xsd:2 is expected."
    line = line_of(root) if root is not None else 1
    return XmlRefusedError([XmlProblem("document_kind", detail, path, line, hint)])
