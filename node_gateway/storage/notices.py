"""What notices ask of the database: lists of codes, contents of units, codes of a product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

import orjson
from sqlalchemy import Connection, delete, func, select

from node_gateway.state.code_state import CodeState, from_wire, holds
from node_gateway.state.folding import DEPTH_MAX
from node_gateway.storage.chain_tables import notice_code
from node_gateway.storage.code_state_tables import code_state
from node_gateway.storage.code_states import among, read_with_units
from node_gateway.storage.database import Database, Insert

_WHOLE: Final = ""
"""Stands in the place of a code, last of a list: the list is here as a whole."""
_PART_CODES: Final = 20_000
"""How many codes one transaction takes; captures wait behind it."""


class Contents(NamedTuple):
    """Units and what is in them.

    Attributes:
        states: Of the codes asked for, of all that is in them and of what is around them.
        inside: From each code asked for that holds something to all that is in it.
        is_whole: Whether everything was looked at; if not, `inside` lacks something.
    """

    states: Mapping[str, CodeState]
    inside: Mapping[str, frozenset[str]]
    is_whole: bool


class NoticeStore:
    """Lists of codes of notices. They come in and never go out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lists_loaded(self) -> frozenset[bytes]:
        """Return the digests of the lists that are here as a whole."""
        return await self._database.read(lists_loaded)

    async def add_list(self, digest: bytes, codes: Sequence[str]) -> None:
        """Store a list, in parts so that captures go on; a crash leaves parts that do not count.

        Args:
            digest: Of the list; checked by the caller.
            codes: All of its codes, each once.
        """
        insert = self._database.insert
        await self._database.write("forget_list", lambda c: _forget(c, digest))
        for start in range(0, len(codes), _PART_CODES):
            rows = [(code, digest) for code in codes[start : start + _PART_CODES]]
            await self._database.write("add_list", _adding(insert, rows))
        await self._database.write("add_list", _adding(insert, [(_WHOLE, digest)]))

    async def list_size(self, digest: bytes) -> int:
        """Return how many codes of a list are here."""
        query = select(func.count()).where(
            notice_code.c.digest == digest, notice_code.c.code != _WHOLE
        )
        return await self._database.read(
            lambda c: c.execute(query.select_from(notice_code)).scalar() or 0
        )


def lists_loaded(connection: Connection) -> frozenset[bytes]:
    """Return the digests of the lists that are here as a whole."""
    query = select(notice_code.c.digest).where(notice_code.c.code == _WHOLE)
    return frozenset(bytes(one) for one in connection.execute(query).scalars())


def lists_of(connection: Connection, codes: Collection[str]) -> dict[str, frozenset[bytes]]:
    """Return the digests of the lists in which codes stand."""
    found: defaultdict[str, set[bytes]] = defaultdict(set)
    statement = "SELECT code, digest FROM notice_code WHERE code IN {}"
    for code, digest in among(connection, statement, codes):
        found[code].add(bytes(digest))
    return {code: frozenset(some) for code, some in found.items()}


def contents(connection: Connection, codes: Collection[str], *, codes_max: int) -> Contents:
    """Return what is packed in codes by all that is known here, at most `DEPTH_MAX` levels down.

    Args:
        connection: A reading connection.
        codes: Packs, cases, logistic units.
        codes_max: So many codes are read at most.
    """
    decoded: dict[bytes, CodeState] = {}
    states = read_with_units(connection, codes, decoded, DEPTH_MAX)
    roots: dict[str, set[str]] = {code: {code} for code in codes}
    inside: defaultdict[str, set[str]] = defaultdict(set)
    wanted, left = set(codes), codes_max
    for _ in range(DEPTH_MAX):
        found = _children(connection, wanted, decoded, left + 1) if wanted else []
        if len(found) > left:
            return Contents(states, _frozen(inside), is_whole=False)
        left, wanted = left - len(found), set()
        for code, parent, state in found:
            states[code] = state
            if not holds(states.get(parent), state.packed):
                continue
            new = roots[parent] - roots.get(code, set())
            if new:
                roots.setdefault(code, set()).update(new)
                wanted.add(code)
            for root in new:
                inside[root].add(code)
    return Contents(states, _frozen(inside), is_whole=not wanted)


def codes_between(
    connection: Connection, low: str, high: str, *, after: str, limit: int
) -> list[str]:
    """Return codes that have a state, from `low` on and before `high`, above `after`."""
    column = code_state.c.code
    query = select(column).where(column >= low, column < high, column > after)
    return list(connection.execute(query.order_by(column).limit(limit)).scalars())


def any_between(connection: Connection, low: str, high: str) -> bool:
    """Tell whether any code from `low` on and before `high` has a state."""
    return bool(codes_between(connection, low, high, after="", limit=1))


def _children(
    connection: Connection, parents: Collection[str], decoded: dict[bytes, CodeState], limit: int
) -> list[tuple[str, str, CodeState]]:
    statement = f"SELECT code, parent, data FROM code_state WHERE parent IN {{}} LIMIT {limit:d}"  # noqa: S608
    found: list[tuple[str, str, CodeState]] = []
    for code, parent, raw in among(connection, statement, parents):
        data = bytes(raw)
        state = decoded.get(data)
        if state is None:
            state = decoded[data] = from_wire(orjson.loads(data))
        found.append((code, parent, state))
    return found


def _frozen(inside: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {code: frozenset(some) for code, some in inside.items()}


def _forget(connection: Connection, digest: bytes) -> None:
    connection.execute(delete(notice_code).where(notice_code.c.digest == digest))


def _adding(insert: Insert, rows: Sequence[tuple[str, bytes]]) -> Callable[[Connection], None]:
    return lambda connection: insert(connection, notice_code, rows)
