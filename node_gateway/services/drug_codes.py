"""What is known of a drug traceability code, and which of the three refusals it deserves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from node_gateway.codes.china.drug_code import ID_LENGTH, DrugCode
from node_gateway.codes.china.verdict import KnownCode, Verdict, verdict_of
from node_gateway.codes.issuing import Status
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.services.commissioned import commissioning_of
from node_gateway.storage.importing import ImportStore
from node_gateway.storage.ports import EventStore

StatusOf = Callable[[str], Awaitable[Status]]
"""From a canonical code to what it is to the gateway that issues codes of its kind."""
LevelOf = Callable[[str], int | None]
"""From an identification code to its pack level in the master data."""

_ISSUED: Final = frozenset({Status.ISSUED_NOT_COMMISSIONED, Status.VOID, Status.REPLACED})
_SAME_STEM_MAX: Final = 100


class DrugCodes:
    """The use case of asking about a 20-digit code."""

    def __init__(
        self, *, events: EventStore, imports: ImportStore, status_of: StatusOf, level_of: LevelOf
    ) -> None:
        self._events, self._imports = events, imports
        self._status_of, self._level_of = status_of, level_of

    async def verdict(self, code: DrugCode) -> Verdict:
        """Return why a code is not good, or `active`.

        Codes that were issued elsewhere have check digits that nobody here can compute. They are
        known as soon as an event activates them, and then another code with the same 16 digits is
        one with wrong check digits.
        """
        return verdict_of(await self._known(code))

    async def level(self, code: DrugCode) -> int | None:
        """Return the pack level of a code, 1 for the smallest; None if nobody knows.

        The master data decide; else the last relation file that had its identification code.
        """
        known = self._level_of(code.text[:ID_LENGTH])
        return known if known is not None else await self._imports.level(code.drug_id)

    async def _known(self, code: DrugCode) -> KnownCode:
        if await commissioning_of(self._events, code.uri) is not None:
            return KnownCode(is_active=True)
        status = await self._status_of(code.uri)
        if status in _ISSUED or status == Status.CHECK_WRONG:
            return KnownCode(
                is_issued=status in _ISSUED, stem_is_issued=status == Status.CHECK_WRONG
            )
        same_stem = await self._events.codes_with_prefix(
            DRUG_CODE + code.stem, limit=_SAME_STEM_MAX
        )
        for other in same_stem:
            if other != code.uri and await commissioning_of(self._events, other) is not None:
                return KnownCode(stem_is_active=True)
        return KnownCode()
