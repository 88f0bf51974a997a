"""A small world of events for the query side: few values, so queries find some and miss some."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.epcis.query import Query, Subject
from node_gateway.epcis.times import time_ms
from node_gateway.master_data.directory import Directory
from node_gateway.services.following import Follower
from node_gateway.services.master_answers import DirectoryAnswers
from node_gateway.services.page_tokens import PageTokens
from node_gateway.services.querying import Querying
from node_gateway.storage import tables
from node_gateway.storage.facets import Facets
from node_gateway.storage.named_queries import QueryStore
from node_gateway.storage.ports import GatewayStore, NewCode, event_key
from node_gateway.storage.tables import CHUNK_EVENTS_MAX
from tests.gateway.storage.making import NOW_MS, STREAM, event, unit

STEPS = ("commissioning", "packing", "shipping", "https://ns.example.com/step/own")
SITES = tuple(f"06141410000{n}{check_digit(f'06141410000{n}')}" for n in range(3))
PLACES = tuple(f"https://id.gs1.org/414/{site}" for site in SITES)
ORDERS = tuple(f"urn:example:po:{n}" for n in range(12))
PARTIES = tuple(f"https://id.gs1.org/417/{site}" for site in SITES)
CODES = tuple(f"https://id.gs1.org/01/00614141123452/21/{n}" for n in range(40))
PARENTS = tuple(
    f"https://id.gs1.org/00/{digits}{check_digit(digits)}"
    for digits in (f"00614141{n:09d}" for n in range(8))
)
CLASSES = tuple(f"https://id.gs1.org/01/00614141123452/10/L{n}" for n in range(3))
BEGIN_MS = time_ms("2026-03-01T00:00:00.000Z")
LONG = "urn:example:" + "x" * 400


@dataclass(frozen=True)
class Stored:
    """One stored event with all that queries may ask of it."""

    position: int
    entry: bytes
    subject: Subject


def events(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield normalised events, several at the same eventTime, one in ten without most members."""
    rng = random.Random(seed)
    for number in range(count):
        moment_ms = BEGIN_MS + 60_000 * rng.randrange(count // 3 + 1)
        one: dict[str, Any] = {
            "eventID": f"urn:uuid:{number:08d}",
            "eventTime": _text(moment_ms),
            "eventTimeZoneOffset": "+00:00",
        }
        if rng.random() < 0.1:
            yield {**one, "type": "https://ns.example.com/epcis/OtherEvent"}
        elif rng.random() < 0.3:
            yield {**one, **_aggregation(rng)}
        else:
            yield {**one, **_observation(rng)}


def _text(moment_ms: int) -> str:
    minutes = (moment_ms - BEGIN_MS) // 60_000
    return f"2026-03-{1 + minutes // 1440:02d}T{minutes // 60 % 24:02d}:{minutes % 60:02d}:00.000Z"


def _aggregation(rng: random.Random) -> dict[str, Any]:
    return {
        "type": "AggregationEvent",
        "action": rng.choice(("ADD", "DELETE")),
        "bizStep": "packing",
        "parentID": rng.choice(PARENTS),
        "childEPCs": rng.sample(CODES, rng.randrange(1, 5)),
        "childQuantityList": [{"epcClass": rng.choice(CLASSES), "quantity": rng.randrange(5)}],
    }


def _observation(rng: random.Random) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "action": rng.choice(("ADD", "OBSERVE", "OBSERVE")),
        "bizStep": rng.choice(STEPS),
        "disposition": rng.choice(("active", "in_transit")),
        "epcList": rng.sample(CODES, rng.randrange(1, 4)),
        "readPoint": {"id": rng.choice(PLACES)},
        "bizLocation": {"id": rng.choice(PLACES)},
        "bizTransactionList": [
            {"type": "po", "bizTransaction": one} for one in rng.sample(ORDERS, rng.randrange(3))
        ]
        + ([{"type": "po", "bizTransaction": LONG}] if rng.random() < 0.05 else []),
        "sourceList": [{"type": "owning_party", "source": rng.choice(PARTIES)}],
        "destinationList": [{"type": "owning_party", "destination": rng.choice(PARTIES)}],
        "ilmd": {"cbvmda:lotNumber": f"L{rng.randrange(4)}"},
        "https://ns.example.com/epcis/weight": rng.choice([1, 2.5, 7, "heavy"]),
    }


def _apart(one: dict[str, Any]) -> dict[str, Any]:
    """An event whose codes are rows of their own, as large ones have it."""
    lists = {name: one[name] for name in ("epcList", "childEPCs") if name in one}
    rest = {name: value for name, value in one.items() if name not in lists}
    codes = [
        NewCode(code, name, order, order, order)
        for name, some in lists.items()
        for order, code in enumerate(some)
    ]
    return {"payload": json.dumps(rest).encode(), "new_codes": codes, "codes_apart": True}


async def fill(store: GatewayStore, seed: int, count: int, *, per_unit: int = 7) -> list[Stored]:
    """Store events in several units; return them as they must be found."""
    everything = list(events(seed, count))
    found: list[Stored] = []
    for at in range(0, count, per_unit):
        some = everything[at : at + per_unit]
        new = []
        for number, one in enumerate(some, at):
            codes = [*one.get("epcList", ()), *one.get("childEPCs", ())]
            extra: dict[str, Any] = {"payload": json.dumps(one).encode()}
            if number % 17 == 0 and codes:
                extra = _apart(one)
            moment_ms = time_ms(one["eventTime"])
            key = event_key(one["eventID"], error_declaration=False)
            values = {"codes": codes, "time_ms": moment_ms, "event_key": key, **extra}
            apart = values.pop("new_codes", None)
            made = event(number, **values)
            new.append(made if apart is None else replace(made, codes=apart))
        outcome = await store.capture(unit(f"{seed}-{at}", *new, stream=STREAM))
        for one, said in zip(some, outcome.events, strict=True):
            assert said.entry is not None
            row = await store.event_by_entry(said.entry)
            assert row is not None
            recorded_ms = await _recorded(store, row.header.position)
            subject = Subject(one, time_ms(one["eventTime"]), recorded_ms)
            found.append(Stored(row.header.position, said.entry, subject))
    assert count > CHUNK_EVENTS_MAX
    return found


async def _recorded(store: GatewayStore, position: int) -> int:
    query = (
        select(tables.capture.c.stored_at_ms)
        .join_from(tables.event, tables.capture, tables.capture.c.number == tables.event.c.capture)
        .where(tables.event.c.position == position)
    )
    return await store.read(lambda connection: connection.execute(query).scalar_one())


def ticking() -> Any:
    """A clock of the store that goes on by a second at every look."""
    ticks = itertools.count()
    return lambda: NOW_MS + 1000 * next(ticks)


def querying(store: GatewayStore, facets: Facets | None = None) -> tuple[Follower, Querying]:
    follower = Follower(store, [facets or Facets()])
    clock = lambda: NOW_MS / 1000  # noqa: E731
    made = Querying(
        store,
        follower,
        kept=QueryStore(store),
        tokens=PageTokens(b"k" * 32, clock=clock),
        master=DirectoryAnswers(Directory()),
        clock=clock,
    )
    return follower, made


async def all_pages(querying: Querying, query: Query, size: int) -> list[int]:
    """Follow the pages to the end; return the positions in their order."""
    positions: list[int] = []
    token = None
    while True:
        page = await querying.page(query, question="q", size=size, token=token)
        assert len(page.events) <= size
        positions += [one.key.position for one in page.events]
        if page.token is None:
            return positions
        token = page.token.text
