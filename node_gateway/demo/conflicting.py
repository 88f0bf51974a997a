"""Chapter: two companies say that they handed over the same pack; a file proves that they did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from node_gateway.demo.chapters import Told, demand, until
from node_gateway.demo.commands import run
from node_gateway.demo.story import boxed, shipment
from node_gateway.demo.trade import Trade
from node_gateway.demo.world import QUORUM

DOUBLED = boxed("distributor")[1]
"""Lies at the pharmacy, which got it from the distributor; the depot never had it."""


async def conflict(trade: Trade) -> Told:
    """The depot says, too, that it handed the pack to the pharmacy."""
    document = shipment(datetime.now(UTC), "depot", "pharmacy", [DOUBLED])
    (entry,) = await trade["depot"].capture(document)
    await trade.came("pharmacy", entry)
    kept = await until(lambda: _kept(trade), "the pharmacy notices nothing")
    file = trade.world.folder / "custody.json"
    name = f"custody-{kept['number']}"
    status, said = await run(
        trade["pharmacy"],
        *("node_gateway.cli", "evidence", "export", name, "-o", str(file)),
        *("--config", str(trade["pharmacy"].config)),
    )
    demand(status == 0, f"no evidence: {said}")
    ledger = trade.world.ledger
    status, said = await run(
        trade["pharmacy"],
        *("anchoring", "verify", str(file), "--network", str(trade.world.network_file)),
        *("--rpc", f"witness={ledger.rpc_url}", "--quorum", str(QUORUM)),
    )
    demand(status == 0, f"the evidence does not hold ({status}): {said}")
    told = "two say that they handed over one pack: both signed it, and one file proves it"
    return told, f"{kept['reason']}; python -m anchoring verify {file.name}: exit {status}"


async def _kept(trade: Trade) -> dict[str, Any]:
    found = await trade["pharmacy"].get("/v1/custody-conflicts")
    mine = [one for one in found["conflicts"] if DOUBLED in one["codes"]]
    return dict(mine[0]) if mine else {}
