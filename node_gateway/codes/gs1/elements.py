"""An element string and its spellings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from node_gateway.codes.gs1.dictionary import Entry, dictionary
from node_gateway.codes.gs1.errors import Gs1SyntaxError
from node_gateway.codes.gs1.escaping import escape

RESOLVER: Final = "https://id.gs1.org"
GROUP_SEPARATOR: Final = "\x1d"


@dataclass(frozen=True, slots=True)
class Element:
    """An application identifier with its value.

    `position` is the index of the value's first character in the text that was read, or None.
    """

    entry: Entry
    value: str
    position: int | None = None

    @property
    def ai(self) -> str:
        """The application identifier, 2 to 4 digits."""
        return self.entry.ai


@dataclass(frozen=True, slots=True)
class ElementString:
    """The elements of one or two symbols, in the order in which they were read.

    Attributes:
        elements: At least one, unless there is a `primary`.
        path_size: How many of the elements stood in the path of a Digital Link; 0 otherwise.
        primary: Digits of a scanned EAN-13 or EAN-8, which is no element; None otherwise.
        composite_at: Index of the first element of the 2D part of a composite symbol, or None.
    """

    elements: tuple[Element, ...]
    path_size: int = 0
    primary: str | None = None
    composite_at: int | None = None

    def value_of(self, ai: str) -> str | None:
        """Return the value of the first element `ai`, or None."""
        return next((one.value for one in self.elements if one.ai == ai), None)

    @property
    def bracketed(self) -> str:
        r"""`(01)...(21)...`; a bracket inside a value is written `\(`, the 2D part follows `|`."""
        spelled = [f"({one.ai}){one.value.replace('(', chr(92) + '(')}" for one in self.elements]
        if self.composite_at is not None and self.primary is None:
            spelled.insert(self.composite_at, "|")
        elif self.composite_at is not None:
            spelled.insert(0, "|")
        return "".join(spelled).removeprefix("|")

    @property
    def hri(self) -> tuple[str, ...]:
        """The lines that people read below a symbol: `(01) 09506000134352`."""
        return tuple(f"({one.ai}) {one.value}" for one in self.elements)

    def unbracketed(self, separator: str = "^") -> str:
        """Return what a symbol carries: FNC1 first, and after elements of variable length.

        Args:
            separator: One character that stands for FNC1; scanners send `GROUP_SEPARATOR`.
        """
        parts = [separator]
        for index, one in enumerate(self.elements):
            last = index == len(self.elements) - 1
            parts += (one.ai, one.value, separator if one.entry.separated and not last else "")
        return "".join(parts)

    def scan_data(self, symbology: str = "]d2") -> str:
        """Return what a scanner sends for a GS1 DataMatrix (`]d2`) or another GS1 symbol."""
        return symbology + self.unbracketed(GROUP_SEPARATOR)[1:]

    @property
    def key(self) -> Element | None:
        """The first element that can be the key of a Digital Link."""
        return next((one for one in self.elements if one.entry.qualifiers is not None), None)

    def digital_link(self, stem: str = RESOLVER) -> str:
        """Return the Digital Link of all elements: key, as many qualifiers as fit, attributes.

        Raises:
            Gs1SyntaxError: no key, or an element that may not stand in a query.
        """
        path = self._path()
        done = {one.ai for one in path}
        steps = "".join(f"/{one.ai}/{escape(one.value)}" for one in path)
        rest = sorted(self.elements, key=lambda one: one.entry.separated)
        attributes = []
        for one in rest:
            if one.ai in done:
                continue
            if not one.entry.attribute:
                raise Gs1SyntaxError(
                    "not_an_attribute", f"({one.ai}) may not stand in a query", ai=one.ai
                )
            done.add(one.ai)
            attributes.append(f"{one.ai}={escape(one.value, query=True)}")
        query = "?" + "&".join(attributes) if attributes else ""
        return f"{stem.removesuffix('/')}{steps}{query}"

    def _path(self) -> Sequence[Element]:
        if self.path_size:
            return self.elements[: self.path_size]
        key = self.key
        if key is None:
            raise Gs1SyntaxError("no_key", "no identification key for a Digital Link")
        by_ai = dict(_first(self.elements))
        satisfied = [one for one in dictionary().sequences(key.ai) if by_ai.keys() >= set(one)]
        longest = max(satisfied, key=len)  # of equally long ones the first in digits
        return [by_ai[ai] for ai in longest]


def _first(elements: Sequence[Element]) -> Iterator[tuple[str, Element]]:
    for one in reversed(elements):
        yield one.ai, one
