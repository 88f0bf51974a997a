"""Publish our steps, if the policy says so: they go back along the custody to the code's issuer.

So the issuer's public answer has it at once, and nobody has to be asked when a shopper looks. Those
on the way pass it on and keep nothing: that they had the code is theirs to publish. Nobody else's
step is published: what a handover disclosed would come to whom it is about, and is refused there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

import orjson
from sqlalchemy import Connection, delete, select, update

from anchoring.core.bundle import Bundle, parse_bundle
from anchoring.core.verify import CheckedBundle, check_bundle
from anchoring.errors import AnchoringError, ChainUnavailableError
from node_gateway.errors import GatewayError, NotFoundError, StateError
from node_gateway.partners.anchored import Anchored
from node_gateway.partners.ports import Channel, Direction, Message, MessageRefusedError
from node_gateway.partners.relaying import Relaying
from node_gateway.partners.sale_judging import SaleJudging
from node_gateway.services.disclosing import (
    Disclosing,
    DisclosingStore,
    may_go,
    open_event,
    whole_event,
)
from node_gateway.services.steps import COARSE
from node_gateway.settings import PoliciesSection
from node_gateway.storage import sales
from node_gateway.storage.code_ways import came_from, partners_of
from node_gateway.storage.database import Database
from node_gateway.storage.sale_tables import publication
from node_gateway.storage.sales import PublishedStep

PUBLISHED: Final = "published"
CODES_MAX: Final = 256
"""Most codes of one message."""
_SIZE_BYTES_MAX: Final = 2 * 1024 * 1024
_AT_ONCE: Final = 20
_PUBLISHED: Final = frozenset({"sealtrail:act", *COARSE.paths})
"""What a published step may show: whoever was shown more of another's step must not publish it."""


class PublishingStore(DisclosingStore, Database, Protocol):
    """What publishing needs of the store."""


class Heard(NamedTuple):
    """A published step that came in, checked: one bundle for each code."""

    checked: CheckedBundle
    by_code: dict[str, Bundle]


