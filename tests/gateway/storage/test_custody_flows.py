"""Goods on honest ways, seen by each of those that hold them: nobody is accused of anything."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, cast

import pytest
from sqlalchemy import Connection, select

from node_gateway.partners.custody_watch import CustodyWatch, Found
from node_gateway.partners.parties import Parties, destinations_of
from node_gateway.partners.ports import Direction, Exceptions
from node_gateway.services.following import Follower
from node_gateway.storage import handover_writing as writing
from node_gateway.storage import handovers, receiving
from node_gateway.storage.code_judging import CodeStates
from node_gateway.storage.engine import open_store
from node_gateway.storage.handover_tables import handover, handover_code
from node_gateway.storage.handovers import State
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.receiving import Phase
from tests.gateway.state.flows import (
    MAKER,
    SHOP,
    TRADER,
    Event,
    case,
    dispensed,
    made,
    pack,
    packed,
    received,
    seen,
    shipped,
    unpacked,
)
from tests.gateway.state.test_clean_flows import FLOWS
from tests.gateway.storage.conftest import Database
from tests.gateway.storage.making import NOW_MS, digest
from tests.gateway.storage.said import capture


@pytest.fixture
async def sqlite_store(sqlite_database: Database) -> AsyncIterator[GatewayStore]:
    opened = await open_store(sqlite_database.url, now_ms=lambda: NOW_MS + 5)
    yield opened
    await opened.close()


NUMBERS: Final = {MAKER: 1, TRADER: 2, SHOP: 3}


class Known:
    """Who is behind an identifier: the company whose prefix it has."""

    def participant_of(self, identifier: str) -> int | None:
        """See `Parties`."""
        found = (number for who, number in NUMBERS.items() if who[:7] in identifier)
        return next(found, None)


class View:
    """What one participant knows: its own events, and the handovers of which it is one end."""

    def __init__(self, store: GatewayStore, who: int, *, receipts: bool) -> None:
        self._store, self._who, self._receipts = store, who, receipts
        self._follower = Follower(store, [CodeStates()])
        self._parties = Known()
        watch = (cast("Parties", self._parties), who, cast("Exceptions", None))
        self._watch = CustodyWatch(*watch)
        self._inside: dict[str, str] = {}
        self._last: bytes | None = None
        self._count = 0

    async def play(self, events: Sequence[Event]) -> list[Found]:
        """Let events happen in their order; return what is found in what is handed over to us."""
        found: list[Found] = []
        for event in events:
            self._pack(event)
            owner = self._parties.participant_of(event.get("bizLocation", {}).get("id", ""))
            if owner == self._who:
                self._count += 1
                await capture(self._store, [event], f"{self._who}-{self._count}")
                await self._follower.catch_up()
            work = partial(self._hear, event=event, owner=owner or 1)
            found += await self._store.write("test", work)
        return found

    def _pack(self, event: Event) -> None:
        if event["type"] != "AggregationEvent" or "errorDeclaration" in event:
            return
        unit, inner = event["parentID"], event["childEPCs"]
        if event["action"] == "ADD":
            self._inside |= dict.fromkeys(inner, unit)
            return
        for code in inner or [one for one, around in self._inside.items() if around == unit]:
            self._inside.pop(code, None)

    def _all_of(self, codes: Sequence[str]) -> Iterator[tuple[str, str | None]]:
        for code in codes:
            yield code, self._inside.get(code)
            yield from self._all_of([one for one, unit in self._inside.items() if unit == code])

    def _hear(self, connection: Connection, event: Event, owner: int) -> list[Found]:
        step, codes = event.get("bizStep"), event.get("epcList", ())
        if "errorDeclaration" in event or event["type"] != "ObjectEvent":
            return []
        at = int(datetime.fromisoformat(event["eventTime"]).timestamp())
        goods = dict(self._all_of(codes))
        if step == "void_shipping" and self._last is not None:
            writing.withdraw(connection, self._last, at)
        if step == "receiving" and owner == self._who and self._receipts:
            self._receive(connection, goods, at)
        if step != "shipping":
            return []
        named = dict(destinations_of(event))
        to = self._parties.participant_of(
            named.get("possessing_party", named.get("owning_party", ""))
        )
        self._last = None
        if to is None or to == owner or self._who not in (to, owner):
            return []
        self._count += 1
        name = f"{self._who}-{self._count}"
        self._last = digest("handover", name)
        if owner == self._who:
            self._give(connection, name, to, at, goods)
            return []
        return self._take(connection, name, owner, at, goods)

    def _give(
        self, connection: Connection, name: str, to: int, at: int, goods: dict[str, Any]
    ) -> None:
        number = writing.add_out(
            connection,
            self._store.insert,
            partner=to,
            shipment=digest("shipment", name),
            state=State.WAITING,
            at=at,
        )
        said = {"digest": digest("handover", name), "said_at": at}
        writing.set_state(connection, number, State.SAID, **said)
        writing.add_codes(connection, self._store.insert, number, goods.items(), {})

    def _take(
        self, connection: Connection, name: str, sender: int, at: int, goods: dict[str, Any]
    ) -> list[Found]:
        number = writing.take_in(
            connection,
            self._store.insert,
            partner=sender,
            shipment=digest("shipment", name),
            digest=digest("handover", name),
            said_at=at,
            at=at,
            parts=(),
            counts=(1, len(goods)),
            replaces=None,
        )
        writing.add_codes(connection, self._store.insert, number, goods.items(), {})
        come = handovers.handover_numbered(connection, number)
        assert come is not None
        return self._watch.look(connection, come, goods, set())

    def _of(self, connection: Connection, goods: dict[str, Any]) -> Iterator[Any]:
        columns = handover.c
        holding = select(handover_code.c.handover).where(handover_code.c.code.in_(goods))
        query = select(handover).where(columns.number.in_(holding), columns.state == State.SAID)
        yield from connection.execute(query.order_by(columns.number.desc())).all()

    def _receive(self, connection: Connection, goods: dict[str, Any], at: int) -> None:
        last = next(self._of(connection, goods), None)
        if last is None or handovers.DIRECTIONS[last.direction] is Direction.OUT:
            return
        if receiving.receipt_of(connection, last.number) is None:
            row = receiving.ReceiptRow(last.number, Phase.OPEN, at, at, True, None, None, None)
            receiving.add_receipt(connection, row)
            end = {"state": Phase.FINISHED, "finished_at": at, "plan": None}
            receiving.change_receipt(connection, last.number, **end)


def walk(seed: int) -> list[Event]:
    """Packs, one perhaps in a case, that go on and back, are sold, called off, or not told of."""
    rng = random.Random(seed)
    packs, unit = [pack(f"W{seed}-{number}") for number in range(3)], case(70_000 + seed)
    events = [made(0, packs), made(0.1, [unit], lot=None)]
    ways: dict[str, list[str]] = {code: [MAKER] for code in [*packs[1:], unit]}
    hours = 1.0
    if rng.random() < 0.7:  # the first one travels in the case
        events.append(packed(hours, unit, packs[:1]))
    for _ in range(14):
        hours += 1
        code = rng.choice(list(ways))
        way = ways[code]
        others = [one for one in NUMBERS if one not in way]
        to = rng.choice([*others, *way[-2:-1]])
        act = rng.choice(["go", "go", "go", "go", "called off", "sold"])
        if act == "sold" and code != unit:
            events.append(dispensed(hours, [code], way[-1]))
            back = {"disposition": "returned", "sourceList": None, "destinationList": None}
            events.append(received(hours + 0.2, [code], way[-1], way[-1], **back))
            events.append(seen(hours + 0.4, [code], "stocking", way[-1]))
            continue
        events.append(shipped(hours + 0.5, [code], way[-1], to))
        if act == "called off":
            events.append(seen(hours + 0.6, [code], "void_shipping", way[-1]))
            continue
        if rng.random() < 0.6:
            events.append(received(hours + 0.7, [code], way[-1], to))
        ways[code] = way[:-1] if to in way else [*way, to]
    return [*events, unpacked(hours + 1, unit, who=ways[unit][-1])]


@pytest.mark.parametrize("receipts", [True, False])
@pytest.mark.parametrize("who", NUMBERS)
async def test_no_honest_way_is_a_conflict(
    sqlite_store: GatewayStore, who: str, receipts: bool
) -> None:
    for seed in range(5):
        view = View(sqlite_store, NUMBERS[who], receipts=receipts)
        view._count = 1000 * seed
        assert await view.play(walk(seed)) == [], seed


@pytest.mark.parametrize("name", FLOWS)
async def test_no_clean_flow_is_a_conflict(sqlite_store: GatewayStore, name: str) -> None:
    """Whoever of them looks; what is captured by one is all that is known there."""
    view = View(sqlite_store, NUMBERS[SHOP], receipts=False)
    assert await view.play(FLOWS[name]) == []


async def test_a_planted_handover_in_a_clean_way_is_found(sqlite_store: GatewayStore) -> None:
    """So that the tests above can fail: the trader ships what is with the shop."""
    code = pack("PLANTED")
    view = View(sqlite_store, NUMBERS[SHOP], receipts=True)
    honest = [made(0, [code]), shipped(1, [code], MAKER, SHOP), received(2, [code], MAKER, SHOP)]
    assert await view.play(honest) == []
    (found,) = await view.play([shipped(3, [code], TRADER, SHOP)])
    assert (found.conflict.reason.value, found.codes) == ("two_senders", (code,))
