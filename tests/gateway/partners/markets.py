"""Places that sell, each with a database of its own, and messages between them in memory.

Sales, their counting and their tables are the real ones; the channel hands bodies over in order,
and the chain's directory is one sentence: who issues the codes.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from sqlalchemy import Connection, insert

from anchoring.directory.model import Directory
from node_gateway.partners.ports import Channel, Handler, Message, MessageRefusedError, NewException
from node_gateway.partners.sale_following import SaleFollowing
from node_gateway.partners.sale_judging import SaleJudging
from node_gateway.partners.sale_messages import SALE, SaleSaid
from node_gateway.partners.sales import SaleRules, Sales, new_token
from node_gateway.settings_partners import SalesSection
from node_gateway.state.code_state import CodeState
from node_gateway.storage import code_states, sales
from node_gateway.storage.code_state_tables import event_standing, finding
from node_gateway.storage.engine import open_store
from node_gateway.storage.following import FollowedEvent
from node_gateway.storage.handover_tables import handover, handover_code
from node_gateway.storage.handovers import State
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.sales import Answer, Claim
from tests.gateway.running import dispensing

MAKER: Final = 1
START: Final = 1_770_000_000
QUICK: Final = SalesSection(spread_s=0)


@dataclass
class Said:
    """One message on its way, and what became of it."""

    sender: int
    receiver: int
    kind: str
    body: bytes
    refused: str | None = None


@dataclass
class Opened:
    """Notes exceptions; the same one once."""

    wishes: dict[Any, NewException] = field(default_factory=dict)

    def open(self, connection: Connection, wish: NewException) -> int:
        del connection
        self.wishes[wish.kind, wish.subject, wish.codes] = wish
        return len(self.wishes)


class Wire:
    """Implements `Channel` for one place."""

    def __init__(self, market: Market, place: int) -> None:
        self._market, self._place = market, place
        self.handlers: dict[str, Handler] = {}

    def on(self, kind: str, handler: Handler) -> None:
        self.handlers[kind] = handler

    def put(self, connection: Connection, to: int, kind: str, body: bytes) -> bytes:
        del connection
        self._market.waiting.append(Said(self._place, to, kind, body))
        return b""

    def wake(self) -> None:
        """Everything goes by `Market.settle`."""


class Place:
    """One gateway's sales."""

    def __init__(
        self, market: Market, number: int, store: GatewayStore, settings: SalesSection
    ) -> None:
        self.number, self.store = number, store
        self.wire, self.exceptions = Wire(market, number), Opened()
        directory = SimpleNamespace(
            owner_at=lambda code, at: SimpleNamespace(participant=SimpleNamespace(id=MAKER))
        )
        self.judging = SaleJudging(
            participant=number,
            channel=cast("Channel", self.wire),
            exceptions=self.exceptions,
            directory=lambda: cast("Directory", directory),
            clock=lambda: market.now,
            alarm=lambda kind: None,
        )
        rules = SaleRules(settings, 86400, lambda: market.now)
        self.sales = Sales(store, cast("Channel", self.wire), self.judging, rules)
        self._following = SaleFollowing(
            floor=0, publish_steps=(), token=new_token, due=rules.due, clock=lambda: market.now
        )
        self._events: list[FollowedEvent] = []

    async def state(self, event: Mapping[str, Any]) -> int:
        """Take an event into account as the follower does; return its position."""
        position = len(self._events) + 1
        one = FollowedEvent(position, bytes([position]) * 32, event, {}, START * 1000, 0)
        self._events.append(one)

        def work(connection: Connection) -> None:
            row = {"event": position, "fingerprint": one.entry, "standing": code_states.STANDS}
            connection.execute(insert(event_standing), row)

        await self.store.write("standing", work)
        await self.follow([one])
        return position

    async def follow(self, events: Sequence[FollowedEvent] = ()) -> None:
        """Follow events, by default everything again."""
        events = events or self._events
        change = await self.store.read(lambda c: self._following.prepare(c, events))
        await self.store.write(
            "following", lambda c: self._following.apply(c, self.store.insert, change)
        )

    async def sell(self, code: str) -> int:
        return await self.state(dispensing(code))

    async def take_back(self, code: str, **members: Any) -> int:
        """Let a pack come back from a customer."""
        back = {"bizStep": "receiving", "disposition": "returned", **members}
        return await self.state({**dispensing(code), **back})

    async def claims(self, code: str) -> list[Claim]:
        return await self.store.read(lambda c: sales.of_code(c, code))

    async def heard(self, code: str) -> tuple[Answer, int]:
        """Return the answer to our newest own sale of a code."""
        last = [one for one in await self.claims(code) if one.is_own][-1]
        return last.answer, last.times

    async def findings(self, code: str) -> list[tuple[str, int]]:
        query = finding.select().where(finding.c.code == code).order_by(finding.c.number)
        rows = await self.store.read(lambda c: list(c.execute(query)))
        return [(code_states.Rule(row.rule).word, row.event) for row in rows]