class Publishing:
    """Says and hears published steps."""

    def __init__(
        self,
        store: PublishingStore,
        channel: Channel,
        disclosing: Disclosing,
        anchored: Anchored,
        *,
        judging: SaleJudging,
        policies: PoliciesSection,
    ) -> None:
        self._store, self._channel, self._disclosing = store, channel, disclosing
        self._anchored, self._judging, self._policies = anchored, judging, policies
        self._relaying = Relaying(channel)
        channel.on(PUBLISHED, self)

    async def publish(self) -> int:
        """Say the steps that are due and final; return how many messages that made."""
        query = select(*publication.c).order_by(publication.c.event).limit(_AT_ONCE)
        rows = await self._store.read(lambda c: list(c.execute(query)))
        said = 0
        for event, entry, after in rows:
            page = await self._page(bytes(entry), after)
            if page is None:
                continue
            said += await self._said(event, page)
        if said:
            self._channel.wake()
        return said

    async def _said(self, event: int, page: _Page) -> int:
        return await self._store.write("publish", lambda c: self._say(c, event, page))

    async def _page(self, entry: bytes, after: str) -> _Page | None:
        """Return the next codes of an event with their bundle, None while it is being sealed."""
        stored = await self._store.event_by_entry(entry)
        if stored is None or stored.payload is None:
            return _Page((), None)
        if stored.header.state != "final":
            return None
        opened = open_event(stored)
        if not may_go(self._policies, opened, "public"):
            return _Page((), None)
        event = await whole_event(self._store, opened)
        named = {code for name in ("epcList", "childEPCs") for code in event.get(name, ())}
        codes = sorted((one for one in named if one > after), key=str.encode)[:CODES_MAX]
        if not codes:
            return _Page((), None)
        try:
            bundle = await self._disclosing.bundle_under(opened, COARSE, codes=codes, hinting=False)
        except StateError:
            return None
        except NotFoundError:
            return _Page((), None)
        return _Page(tuple(codes), bundle)

    def _say(self, connection: Connection, event: int, page: _Page) -> int:
        if page.bundle is None:
            connection.execute(delete(publication).where(publication.c.event == event))
            return 0
        row = update(publication).where(publication.c.event == event)
        connection.execute(row.values(after=page.codes[-1]))
        by_code = split(page.bundle)
        return self._pass_on(connection, {code: by_code[code] for code in page.codes}, None)

    def _pass_on(
        self, connection: Connection, by_code: dict[str, Bundle], without: int | None
    ) -> int:
        """Say steps to those who gave us the codes; return how many messages that made."""
        going: dict[int, list[Bundle]] = defaultdict(list)
        for code, bundle in by_code.items():
            before = came_from(connection, code)
            if before and before[0] != without and not self._judging.is_ours(code):
                going[before[0]].append(bundle)
        for partner, bundles in going.items():
            body = orjson.dumps(joined(bundles).to_wire())
            self._channel.put(connection, partner, PUBLISHED, body)
        return len(going)

    async def check(self, message: Message) -> Heard:
        """Verify a published step, against our own chain endpoint too; see `ports.Handler`."""
        self._relaying.begin()
        if len(message.body) > _SIZE_BYTES_MAX:
            raise _refused("too large")
        try:
            bundle = parse_bundle(message.body)
            checked = check_bundle(bundle)
        except AnchoringError as error:
            raise _refused("the bundle does not hold") from error
        if not 0 < len(bundle.code_paths) <= CODES_MAX:
            raise _refused("no codes, or too many")
        if not checked.values.keys() <= _PUBLISHED:
            raise _refused("it shows more than anybody publishes")
        if self._judging.participant == bundle.participant:
            raise _refused("it is a step of ours")
        held = await self._anchored.holds(checked)
        if held is None:
            raise GatewayError(
                "our chain endpoint does not answer", code=ChainUnavailableError.code
            )
        if not held:
            raise _refused("the chain has no such anchor")
        return Heard(checked, split(replace(bundle, hints=None)))

    def take(self, connection: Connection, message: Message, checked: Heard) -> None:
        """Keep a step of a code of ours, and pass on the others; see `ports.Handler`."""
        for code in checked.by_code:
            if message.sender not in partners_of(connection, code, Direction.OUT):
                raise _refused("no handover of such a code is known")
        mine = {
            code: bundle for code, bundle in checked.by_code.items() if self._judging.is_ours(code)
        }
        sales.keep_steps(connection, self._steps(checked.checked, mine, message.sender))
        if self._pass_on(connection, checked.by_code, message.sender):
            self._relaying.said()

    def _steps(
        self, checked: CheckedBundle, mine: dict[str, Bundle], source: int
    ) -> Sequence[PublishedStep]:
        participant = checked.bundle.participant
        return [
            PublishedStep(code, checked.entry, participant, source, orjson.dumps(one.to_wire()))
            for code, one in mine.items()
        ]


class _Page(NamedTuple):
    """Codes of an event, and the bundle about them; None: there is nothing more to say."""

    codes: tuple[str, ...]
    bundle: Bundle | None


def split(bundle: Bundle) -> dict[str, Bundle]:
    """Return a bundle for each code of one; leaving out code paths keeps it valid."""
    found: dict[str, Bundle] = {}
    checked = check_bundle(bundle)
    for path, item in zip(bundle.code_paths, checked.codes, strict=True):
        found.setdefault(str(item.item.value), replace(bundle, code_paths=(path,)))
    return found


def joined(bundles: Sequence[Bundle]) -> Bundle:
    """Return one bundle for the codes of several of the same event."""
    paths = sorted((path for one in bundles for path in one.code_paths), key=lambda one: one.index)
    return replace(bundles[0], code_paths=tuple(paths))


def _refused(why: str) -> MessageRefusedError:
    return MessageRefusedError(f"a published step that is not taken: {why}", code="step_refused")
