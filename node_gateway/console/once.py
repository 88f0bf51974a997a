"""Scans that are sent again: a hand-held scanner that heard no answer does not know what came.

What came is stored by code, so that sent again it is no second pack in any case; the keys that
scanners give their scans keep it from being counted as scanned twice. They are kept in memory, the
newest ones: after a restart such a scan reads "scanned before", and nothing is lost.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

KEYS_MAX: Final = 20_000
_KEY: Final = re.compile(r"[0-9a-f]{32}")


class Once:
    """Remembers the keys of scans that were taken."""

    def __init__(self, size_max: int = KEYS_MAX) -> None:
        self._taken: OrderedDict[tuple[int, str], None] = OrderedDict()
        self._size_max = size_max

    def new(self, shipment: int, texts: Sequence[str], keys: Sequence[str]) -> list[str]:
        """Return those of some texts that were not taken yet.

        Args:
            shipment: Its number.
            texts: What was read.
            keys: Of each, in their order; a text without a key is new.
        """
        known = [(shipment, one) in self._taken for one in keys]
        known += [False] * (len(texts) - len(known))
        return [text for text, is_known in zip(texts, known, strict=False) if not is_known]

    def took(self, shipment: int, keys: Iterable[str]) -> None:
        """Remember that scans were stored."""
        for one in keys:
            if _KEY.fullmatch(one):
                self._taken[shipment, one] = None
        while len(self._taken) > self._size_max:
            self._taken.popitem(last=False)


__all__ = ["KEYS_MAX", "Once"]
