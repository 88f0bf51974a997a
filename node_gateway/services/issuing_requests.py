"""What is asked for when codes are issued, checked before anything is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from node_gateway.codes.issuing import DRUG_ID_LENGTH, Kind
from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.errors import ParameterError

LINE_LENGTH_MAX: Final = 100
_GTIN_LENGTHS: Final = (8, 12, 13, 14)
_DIGITS: Final = re.compile("[0-9]+")
_LINE: Final = re.compile(r"[\w][\w .:/-]*")


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order, or a range to be set aside.

    Attributes:
        kind: What is issued.
        name: GTIN of 14 digits, identification code of 7, or company prefix.
        count: How many codes.
        line: Packaging line; empty if none is named.
        order_id: The client's own name of the order, None to have one made.
    """

    kind: Kind
    name: str
    count: int
    line: str = ""
    order_id: str | None = None


def order_request(
    *,
    count: int,
    gtin: str | None = None,
    drug: str | None = None,
    sscc: str | None = None,
    line: str = "",
    order_id: str | None = None,
) -> OrderRequest:
    """Return a checked request; exactly one of `gtin`, `drug` and `sscc` is given.

    Raises:
        ParameterError: `what_to_issue`, `gtin_form`, `check_digit`, `drug_id_form`,
            `company_prefix_form` or `line_form`.
    """
    kind, name = _named(gtin, drug, sscc)
    if line and (len(line) > LINE_LENGTH_MAX or not _LINE.fullmatch(line)):
        raise ParameterError(
            f"a line's name has at most {LINE_LENGTH_MAX} letters, digits and . : / - _",
            code="line_form",
        )
    return OrderRequest(kind, name, count, line, order_id)


def _named(gtin: str | None, drug: str | None, sscc: str | None) -> tuple[Kind, str]:
    given = [one for one in (gtin, drug, sscc) if one is not None]
    if len(given) != 1:
        raise ParameterError(
            "say what to issue: a GTIN, an identification code or a company prefix",
            code="what_to_issue",
            hint="Give exactly one of gtin, drug and sscc.",
        )
    if gtin is not None:
        return "gtin", checked_gtin(gtin)
    if drug is not None:
        return "drug", _drug_id(drug)
    return "sscc", _company_prefix(str(sscc))


def checked_gtin(text: str) -> str:
    """Return a GTIN with 14 digits.

    Raises:
        ParameterError: `gtin_form`, or `check_digit` with the right GTIN as hint.
    """
    if not _DIGITS.fullmatch(text) or len(text) not in _GTIN_LENGTHS:
        raise ParameterError("a GTIN has 8, 12, 13 or 14 digits", code="gtin_form")
    expected = check_digit(text[:-1])
    if text[-1] != expected:
        raise ParameterError(
            f"check digit {text[-1]}, expected {expected}",
            code="check_digit",
            hint=f"{text[:-1]}{expected}, if only the last digit is wrong",
        )
    return text.zfill(14)


def _drug_id(text: str) -> str:
    if len(text) != DRUG_ID_LENGTH or not _DIGITS.fullmatch(text) or text[0] != "8":
        hint = "The first 7 of the 20 digits; the serial and the last four are made here."
        raise ParameterError(
            "an identification code has 7 digits and begins with 8", code="drug_id_form", hint=hint
        )
    return text


def _company_prefix(text: str) -> str:
    if not 6 <= len(text) <= 12 or not _DIGITS.fullmatch(text):
        hint = "The prefix alone; extension digit, reference and check digit are made here."
        raise ParameterError(
            "a GS1 company prefix has 6 to 12 digits", code="company_prefix_form", hint=hint
        )
    return text
