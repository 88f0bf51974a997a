"""Ask the state rules about an event before it is captured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from node_gateway.errors import Spot
from node_gateway.services.following import Follower
from node_gateway.services.unissued import Unissued
from node_gateway.state.folding import Lookups
from node_gateway.state.rules import MEANINGS, Finding
from node_gateway.storage.code_judging import judge_imagined
from node_gateway.storage.database import Database

_CODE_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")


class Judging:
    """Judges events against what is stored."""

    def __init__(
        self,
        database: Database,
        follower: Follower,
        *,
        lookups: Lookups,
        clock: Callable[[], float],
        unissued: Unissued,
    ) -> None:
        self._database, self._follower = database, follower
        self._lookups, self._clock, self._unissued = lookups, clock, unissued

    async def findings(self, *events: Mapping[str, Any]) -> list[list[Finding]]:
        """Return what normalised events would contradict, of everything stored before the call.

        Each event knows those before it.

        The evidence of a finding (`other`) is the position of the event that speaks against it.
        """
        await self._follower.catch_up()
        received_ms = int(self._clock() * 1000)

        def judge(connection: Connection) -> list[list[Finding]]:
            return judge_imagined(
                connection, events, received_ms=received_ms, lookups=self._lookups
            )

        return await self._database.read(judge)

    async def refusals(self, event: Mapping[str, Any]) -> list[Spot]:
        """Return the findings that forbid an operation, with the spot of each code.

        Codes of our own products are refused too where they are not valid (`Unissued`).
        """
        (found,) = await self.findings(event)
        places = {
            code: f"/codes/{index}"
            for member in _CODE_LISTS
            for index, code in enumerate(event.get(member) or ())
        }
        spots = [
            Spot(
                one.rule.word,
                MEANINGS[one.rule].en,
                places.get(one.code, "/parent" if one.code == event.get("parentID") else ""),
            )
            for one in sorted(found)
            if MEANINGS[one.rule].severity != "info"
        ]
        return spots + await self._unissued.refusals(event)

    async def refusals_together(
        self, events: Sequence[Mapping[str, Any]], places: Mapping[str, str]
    ) -> list[Spot]:
        """Return what forbids one operation that states several events, each spot once.

        Args:
            events: Normalised, in their order.
            places: From a code to its spot in the request.
        """
        spots = [
            Spot(one.rule.word, MEANINGS[one.rule].en, places.get(one.code, ""))
            for found in await self.findings(*events)
            for one in sorted(found)
            if MEANINGS[one.rule].severity != "info"
        ]
        for event in events:
            named = [event.get("parentID"), *(event.get("childEPCs") or ())]
            known = {f"/codes/{index}": code for index, code in enumerate(named[1:])}
            for spot in await self._unissued.refusals(event):
                code = known.get(spot.pointer, named[0])
                spots.append(replace(spot, pointer=places.get(str(code), "")))
        return list(dict.fromkeys(spots))
