"""Goods that go from hand to hand in a town: what the tests of traces and sales play with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx2

from node_gateway.partners.ports import Direction
from node_gateway.settings_partners import HandoversSection, SalesSection, TraceSection
from node_gateway.storage.code_ways import partners_of
from tests.consortium import DISTRIBUTOR, MANUFACTURER, PHARMACY, VOTER, Person
from tests.gateway.running import Running, Wishes, commissioning, dispensing, sgtin
from tests.partners import PEERS, WISHES, Town, party_of

PREFIXES: Final[Mapping[str, str]] = {
    "maker": "gs1:6901234",
    "dist": "gs1:6902345",
    "shop": "gs1:6903456",
    "other": "gs1:6904567",
    "corner": "gs1:6905678",
}
_ROLES: Final = {"maker": MANUFACTURER, "dist": DISTRIBUTOR, "other": DISTRIBUTOR}
NAMES: Final = {slug: f"Example Marker {slug.upper()} Company" for slug in PREFIXES}
SOON_S: Final = 60.0
"""How long to wait for what must happen: a busy machine takes long, others do not wait for it."""


def person(slug: str) -> Person:
    """Return a participant with a name that stands nowhere else."""
    roles = _ROLES.get(slug, PHARMACY) | VOTER
    return Person(slug, roles=roles, prefixes=(PREFIXES[slug],), name=NAMES[slug])


def wishes(
    *, trace: TraceSection | None = None, sales: SalesSection | None = None, **changes: Any
) -> Wishes:
    """Return what a gateway of the town is like: quick, and with these settings."""
    return WISHES.but(
        sections={
            "peers": PEERS,
            "handovers": HandoversSection(poll_s=0.1),
            "trace": trace or TraceSection(),
            "sales": sales or SalesSection(spread_s=0),
        },
        **changes,
    )


def now() -> dict[str, str]:
    """Return the members of an event that happens now."""
    text = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"eventTime": text, "eventTimeZoneOffset": "+00:00"}


async def until(holds: Callable[[], Awaitable[Any]], *, timeout_s: float = SOON_S) -> Any:
    """Wait until something holds, and return it."""
    ends = time.monotonic() + timeout_s
    while True:
        found = await holds()
        if found:
            return found
        assert time.monotonic() < ends, "it did not happen in time"
        await asyncio.sleep(0.05)


async def make(up: Running, *codes: str, **members: Any) -> str:
    """Commission codes; they are final afterwards, so that a handover proves them at once."""
    return await up.entry(commissioning(*codes, **now(), **members))


async def do(up: Running, operation: str, *codes: str, **members: Any) -> httpx2.Response:
    """Do an operation on codes."""
    answer = await up.client.post(
        f"/v1/operations/{operation}", json={"codes": list(codes), **members}
    )
    assert answer.status_code in (200, 201), answer.text
    return answer


async def hand_over(t: Town, giver: str, taker: str, *codes: str) -> None:
    """Ship codes and receive them; every statement is final afterwards."""
    shipped = await do(t[giver], "ship", *codes, to=party_of(PREFIXES[taker]))
    there = t[taker].gateway.store

    async def has_come() -> bool:
        came = [
            await there.read(lambda c, one=one: partners_of(c, one, Direction.IN)) for one in codes
        ]
        return all(t.member(giver).id in one for one in came)

    await until(has_come)
    received = await do(t[taker], "receive", *codes)
    await t[giver].final(shipped.json()["entry"])
    await t[taker].final(received.json()["entry"])


async def sell(up: Running, code: str) -> str:
    """Sell a pack, and wait until the sale is final."""
    return await up.entry(dispensing(code, **now()))


async def trace(up: Running, code: str, **params: Any) -> dict[str, Any]:
    """Trace a code across gateways."""
    answer = await up.client.get(f"/v1/traces/{quote(code, safe='')}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def public(up: Running, code: str) -> dict[str, Any]:
    """Look a code up without a key."""
    answer = await up.stranger().get(f"/v1/public/codes/{quote(code, safe='')}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def code(number: int | None = None) -> str:
    """Return a new code of the maker's."""
    return sgtin(number)
