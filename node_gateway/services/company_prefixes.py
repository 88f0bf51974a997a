"""Lengths of GS1 company prefixes: what a Digital Link does not show, and an EPC URN does.

Events are stored with Digital Links. Whoever wants EPC URNs back gets them as far as the length of
the company prefix is known: from master data, or from any EPC URN that was ever captured here.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from typing import Final

from node_gateway.storage.errors import StorageError
from node_gateway.storage.named_queries import QueryStore

_SHORTEST: Final = 6
_LONGEST: Final = 12
_LEARNT_AT_ONCE: Final = 100
_KNOWN_MAX: Final = 100_000
_READ_SIZE_BYTES: Final = 256 * 1024
"""A document names few companies, and its beginning mostly all of them."""
_MARK: Final = b"urn:epc:"
_URN: Final = re.compile(
    rb"urn:epc:(?:id|class|idpat):(?:sgtin|lgtin|upui|sscc|sgln|pgln|grai|giai|gsrnp?|gdti|cpi|sgcn"
    rb"|itip|ginc|gsin):(\d{6,12})\."
)


class CompanyPrefixes:
    """What is known of company prefixes. Loaded once; learns from what is captured."""

    def __init__(self, kept: QueryStore, *, stated_length_of: Callable[[str], int | None]) -> None:
        self._kept, self._stated_length_of = kept, stated_length_of
        self._known: set[str] = set()

    async def load(self) -> None:
        """Read what was learnt before."""
        self._known.update(await self._kept.company_prefixes())

    def length_of(self, digits: str) -> int | None:
        """Return the length of the company prefix that a key begins with, None if not known.

        Args:
            digits: The key from its company prefix on.
        """
        stated = self._stated_length_of(digits)
        if stated is not None:
            return stated
        for length in range(_LONGEST, _SHORTEST - 1, -1):
            if digits[:length] in self._known:
                return length
        return None

    async def learn(self, document: bytes) -> None:
        """Learn from the EPC URNs of a document that was captured.

        Its events are durable, so nothing here may fail the capture; another one teaches it then.
        """
        if _MARK in document:
            read = document[:_READ_SIZE_BYTES]
            with contextlib.suppress(StorageError):
                await self.learn_prefixes({one.decode() for one in _URN.findall(read)})

    async def learn_prefixes(self, prefixes: Iterable[str]) -> None:
        """Keep prefixes that no known one contradicts: none begins with another."""
        if len(self._known) >= _KNOWN_MAX:
            return
        fresh: list[str] = []
        for one in sorted(prefixes, key=len):
            if one not in self._known and not self._begins_with_known(one):
                fresh.append(one)
                self._known.add(one)
            if len(fresh) >= _LEARNT_AT_ONCE:
                break
        if not fresh:
            return
        try:
            await self._kept.learn_prefixes(fresh)
        except StorageError:
            self._known.difference_update(fresh)
            raise

    def _begins_with_known(self, prefix: str) -> bool:
        return any(prefix[:length] in self._known for length in range(_SHORTEST, len(prefix)))
