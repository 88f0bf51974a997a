"""Percent-encoding of values in Digital Links, as the GS1 syntax engine does it.

A `%` without two hexadecimal digits stands for itself; octets above 127 become characters of the
same number, which no application identifier allows.
"""

import re
from typing import Final
from urllib.parse import quote

_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")


def unescape(text: str, *, query: bool = False) -> str:
    """Return the value that `text` stands for; in a query `+` is a space."""
    if query:
        text = text.replace("+", " ")
    return _ESCAPE.sub(_character, text) if "%" in text else text


def escape(value: str, *, query: bool = False) -> str:
    """Return `value` with everything but unreserved characters escaped (RFC 3986, section 2.3)."""
    quoted = quote(value, safe="", encoding="latin-1", errors="replace")
    return quoted.replace("%20", "+") if query else quoted


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))
