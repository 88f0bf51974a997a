"""Lots as notices and packs spell them."""

from __future__ import annotations

import unicodedata


def lot_key(lot: str) -> str:
    """Return what two spellings of one lot have in common.

    A lot is compared without regard to case, width and outer spaces: whoever types it on the
    notice and whoever scans it write it differently, and a warning too many is the lesser evil.
    """
    return unicodedata.normalize("NFKC", lot).strip().casefold()
