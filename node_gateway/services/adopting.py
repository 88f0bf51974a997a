"""Adopt the chain: an operator's explicit way out of the state `restored`.

A database that was restored from an old copy must not guess: it could sign a second root for a
sequence that it has forgotten. So it takes over what the chain holds, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from anchoring.chain.evm import EvmChain
from anchoring.chain.network import Network
from anchoring.core.anchor import ZERO_HASH
from anchoring.errors import ChainIdentityError, ChainUnavailableError
from anchoring.ports import AnchoredLog, AnchorPlace, BlockRef, ChainIdentity, StreamHead
from anchoring.succession import Succession, read_succession
from node_gateway.services.issuing import META_RESTORED
from node_gateway.storage.ports import AdoptedAnchor, BatchStore, MetaStore
from node_gateway.storage.succeeding import META_SUCCESSION
from node_gateway.streams import Stream

META_COPY = "restored_backup"
"""Set in a database that came out of a backup, until it has taken over what the chain holds."""

BLOCKS_PER_QUERY = 1000


class AnchorsNotFinalError(ChainUnavailableError):
    """The newest anchors are not as deep as `chain.confirmations` wants; nothing was changed."""

    code = "not_final"
    hint = "the same command again, once the chain is a few blocks further"


class AdoptingStore(BatchStore, MetaStore, Protocol):
    """What adopting needs of the store."""


async def adopt_chain(
    store: AdoptingStore,
    chain: EvmChain,
    streams: Sequence[Stream],
    *,
    network: Network,
    confirmations: int,
    now_s: int,
) -> list[dict[str, Any]]:
    """Take over the anchors of this gateway's streams, as the chain holds them.

    Args:
        store: The restored database.
        chain: The chain, with the newest registry.
        streams: All streams of this gateway.
        network: What the network file says; registries that were stopped are read too.
        confirmations: k: an anchor is taken over as final, so it must be that deep.
        now_s: Unix seconds.

    Raises:
        ChainIdentityError: this is another chain.
        AnchorsNotFinalError: the newest anchors are not final yet; try again later.
        ChainError: the chain does not answer, or its logs do not form a chain of tips.
        AnchorConflictError: a final anchor of the database is not on that chain.
    """
    newest = network.registries[0]
    expected = (network.chain_id, network.genesis_hash, newest.address, newest.code_hash)
    if await chain.identity() != ChainIdentity(*expected):
        raise ChainIdentityError("this is not the chain that the network file describes")
    head = await chain.head()
    found: list[tuple[int, list[AdoptedAnchor]]] = []
    for stream in streams:
        anchors = await _anchors(chain, network, stream.number, head.number)
        await _check_tips(chain, stream.number, anchors, head)
        if anchors and anchors[-1].block_number + confirmations > head.number:
            raise AnchorsNotFinalError("the newest anchors are not final yet")
        found.append((stream.number, [await _adopted(chain, log) for log in anchors]))
    # Everything was read and checked before the first stream is changed. Each stream is one
    # transaction; a crash between two leaves the gateway `restored`, and this is run again.
    # Codes may have been issued that this copy has never heard of: said first, so that a crash in
    # between issues none of them twice.
    before = await store.meta(META_RESTORED)
    is_copy = await store.meta(META_COPY) is not None
    await store.set_meta(META_RESTORED, b"1")
    succession = await _succession(chain, network, [number for number, _ in found], head)
    await store.set_meta(META_SUCCESSION, succession.to_json().encode())
    done = [await store.adopt_anchors(one, anchors, created_at=now_s) for one, anchors in found]
    is_whole = not is_copy and not any(one.adopted or one.dissolved for one in done)
    if before is None and is_whole:
        await store.set_meta(META_RESTORED, None)
    await store.set_meta(META_COPY, None)
    return [
        {"stream": one.stream, "adopted": one.adopted, "dissolved": one.dissolved} for one in done
    ]


async def _succession(
    chain: EvmChain, network: Network, streams: Sequence[int], head: BlockRef
) -> Succession:
    registries = [one.address for one in network.registries]
    return await read_succession(chain.reader, registries, streams, at=head.block_hash)


async def _anchors(
    chain: EvmChain, network: Network, stream: int, last_block: int
) -> list[AnchoredLog]:
    found: list[AnchoredLog] = []
    for registry in network.registries:
        for first in range(0, last_block + 1, BLOCKS_PER_QUERY):
            found += await chain.reader.anchored(
                registry.address,
                first_block=first,
                last_block=min(first + BLOCKS_PER_QUERY - 1, last_block),
                stream=stream,
            )
    return sorted(found, key=lambda log: log.anchor.sequence)


async def _check_tips(
    chain: EvmChain, stream: int, logs: Sequence[AnchoredLog], head: BlockRef
) -> None:
    """Recompute the chain of tips and compare it with the registry: no log alone is believed."""
    tip = ZERO_HASH
    for number, log in enumerate(logs, start=1):
        anchor = log.anchor
        if anchor.sequence != number or anchor.previous_tip != tip:
            raise ChainIdentityError(f"the chain's logs skip {anchor.stream}/{number}")
        tip = anchor.tip(chain_id=chain.chain_id, registry=log.registry)
    if await chain.stream_head(stream, at=head.block_hash) != StreamHead(len(logs), tip):
        raise ChainIdentityError(f"the chain's logs do not reach the head of stream {stream}")


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
