"""GS1 Digital Link URIs as the GS1 syntax engine reads them: every element, nothing passed over.

Stricter than `epcis.identifiers.digital_link`, which looks for the identity alone and lets ordinary
addresses be. Short names (`gtin`) and compressed links are refused, as the engine refuses them.

Source: GS1 Digital Link Standard: URI Syntax 1.4.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from node_gateway.codes.gs1.dictionary import Entry, dictionary
from node_gateway.codes.gs1.elements import Element
from node_gateway.codes.gs1.errors import Gs1SyntaxError
from node_gateway.codes.gs1.escaping import unescape
from node_gateway.codes.gs1.rules import ELEMENTS_MAX, check_content, check_size

_SCHEMES: Final = ("https://", "HTTPS://", "http://", "HTTP://")
_NOT_URI: Final = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")
_NOT_DOMAIN: Final = re.compile(r"[_~?#@!$&'()*+,;=%]")


def is_link(text: str) -> bool:
    """Tell whether `text` begins as a Digital Link does: the scheme all small or all capital."""
    return text.startswith(_SCHEMES)


def read_link(text: str, position: int = 0) -> tuple[tuple[Element, ...], int]:
    """Return the elements of a Digital Link, path first, and how many of them the path has.

    Args:
        text: The URI.
        position: Where it begins in what was given, for errors.

    Raises:
        Gs1SyntaxError: no Digital Link, or one with a malformed part.
    """
    start = _path_start(text, position)
    body = text.partition("#")[0]
    path, _, query = body[start:].partition("?")
    in_path = list(_path_elements(path, position + start))
    attributes = list(_attributes(query, position + start + len(path) + 1))
    elements = (*in_path, *attributes)
    sequence = tuple(one.ai for one in in_path)
    if sequence not in dictionary().paths:
        raise Gs1SyntaxError("bad_path", "key and qualifiers do not go together in this order")
    _check_attributes(sequence, elements, attributes)
    for one in elements:
        check_content(one.entry, one.value, one.position or 0)
    return elements, len(in_path)


def _path_start(text: str, position: int) -> int:
    if match := _NOT_URI.search(text):
        raise Gs1SyntaxError(
            "illegal_uri_character", "no character of a URI", position=position + match.start()
        )
    if not is_link(text):
        raise Gs1SyntaxError("no_gs1_data", "no http or https URI", position=position)
    start = text.index("//") + 2
    end = text.find("/", start)
    match = _NOT_DOMAIN.search(text, start, len(text) if end < 0 else end)
    if match is not None:
        raise Gs1SyntaxError(
            "illegal_domain_character", "not in a domain", position=position + match.start()
        )
    if end <= start:
        raise Gs1SyntaxError("no_path", "no domain followed by a path", position=position + start)
    return end


def _path_elements(path: str, position: int) -> Iterator[Element]:
    """Yield the elements from the last key of the path on."""
    segments = path.split("/")[1:]
    first = _key_index(segments)
    at = position + 1 + sum(len(one) + 1 for one in segments[:first])
    for index in range(first, len(segments), 2):
        ai, raw = segments[index], segments[index + 1]
        at += len(ai) + 1
        yield _element(dictionary().entries[ai], raw, at, query=False)
        at += len(raw) + 1


def _key_index(segments: Sequence[str]) -> int:
    entries = dictionary().entries
    for index in range(len(segments) - 2, -1, -2):
        entry = entries.get(segments[index])
        if entry is None:
            break
        if entry.qualifiers is not None:
            return index
    raise Gs1SyntaxError("no_key", "no GS1 key in the path")


def _attributes(query: str, position: int) -> Iterator[Element]:
    """Yield the elements of the query; what is no application identifier is passed over."""
    at = position
    for number, pair in enumerate(query.split("&")):
        if number >= ELEMENTS_MAX:
            raise Gs1SyntaxError("too_many_elements", f"more than {ELEMENTS_MAX} parameters")
        name, equals, raw = pair.partition("=")
        entry = dictionary().entries.get(name)
        if equals and entry is not None:
            yield _element(entry, raw, at + len(name) + 1, query=True)
        elif equals and (not name or (name.isascii() and name.isdigit())):
            raise Gs1SyntaxError("unknown_ai", "no known application identifier", position=at)
        at += len(pair) + 1


def _element(entry: Entry, raw: str, at: int, *, query: bool) -> Element:
    if not raw:
        raise Gs1SyntaxError("empty_value", f"({entry.ai}) has no value", position=at, ai=entry.ai)
    value = unescape(raw, query=query)
    if "\0" in value:
        raise Gs1SyntaxError("illegal_null", f"({entry.ai}) holds %00", position=at, ai=entry.ai)
    check_size(entry, value, at)
    return Element(entry, value, at)


def _check_attributes(
    sequence: tuple[str, ...], elements: Sequence[Element], attributes: Sequence[Element]
) -> None:
    seen: set[str] = set()
    for one in sorted(elements, key=lambda one: one.ai):
        if one.ai in seen:
            raise Gs1SyntaxError(
                "duplicate_ai", f"({one.ai}) stands twice", position=one.position, ai=one.ai
            )
        seen.add(one.ai)
    for one in attributes:
        if not one.entry.attribute:
            raise Gs1SyntaxError(
                "not_an_attribute",
                f"({one.ai}) may not stand in a query",
                position=one.position,
                ai=one.ai,
            )
        for place in range(1, len(sequence) + 1):
            if (*sequence[:place], one.ai, *sequence[place:]) in dictionary().paths:
                raise Gs1SyntaxError(
                    "belongs_in_path",
                    f"({one.ai}) belongs in the path",
                    position=one.position,
                    ai=one.ai,
                )
