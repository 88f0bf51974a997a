"""Queries that ask the master data: places inside places, and attributes of what an event names."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.gateway.rest.conftest import COUNT, GATE, SITE, SITE_LINK, Rest

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGION = "https://ns.example.com/region/east"


async def put(rest: Rest, place: str, **members: str) -> None:
    path = f"/v1/locations/{quote(place, safe='')}"
    answer = await rest.up.client.put(path, content=json.dumps(members))
    assert answer.status_code in (200, 201), answer.text


async def count(rest: Rest, query: str) -> int:
    return len(await rest.events(f"/events?perPage=100&{query}"))


async def test_places_inside_places(rest: Rest) -> None:
    assert await count(rest, f"WD_readPoint={SITE}") == 0
    assert await count(rest, f"EQ_readPoint={GATE}") == COUNT
    await put(rest, SITE_LINK, parent=REGION, nameEn="Plant", city="Hangzhou")
    await put(rest, f"{SITE_LINK}/254/gate1", parent=SITE_LINK)
    assert await count(rest, f"WD_readPoint={SITE}") == COUNT
    assert await count(rest, f"WD_readPoint={REGION}") == COUNT
    assert await count(rest, f"WD_bizLocation={REGION}") == COUNT
    assert await count(rest, f"EQ_bizLocation={REGION}") == 0
    assert await count(rest, "WD_bizLocation=https://ns.example.com/region/west") == 0


async def test_attributes_of_places(rest: Rest) -> None:
    city = "urn:epcglobal:cbv:mda%23city"
    assert await count(rest, f"HASATTR_bizLocation={city}") == COUNT
    assert await count(rest, "HASATTR_bizLocation=cbvmda:city|cbvmda:fax") == COUNT
    assert await count(rest, "HASATTR_bizLocation=cbvmda:fax") == 0
    assert await count(rest, "HASATTR_readPoint=cbvmda:city") == 0
    assert await count(rest, f"EQATTR_bizLocation_{city}=Hangzhou") == COUNT
    assert await count(rest, "EQ_ATTR_bizLocation_city=Shanghai|Hangzhou") == COUNT
    assert await count(rest, "EQATTR_bizLocation_city=Shanghai") == 0
    assert await count(rest, "EQATTR_bizLocation_name=Plant") == COUNT
