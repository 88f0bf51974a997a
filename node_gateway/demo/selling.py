"""Chapter: a clone of a pack is sold at another pharmacy, and the issuer learns no shop."""

from __future__ import annotations

from functools import partial
from typing import Any

from node_gateway.demo.chapters import Told, demand, until
from node_gateway.demo.story import PREFIXES, boxed
from node_gateway.demo.telling import ask
from node_gateway.demo.trade import Trade

CLONED = boxed("distributor")[0]
_SHOPS = ("pharmacy", "corner")


async def sell_a_clone(trade: Trade) -> Told:
    """The pharmacy sells a pack, the corner pharmacy another one with the same code."""
    for slug in _SHOPS:
        await trade[slug].wait_final(await trade.do(slug, "dispense", CLONED))
    cases = {slug: await trade.case_of(slug, "sold_again", CLONED) for slug in (*_SHOPS, "maker")}
    for slug in (*_SHOPS, "maker"):
        await until(partial(_is_public, trade, slug), f"{slug} hides it")
    for slug, case in cases.items():
        demand(case.get("partner") is None, f"{slug} learned who the other is")
    await _maker_learned_no_shop(trade, cases["maker"])
    told = "a clone is sold at another pharmacy: both are told, and every shopper"
    return told, "sold twice, say pharmacy, corner and maker; the maker heard from neither shop"


async def _is_public(trade: Trade, slug: str) -> bool:
    answer = await ask(trade[slug], CLONED)
    return (answer["soldTimes"], answer["soldAgain"]) == (2, True)


async def _maker_learned_no_shop(trade: Trade, case: dict[str, Any]) -> None:
    """What the maker has of the sales came from its distributors and names no shop."""
    shown = str(await trade["maker"].get(f"/v1/exceptions/{case['number']}"))
    shown += str(await ask(trade["maker"], CLONED))
    for slug in _SHOPS:
        heard = (await trade["maker"].get(f"/v1/peers/{slug}"))["heard"]
        demand(heard == 0, f"{slug} told the maker itself")
        for text in (PREFIXES[slug], trade[slug].company.name):
            demand(text not in shown, f"the maker learned of {slug}")
