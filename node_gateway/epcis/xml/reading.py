"""What the readers of single members share: text, words, lists, and where problems go."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from lxml.etree import _Element as Element

from node_gateway.epcis.cbv import Vocabulary, bare_word
from node_gateway.epcis.xml.errors import XmlProblem
from node_gateway.epcis.xml.extensions import AS_JSON, Extensions
from node_gateway.epcis.xml.place import line_of, members, path_within
from node_gateway.epcis.xml.scope import Scope, standard_name
from node_gateway.epcis.xml.values import KIND_OF_ATTRIBUTE, SPACE

PROBLEMS_MAX: Final = 20
_SENSOR_WORDS: Final[Mapping[str, Vocabulary]] = MappingProxyType(
    {"type": "measurement", "exception": "alert", "component": "component"}
)
_SENSOR_TEXTS: Final = frozenset({"stringValue", "uom", "hexBinaryValue"})
_SENSOR_TIMES: Final = frozenset({"time", "startTime", "endTime"})


class Reading:
    """The reading of one event, or of what stands around the events.

    Attributes:
        element: The outermost element; what is read lies inside.
        problems: What was wrong so far, at most 20.
    """

    __slots__ = ("_index", "_path", "element", "extensions", "problems", "scope")

    def __init__(
        self,
        element: Element,
        scope: Scope,
        *,
        path: str,
        depth_max: int,
        index: int | None = None,
    ) -> None:
        self.problems: list[XmlProblem] = []
        self.element, self.scope = element, scope
        self._index, self._path = index, path
        self.extensions = Extensions(scope, self.report, depth_max=depth_max)

    def report(self, code: str, detail: str, element: Element, *, hint: str | None = None) -> None:
        """Keep a problem of an element; more than 20 help nobody."""
        if len(self.problems) < PROBLEMS_MAX:
            path = self._path + path_within(element, self.element)
            line = line_of(element)
            self.problems.append(XmlProblem(code, detail, path, line, hint, self._index))

    def text(self, element: Element) -> str:
        """Return the text of an element that holds nothing else."""
        if len(element):
            detail = "Only text belongs here."
            self.report("text_expected", detail, element, hint="Take the elements inside out.")
        return (element.text or "").strip(SPACE)

    def uri(self, element: Element) -> str:
        """Return a URI, its prefix known to the context."""
        return self.scope.value(self.text(element), element)

    def word(self, vocabulary: Vocabulary, text: str, element: Element) -> str:
        """Return a standard word bare, any other as it is."""
        text = text.strip(SPACE)
        return bare_word(vocabulary, text) or self.scope.value(text, element)

    def items(self, element: Element, *names: str) -> Iterator[Element]:
        """Yield the elements of a list or structure; what has another name is reported."""
        self.extensions.no_text(element)
        for child in members(element):
            if standard_name(child) in names:
                yield child
            else:
                self._misplaced(child, names)

    def parted(
        self, element: Element, names: tuple[str, ...], level: int
    ) -> tuple[list[Element], dict[str, Any]]:
        """Return the standard elements inside, and the members made of the others."""
        own: list[Element] = []
        foreign: list[Element] = []
        for child in members(element):
            name = standard_name(child)
            if name is None:
                foreign.append(child)
            elif name in names:
                own.append(child)
            else:
                self._misplaced(child, names)
        self.extensions.no_text(element)
        return own, self.extensions.grouped(foreign, level)

    def typed_attributes(self, element: Element, level: int) -> dict[str, Any]:
        """Return the attributes of sensor metadata or of a report, numbers as numbers."""
        found: dict[str, Any] = {}
        as_json = (element.get(AS_JSON) or "").split()
        for name, text in self.extensions.attributes(element).items():
            vocabulary = _SENSOR_WORDS.get(name)
            if name in as_json:
                found[name] = self.extensions.json(element, text, level)
            elif vocabulary is not None:
                found[name] = self.word(vocabulary, text, element)
            elif kind := KIND_OF_ATTRIBUTE.get(name):
                found[name] = self.extensions.typed(element, text, kind)
            elif name in _SENSOR_TEXTS or ":" in name:
                found[name] = text
            elif name in _SENSOR_TIMES:
                found[name] = text.strip(SPACE)
            else:
                found[name] = self.scope.value(text.strip(SPACE), element)
        if len(element) or (element.text or "").strip(SPACE):
            detail = "Sensor data stand in attributes; nothing belongs inside."
            self.report("text_unexpected", detail, element, hint="Use attributes.")
        return found

    def _misplaced(self, child: Element, names: tuple[str, ...]) -> None:
        detail = f"Not {' or '.join(names)}, which belongs here."
        self.report("element_unknown", detail, child, hint="Leave it out.")
