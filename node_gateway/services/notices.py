"""Notices of the board over the goods of this gateway: what they mean, and what they forbid.

They are read from the directory, which one component keeps in step with the chain; while the chain
is away the last known ones hold. Nothing here is stored but lists of codes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from anchoring.directory.code_list import CodeList, CodeListError
from anchoring.directory.lots import lot_key
from anchoring.directory.model import Directory, Notice
from anchoring.directory.prefixes import product_of_code
from node_gateway.errors import NotFoundError, Spot
from node_gateway.services.following import Follower
from node_gateway.services.notice_words import spots_of, too_much
from node_gateway.state.folding import chain_of
from node_gateway.state.recalls import (
    Concern,
    Known,
    Match,
    StandingNotices,
    brings_to_people,
    gravest_first,
    match_of,
)
from node_gateway.storage.database import Database
from node_gateway.storage.handovers import lots_told
from node_gateway.storage.notices import Contents, NoticeStore, contents, lists_loaded, lists_of

CONTENTS_MAX: Final = 2**18
"""How many codes inside the goods of one operation are looked at."""
SPOTS_MAX: Final = 100
_NO_LOTS: Final[Mapping[str, str]] = {}


class Laid(NamedTuple):
    """Notices laid over codes.

    Attributes:
        concerns: By code asked for; every notice that means it or something in it.
        is_whole: Whether all that is in them was looked at.
    """

    concerns: Mapping[str, tuple[Concern, ...]]
    is_whole: bool = True


class Notices:
    """The use cases of asking what notices say.

    Args:
        database: States of codes, and lists.
        follower: Brings the states up to date before they are asked.
        current: Returns the directory as of the newest block that was read.
        participant: Whose gateway this is.

    Attributes:
        loading: Held by whoever takes in a list.
    """

    def __init__(
        self,
        database: Database,
        follower: Follower,
        *,
        current: Callable[[], Directory],
        participant: int,
    ) -> None:
        self._database, self._follower = database, follower
        self._current, self._participant = current, participant
        self._lists = NoticeStore(database)
        self._standing = StandingNotices(current())
        self.loading = asyncio.Lock()

    @property
    def directory(self) -> Directory:
        """The network as of the newest block that was read."""
        return self._current()

    @property
    def standing(self) -> StandingNotices:
        """The notices that stand now."""
        directory = self._current()
        if self._standing.directory is not directory:  # immutable: another one is a newer one
            self._standing = StandingNotices(directory)
        return self._standing

    def notice(self, number: int) -> Notice:
        """Return a notice, also a lifted one.

        Raises:
            NotFoundError: `notice_not_found`.
        """
        found = self._current().notices.get(number)
        if found is None:
            raise NotFoundError(
                "no notice has this number, as far as the chain was read here",
                code="notice_not_found",
            )
        return found

    async def refusals(self, event: Mapping[str, Any], lots: Mapping[str, str]) -> list[Spot]:
        """Return what forbids an operation, at most `SPOTS_MAX`.

        Everything stored must have been followed; the state rules, asked before, see to it.

        Args:
            event: Normalised; what it states is what is judged, see `brings_to_people`.
            lots: Lots that were scanned or stated with the codes.
        """
        standing = self.standing
        if not standing.any_real or not brings_to_people(event, by_document=False):
            return []
        codes = list(dict.fromkeys(event.get("epcList") or ()))
        laid = await self._database.read(lambda c: _lay(c, standing, codes, lots))
        spots = [
            spot
            for index, code in enumerate(codes)
            for spot in spots_of(laid.concerns.get(code, ()), code, f"/codes/{index}")
        ]
        if not laid.is_whole:
            spots.append(too_much(CONTENTS_MAX))
        return spots[:SPOTS_MAX]

    async def of(self, codes: Sequence[str], lots: Mapping[str, str] = _NO_LOTS) -> Laid:
        """Return every standing notice, exercises too, that means codes or what is in them.

        Args:
            codes: Canonical.
            lots: Lots by code, beside those that are known here.
        """
        standing = self.standing
        if not standing or not codes:
            return Laid({})
        await self._follower.catch_up()
        return await self._database.read(lambda c: _lay(c, standing, codes, lots))

    async def of_one(self, notice: Notice, codes: Sequence[str]) -> dict[str, Match]:
        """Return which of some codes a notice means by themselves, whether it stands or not.

        Everything stored must have been followed.
        """
        one = StandingNotices(self._current(), notice)
        laid = await self._database.read(lambda c: _lay(c, one, codes, _NO_LOTS))
        return {
            code: concern.match
            for code, concerns in laid.concerns.items()
            for concern in concerns
            if concern.code == code
        }

    async def public(self, code: str, *, lot: str | None) -> list[Concern]:
        """Return what anybody may be told who asks about a code.

        It depends on the code's product, on its lot if the answer discloses that one, and on the
        lists that this participant published itself: not on what is known here besides.

        Args:
            code: Canonical.
            lot: As the public answer has it, None if it has none.
        """
        about = self.standing.about(code)
        if not about:
            return []
        known, own = Known(frozenset({lot_key(lot)} if lot else ())), frozenset[bytes]()
        if any(one.has_list and one.publisher == self._participant for one in about):
            known, own = await self._database.read(lambda c: self._own_lists(c, code, known, about))
        matches = [(one, match_of(one, known, own)) for one in about]
        return gravest_first(Concern(one, match, code) for one, match in matches if match)

    def _own_lists(
        self, connection: Connection, code: str, known: Known, about: Iterable[Notice]
    ) -> tuple[Known, frozenset[bytes]]:
        ours = {one.digest for one in about if one.publisher == self._participant}
        loaded = lists_loaded(connection) & ours
        listed = lists_of(connection, [code]).get(code, frozenset()) & loaded
        return known._replace(lists=listed), loaded

    async def load_list(self, number: int, codes: CodeList) -> int:
        """Take in the list of a notice; return how many codes it has.

        Cost: some seconds for a million codes, in parts between which captures go on.

        Raises:
            NotFoundError: no such notice.
            CodeListError: `list_not_wanted`, `list_digest` or `list_product`.
        """
        notice = self.notice(number)
        if not notice.has_list:
            raise CodeListError("the notice names no list", code="list_not_wanted")
        if codes.digest != notice.digest:
            raise CodeListError("the notice means another list", code="list_digest")
        await asyncio.to_thread(codes.require_product, notice.product)
        if notice.digest not in await self._lists.lists_loaded():
            await self._lists.add_list(notice.digest, codes.codes)
        return len(codes.codes)

    async def lists(self) -> frozenset[bytes]:
        """Return the digests of the lists that are here."""
        return await self._lists.lists_loaded()


def _lay(
    connection: Connection,
    standing: StandingNotices,
    codes: Sequence[str],
    lots: Mapping[str, str],
) -> Laid:
    found = contents(connection, codes, codes_max=CONTENTS_MAX)
    asked = set(codes).union(*found.inside.values())
    about = {code: some for code in asked if (some := standing.about(code))}
    if not about:
        return Laid({}, found.is_whole)
    known, loaded = _known(connection, found, about, lots, with_lists=standing.any_list)
    concerns: defaultdict[str, list[Concern]] = defaultdict(list)
    for code, some in about.items():
        for notice in some:
            match = match_of(notice, known[code], loaded)
            # A unit of which the content is known is what its content is.
            if match is Match.MEANT or (match and not found.inside.get(code)):
                concerns[code].append(Concern(notice, match, code))
    return Laid(
        {
            code: tuple(gravest_first(_each_once(code, found, concerns)))
            for code in codes
            if any(one in concerns for one in (code, *found.inside.get(code, ())))
        },
        found.is_whole,
    )


def _each_once(
    code: str, found: Contents, concerns: Mapping[str, Sequence[Concern]]
) -> Iterable[Concern]:
    """Return each notice once, by the code that it means most surely."""
    best: dict[int, Concern] = {}
    for one in (code, *sorted(found.inside.get(code, ()))):
        for concern in concerns.get(one, ()):
            first = best.setdefault(concern.notice.id, concern)
            if first.match is not Match.MEANT and concern.match is Match.MEANT:
                best[concern.notice.id] = concern
    return best.values()


def _known(
    connection: Connection,
    found: Contents,
    codes: Collection[str],
    lots: Mapping[str, str],
    *,
    with_lists: bool,
) -> tuple[dict[str, Known], frozenset[bytes]]:
    around = {code: tuple(unit for unit, _ in chain_of(code, found.states)) for code in codes}
    lists: dict[str, frozenset[bytes]] = {}
    loaded: frozenset[bytes] = frozenset()
    if with_lists:
        named = set(codes).union(*around.values())
        lists, loaded = lists_of(connection, named), lists_loaded(connection)
    units = {unit for some in around.values() for unit in some}
    told = lots_told(connection, [one for one in {*codes, *units} if not _own_lot(one, found)])
    known = {}
    for code in codes:
        listed = (lists.get(one, frozenset()) for one in (code, *around[code]))
        stated = _lots(code, around[code], found, lots, told)
        known[code] = Known(stated, frozenset[bytes]().union(*listed) & loaded)
    return known, loaded


def _own_lot(code: str, found: Contents) -> str | None:
    state = found.states.get(code)
    return None if state is None else state.lot


def _lots(
    code: str,
    around: Sequence[str],
    found: Contents,
    lots: Mapping[str, str],
    told: Mapping[str, Collection[str]],
) -> frozenset[str]:
    """Return the lots of a code: what is stated of it, and what is known here.

    What no event here says, whoever handed it to us may have told. If nothing is known here of the
    code, what is known of the nearest case of its product counts; a lot that somebody states
    beside a code clears neither.
    """
    product = product_of_code(code)
    stated: set[str] = set()
    for one in (code, *(unit for unit in around if product_of_code(unit) == product)):
        own = _own_lot(one, found)
        known = {own} if own else set(told.get(one, ()))
        stated |= known
        if lot := lots.get(one):
            stated.add(lot)
        if known:
            break
    return frozenset(map(lot_key, stated))
