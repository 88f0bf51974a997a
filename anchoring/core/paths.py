"""RFC 9535 normalized paths: one text for one place in a JSON value."""

import re

from anchoring.errors import DisclosureError

RESERVED_PREFIX = "sealtrail:"

Segment = str | int
"""A member name (str) or an array index (int)."""

_SPECIAL = re.compile(r"[\x00-\x1f'\\]")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "'": "\\'", "\\": "\\\\"}
_LONG = {short: plain for plain, short in _SHORT.items()}
# RFC 9535 section 2.7: one spelling per character, so a text that matches is canonical.
_NAME = r"\['(?P<name>(?:[^'\\\x00-\x1f]|\\[btnfr'\\]|\\u00(?:0[0-7bef]|1[0-9a-f]))*)'\]"
_SEGMENT = re.compile(rf"{_NAME}|\[(?P<index>0|[1-9][0-9]{{0,15}})\]|\[(?P<wild>\*)\]")
_ESCAPE = re.compile(r"\\(?:u00[0-9a-f]{2}|.)")
_DERIVED = re.compile(r"sealtrail:[a-z][a-z0-9-]*")


def name_segment(name: str) -> str:
    """Return the text of a member-name segment, `['...']`."""
    if _SPECIAL.search(name):
        name = _SPECIAL.sub(_escape, name)
    return f"['{name}']"


def is_derived(path: str) -> bool:
    """Tell whether `path` names a derived item (`sealtrail:month`)."""
    return _DERIVED.fullmatch(path) is not None


def parse_path(path: str) -> tuple[tuple[Segment, ...], bool]:
    """Return the segments of a normalized path, and whether it ends in `[*]`.

    The wildcard itself is not among the segments.

    Raises:
        DisclosureError: `path_form`: not a normalized path, no segment, the first is no name,
            or a wildcard stands elsewhere than at the end of a two-segment path.
    """
    if not path.startswith("$"):
        raise DisclosureError("a path begins with $ or names a derived item", code="path_form")
    segments: list[Segment] = []
    at, wild = 1, False
    while at < len(path):
        match = _SEGMENT.match(path, at)
        if match is None or wild:
            raise DisclosureError(f"no normalized path: segment at {at}", code="path_form")
        at = match.end()
        if match["wild"]:
            wild = True
        elif match["index"]:
            segments.append(int(match["index"]))
        else:
            segments.append(_ESCAPE.sub(_unescape, match["name"]))
    if not segments or not isinstance(segments[0], str) or (wild and len(segments) != 1):
        raise DisclosureError("a path begins with a member name", code="path_form")
    return tuple(segments), wild


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def _unescape(match: re.Match[str]) -> str:
    text = match[0]
    return _LONG.get(text) or chr(int(text[2:], 16))
