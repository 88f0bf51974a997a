"""Whether two identifiers of parties or places belong together, and to whom a code belongs.

Nobody tells where in a GLN the company prefix ends, so two of them count as one company when
their first seven digits agree: the shortest prefix given to a company of any size is not shorter
than that in practice. This errs towards accusing nobody.

Source: GS1 General Specifications 1.4 (company prefixes of 4 to 12 digits); 3.7, 3.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

COMPANY_DIGITS: Final = 7
_GLN: Final = re.compile(r"https://id\.gs1\.org/(?:41[0-9]|254)/([0-9]{13})(?:[/?].*)?", re.ASCII)
_ROOT: Final = "https://id.gs1.org/"
_GTIN: Final = _ROOT + "01/"
_SSCC: Final = _ROOT + "00/"
_DRUG: Final = "urn:x-cn-drug:"
_EXACT: Final = ("urn:x-cn-ent:", "urn:x-cn-uscc:")
"""Identifiers that a company has one of."""
_GTIN_END: Final = len(_GTIN) + 14
_DRUG_END: Final = len(_DRUG) + 7


def gln(identifier: str) -> str | None:
    """Return the 13 digits of a canonical party or location, None if it is none of GS1's."""
    match = _GLN.match(identifier)
    return None if match is None else match[1]


def same_company(one: str, other: str) -> bool | None:
    """Tell whether two identifiers may belong to one company; None if they cannot be compared."""
    if one == other:
        return True
    for scheme in _EXACT:
        if one.startswith(scheme) and other.startswith(scheme):
            return False
    first, second = gln(one), gln(other)
    if first is None or second is None:
        return None
    return first[:COMPANY_DIGITS] == second[:COMPANY_DIGITS]


def related(some: Iterable[str], others: Iterable[str]) -> bool | None:
    """Tell whether any of `some` belongs with any of `others`; None if nothing is comparable."""
    known = list(others)
    answers = {same_company(one, other) for one in some for other in known}
    if True in answers:
        return True
    return False if False in answers else None


def product_of(code: str) -> str | None:
    """Return what a code is an instance of: a 14-digit GTIN, or 7 digits of a drug code."""
    if code.startswith(_GTIN):
        return code[len(_GTIN) : _GTIN_END]
    return code[len(_DRUG) : _DRUG_END] if code.startswith(_DRUG) else None


def class_of(code: str) -> str:
    """Return what the rules may read of a code: equal for all instances of one product."""
    if code.startswith(_GTIN):
        return code[:_GTIN_END]
    if code.startswith(_DRUG):
        return code[:_DRUG_END]
    return _SSCC if code.startswith(_SSCC) else ""


def is_logistic(code: str) -> bool:
    """Tell whether a code names a logistic unit, whose number may be used again."""
    return code.startswith(_SSCC)


def issued_by(code: str, identifier: str) -> bool:
    """Tell whether a party or place may belong to the company that gives out such codes."""
    product, owner = product_of(code), gln(identifier)
    if product is None or owner is None or len(product) != 14:
        return False
    return product[1:].startswith(owner[:COMPANY_DIGITS])
