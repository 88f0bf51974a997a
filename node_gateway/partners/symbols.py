"""What a person at the ramp reads: the code of a symbol, with lot and expiry beside it. Pure."""

from __future__ import annotations

from typing import Final

from node_gateway.codes.identity import identify
from node_gateway.epcis.errors import EpcisError
from node_gateway.partners.shipment import Scan

TEXT_LENGTH_MAX: Final = 1000
_LOT, _EXPIRY, _BEST_BEFORE = "10", "17", "15"


def read_symbol(text: str) -> Scan:
    """Return what a text from a scanner says; what is no code stays as it is.

    Args:
        text: At most `TEXT_LENGTH_MAX` characters.
    """
    try:
        found = identify(text)
    except EpcisError:
        return Scan(text.strip())
    stated = {one.ai: one.value for one in found.elements.elements} if found.elements else {}
    expiry = stated.get(_EXPIRY) or stated.get(_BEST_BEFORE)
    return Scan(found.canonical, stated.get(_LOT), expiry)


__all__ = ["TEXT_LENGTH_MAX", "read_symbol"]
