"""EPC URNs: pure identities, lots and the class patterns that events use.

A URN has its company prefix cut off by a dot and no check digit, so a key is made by joining the
parts and computing the digit.

Source: GS1 EPC Tag Data Standard 2.x, sections 6 to 8; EPCIS 2.0 section 8.3 (class patterns).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import unquote

from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.epcis.identifiers.keys import Checks, Identifier, check_piece, identify
from node_gateway.epcis.normalise_errors import IdentifierError

EPC: Final = "urn:epc:"
_DIGITS: Final = re.compile(r"[0-9]*")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class _Scheme:
    """How one URN scheme is put together.

    `digits` is the length of company prefix and reference together (None: not fixed). `moved`
    says that the reference's first digit (indicator, extension digit) leads the key.
    """

    ai: str
    digits: int | None
    moved: bool = False
    lead: str = ""
    extra_fields: int = 0
    serial: Literal["none", "appended", "qualifier"] = "none"
    qualifier: str = ""


_SGTIN: Final = _Scheme("01", 13, moved=True, serial="qualifier", qualifier="21")
_PURE: Final[Mapping[str, _Scheme]] = MappingProxyType(
    {
        "sgtin": _SGTIN,
        "upui": _Scheme("01", 13, moved=True, serial="qualifier", qualifier="235"),
        "itip": _Scheme("8006", 13, moved=True, extra_fields=2, serial="qualifier", qualifier="21"),
        "sscc": _Scheme("00", 17, moved=True),
        "sgln": _Scheme("414", 12, serial="qualifier", qualifier="254"),
        "pgln": _Scheme("417", 12),
        "grai": _Scheme("8003", 12, lead="0", serial="appended"),
        "gdti": _Scheme("253", 12, serial="appended"),
        "sgcn": _Scheme("255", 12, serial="appended"),
        "gsrn": _Scheme("8018", 17),
        "gsrnp": _Scheme("8017", 17),
        "gsin": _Scheme("402", 16),
        "giai": _Scheme("8004", None),
        "ginc": _Scheme("401", None),
        "cpi": _Scheme("8010", None, serial="qualifier", qualifier="8011"),
    }
)
_LGTIN: Final = _Scheme("01", 13, moved=True, serial="qualifier", qualifier="10")
_PATTERNS: Final = frozenset({"sgtin", "grai", "gdti", "sgcn", "cpi", "itip", "upui", "sgln"})

_NUMBER: Final = r"(?:0|[1-9]\d{0,10})"
_GID_BITS: Final = (28, 24, 36)
# EPC schemes that are no GS1 key: no Digital Link exists, so they stay as they are.
_OTHERS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "gid": re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}", re.ASCII),
        "imovn": re.compile(r"\d{7}", re.ASCII),
        "bic": re.compile(r"[A-Z]{3}[JUZ]\d{7}", re.ASCII),
        "usdod": re.compile(r"[0-9A-HJ-NP-Z]{5,6}\.\d{1,11}", re.ASCII),
        "adi": re.compile(
            r"[0-9A-HJ-NP-Z]{5,6}\.(?:[A-Z0-9-]|%2F){0,32}\.(?:%23)?(?:[A-Z0-9-]|%2F){1,30}",
            re.ASCII,
        ),
    }
)
# A tag URN has the size of its encoding and, but for a GID, a filter value.
_TAG: Final = re.compile(r"(?:(gid)-96:|([a-z]+)-(?:[0-9]+\+?|var):\d+\.)(.+)", re.ASCII)


def parse_urn(text: str, checks: Checks = "all") -> Identifier | None:
    """Read an EPC URN.

    Args:
        text: Begins with `urn:epc:` (in any case).
        checks: "form" takes wrong escapes as they are; for comparing only.

    Returns:
        The identifier, or None for an EPC that has no GS1 key (`gid`, `imovn`, `bic`, `raw`, ...).

    Raises:
        IdentifierError: it is no EPC URN after all, or a part is wrong.
    """
    kind, _, rest = text[len(EPC) :].partition(":")
    scheme_name, _, body = rest.partition(":")
    if kind == "raw":
        return None
    if kind == "id":
        if scheme_name in _OTHERS:
            _check_other(scheme_name, body)
            return None
        scheme = _PURE.get(scheme_name)
        if scheme is not None:
            return _joined(scheme_name, scheme, body, checks)
    elif kind == "class" and scheme_name == "lgtin":
        return _joined("lgtin", _LGTIN, body, checks)
    elif kind == "idpat" and scheme_name in _PATTERNS:
        return _class(scheme_name, body, checks)
    elif kind == "tag" and (tag := _TAG.fullmatch(rest)):
        hint = f"{EPC}id:{tag[1] or tag[2]}:{tag[3]}"
        raise IdentifierError("a tag URN, not the thing's identity", hint=hint)
    raise IdentifierError("no known kind and scheme after urn:epc:")


def _check_other(scheme_name: str, body: str) -> None:
    fits = _OTHERS[scheme_name].fullmatch(body) is not None
    if fits and scheme_name == "gid":
        numbers = zip(body.split("."), _GID_BITS, strict=True)
        fits = all(int(number) < 1 << bits for number, bits in numbers)
    if not fits:
        raise IdentifierError(f"what follows {scheme_name}: is none of its identities")


def _class(scheme_name: str, body: str, checks: Checks) -> Identifier:
    scheme = _PURE[scheme_name]
    fields = body.split(".")
    if fields[-1] != "*":
        raise IdentifierError("a class pattern ends with '.*'")
    if len(fields) != 3 + scheme.extra_fields:
        raise IdentifierError(_field_count(scheme_name, scheme, len(fields)))
    return _identified(scheme, _key_value(scheme_name, scheme, fields[:-1]), None, checks)


def _joined(scheme_name: str, scheme: _Scheme, body: str, checks: Checks) -> Identifier:
    wanted = 2 + scheme.extra_fields + (scheme.serial != "none")
    fields = body.split(".", wanted - 1)
    if len(fields) != wanted:
        raise IdentifierError(_field_count(scheme_name, scheme, len(fields)))
    if "%" in body:
        if checks == "all" and _BAD_ESCAPE.search(body):
            raise IdentifierError("a '%' without two hexadecimal digits")
        fields = [unquote(field) for field in fields]
    if scheme.serial == "none":
        return _identified(scheme, _key_value(scheme_name, scheme, fields), None, checks)
    serial = fields.pop()
    if not serial:
        raise IdentifierError("the serial part is empty")
    return _identified(scheme, _key_value(scheme_name, scheme, fields), serial, checks)


def _field_count(scheme_name: str, scheme: _Scheme, given: int) -> str:
    wanted = 2 + scheme.extra_fields + (scheme.serial != "none")
    return f"{scheme_name} has {wanted} parts between dots, not {given}"


def _key_value(scheme_name: str, scheme: _Scheme, fields: Sequence[str]) -> str:
    prefix, reference = fields[0], fields[1]
    if not 6 <= len(prefix) <= 12 or not _DIGITS.fullmatch(prefix):
        raise IdentifierError("the company prefix is not 6 to 12 digits")
    if scheme.digits is None:
        return prefix + reference
    if not _DIGITS.fullmatch(reference):
        raise IdentifierError("the reference after the company prefix is not digits")
    if len(prefix) + len(reference) != scheme.digits:
        raise IdentifierError(
            f"company prefix and reference of {scheme_name} have {scheme.digits} digits together, "
            f"not {len(prefix) + len(reference)}",
        )
    bare = reference[:1] + prefix + reference[1:] if scheme.moved else prefix + reference
    return "".join((scheme.lead, bare, check_digit(bare), *_extra(fields[2:])))


def _extra(fields: Sequence[str]) -> Sequence[str]:
    for field in fields:
        if len(field) != 2:
            raise IdentifierError("piece and total are not 2 digits each")
    return fields


def _identified(scheme: _Scheme, value: str, serial: str | None, checks: Checks) -> Identifier:
    if scheme.ai == "8006" and checks == "all":
        check_piece(value)
    qualifiers: dict[str, str] = {}
    if serial is not None and scheme.serial == "appended":
        value += serial
    elif serial is not None:
        qualifiers[scheme.qualifier] = serial
    return identify(scheme.ai, value, qualifiers, "form")  # the check digit was made just now
