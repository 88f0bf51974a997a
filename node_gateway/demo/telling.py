"""The story itself: captured at three gateways, waited for, verified."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from anchoring.verification import Outcome
from node_gateway.demo.chapters import UnexpectedError, until
from node_gateway.demo.companies import CompanyGateway, answered
from node_gateway.demo.narration import Narration
from node_gateway.demo.processes import DemoError
from node_gateway.demo.story import PACK_COUNT, packs, story
from node_gateway.demo.world import Sealed, World, judge


async def tell_story(world: World, narration: Narration) -> bool:
    """Play the story up to its end; fills `world.sealed`. Return whether everything held.

    Raises:
        DemoError: a gateway does not do its part.
    """
    captured = []
    for chapter in story(datetime.now(UTC)):
        gateway = world.gateways[chapter.slug]
        entries = await gateway.capture(chapter.document)
        captured += [
            (gateway, title, entry) for title, entry in zip(chapter.titles, entries, strict=True)
        ]
        if chapter.goes_to:
            await _told(world.gateways[chapter.goes_to], entries[-1])
    told = f"{PACK_COUNT} packs went from maker to pharmacy in a case, one was sold"
    narration.held("story", f"{told}: {len(captured)} events")
    sealed = await asyncio.gather(*(_seal(*one) for one in captured))
    world.sealed.update({one.title: one for one in sealed})
    held = await proofs_hold(world) and await _public_answers_hold(world)
    tell = narration.held if held else narration.failed
    tell("sealed", "every event is sealed; every proof was checked without asking its gateway")
    where = ", ".join(sorted({one.slug for one in sealed}))
    narration.detail(f"{len(sealed)} bundles of {where}; the public answers about two packs")
    return held


async def _told(gateway: CompanyGateway, shipment: str) -> None:
    """Wait until the receiver was told what is in a shipment: it hands on what it knows."""

    async def has_come() -> bool:
        came = (await gateway.get("/v1/shipments", state="all"))["shipments"]
        return shipment in [one["shipment"] for one in came]

    try:
        await until(has_come, f"{gateway.company.slug} is told of no shipment")
    except UnexpectedError as error:
        raise DemoError(str(error), attempt="the demo again") from error


async def _seal(gateway: CompanyGateway, title: str, entry: str) -> Sealed:
    await gateway.wait_final(entry)
    return Sealed(gateway.company.slug, title, entry, await gateway.bundle(entry))


async def proofs_hold(world: World) -> bool:
    """Verify every bundle that was kept, against the chain."""
    said = await asyncio.gather(*(judge(one.bundle, world.ledger) for one in world.sealed.values()))
    return bool(said) and set(said) == {str(Outcome.VERIFIED)}


async def _public_answers_hold(world: World) -> bool:
    """Ask like a shopper, without a key: one pack was sold, the other by mistake only."""
    sold, mistaken = packs()[:2]
    made = await ask(world.gateways["maker"], sold)
    said = [await ask(world.gateways["pharmacy"], one) for one in (sold, mistaken)]
    verdicts = [
        await judge(json.dumps(one["proofs"]).encode(), world.ledger) for one in (made, *said)
    ]
    truth = made["issuedHere"] and [one["sold"] for one in said] == [True, False]
    return bool(truth) and set(verdicts) == {str(Outcome.VERIFIED)}


async def ask(gateway: CompanyGateway, code: str) -> dict[str, Any]:
    """Return the public answer about a code, asked like a shopper."""
    return dict(answered(await gateway.stranger.get(f"/v1/public/codes/{code}")).json())
