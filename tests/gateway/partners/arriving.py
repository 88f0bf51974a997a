"""Shipments that come: what the tests of receiving play with."""

from __future__ import annotations

from typing import Any

from node_gateway.settings_exceptions import ExceptionsSection
from node_gateway.settings_partners import HandoversSection
from node_gateway.settings_receiving import ReceivingSection
from tests.gateway.partners import hearers
from tests.gateway.partners.ways import PREFIXES, do, make, now, until
from tests.gateway.running import Running, Wishes
from tests.partners import PEERS, WISHES, Town, party_of


def wishes(receiving: ReceivingSection | None = None, **changes: Any) -> Wishes:
    """Return what a gateway of the town is like."""
    return WISHES.but(
        sections={
            "peers": PEERS,
            "handovers": HandoversSection(poll_s=0.1),
            "receiving": receiving or ReceivingSection(),
            "exceptions": ExceptionsSection(),
        },
        **changes,
    )


async def send(t: Town, giver: str, taker: str, *codes: str, **members: Any) -> dict[str, Any]:
    """Ship codes, and return the shipment as it came to the taker."""
    shipped = await do(t[giver], "ship", *codes, to=party_of(PREFIXES[taker]), **members)
    return await came(t[taker], shipped.json()["entry"])


async def came(up: Running, entry: str) -> dict[str, Any]:
    """Wait until the shipment of a partner's event has come; return its head."""

    async def listed() -> dict[str, Any] | None:
        found = await get(up, "/v1/shipments", state="all", perPage=1000)
        return next((one for one in found["shipments"] if one["shipment"] == entry), None)

    found: dict[str, Any] = await until(listed)
    return found


async def made_and_sent(t: Town, giver: str, taker: str, *codes: str) -> dict[str, Any]:
    """Commission codes and send them."""
    await make(t[giver], *codes)
    return await send(t, giver, taker, *codes)


async def get(up: Running, path: str, **params: Any) -> dict[str, Any]:
    """GET JSON."""
    answer = await up.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def post(up: Running, path: str, body: Any, *, status: int = 200) -> dict[str, Any]:
    """POST JSON."""
    answer = await up.client.post(path, json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def scan(up: Running, number: int, *texts: str, **members: Any) -> dict[str, Any]:
    """Scan texts for a shipment."""
    scans = [{"text": text, **members} for text in texts]
    return await post(up, f"/v1/shipments/{number}/scans", {"scans": scans})


async def finish(up: Running, number: int, **members: Any) -> dict[str, Any]:
    """Receive what is there of a shipment."""
    return await post(up, f"/v1/shipments/{number}/finish", members)


async def shipment(up: Running, number: int) -> dict[str, Any]:
    """Return a shipment to us."""
    return await get(up, f"/v1/shipments/{number}")


async def answer(up: Running, handover: str) -> dict[str, Any]:
    """Wait until a handover was answered for, and return the answer."""

    async def answered() -> dict[str, Any] | None:
        found = await up.client.get(f"/v1/acknowledgements/{handover}")
        return found.json() if found.status_code == 200 else None

    found: dict[str, Any] = await until(answered)
    return found


async def exceptions(up: Running, kind: str, code: str) -> list[dict[str, Any]]:
    """Return the exceptions of a kind about a code."""
    found = await get(up, "/v1/exceptions", kind=kind, code=code)
    listed: list[dict[str, Any]] = found["exceptions"]
    return listed


def packing(parent: str, *codes: str) -> dict[str, Any]:
    """Return the event that packs codes into a unit."""
    return {
        "type": "AggregationEvent",
        **now(),
        "action": "ADD",
        "bizStep": "packing",
        "disposition": "in_progress",
        "parentID": parent,
        "childEPCs": list(codes),
    }


def receiving(*codes: str, **members: Any) -> dict[str, Any]:
    """Return the event that receives codes."""
    return {
        "type": "ObjectEvent",
        **now(),
        "action": "OBSERVE",
        "bizStep": "receiving",
        "disposition": "in_progress",
        "epcList": list(codes),
        **members,
    }


async def conflicts(t: Town, who: str, code: str) -> list[dict[str, Any]]:
    """Return the contradictions about who had a code, as JSON."""
    found = await get(t[who], "/v1/custody-conflicts", perPage=1000)
    return [one for one in found["conflicts"] if code in one["codes"]]


async def late(up: Running) -> list[int]:
    """Return the numbers of the shipments that nobody received in time."""
    listed = await get(up, "/v1/shipments", state="late", perPage=1000)
    assert listed["late"] == len(listed["shipments"])
    return [one["number"] for one in listed["shipments"]]


async def refused(t: Town, by: str, sender: str) -> list[str]:
    """Return the codes with which messages were refused, in order."""
    return [code for _, code in await hearers.said(t[sender], t.member(by).id) if code]


def kinds(found: dict[str, Any]) -> list[str]:
    """Return which kinds of exceptions a finished shipment has."""
    return [one["kind"] for one in found["differences"]]
