"""Go on in the successor of a stopped registry: an operator's explicit step.

A gateway never follows a successor by itself: which registry may take the old one's place is what
the operator's own network file says, with the hash of its code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from anchoring.anchorer import Anchorer
from anchoring.anchorer_status import AnchorerState
from anchoring.chain.evm import EvmChain
from anchoring.chain.network import Network
from anchoring.errors import ChainError, ChainIdentityError, ChainUnavailableError
from anchoring.ports import AnchorOutbox, BlockRef, ChainIdentity
from anchoring.succession import Succession, read_succession
from node_gateway.errors import SettingsError
from node_gateway.storage.database import Database
from node_gateway.storage.ports import MetaStore
from node_gateway.storage.succeeding import META_SUCCESSION
from node_gateway.storage.succeeding import succeed as move


class SucceedingStore(AnchorOutbox, MetaStore, Database, Protocol):
    """What succeeding needs of the store."""


async def known_succession(store: MetaStore, network: Network) -> Succession:
    """Return the registries as this database used them; a new database begins with the newest.

    Raises:
        SettingsError: the network file's newest registry is not the one that this database uses.
    """
    newest = network.registries[0].address
    stored = await store.meta(META_SUCCESSION)
    if stored is None:
        succession = Succession(newest)
        await store.set_meta(META_SUCCESSION, succession.to_json().encode())
        return succession
    succession = Succession.from_json(stored)
    if succession.current != newest:
        raise SettingsError(
            f"this database anchors in the registry 0x{succession.current.hex()}, the network "
            f"file's newest is 0x{newest.hex()}",
            member="chain.network_file",
            hint="If it was named as the successor: sealtrail chain succeed",
        )
    return succession


async def succeed(
    store: SucceedingStore,
    chain_of: Callable[[bytes], EvmChain],
    network: Network,
    streams: Sequence[int],
    *,
    confirmations: int,
    clock: Callable[[], float],
) -> tuple[Succession, int]:
    """Make this gateway anchor in the network file's newest registry.

    Args:
        store: Its database; no gateway runs on it.
        chain_of: The chain, writing to the registry with this address.
        network: Lists the old registry, the new one, and any between them.
        streams: All streams of this gateway.
        confirmations: k: the naming of the successor must be that deep.
        clock: Unix seconds.

    Returns:
        The succession, and how many waiting anchors were moved.

    Raises:
        ChainIdentityError: the chain does not name these registries as successors, or their code
            is not what the network file says.
        ChainUnavailableError: something is not final yet; try again in a moment.
        ChainError: database and chain do not agree; says what was found.
    """
    stored = await store.meta(META_SUCCESSION)
    newest = network.registries[0].address
    before = Succession.from_json(stored) if stored else Succession(newest)
    if before.current == newest:
        return before, 0
    old = chain_of(before.current)
    await _settle(store, old, network, before, streams, confirmations=confirmations, clock=clock)
    number = (await old.head()).number - confirmations
    deep = await old.block(number) if number >= 0 else None
    if deep is None:
        raise ChainUnavailableError("the chain is younger than the confirmations asked for")
    await _check_named(old, network, before.current, deep)
    registries = [one.address for one in network.registries]
    after = await read_succession(old.reader, registries, streams, at=deep.block_hash)
    moved = await store.write("succeed", lambda connection: move(connection, after, old.chain_id))
    return after, moved


async def _settle(
    store: SucceedingStore,
    old: EvmChain,
    network: Network,
    before: Succession,
    streams: Sequence[int],
    *,
    confirmations: int,
    clock: Callable[[], float],
) -> None:
    """Bring the database to what the old registry holds; nothing is sent."""
    pinned = next((one for one in network.registries if one.address == before.current), None)
    if pinned is None:
        raise ChainIdentityError(
            f"the network file does not list 0x{before.current.hex()}, where this gateway anchored"
        )
    expected = ChainIdentity(
        network.chain_id, network.genesis_hash, pinned.address, pinned.code_hash
    )
    anchorer = Anchorer(
        store,
        old,
        streams=streams,
        confirmations=confirmations,
        clock=clock,
        expected=expected,
        succession=before,
    )
    status = await anchorer.reconcile()
    if status.state in (AnchorerState.FATAL, AnchorerState.READ_ONLY):
        raise ChainError(status.detail, code=str(status.reason))
    if status.pending > status.unplaced:
        raise ChainUnavailableError("the newest anchors are not final yet")


async def _check_named(old: EvmChain, network: Network, current: bytes, deep: BlockRef) -> None:
    """Check each step from the old registry to the newest at one block."""
    newest_first = [one.address for one in network.registries]
    steps = newest_first[: newest_first.index(current) + 1][::-1]
    reader, at = old.reader, deep.block_hash
    for before, after in pairwise(steps):
        named = await reader.successor(before, at=at)
        if named is None:
            head = await reader.head()
            if await reader.successor(before, at=head.block_hash) == after:
                raise ChainUnavailableError("the naming of the successor is not final yet")
        if named != after:
            found = f"0x{named.hex()}" if named else "none"
            text = f"the successor of 0x{before.hex()} is {found}, not 0x{after.hex()}"
            raise ChainIdentityError(text)
        pinned = next(one for one in network.registries if one.address == after)
        if await reader.code_hash(after, at=at) != pinned.code_hash:
            raise ChainIdentityError(f"other code than agreed on at the registry 0x{after.hex()}")
        if await reader.predecessor(after, at=at) != before:
            raise ChainIdentityError(f"0x{after.hex()} does not continue 0x{before.hex()}")
