"""Adopt the chain: an operator's explicit way out of the state `restored`.

A database that was restored from an old copy must not guess: it could sign a second root for a
sequence that it has forgotten. So it takes over what the chain holds, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anchoring.chain.evm import EvmChain
from anchoring.core.anchor import ZERO_HASH
from anchoring.errors import ChainIdentityError, ChainUnavailableError
from anchoring.ports import AnchoredLog, AnchorPlace
from node_gateway.storage.ports import AdoptedAnchor, BatchStore
from node_gateway.streams import Stream

BLOCKS_PER_QUERY = 1000


async def adopt_chain(
    store: BatchStore,
    chain: EvmChain,
    streams: Sequence[Stream],
    *,
    confirmations: int,
    now_s: int,
) -> list[dict[str, Any]]:
    """Take over the anchors of this gateway's streams, as the chain holds them.

    Args:
        store: The restored database.
        chain: The chain with its registry.
        streams: All streams of this gateway.
        confirmations: k: an anchor is taken over as final, so it must be that deep.
        now_s: Unix seconds.

    Raises:
        ChainUnavailableError: the newest anchors are not final yet; try again later.
        ChainError: the chain does not answer, or its logs do not form a chain of tips.
        AnchorConflictError: a final anchor of the database is not on that chain.
    """
    head = await chain.head()
    adoptions = []
    for stream in streams:
        anchors = await _anchors(chain, stream.number, head.number)
        _check_tips(chain, anchors)
        if anchors and anchors[-1].block_number + confirmations > head.number:
            raise ChainUnavailableError("the newest anchors are not final yet")
        adopted = [await _adopted(chain, log) for log in anchors]
        done = await store.adopt_anchors(stream.number, adopted, created_at=now_s)
        adoptions.append(
            {"stream": done.stream, "adopted": done.adopted, "dissolved": done.dissolved}
        )
    return adoptions


async def _anchors(chain: EvmChain, stream: int, last_block: int) -> list[AnchoredLog]:
    found: list[AnchoredLog] = []
    for first in range(0, last_block + 1, BLOCKS_PER_QUERY):
        found += await chain.reader.anchored(
            chain.registry,
            first_block=first,
            last_block=min(first + BLOCKS_PER_QUERY - 1, last_block),
            stream=stream,
        )
    return sorted(found, key=lambda log: log.anchor.sequence)


def _check_tips(chain: EvmChain, logs: Sequence[AnchoredLog]) -> None:
    """Recompute the chain of tips: a log alone is not believed."""
    tip = ZERO_HASH
    for number, log in enumerate(logs, start=1):
        anchor = log.anchor
        if anchor.sequence != number or anchor.previous_tip != tip:
            raise ChainIdentityError(f"the chain's logs skip {anchor.stream}/{number}")
        tip = anchor.tip(chain_id=chain.chain_id, registry=chain.registry)


async def _adopted(chain: EvmChain, log: AnchoredLog) -> AdoptedAnchor:
    block = await chain.block(log.block_number)
    if block is None or block.block_hash != log.block_hash:
        raise ChainIdentityError(f"block {log.block_number} changed while it was read")
    place = AnchorPlace(
        stream=log.anchor.stream,
        sequence=log.anchor.sequence,
        block_number=log.block_number,
        block_time=block.time,
        block_hash=log.block_hash,
        tx_hash=log.tx_hash,
    )
    return AdoptedAnchor(log.anchor, place)
