"""One gateway with a small history for each module of these tests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio

from tests.anvil import Anvil
from tests.gateway.running import Running, Wishes, document, events_of, running_gateway

GATE = "urn:epc:id:sgln:6901234.00000.gate1"
SITE = "urn:epc:id:sgln:6901234.00000.0"
SITE_LINK = "https://id.gs1.org/414/6901234000009"
PALLET = "urn:epc:id:sscc:6901234.0000000001"
EXTENSION = "https://ns.example.com/epcis/"
OWN_STEP = "https://ns.example.com/step/relabelling"


def pack(number: int) -> str:
    return f"urn:epc:id:sgtin:6901234.012345.{number}"


def pack_link(number: int) -> str:
    return f"https://id.gs1.org/01/06901234123456/21/{number}"


def moment(minute: int) -> str:
    return f"2026-03-01T01:{minute:02d}:00.000Z"


def made(number: int) -> dict[str, Any]:
    """A pack is commissioned; events are a minute apart."""
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-0000000000{number:02d}",
        "eventTime": moment(number),
        "eventTimeZoneOffset": "+08:00",
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "epcList": [pack(number)],
        "readPoint": {"id": GATE},
        "bizLocation": {"id": SITE},
        "ilmd": {"cbvmda:lotNumber": f"L{number % 3}"},
        "ex:weight": number * 1.5,
    }


PACKED: dict[str, Any] = {
    "type": "AggregationEvent",
    "eventID": "urn:uuid:00000000-0000-4000-8000-000000000090",
    "eventTime": moment(30),
    "eventTimeZoneOffset": "+08:00",
    "action": "ADD",
    "bizStep": OWN_STEP,
    "parentID": PALLET,
    "childEPCs": [pack(1), pack(2)],
}
COUNT = 12
CAPTURED = [*(made(number) for number in range(COUNT)), PACKED]


@dataclass(frozen=True)
class Rest:
    """A gateway whose `/epcis` is spoken to."""

    up: Running

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.up.client.get(f"/epcis{path}", headers=named)

    async def options(self, path: str, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.up.client.options(f"/epcis{path}", headers=named)

    async def events(self, path: str, **headers: str) -> list[dict[str, Any]]:
        answer = await self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        return events_of(answer.json())

    async def pages(self, path: str) -> list[httpx2.Response]:
        """Follow the links to the last page."""
        answers = [await self.get(path)]
        while "link" in answers[-1].headers:
            answers.append(await self.up.client.get(answers[-1].links["next"]["url"]))
        assert all(answer.status_code == 200 for answer in answers)
        return answers

    async def refused(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Return status, code and exception of a refusal."""
        answer = await self.get(path, **headers)
        body = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert body["status"] == answer.status_code
        return answer.status_code, body["code"], body["type"].removeprefix("epcisException:")


def with_extension(*events: dict[str, Any]) -> bytes:
    whole = document(*events)
    whole["@context"] = [whole["@context"], {"ex": EXTENSION}]
    return json.dumps(whole).encode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rest(anvil: Anvil, template: Path, tmp_path_factory: Any) -> AsyncIterator[Rest]:
    """Twelve packs, two of them on a pallet, captured with EPC URNs in three documents."""
    async with running_gateway(anvil, template, tmp_path_factory.mktemp("rest"), Wishes()) as up:
        for first in (0, 5, 10):
            body = with_extension(*CAPTURED[first : first + 5])
            answer = await up.client.post("/epcis/capture", content=body)
            assert answer.status_code == 202, answer.text
        yield Rest(up)
