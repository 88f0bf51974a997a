"""Ask whether codes of our own products are valid: nothing is before it is commissioned.

The state rules judge what events say, and of a code that was issued, or made up, no event says
anything. The gateway that issues the codes of a product knows better, and its operations refuse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection

from node_gateway.codes.issuing import Status, taken_apart
from node_gateway.errors import Spot
from node_gateway.storage.code_states import read_states
from node_gateway.storage.database import Database
from node_gateway.storage.issuing import IssuingStore

StatusOf = Callable[[str], Awaitable[Status]]
"""From a canonical code to what it is to the gateway that issues codes of its kind."""

SPOTS_MAX: Final = 100
_ENDING: Final = frozenset({"decommissioning", "destroying"})
"""What is not valid may still be thrown away."""
_WORDS: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.NEVER_ISSUED: "Codes of this product are issued here, and this one never was.",
        Status.CHECK_WRONG: "The serial was issued here with other check characters.",
        Status.ISSUED_NOT_COMMISSIONED: "The code was issued and is not commissioned yet.",
        Status.VOID: "The code was declared void.",
        Status.REPLACED: "The code was replaced by another one.",
    }
)


class Unissued:
    """Finds codes that are not valid, of products whose codes are issued here."""

    def __init__(self, database: Database, *, status_of: StatusOf) -> None:
        self._database, self._orders = database, IssuingStore(database)
        self._status_of = status_of

    async def refusals(self, event: Mapping[str, Any]) -> list[Spot]:
        """Return the codes that forbid an operation, at most `SPOTS_MAX`.

        Logistic units are passed over: they begin when they are packed.
        """
        if event.get("bizStep") in _ENDING:
            return []
        places = {
            code: f"/codes/{index}"
            for member in ("epcList", "childEPCs")
            for index, code in enumerate(event.get(member) or ())
        }
        if event.get("parentID") is not None:
            places[str(event["parentID"])] = "/parent"
        spots: list[Spot] = []
        for code in await self._uncommissioned(await self._ours(places)):
            status = await self._status_of(code)
            if status in _WORDS:
                spots.append(Spot(status.value, _WORDS[status], places[code]))
            if len(spots) == SPOTS_MAX:
                break
        return spots

    async def _ours(self, codes: Iterable[str]) -> list[str]:
        """Return the codes of products for which codes are issued here."""
        named: dict[tuple[str, str], list[str]] = defaultdict(list)
        for code in codes:
            parts = taken_apart(code)
            if parts is not None and parts.kind != "sscc":
                named[parts.kind, parts.name].append(code)
        ours: list[str] = []
        for (kind, name), members in named.items():
            if await self._orders.scheme(kind, name) is not None:
                ours += members
        return ours

    async def _uncommissioned(self, codes: Sequence[str]) -> list[str]:
        def read(connection: Connection) -> list[str]:
            states = read_states(connection, codes, {})
            return [one for one in codes if one not in states or states[one].made is None]

        return await self._database.read(read) if codes else []
