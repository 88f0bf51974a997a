"""What the platform would say of a 20-digit code: its letter, and the level of its pack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node_gateway.codes.china.drug_code import DrugCode, DrugCodeError, parse_drug_code
from node_gateway.codes.china.platform_status import PlatformStatus, platform_status
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.services.states import States
from node_gateway.storage.importing import ImportStore

LevelOf = Callable[[str], int | None]
"""From a code to its pack level in the master data, 1 for the smallest."""


@dataclass(frozen=True, slots=True)
class PlatformView:
    """A code as the platform sees it; both None for a code that is no drug code.

    Attributes:
        status: Its letter.
        pack_level: 1 for the smallest pack, None if nobody knows.
    """

    status: PlatformStatus | None = None
    pack_level: int | None = None


class DrugCodes:
    """The use case of asking about a 20-digit code."""

    def __init__(self, *, states: States, imports: ImportStore, level_of: LevelOf) -> None:
        self._states, self._imports, self._level_of = states, imports, level_of

    async def view(self, code: str) -> PlatformView:
        """Return what the platform would say of a code in its canonical form."""
        if not code.startswith(DRUG_CODE):
            return PlatformView()
        try:
            drug_code = parse_drug_code(code)
        except DrugCodeError:
            return PlatformView()
        known = (await self._states.of([code])).get(code)
        status = (
            platform_status(None) if known is None else platform_status(known.state, known.around)
        )
        return PlatformView(status, await self.level(drug_code))

    async def level(self, code: DrugCode) -> int | None:
        """Return the pack level of a code, 1 for the smallest; None if nobody knows.

        The master data decide; else the last relation file that had its identification code.
        """
        known = self._level_of(code.uri)
        return known if known is not None else await self._imports.level(code.drug_id)
