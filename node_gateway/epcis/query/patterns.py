"""What a MATCH parameter names: one code, or all codes of a pure identity pattern.

Codes are compared as canonical Digital Links, so a pattern of EPC URNs becomes the form that its
codes have there. A pattern is known by what its codes begin with; where the company prefix does
not come first (after the indicator of a GTIN, the extension digit of an SSCC), by ten beginnings.

Source: EPCIS 2.0 section 8.2.7.1.1; EPC Tag Data Standard, pure identity patterns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from node_gateway.epcis.identifiers import IdentifierError, canonical_identifier
from node_gateway.epcis.query.errors import QueryParameterError

_PATTERN: Final = "urn:epc:idpat:"
_DIGITS: Final = re.compile(r"[0-9]{6,12}")
_SPACE: Final = "https://id.gs1.org/"


@dataclass(frozen=True, slots=True)
class _Scheme:
    """How the codes of an EPC scheme look as Digital Links.

    `shape` matches all that follows the company prefix's digits; `moved` if a digit stands before
    them.
    """

    key: str
    shape: str
    moved: bool = False
    fields: int = 3


_SCHEMES: Final[Mapping[str, _Scheme]] = MappingProxyType(
    {
        "sgtin": _Scheme("01/", r"\d+/21/.+", moved=True),
        "lgtin": _Scheme("01/", r"\d+/10/.+", moved=True),
        "upui": _Scheme("01/", r"\d+/235/.+", moved=True),
        "sscc": _Scheme("00/", r"\d+", moved=True, fields=2),
        "sgln": _Scheme("414/", r"\d+(/254/.+)?"),
        "pgln": _Scheme("417/", r"\d+", fields=2),
        "grai": _Scheme("8003/0", r".+"),
        "giai": _Scheme("8004/", r".+", fields=2),
        "gsrn": _Scheme("8018/", r"\d+", fields=2),
        "gsrnp": _Scheme("8017/", r"\d+", fields=2),
        "gdti": _Scheme("253/", r".+"),
        "cpi": _Scheme("8010/", r".+"),
        "sgcn": _Scheme("255/", r"\d+"),
        "itip": _Scheme("8006/", r"\d+/21/.+", moved=True, fields=5),
        "ginc": _Scheme("401/", r".+", fields=2),
        "gsin": _Scheme("402/", r"\d+", fields=2),
    }
)
_CLASS_SHAPE: Final = r"\d+"  # of a GTIN, ITIP, ... without serial


@dataclass(frozen=True, slots=True)
class CodePattern:
    """A code, or the codes that begin with one of `prefixes` and match `form`.

    Attributes:
        exact: The canonical code; None for a pattern.
        prefixes: Of a pattern: what its codes begin with; a code index is searched by these.
        form: Of a pattern: the whole of a code.
    """

    exact: str | None
    prefixes: tuple[str, ...] = ()
    form: re.Pattern[str] | None = None

    def matches(self, code: object) -> bool:
        """Tell whether a canonical code is this one, or one of these."""
        if not isinstance(code, str):
            return False
        if self.exact is not None:
            return code == self.exact
        return code.startswith(self.prefixes) and (
            self.form is None or self.form.fullmatch(code) is not None
        )


def code_pattern(text: str, *, of_classes: bool, parameter: str) -> CodePattern:
    """Read one value of a MATCH parameter.

    Args:
        text: EPC URN, pure identity pattern, Digital Link (its last segment may be `*`), element
            string or any other URI.
        of_classes: Whether it names classes (quantities) or single things: the pattern
            `urn:epc:idpat:sgtin:0614141.107346.*` is the class itself, or all its serials.
        parameter: Name of the parameter, for refusals.

    Raises:
        QueryParameterError: it claims to be an identifier or a pattern and is malformed.
    """
    if text[: len(_PATTERN)].lower() == _PATTERN:
        scheme, _, body = text[len(_PATTERN) :].partition(":")
        fields = body.split(".")
        if "*" in fields:
            return _of_pattern(text, scheme, fields, of_classes=of_classes, parameter=parameter)
        text = f"urn:epc:{'class' if scheme == 'lgtin' else 'id'}:{scheme}:{body}"
    if text.endswith("/*") and text.lower().startswith(("http://", "https://")):
        return _below(text[:-2], parameter)
    return CodePattern(_canonical(text, parameter))


def _below(text: str, parameter: str) -> CodePattern:
    """Return the pattern of everything that a key with a qualifier names: `.../01/<gtin>/21/*`."""
    probe = _canonical(f"{text}/1", parameter)
    if not probe.endswith("/1") or not probe.startswith(_SPACE):
        raise _bad_pattern(parameter)
    return CodePattern(None, (probe[:-1],))


def _of_pattern(
    text: str, scheme: str, fields: list[str], *, of_classes: bool, parameter: str
) -> CodePattern:
    known = _SCHEMES.get(scheme)
    first = fields.index("*")
    if known is None or set(fields[first:]) != {"*"} or len(fields) != known.fields:
        raise _bad_pattern(parameter)
    if of_classes and scheme in ("sgtin", "itip", "upui"):
        if first == len(fields) - 1:
            return CodePattern(_canonical(text, parameter))
        return _of_company(known, fields[0], _CLASS_SHAPE, parameter)
    if first == len(fields) - 1 and first > 0 and scheme != "sscc":
        return _of_last(scheme, fields[:-1], known, parameter)
    return _of_company(known, fields[0], known.shape, parameter)


def _of_last(scheme: str, fields: list[str], known: _Scheme, parameter: str) -> CodePattern:
    """Only the last field is open: what stands before it is the same in all of these codes."""
    if known.fields == 2:
        return _of_company(known, fields[0], known.shape, parameter)
    kind = "class" if scheme == "lgtin" else "id"
    probe = _canonical(f"urn:epc:{kind}:{scheme}:{'.'.join(fields)}.1", parameter)
    if scheme == "sgln":  # without an extension it is the location itself
        base = probe.removesuffix("/254/1")
        return CodePattern(None, (base,), re.compile(re.escape(base) + r"(/254/.+)?", re.DOTALL))
    return CodePattern(None, (probe[:-1],))


def _of_company(known: _Scheme, company: str, shape: str, parameter: str) -> CodePattern:
    space = _SPACE + known.key
    if company == "*":
        return CodePattern(None, (space,), re.compile(re.escape(space) + shape, re.DOTALL))
    if not _DIGITS.fullmatch(company):
        raise _bad_pattern(parameter)
    before = r"\d" if known.moved else ""
    form = re.compile(re.escape(space) + before + company + shape, re.DOTALL)
    digits = "0123456789" if known.moved else ("",)
    return CodePattern(None, tuple(f"{space}{one}{company}" for one in digits), form)


def _canonical(text: str, parameter: str) -> str:
    try:
        return canonical_identifier(text)
    except IdentifierError as error:
        raise QueryParameterError(
            f"{parameter} names no identifier: {error.detail}",
            parameter=parameter,
            code="query_value",
            hint=error.hint,
        ) from None


def canonical_value(text: str, parameter: str) -> str:
    """Return the canonical form of an identifier in a parameter.

    Raises:
        QueryParameterError: it claims to be an identifier and is malformed.
    """
    return _canonical(text, parameter)


def _bad_pattern(parameter: str) -> QueryParameterError:
    return QueryParameterError(
        f"{parameter} has a pattern that names no codes",
        parameter=parameter,
        code="query_value",
        hint="Only the last fields of a pattern may be '*': urn:epc:idpat:sgtin:0614141.107346.*",
    )
