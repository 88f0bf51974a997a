"""The network in trade, told: shipments, a shortage, a trace, a clone, a conflict, an audit."""

from __future__ import annotations

from functools import partial

from node_gateway.demo.auditing import audit
from node_gateway.demo.chapters import play_chapters
from node_gateway.demo.conflicting import conflict
from node_gateway.demo.handing_over import come_short, go_on, hand_over
from node_gateway.demo.looking_up import look_up
from node_gateway.demo.narration import Narration
from node_gateway.demo.selling import sell_a_clone
from node_gateway.demo.trade import Trade
from node_gateway.demo.world import World


async def play_network(world: World, narration: Narration) -> bool:
    """Play the chapters about trade in order; return whether each came out as it should.

    Raises:
        DemoError: a gateway does not do its part.
    """
    trade = Trade(world)
    chapters = (
        ("shipped", hand_over),
        ("short", come_short),
        ("onward", go_on),
        ("traced", look_up),
        ("clone", sell_a_clone),
        ("conflict", conflict),
        ("audit", audit),
    )
    return await play_chapters(
        [(label, partial(chapter, trade)) for label, chapter in chapters], narration
    )
