"""What governing needs, put together: for one command, or for a gateway that holds an admin key."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governor import Governor
from anchoring.chain.logs import EvmLogReader
from anchoring.chain.network import Network, load_network
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import TransactionSigner
from anchoring.chain_follower import ChainFollower
from anchoring.directory.store import MemoryDirectoryStore
from node_gateway.services.governing import DirectorySource, Governing
from node_gateway.services.governing_source import FreshDirectory
from node_gateway.settings import Settings
from node_gateway.settings_keys import KeysSection
from node_gateway.signers import open_admin


@asynccontextmanager
async def open_directory(settings: Settings) -> AsyncIterator[FreshDirectory]:
    """Open what reads the directory from the chain of the settings; needs no key."""
    rpc = EvmRpc(settings.chain.rpc)
    try:
        yield fresh_directory(rpc, load_network(settings.chain.network_file))
    finally:
        await rpc.close()


@asynccontextmanager
async def open_governing(
    settings: Settings, *, otherwise: Path, keystore: Path | None = None
) -> AsyncIterator[Governing]:
    """Open what signs for an operator; needs no running gateway.

    Args:
        settings: The gateway's; they may name an admin key.
        otherwise: Keystore of the admin key if they name none.
        keystore: Another key that is to sign, such as the recovery key.

    Raises:
        KeystoreError, SettingsError, FormatError: key, passphrase or network file is wrong.
    """
    network = load_network(settings.chain.network_file)
    signer = open_admin(settings.keys, otherwise=otherwise, keystore=keystore)
    rpc = EvmRpc(settings.chain.rpc)
    try:
        yield governing(rpc, signer, network, fresh_directory(rpc, network))
    finally:
        await signer.close()
        await rpc.close()


def own_admin(section: KeysSection) -> TransactionSigner | None:
    """Open the admin key of a gateway that governs for its operators; None if it has none.

    Raises:
        KeystoreError, SettingsError: it is named, but cannot be opened.
    """
    if section.admin_keystore is None and section.admin_signer is None:
        return None
    return open_admin(section)


def governing(
    rpc: EvmRpc, signer: TransactionSigner, network: Network, source: DirectorySource
) -> Governing:
    """Put together what signs with a key."""
    governor = Governor(rpc, signer, network.chain_id)
    return Governing(governor, EvmReader(rpc), network, source)


def fresh_directory(rpc: EvmRpc, network: Network) -> FreshDirectory:
    """Return what reads the directory of a network from its beginning, in memory."""
    follower = ChainFollower(EvmLogReader(rpc), MemoryDirectoryStore(), network, clock=time.time)
    return FreshDirectory(follower)
