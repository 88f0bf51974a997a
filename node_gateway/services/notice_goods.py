"""Which goods of this gateway a notice means, and what became of them after it was published.

Nothing of it is kept: it is read from the states as they are when somebody asks, so a notice that
is lifted, or that a reorganisation takes away, leaves nothing behind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from anchoring.directory.model import Notice
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.epcis.operations import EXTENSION
from node_gateway.services.disclosing import OpenEvent, open_event
from node_gateway.services.notice_words import RECALL_NOTICE
from node_gateway.services.notices import Notices
from node_gateway.services.standing import Standing
from node_gateway.services.states import CodeView, States
from node_gateway.state.code_state import ENDS
from node_gateway.state.recalls import Match, brings_to_people
from node_gateway.storage.database import Database
from node_gateway.storage.notices import any_between, codes_between
from node_gateway.storage.ports import EventStore

COUNTED_MAX: Final = 50_000
"""How many codes are counted with the first page."""
SCANNED_MAX: Final = 10_000
"""How many codes one request looks at for findings."""
_CHUNK: Final = 1000
_LINK: Final = "https://id.gs1.org/"
Where = Literal["here", "gone", "all"]


class Meant(NamedTuple):
    """A code that a notice means, or may mean."""

    code: str
    match: Match
    view: CodeView

    @property
    def is_here(self) -> bool:
        """Whether it is in our hands, as far as is known: neither ended nor on its way."""
        return self.view.status not in ENDS and self.view.status != "in_transit"

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "code": self.code,
            "status": self.view.status,
            "lot": self.view.state.lot,
            "match": self.match.value,
            "parents": list(self.view.around),
        }


class NoticeGoods:
    """The use cases of an operator who asks what a notice means for the goods."""

    def __init__(
        self,
        database: Database,
        events: EventStore,
        *,
        notices: Notices,
        states: States,
        standing: Standing,
    ) -> None:
        self._database, self._events = database, events
        self._notices, self._states, self._standing = notices, states, standing

    async def affected(
        self, number: int, *, after: str, limit: int, where: Where
    ) -> dict[str, Any]:
        """Return a page of the codes known here that a notice means or may mean, as JSON.

        Args:
            number: Of the notice.
            after: The last code of the page before, empty for the first one, which also counts.
            limit: At most so many codes.
            where: `here` are codes that neither ended nor are on their way, `gone` the others.

        Raises:
            NotFoundError: no such notice.
        """
        notice, counting = self._notices.notice(number), not after
        found: list[Meant] = []
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        following, scanned, ended = None, 0, True
        async for chunk, last, size in self._scan(notice, after):
            for one in chunk:
                counts[one.match.value][one.view.status] += 1
                if where == "all" or one.is_here == (where == "here"):
                    if len(found) < limit:
                        found.append(one)
                    elif following is None:
                        following = found[-1].code
            scanned += size
            if scanned >= COUNTED_MAX or (following is not None and not counting):
                following = following or last
                ended = False
                break
        return {
            "notice": number,
            "counts": {match: dict(some) for match, some in counts.items()} if counting else None,
            "countedAll": ended if counting else None,
            "codes": [one.to_wire() for one in found],
            "next": following,
        }

    async def findings(self, number: int, *, after: str) -> dict[str, Any]:
        """Return the events by which recalled codes went on while the notice stood, as JSON.

        An event counts by the time that it states, as everywhere in the state rules. Those of the
        units that a code is in now count for it too.

        Raises:
            NotFoundError: no such notice.
        """
        notice = self._notices.notice(number)
        found: list[dict[str, Any]] = []
        scanned, following = 0, None
        async for chunk, last, size in self._scan(notice, after):
            for one in chunk:
                if one.match is Match.MEANT:
                    found += await self._moved(notice, one)
            scanned += size
            if scanned >= SCANNED_MAX:
                following = last
                break
        return {"notice": number, "findings": found, "next": following}

    async def known_here(self) -> set[int]:
        """Return the standing notices about products of which any code is known here."""
        every = self._notices.standing.all()
        ranges = {one.id: code_ranges(one.product) for one in every}
        return await self._database.read(
            lambda c: {
                number
                for number, some in ranges.items()
                if any(any_between(c, low, range_end(low)) for low in some)
            }
        )

    async def _scan(
        self, notice: Notice, after: str
    ) -> AsyncIterator[tuple[list[Meant], str, int]]:
        """Yield, chunk by chunk, what the notice means, the last code and how many were read."""
        reached = after
        for low in code_ranges(notice.product):
            while True:
                codes = await self._database.read(
                    lambda c, low=low, at=reached: codes_between(  # type: ignore[misc]
                        c, low, range_end(low), after=at, limit=_CHUNK
                    )
                )
                if codes:
                    yield await self._meant(notice, codes), codes[-1], len(codes)
                    reached = codes[-1]
                if len(codes) < _CHUNK:
                    break

    async def _meant(self, notice: Notice, codes: Sequence[str]) -> list[Meant]:
        views = await self._states.of(codes)
        matches = await self._notices.of_one(notice, codes)
        return [
            Meant(code, matches[code], views[code])
            for code in codes
            if code in matches and code in views
        ]

    async def _moved(self, notice: Notice, one: Meant) -> list[dict[str, Any]]:
        since_ms = (notice.steps[0].at + 1) * 1000  # what was stated within its second may be older
        until_ms = None if notice.level else notice.steps[-1].at * 1000
        found: dict[bytes, dict[str, Any]] = {}
        for code, state in ((one.code, one.view.state), *one.view.around.items()):
            if state.last[0] < since_ms:
                continue  # nothing of it was stated later
            after = 0
            while stored := await self._events.events_of_code(code, after=after, limit=_CHUNK):
                after = stored[-1].header.position
                for event in stored:
                    at_ms = event.event_time_ms or 0
                    stood = since_ms <= at_ms and (until_ms is None or at_ms < until_ms)
                    if not stood or event.payload is None:
                        continue
                    opened = open_event(event)
                    if brings_to_people(opened.event) and not await self._standing.of(opened.event):
                        found[opened.stored.header.entry] = _finding(one.code, opened, at_ms)
        return list(found.values())


def _finding(code: str, opened: OpenEvent, at_ms: int) -> dict[str, Any]:
    event: Mapping[str, Any] = opened.event
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "rule": RECALL_NOTICE,
        "code": code,
        "event": opened.stored.header.entry.hex(),
        "statedAt": moment.replace("+00:00", "Z"),
        "bizStep": event.get("bizStep"),
        "disposition": event.get("disposition"),
        "overridden": f"{EXTENSION}override" in event,
    }


def code_ranges(product: str) -> list[str]:
    """Return how codes of a product begin, ascending: all pack levels of a GTIN are one product."""
    scheme, _, digits = product.partition(":")
    if scheme == "cn":
        return [f"{DRUG_CODE}{digits}"]
    bodies = [f"{indicator}{digits}" for indicator in range(10)]
    gtins = [f"{body}{check_digit(body)}" for body in bodies]
    return sorted([f"{_LINK}01/{one}/" for one in gtins] + [f"{_LINK}8006/{one}" for one in gtins])


def range_end(low: str) -> str:
    """Return the first text after all that begin with `low`, bytewise."""
    return low[:-1] + chr(ord(low[-1]) + 1)
