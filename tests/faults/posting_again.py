"""Partners that repeat themselves."""

from __future__ import annotations

from node_gateway.partners.message_wire import MESSAGES_PATH, bare, posted
from node_gateway.storage import peers
from tests.partners import Town


async def again(t: Town, sender: str, receiver: str) -> None:
    """Post every answered message of a gateway a second time; nothing may come of it."""
    gateway, to = t[sender].gateway, t.member(receiver).id
    network, own = t.net.network, t.member(sender).id
    known = await gateway.store.read(lambda one: peers.partner(one, to))
    for number in range(1, known.cursor + 1):
        kept = await gateway.store.read(
            lambda one, at=number: peers.message(one, to, peers.Way.SAID, at)
        )
        assert kept is not None
        body = posted(bare(kept.signed(own, network.chain_id, network.consortium)), kept.packed)
        answer = await gateway.partners.peers.request(to, "POST", MESSAGES_PATH, body=body)
        assert answer.status in (200, 409), answer.body
