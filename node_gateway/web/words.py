"""The words that people read, in each language: flat catalogues that Python and browsers share.

`locales/<language>/<area>.json` maps a key, `<area>.<thing>`, to a text with `{placeholders}`.
Every language has the same keys with the same placeholders; a test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

LANGUAGES: Final = ("zh-CN", "en")
"""The first is what a browser gets that prefers none of them."""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return all words of a language.

    Raises:
        KeyError: it is none of `LANGUAGES`.
        ValueError: two areas say the same key.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    found: dict[str, str] = {}
    for area in sorted(_folder(language).iterdir(), key=lambda one: one.name):
        words = json.loads(area.read_text(encoding="utf-8"))
        if again := found.keys() & words.keys():
            raise ValueError(f"{area.name} says again: {', '.join(sorted(again))}")
        found |= words
    return MappingProxyType(found)


def say(language: str, key: str, **values: Any) -> str:
    """Return a text with its placeholders filled in; a key that is missing is an error."""
    return catalogue(language)[key].format(**values)


def some(language: str, *prefixes: str) -> dict[str, str]:
    """Return the words whose keys begin with one of `prefixes`, for a script of a page."""
    return {
        key: text for key, text in catalogue(language).items() if key.startswith(tuple(prefixes))
    }


def preferred(header: str) -> str:
    """Return which language an `Accept-Language` header wants most (RFC 9110, 12.5.4)."""
    wanted: list[tuple[float, int, str]] = []
    for order, part in enumerate(header[:1000].split(",")):
        tag, _, weight = part.partition(";")
        text = weight.strip().removeprefix("q=") or "1"
        try:
            quality = float(text)
        except ValueError:
            continue
        wanted.append((-quality, order, tag.strip().lower()))
    for quality, _, tag in sorted(wanted):
        if not quality:
            continue
        for language in LANGUAGES:
            if tag.split("-")[0] == language.split("-")[0].lower():
                return language
    return LANGUAGES[0]


def _folder(language: str) -> Any:
    return files("node_gateway.web") / "locales" / language


__all__ = ["LANGUAGES", "catalogue", "preferred", "say", "some"]
