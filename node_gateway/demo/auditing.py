"""Chapter: the regulator has leaves opened that a block drew; the edited event cannot be."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from node_gateway.demo.chapters import Told, demand
from node_gateway.demo.commands import run
from node_gateway.demo.companies import FOUNDERS
from node_gateway.demo.trade import Trade
from node_gateway.demo.world import QUORUM

REGULATOR = "regulator"
_FOUND = 14
_ALL_LEAVES = 10_000
_EDITOR = "distributor"
# A machine that has much else to do makes everybody late; that is nobody's fault here.
_SLOW, _GRACE_S = frozenset({"challenge_late"}), 3600


async def audit(trade: Trade) -> Told:
    """Everybody lets the regulator open everything; it audits all of them at once."""
    await asyncio.gather(*(_grant(trade, one.slug) for one in FOUNDERS if one.slug != REGULATOR))
    report = await _audited(trade)
    people = {one["slug"]: one for one in report["participants"]}
    found = [one for one in report["findings"] if one["code"] not in _SLOW]
    findings = [(one["participant"], one["code"]) for one in found]
    culprit = people[_EDITOR]["id"]
    said = "; ".join(f"{one['participant']} {one['code']}: {one['text']}" for one in found)
    demand(findings == [(culprit, "challenge_unanswered")], f"the audit finds {said}")
    opened = {slug: one["challenges"]["held"] for slug, one in people.items() if one["challenges"]}
    told = "the regulator audits all: a block draws what to open; the edit comes to light"
    counts = ", ".join(f"{slug} {count}" for slug, count in opened.items() if slug != REGULATOR)
    return told, f"leaves opened: {counts}; {findings[0][1]}: {_EDITOR}"


async def _grant(trade: Trade, slug: str) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    await trade[slug].post(
        "/v1/grants",
        participant=REGULATOR,
        purpose="audit of the network",
        until=until.isoformat(),
        items={"opening": "full"},
        scope={"all": True},
    )


async def _audited(trade: Trade) -> dict[str, Any]:
    """Run the audit at the regulator; every leaf before the announced block is asked for."""
    regulator, world = trade[REGULATOR], trade.world
    status, said = await run(
        regulator,
        *("node_gateway.cli", "audit", "--config", str(regulator.config)),
        *("--rpc", f"witness={world.ledger.rpc_url}", "--quorum", str(QUORUM)),
        *("--challenge", str(_ALL_LEAVES), "--announced", str(world.announced)),
        *("--grace", str(_GRACE_S)),
        *("--report", str(world.folder / "audit.json"), "--html", str(world.folder / "audit.html")),
        *("--evidence", str(world.folder / "audit.zip")),
    )
    demand(status == _FOUND, f"the audit ends with {status}: {said}")
    report = await asyncio.to_thread((world.folder / "audit.json").read_text, encoding="utf-8")
    return dict(json.loads(report))
