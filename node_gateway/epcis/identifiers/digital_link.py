"""GS1 Digital Link URIs of any domain, with any stem in front and any attributes behind.

Being a Digital Link is a matter of the path alone, so an ordinary address can look like one. Only
two kinds of near misses are refused: anything malformed at the standard resolver, and at other
hosts a key of full length with a wrong check digit or qualifier. Everything else that does not fit
is an ordinary URI.

Source: GS1 Digital Link Standard: URI Syntax 1.x (sections 4 and 5); short names such as `gtin`
and `lot` from its release 1.1 (since withdrawn, still met in practice).
"""

import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, unquote

from node_gateway.epcis.identifiers.keys import KEYS, Checks, Identifier, identify
from node_gateway.epcis.normalise_errors import IdentifierError

_URI: Final = re.compile(r"https?://([^/?#]+)(/[^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE)
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_STANDARD_HOST: Final = "id.gs1.org"
_KEY_NAMES: Final = MappingProxyType(
    {
        "sscc": "00", "gtin": "01", "gdti": "253", "gcn": "255", "ginc": "401", "gsin": "402",
        "gln": "414", "payTo": "415", "party": "417", "grai": "8003", "giai": "8004",
        "itip": "8006", "cpid": "8010", "gmn": "8013", "gsrnp": "8017", "gsrn": "8018",
    }
)  # fmt: skip
_QUALIFIER_NAMES: Final = MappingProxyType(
    {
        "lot": "10", "ser": "21", "cpv": "22", "glnx": "254", "cpsn": "8011", "srin": "8019",
        "refno": "8020",
    }
)  # fmt: skip
# Keys without a check digit; at other hosts they must at least begin with a company prefix.
_UNCHECKED: Final = frozenset({"401", "8004", "8010"})
_PREFIX_LENGTH_MIN: Final = 6
# At other hosts only these lengths are so much a key that a wrong check digit is told.
_SURE_LENGTHS: Final = MappingProxyType({"00": 18, "01": 14, "8006": 18, "8017": 18, "8018": 18})


def parse_digital_link(text: str, checks: Checks = "all") -> Identifier | None:
    """Read a GS1 Digital Link URI.

    Args:
        text: Begins with `http://` or `https://` (in any case).
        checks: "form" takes wrong check digits and escapes as they are; for comparing only.

    Returns:
        The identifier, or None for a URI that is no Digital Link.

    Raises:
        IdentifierError: it is one (see above) but is malformed.
    """
    match = _URI.fullmatch(text)
    if match is None:
        return None
    standard = match[1].lower() == _STANDARD_HOST
    segments = match[2].split("/")[1:]
    if segments[-1] == "":
        segments.pop()
    start = _key_index(segments)
    if start is None:
        if standard and segments and _key_ai(segments[0]) is not None:
            raise IdentifierError("no key followed by its qualifiers in the path")
        return None
    if not standard and not _plausible(segments[start], segments[start + 1]):
        return None
    try:
        return _read(segments[start:], match[3] or "", checks)
    except IdentifierError as error:
        if standard or _surely_meant(segments[start], segments[start + 1], error):
            raise
        return None


def parse_raw_slashes(text: str) -> Identifier | None:
    """Read a Digital Link whose values hold slashes that should have been written `%2F`.

    Such links are met in practice and read by other tools; capture takes them for what RFC 3986
    says they are, ordinary addresses. The form alone is checked.
    """
    match = _URI.fullmatch(text)
    segments = match[2].split("/")[1:] if match else []
    for start, segment in enumerate(segments):
        ai = _key_ai(segment)
        if ai is not None and (found := _joined(ai, segments[start + 1 :])) is not None:
            return found
    return None


def _joined(ai: str, rest: Sequence[str]) -> Identifier | None:
    """Join what lies between two qualifiers' names to one value."""
    order = KEYS[ai].qualifiers
    named: list[tuple[str, list[str]]] = [(ai, [])]
    for segment in rest:
        name = _QUALIFIER_NAMES.get(segment, segment)
        if name in order and named[-1][1]:
            named.append((name, []))
        else:
            named[-1][1].append(segment)
    if not _qualified(ai, [one for name, _ in named[1:] for one in (name, "")]):
        return None
    values = {name: unquote("/".join(parts)) for name, parts in named}
    try:
        return identify(ai, values.pop(ai), values, "form")
    except IdentifierError:
        return None


def _key_ai(segment: str) -> str | None:
    return segment if segment in KEYS else _KEY_NAMES.get(segment)


def _key_index(segments: Sequence[str]) -> int | None:
    """Return where the last key stands from which on the path is all (name, value) pairs."""
    for start in range(len(segments) - 2, -1, -2):
        ai = _key_ai(segments[start])
        if ai is not None:
            return start if _qualified(ai, segments[start + 2 :]) else None
    return None


def _qualified(ai: str, rest: Sequence[str]) -> bool:
    order = KEYS[ai].qualifiers
    names = [_QUALIFIER_NAMES.get(name, name) for name in rest[::2]]
    if not all(name in order for name in names):
        return False
    places = [order.index(name) for name in names]
    return places == sorted(set(places))


def _read(segments: Sequence[str], query: str, checks: Checks) -> Identifier:
    values = [_decoded(segment, checks) for segment in segments[1::2]]
    ai = _key_ai(segments[0]) or ""
    names = (_QUALIFIER_NAMES.get(name, name) for name in segments[2::2])
    qualifiers = dict(zip(names, values[1:], strict=True))
    found = identify(ai, values[0], qualifiers, checks)
    if query and checks == "all":
        _refuse_qualifiers(found, query)
    return found


def _decoded(segment: str, checks: Checks) -> str:
    if "%" not in segment:
        return segment
    if checks == "all" and _BAD_ESCAPE.search(segment):
        raise IdentifierError("a '%' without two hexadecimal digits")
    return unquote(segment)


def _refuse_qualifiers(found: Identifier, query: str) -> None:
    """A serial among the attributes would be lost without a word, and a class taken for a thing."""
    kept = KEYS[found.ai].kept
    narrower = kept if found.qualifier is None else kept[: kept.index(found.qualifier)]
    for name, value in parse_qsl(query, keep_blank_values=True):
        qualifier = _QUALIFIER_NAMES.get(name, name)
        if qualifier in narrower:
            raise IdentifierError(
                f"({qualifier}) stands among the attributes, not in the path",
                hint=_hint(found, qualifier, value),
            )


def _hint(found: Identifier, qualifier: str, value: str) -> str | None:
    try:
        return identify(found.ai, found.value, {qualifier: value}).digital_link
    except IdentifierError:
        return None


def _plausible(name: str, value: str) -> bool:
    return _key_ai(name) not in _UNCHECKED or value[:_PREFIX_LENGTH_MIN].isdecimal()


def _surely_meant(name: str, value: str, error: IdentifierError) -> bool:
    ai = _key_ai(name) or ""
    if not value.isdigit():
        return False
    if len(value) == _SURE_LENGTHS.get(ai):
        return True
    return name == "gtin" and len(value) == 13 and error.code == "check_digit"
