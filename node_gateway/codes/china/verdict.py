"""Why a code is not good: three answers that a shopper or a till must be able to tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["active", "never_issued", "last_four_wrong", "not_activated"]
"""`active` says no more than that it was activated: it may be sold, recalled or cancelled since."""


@dataclass(frozen=True, slots=True)
class KnownCode:
    """What a gateway knows of a code.

    Attributes:
        is_active: An event that activates exactly this code is known.
        is_issued: Exactly this code was issued here.
        stem_is_issued: Its first 16 digits were issued here, with other check digits.
        stem_is_active: A code with the same 16 digits and other check digits was activated. Check
            digits of codes that were issued elsewhere are opaque, but no two packs share a stem.
    """

    is_active: bool = False
    is_issued: bool = False
    stem_is_issued: bool = False
    stem_is_active: bool = False


def verdict_of(known: KnownCode) -> Verdict:
    """Return the answer for a well-formed code."""
    if known.is_active:
        return "active"
    if known.is_issued:
        return "not_activated"
    if known.stem_is_issued or known.stem_is_active:
        return "last_four_wrong"
    return "never_issued"
