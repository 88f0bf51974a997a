"""How far a recall has come, as the maker sees it: counts of everybody, names of its partners."""

from __future__ import annotations

import json
from typing import Any

from node_gateway.demo.chapters import UnexpectedError, demand, until
from node_gateway.demo.companies import ProblemError
from node_gateway.demo.story import boxed, with_lot
from node_gateway.demo.world import World

DIRECT = ("Example Depot", "Example Distributor")
TILLS = (("pharmacy", "distributor"), ("corner", "depot"))
"""Pharmacies, and whose packs lie there."""
MISSING = 1
"""How many packs nobody has: the one that the short shipment did not hold."""
_LEFT = 3
_OTHERS = ("Example Pharmacy", "Example Corner Pharmacy")


def left_of(giver: str) -> str:
    """Return a pack that went on to a pharmacy, and that nobody has bought."""
    return boxed(giver)[_LEFT]


async def refused_at_tills(world: World) -> str:
    """Try to sell a recalled pack in each pharmacy; return where, if every till refuses.

    Raises:
        UnexpectedError: one was sold, or refused for another reason.
    """
    for slug, giver in TILLS:
        try:
            await world.gateways[slug].post(
                "/v1/operations/dispense", codes=[with_lot(left_of(giver))]
            )
        except ProblemError as problem:
            demand(problem.code == "operation_refused", f"the till of {slug}: {problem.code}")
        else:
            raise UnexpectedError(f"the till of {slug} sold a recalled pack")
    return " and ".join(slug for slug, _ in TILLS)


async def reach_of(world: World, notice: int) -> str:
    """Wait until partners have told what became of everything; return it in words.

    Raises:
        UnexpectedError: something stays open, or somebody is named who is no partner.
    """
    maker = world.gateways["maker"]

    async def closed() -> dict[str, Any]:
        found = await maker.get(f"/v1/recalls/{notice}/reach")
        return found if found["reachedPercent"] == 100 and found["open"] == MISSING else {}

    reach = await until(closed, "the recall stays open")
    names = sorted(one["name"] for one in reach["partners"])
    demand(tuple(names) == DIRECT, f"the maker is told of {names}")
    shown = json.dumps(reach, ensure_ascii=False)
    demand(not any(name in shown for name in _OTHERS), "the maker learned who has the goods")
    counts = f"{reach['units']} packs, {reach['secured']} blocked, {reach['gone']} sold"
    share = f"{reach['closedPercent']} % accounted for by {' and '.join(names)}"
    return f"{counts}, {reach['open']} missing as agreed: {share}"
