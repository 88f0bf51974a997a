"""Extensions: any element of another namespace, as JSON.

An element with elements or attributes inside is an object, one without is a string (a number or
boolean where `xsi:type` says so); elements of one name side by side are an array. Text beside
attributes is the member `#text`, as in the reference implementation of the event hash.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, Protocol

from lxml.etree import _Element as Element

from node_gateway.epcis.errors import JsonTextError
from node_gateway.epcis.parse import parse_json
from node_gateway.epcis.xml.errors import XmlNestingError
from node_gateway.epcis.xml.scope import SHAPE, XML, XSD, XSI, Scope, checked
from node_gateway.epcis.xml.values import KIND_OF_TYPE, SPACE, ValueFormError, ValueKind, typed

AS_JSON: Final = f"{{{SHAPE}}}json"
AS_LIST: Final = f"{{{SHAPE}}}list"
TEXT: Final = "#text"
_TYPE: Final = f"{{{XSI}}}type"
_NIL: Final = f"{{{XSI}}}nil"
_SPACE: Final = f"{{{XML}}}space"
_SILENT: Final = tuple(f"{{{namespace}}}" for namespace in (XSI, XML, SHAPE))
_JSON_SIZE_BYTES_MAX: Final = 32 * 1024 * 1024


class Report(Protocol):
    """What takes the problems found."""

    def __call__(
        self, code: str, detail: str, element: Element, *, hint: str | None = None
    ) -> None:
        """Keep what is wrong with an element."""


class Extensions:
    """Reads the extensions of one event, or of one document around its events."""

    __slots__ = ("_depth_max", "_report", "scope")

    def __init__(self, scope: Scope, report: Report, *, depth_max: int) -> None:
        self.scope = scope
        self._report = report
        self._depth_max = depth_max

    def grouped(self, inside: Iterable[Element], level: int) -> dict[str, Any]:
        """Return members for elements side by side, in document order.

        Args:
            inside: The elements.
            level: Nested objects and arrays of the twin around the members, from 1.
        """
        named = [(self.scope.name_of(one), one) for one in inside]
        counts = Counter(name for name, _ in named)
        members: dict[str, Any] = {}
        for name, element in named:
            if counts[name] > 1 or element.get(AS_LIST):
                members.setdefault(name, []).append(self.value(element, level + 2))
            else:
                members[name] = self.value(element, level + 1)
        return members

    def value(self, element: Element, level: int) -> Any:
        """Return the JSON value of an element.

        Raises:
            XmlNestingError: the twin would nest deeper than allowed.
        """
        if element.get(AS_JSON) is not None:
            return self.json(element, element.text or "", level)
        attributes = self.attributes(element) if element.attrib else {}
        if not len(element) and not attributes:
            return self.leaf(element)
        if level > self._depth_max:
            raise XmlNestingError(
                f"Elements are nested deeper than {self._depth_max} levels of JSON.",
                hint="Flatten the extension that nests so deep.",
            )
        if not len(element):
            text = self.leaf(element)
            return attributes if text in ("", None) else {**attributes, TEXT: text}
        return self.object(element, element, level)

    def object(self, element: Element, inside: Iterable[Element], level: int) -> dict[str, Any]:
        """Return attributes and elements of an element as one object."""
        self.no_text(element)
        members = self.grouped(inside, level)
        for name, text in self.attributes(element).items():
            if name in members:
                detail = "An attribute and an element have one name."
                self._report("name_clash", detail, element, hint="Leave one of the two out.")
            members[name] = text
        return members

    def leaf(self, element: Element) -> Any:
        """Return the value of an element without elements and attributes of its own."""
        text = element.text or ""
        if not element.attrib:
            return text.strip(SPACE)
        if element.get(_NIL, "").strip() in ("true", "1"):
            return None
        if element.get(_SPACE) != "preserve":
            text = text.strip(SPACE)
        kind = self._kind(element)
        return text if kind == "text" else self.typed(element, text, kind)

    def typed(self, element: Element, text: str, kind: ValueKind) -> Any:
        """Return a typed value, or report why it is none."""
        try:
            return typed(text, kind)
        except ValueFormError as error:
            self._report(error.code, error.detail, element, hint=error.hint)
            return text

    def json(self, element: Element, text: str, level: int) -> Any:
        """Return a value that stands in the document as JSON, because XML cannot say it."""
        depth_max = max(self._depth_max - level + 1, 1)
        try:
            return parse_json(
                text.encode(), size_bytes_max=_JSON_SIZE_BYTES_MAX, depth_max=depth_max
            )
        except JsonTextError as error:
            self._report(error.code, error.detail, element, hint=error.hint)
            return text

    def attributes(self, element: Element) -> dict[str, Any]:
        """Return the attributes that are members: not those of XML and XML Schema themselves."""
        found: dict[str, Any] = {}
        for key, text in element.attrib.items():
            if not str(key).startswith(_SILENT):
                found[self._attribute_name(element, str(key))] = text
        return found

    def no_text(self, element: Element) -> None:
        """Report text between elements: JSON has no place for it."""
        texts = [element.text, *(child.tail for child in element)]
        if any(text and not text.isspace() for text in texts):
            detail = "Text stands beside elements, where JSON has no place for it."
            self._report("mixed_content", detail, element, hint="Put it into its own element.")

    def _attribute_name(self, element: Element, key: str) -> str:
        if key[0] != "{":
            return key
        namespace = key[1:].partition("}")[0]
        if self.scope.knows(namespace):
            return self.scope.name(key, None)
        prefixes = (p for p, space in checked(element.nsmap).items() if space == namespace)
        return self.scope.name(key, next(prefixes, None))

    def _kind(self, element: Element) -> ValueKind:
        stated = element.get(_TYPE)
        if stated is None:
            return "text"
        prefix, colon, local = stated.strip().rpartition(":")
        declared = checked(element.nsmap).get(prefix if colon else None)
        return KIND_OF_TYPE.get(local, "text") if declared == XSD else "text"
