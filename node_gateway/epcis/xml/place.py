"""Where something stands in an XML document: XPath and line, and from a JSON pointer to both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from lxml.etree import _Element as Element

from node_gateway.epcis.xml.scope import local_name, standard_name, tag_of

# What EPCIS 1.2 wraps around members of later versions; in the twin it is not there.
WRAPPERS: Final = frozenset({"extension", "baseExtension"})


@dataclass(frozen=True, slots=True)
class Place:
    """An element or attribute: its XPath, with the document's own prefixes, and its line."""

    path: str
    line: int


def members(element: Element) -> Iterator[Element]:
    """Yield the elements inside, with those of EPCIS 1.2's wrappers in the place of these."""
    for child in element:
        if standard_name(child) in WRAPPERS:
            yield from members(child)
        else:
            yield child


def line_of(element: Element) -> int:
    """Return the line of the start of an element, from 1."""
    return element.sourceline or 0


def path_within(element: Element, outermost: Element) -> str:
    """Return the XPath from `outermost` (left out) to `element`, both included in one tree."""
    steps: list[str] = []
    here: Element | None = element
    while here is not None and here is not outermost:
        steps.append(_step(here))
        here = here.getparent()
    return "".join(f"/{step}" for step in reversed(steps))


def named(element: Element) -> str:
    """Return the name of an element as its document writes it."""
    local = local_name(element)
    return f"{element.prefix}:{local}" if element.prefix else local


def find(event: Element, segments: Sequence[str | int]) -> tuple[Element, str]:
    """Return the element (and `/@name` of its attribute) that a pointer into the twin means.

    What is missing is found as the nearest element around it.

    Args:
        event: The element of the event.
        segments: Member names and indices of the twin, from the event.
    """
    here, candidates = event, [event]
    for segment in segments:
        if isinstance(segment, int):
            items = candidates if len(candidates) > 1 else list(here)
            if segment >= len(items):
                return here, ""
            here = items[segment]
            candidates = [here]
            continue
        inside = [one for one in members(here) if _is_called(one, segment)]
        if not inside:
            return here, _attribute(here, segment)
        here, candidates = inside[0], inside
    return here, ""


def _step(element: Element) -> str:
    tag = tag_of(element)
    same = sum(1 for _ in element.itersiblings(tag, preceding=True))
    follows = next(element.itersiblings(tag), None) is not None
    return f"{named(element)}[{same + 1}]" if same or follows else named(element)


def _is_called(element: Element, member: str) -> bool:
    if standard_name(element) == member:
        return True
    return ":" in member and local_name(element) == unquote(member.rpartition(":")[2])


def _attribute(element: Element, member: str) -> str:
    if standard_name(element) == member:
        return ""  # {"bizTransaction": ...} is the text of its own element
    for key in element.attrib:
        if str(key).rpartition("}")[2] == unquote(member.rpartition(":")[2]):
            return f"/@{member}"
    return ""
