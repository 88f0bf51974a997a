"""Chapter: a shopper's look-up, and a trace of operators that ends in a named hole."""

from __future__ import annotations

import json

from node_gateway.demo.chapters import Told, demand
from node_gateway.demo.story import LOT, PREFIXES, boxed
from node_gateway.demo.telling import ask
from node_gateway.demo.trade import Trade
from node_gateway.demo.world import judge


async def look_up(trade: Trade) -> Told:
    """A shopper asks the maker; operators trace from both ends, each within the policies."""
    pack, count = boxed("depot")[0], await trade.all_final()
    public = await ask(trade["maker"], pack)
    demand(public["product"]["lot"] == LOT, "the shopper does not see the lot")
    said = await judge(json.dumps(public["proofs"]).encode(), trade.world.ledger)
    demand(said == "verified", f"the shopper's proofs: {said}")
    up = (await trade["corner"].get(f"/v1/traces/{pack}"))["up"]
    shown = {one["name"] for one in up["steps"] if one["proven"]}
    demand(shown == {"Example Depot", "Example Maker"}, f"the pharmacy is shown {sorted(shown)}")
    traced = await trade["maker"].get(f"/v1/traces/{pack}")
    holes = [(one["role"], one["reason"], one.get("name")) for one in traced["down"]["holes"]]
    demand(holes == [("pharmacy", "not_disclosed", None)], f"the maker's holes: {holes}")
    for text in ("Example Corner Pharmacy", PREFIXES["corner"]):
        demand(text not in json.dumps([traced, public]), "the pharmacy is named")
    told = "a shopper and operators look up a pack: proven steps, and a hole that is named"
    hole = "with a pharmacy, not disclosed"
    return told, f"{count} events sealed; the maker's trace ends: {hole}; {traced['tookMs']} ms"
