"""Chapters: a shipment is disclosed to its receiver alone, one comes short, goods go on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from node_gateway.demo.chapters import Told, demand, until
from node_gateway.demo.secrecy import found_in
from node_gateway.demo.story import box, boxed, boxing
from node_gateway.demo.trade import Trade
from node_gateway.demo.world import judge

DISTRIBUTORS = ("distributor", "depot")
MISSING = boxed("distributor")[-1]
"""Was never put into its box."""
ONWARD = 4
"""How many packs go on to each pharmacy."""


async def hand_over(trade: Trade) -> Told:
    """The maker ships a box to each of two distributors; each is told of its own alone."""
    made = await trade["maker"].capture(boxing(datetime.now(UTC)))
    trade.stated += [("maker", entry) for entry in made]
    for slug in DISTRIBUTORS:
        trade.shipments[slug] = await trade.send("maker", slug, box(slug))
    for slug in DISTRIBUTORS:
        digest = trade.shipments[slug]["handover"]
        told = await trade[slug].get(f"/v1/handovers/{digest}/codes", perPage=1000)
        codes = sorted(one["code"] for one in told["codes"])
        demand(codes == sorted([box(slug), *boxed(slug)]), f"{slug} is told of other codes")
    counts = await asyncio.to_thread(_stand_in, trade)
    own = ", ".join(f"{slug} {counts[slug][0]} own, {counts[slug][1]} others'" for slug in counts)
    told_of = "two boxes go to two distributors: each is told its own codes and no others"
    return told_of, f"codes in whole databases: {own}; also in that of the corner pharmacy: none"


def _stand_in(trade: Trade) -> dict[str, tuple[int, int]]:
    """Count codes in the distributors' databases: own ones, and the other's."""
    counts = {}
    for slug, other in (DISTRIBUTORS, DISTRIBUTORS[::-1]):
        database = trade[slug].database
        own = found_in(database, [box(slug), *boxed(slug)])
        others = found_in(database, [box(other), *boxed(other)])
        demand(len(own) == len(boxed(slug)) + 1, f"{slug} has not got its own codes")
        demand(not others, f"{slug} learned codes that went to {other}")
        counts[slug] = (len(own), len(others))
    everything = [*boxed("distributor"), *boxed("depot")]
    demand(not found_in(trade["corner"].database, everything), "somebody else learned codes")
    return counts


async def come_short(trade: Trade) -> Told:
    """One pack is missing: a case at both sides, an agreement, and a resolution that is sealed."""
    own = trade.shipments["distributor"]
    scans = [{"text": box("distributor"), "opened": True}]
    scans += [{"text": code} for code in boxed("distributor")[:-1]]
    await trade.receive("distributor", own["number"], *scans)
    here = await trade.case_of("distributor", "shortage", MISSING)
    there = await trade.case_of("maker", "shortage", MISSING)
    demand(here["case"] == there["case"], "the two sides have different cases")
    demand((here["expected"], here["found"]) == (10, 9), "the case counts otherwise")
    due = datetime.fromisoformat(here["dueAt"]) - datetime.fromisoformat(here["openedAt"])
    demand(due.days >= 2, "the case is due at once")
    await _agree(trade, here["number"], there["number"])
    entry = await _resolve(trade, "maker", there["number"], "send_product")
    await trade["maker"].wait_final(entry)
    number = here["number"]
    proof = await until(lambda: _proof(trade, number), "no proof has come")
    said = await judge(proof, trade.world.ledger)
    demand(said == "verified", f"the proof of the resolution: {said}")
    await _resolve(trade, "distributor", number, "none")
    answer = await trade.answer("maker", own["handover"])
    demand((answer["expected"], answer["found"]) == (10, 9), "the signed answer counts otherwise")
    told = "one pack is missing: a case at both sides, an agreement, a sealed resolution"
    return told, f"case {here['case'][:8]}, due {here['dueAt'][:10]}; the maker's proof: {said}"


async def _agree(trade: Trade, here: int, there: int) -> None:
    """The receiver asks, the maker proposes, the receiver agrees; every message is signed."""
    asked = {"act": "ask", "text": "One pack is missing. Was it left behind?"}
    proposed = {"act": "propose", "action": "send_product", "text": "It was. We will send it."}
    await trade["distributor"].post(f"/v1/exceptions/{here}/messages", **asked)
    await _heard(trade, "maker", there, "ask")
    await trade["maker"].post(f"/v1/exceptions/{there}/messages", **proposed)
    await _heard(trade, "distributor", here, "propose")
    await trade["distributor"].post(f"/v1/exceptions/{here}/messages", act="agree", text="Fine.")
    await _heard(trade, "maker", there, "agree")


async def _heard(trade: Trade, slug: str, number: int, act: str) -> None:
    async def said() -> bool:
        messages = (await trade[slug].get(f"/v1/exceptions/{number}"))["messages"]
        return bool(messages) and messages[-1]["act"] == act

    await until(said, f"{slug} does not hear it")


async def _resolve(trade: Trade, slug: str, number: int, action: str) -> str:
    body = {"cause": "picking_error", "action": action, "text": "Left behind at packing."}
    done = await trade[slug].post(f"/v1/exceptions/{number}/resolution", **body)
    entry = str(done["resolution"]["event"])
    trade.stated.append((slug, entry))
    return entry


async def _proof(trade: Trade, number: int) -> bytes:
    """Return the partner's proof of its resolution, empty if it has not come."""
    found = await trade["distributor"].get(f"/v1/exceptions/{number}")
    if not (found["partnerResolution"] or {}).get("proven"):
        return b""
    path = f"/v1/exceptions/{number}/proof"
    return (await trade["distributor"].request("GET", path, params={"of": "partner"})).content


async def go_on(trade: Trade) -> Told:
    """The distributors receive, and sell on to a pharmacy each; every receiver signs for it."""
    depot = trade.shipments["depot"]
    await trade.receive("depot", depot["number"], {"text": box("depot")})
    await trade.do("depot", "unpack", parent=box("depot"))
    answers = [await trade.answer("maker", depot["handover"])]
    for giver, taker in (("distributor", "pharmacy"), ("depot", "corner")):
        came = await trade.send(giver, taker, *boxed(giver)[:ONWARD])
        scans: list[dict[str, Any]] = [{"text": code} for code in boxed(giver)[:ONWARD]]
        await trade.receive(taker, came["number"], *scans)
        answers.append(await trade.answer(giver, came["handover"]))
    for one in answers:
        demand(one["expected"] == one["found"] and not one["differences"], "something differs")
    signed = ", ".join(one["acknowledgement"][:8] for one in answers)
    told = "goods go on to two pharmacies: every receiver signs for what was there"
    return told, f"{len(answers)} handovers with nothing missing, signed answers {signed}"