class Market:
    """Places by name, and what they say to each other."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.waiting: list[Said] = []
        self.told: list[Said] = []
        self.now: float = START
        self._handovers = 0

    def __getitem__(self, name: str) -> Place:
        return self.places[name]

    async def goes(self, code: str, *way: str) -> None:
        """Let a code go from place to place; the first one made it."""
        maker = self[way[0]]
        states = {code: CodeState(made=(1, 1), last=(1, 1))}
        if maker.number == MAKER:
            await maker.store.write(
                "made", lambda c: code_states.write_states(c, maker.store.insert, states, ())
            )
        for giver, taker in pairwise(way):
            self._handovers += 1
            number = self._handovers
            for here, there, direction in ((giver, taker, 1), (taker, giver, 0)):
                await self._hand(self[here], self[there].number, direction, number, code)

    async def _hand(
        self, place: Place, partner: int, direction: int, number: int, code: str
    ) -> None:
        head = {
            "number": number,
            "direction": direction,
            "partner": partner,
            "shipment": number.to_bytes(32),
            "state": int(State.SAID),
            "digest": number.to_bytes(32),
            "created_at": START,
            "event_count": 1,
            "code_count": 1,
        }

        def work(connection: Connection) -> None:
            connection.execute(insert(handover), head)
            connection.execute(insert(handover_code), {"handover": number, "code": code})

        await place.store.write("handed", work)

    def say(self, sender: str, receiver: str, said: SaleSaid) -> Said:
        """Let a place say whatever it wants."""
        one = Said(self[sender].number, self[receiver].number, SALE, said.body())
        self.waiting.append(one)
        return one

    async def settle(self) -> None:
        """Tell what is due, and deliver until nobody has anything to say."""
        for place in self.places.values():
            await place.sales.tell()
        while self.waiting:
            one = self.waiting.pop(0)
            self.told.append(one)
            await self._deliver(one)

    async def _deliver(self, said: Said) -> None:
        taker = next(one for one in self.places.values() if one.number == said.receiver)
        handler = taker.wire.handlers[said.kind]
        message = Message(
            said.sender, said.receiver, 1, said.kind, bytes(32), int(self.now), said.body
        )
        checked = await handler.check(message)
        try:
            await taker.store.write("take", lambda c: handler.take(c, message, checked))
        except MessageRefusedError as error:
            said.refused = error.code


@asynccontextmanager
async def market(
    template: Path, folder: Path, *names: str, **settings: SalesSection
) -> AsyncIterator[Market]:
    """Open a market; the first place issues the codes."""
    made = Market()
    try:
        for number, name in enumerate(names, MAKER):
            path = folder / f"{name}.db"
            shutil.copy(template, path)
            store = await open_store(f"sqlite:///{path}")
            made.places[name] = Place(made, number, store, settings.get(name, QUICK))
        yield made
    finally:
        for place in made.places.values():
            await place.store.close()
