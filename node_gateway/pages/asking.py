"""What somebody asks about: the code in an address, and what a symbol states beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from fastapi import Request

from node_gateway.codes.identity import Identity, identify
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.errors import ParameterError
from node_gateway.services.gateway import CODE_LENGTH_MAX

HOME: Final = "https://id.gs1.org/"
_KEY: Final = re.compile(r"[0-9]{2,4}/")
_AI: Final = re.compile(r"[0-9]{2,4}")
_LOT, _EXPIRY = "10", "17"
_PACKS: Final = frozenset({"sgtin", "drug_code"})
_PRODUCTS: Final = frozenset({"gtin", "lgtin", "upui"})
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """A code, and what stands beside it.

    Attributes:
        code: Canonical.
        kind: As of `codes.identity.Identity`.
        text: As people read it.
        path: What stands behind `/c/` in its address.
        lot, expiry: What the symbol states, a day as `2027-12-31` or a month as `2027-12`.
    """

    code: str
    kind: str
    text: str
    path: str
    lot: str | None = None
    expiry: str | None = None

    @property
    def is_pack(self) -> bool:
        """Whether it names a single pack."""
        return self.kind in _PACKS or self.kind == "uri"

    @property
    def is_product(self) -> bool:
        """Whether it names a product, or a lot of it."""
        return self.kind in _PRODUCTS


def text_of(request: Request, before: str, after: str = "") -> str:
    """Return the code in a request's address as it was written, between two parts of the path.

    What is percent-encoded in a serial stays so: decoded, a slash of it would divide the path.
    """
    raw = request.scope.get("raw_path") or request.url.path.encode()
    path = raw.split(b"?")[0].decode("ascii", "replace")
    text: str = path.removeprefix(before).removesuffix(after)
    if not _KEY.match(text):
        return unquote(text)
    query = [
        f"{name}={quote(value, safe='')}"
        for name, value in request.query_params.multi_items()
        if _AI.fullmatch(name)
    ]
    return HOME + text + ("?" + "&".join(query) if query else "")


def read_code(text: str) -> Asked:
    """Return what a text names.

    Raises:
        EpcisError: no spelling of a code, or one with a mistake.
        ParameterError: it is too long for a code.
    """
    if len(text) > CODE_LENGTH_MAX:
        raise ParameterError(
            f"a code has at most {CODE_LENGTH_MAX} characters", code="code_too_long"
        )
    found = identify(text)
    beside = {one.ai: one.value for one in found.elements.elements} if found.elements else {}
    expiry = beside.get(_EXPIRY)
    return Asked(
        code=found.canonical,
        kind=found.kind,
        text=_shown(found),
        path=path_of(found.canonical),
        lot=beside.get(_LOT),
        expiry=None if expiry is None else _day(expiry),
    )


def path_of(code: str) -> str:
    """Return what stands behind `/c/` for a canonical code."""
    if code.startswith(HOME):
        return code.removeprefix(HOME)
    if code.startswith(DRUG_CODE):
        return code.removeprefix(DRUG_CODE)
    return quote(code, safe="")


def grouped(digits: str) -> str:
    """Return digits in groups of four, as they are printed and read out."""
    return " ".join(_pieces(digits))


def _pieces(digits: str) -> Iterable[str]:
    return (digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))


def _shown(found: Identity) -> str:
    if found.kind == "drug_code":
        return grouped(found.canonical.removeprefix(DRUG_CODE))
    if found.identifier is None:
        return found.canonical
    named = found.identifier
    text = f"({named.ai}) {named.value}"
    return text + (f" ({named.qualifier}) {named.qualifier_value}" if named.qualifier else "")


def _day(text: str) -> str:
    """Return AI 17, YYMMDD, as a day, or as a month where its day is 00.

    The year lies at most 49 years before and 50 years after now (GS1 General Specifications 7.12);
    packs are from this century.
    """
    year, month, day = f"20{text[:2]}", text[2:4], text[4:6]
    return f"{year}-{month}" if day == "00" else f"{year}-{month}-{day}"


__all__ = ["Asked", "grouped", "path_of", "read_code", "text_of"]
