"""Lists of what the gateway knows: event types, codes, steps, places, dispositions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, select

from node_gateway.epcis.cbv import standard_words
from node_gateway.epcis.query import parameters
from node_gateway.epcis.query.facets import KINDS
from node_gateway.epcis.rules import EVENT_TYPES
from node_gateway.services.querying import Querying
from node_gateway.storage import tables
from node_gateway.storage.database import Database
from node_gateway.storage.events import codes_with_prefix
from node_gateway.storage.facet_reading import facet_values
from node_gateway.storage.facets import facet_key, ids_of


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree of values.

    Attributes:
        kind: The kind of its facet.
        parameter: The query parameter that asks for the events of a value.
        standard: Values that are there from the start.
        codes: Whether the codes of all events are values, too.
    """

    kind: str
    parameter: str
    standard: tuple[str, ...] = ()
    codes: bool = False


TREES: Final[Mapping[str, Tree]] = MappingProxyType(
    {
        "eventTypes": Tree(parameters.EVENT_TYPE, "eventType", tuple(sorted(EVENT_TYPES))),
        "epcs": Tree(parameters.PARENT, "MATCH_anyEPC", codes=True),
        "bizSteps": Tree(parameters.BIZ_STEP, "EQ_bizStep", standard_words("biz_step")),
        "bizLocations": Tree(parameters.BIZ_LOCATION, "EQ_bizLocation"),
        "readPoints": Tree(parameters.READ_POINT, "EQ_readPoint"),
        "dispositions": Tree(
            parameters.DISPOSITION, "EQ_disposition", standard_words("disposition")
        ),
    }
)
"""By the name of the resource."""


class Browsing:
    """Reads the trees from the index."""

    def __init__(self, database: Database, querying: Querying) -> None:
        self._database, self._querying = database, querying

    async def values(self, tree: Tree, *, after: str, limit: int) -> list[str]:
        """Return values, ascending, above `after`."""
        await self._querying.reached()

        def work(connection: Connection) -> list[str]:
            lists: list[Sequence[str]] = [
                [word for word in tree.standard if word > after],
                facet_values(connection, tree.kind, after, limit),
            ]
            if tree.codes:
                lists.append(codes_with_prefix(connection, "", after, limit))
            return list(islice(dict.fromkeys(merge(*lists)), limit))

        return await self._database.read(work)

    async def knows(self, tree: Tree, value: str) -> bool:
        """Tell whether a value, in its canonical form, is in a tree."""
        if value in tree.standard:
            return True
        await self._querying.reached()

        def work(connection: Connection) -> bool:
            if tree.codes:
                code = tables.event_code.c.code
                named = select(code).where(code == value).limit(1)
                if connection.execute(named).scalar() is not None:
                    return True
            return bool(ids_of(connection, [facet_key(KINDS[tree.kind], value)]))

        return await self._database.read(work)
