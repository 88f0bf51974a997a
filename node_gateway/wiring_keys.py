"""What commands about one's own keys need, put together; none of it needs a running gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governor import Governor
from anchoring.chain.remote_signer import RemoteSigner
from anchoring.chain.rpc import EvmRpc
from node_gateway.errors import SettingsError
from node_gateway.services.own_keys import KeyCalls
from node_gateway.services.rotating import KeyFiles, Rotation
from node_gateway.services.rotating_admin import AdminRotation
from node_gateway.settings import Settings
from node_gateway.signers import open_admin, open_anchor, passphrase
from node_gateway.storage.errors import DatabaseInUseError, StorageError
from node_gateway.wiring import network_of, open_database


@dataclass(frozen=True, slots=True)
class KeySigning:
    """The chain's side of one's own keys, with a key that may change them."""

    calls: KeyCalls
    governor: Governor


@asynccontextmanager
async def open_key_calls(settings: Settings) -> AsyncIterator[KeyCalls]:
    """Open what reads one's own keys on the chain; needs no key."""
    rpc = EvmRpc(settings.chain.rpc)
    try:
        yield KeyCalls(EvmReader(rpc), network_of(settings), settings.gateway.participant)
    finally:
        await rpc.close()


@asynccontextmanager
async def open_key_signing(
    settings: Settings, *, otherwise: Path, keystore: Path | None = None
) -> AsyncIterator[KeySigning]:
    """Open what changes one's own keys.

    Args:
        settings: The gateway's; they may name an admin key.
        otherwise: Keystore to take if they name none.
        keystore: A key file that goes before both.

    Raises:
        KeystoreError, SettingsError, FormatError: key, passphrase or network file is wrong.
    """
    network = network_of(settings)
    signer = open_admin(settings.keys, otherwise=otherwise, keystore=keystore)
    rpc = EvmRpc(settings.chain.rpc)
    try:
        calls = KeyCalls(EvmReader(rpc), network, settings.gateway.participant)
        yield KeySigning(calls, Governor(rpc, signer, network.chain_id))
    finally:
        await signer.close()
        await rpc.close()


def rotation_of(
    settings: Settings,
    purpose: str,
    signing: KeySigning,
    *,
    on_step: Callable[[str], None] = lambda _: None,
) -> Rotation:
    """Return what replaces the anchor key or the sign key of the settings.

    Raises:
        SettingsError: the anchor key is in no file of ours.
    """
    file = key_file(settings, purpose)
    if file is None:
        raise SettingsError(
            "the anchor key is with a remote signer",
            member="keys.anchor_signer",
            hint="Make the new key there, then: sealtrail key rotate anchor --address 0x...",
        )

    async def is_running() -> bool:
        return await gateway_may_run(settings)

    return Rotation(
        purpose,
        KeyFiles(file),
        signing.calls,
        signing.governor,
        passphrase(settings.keys),
        is_running=is_running,
        on_step=on_step,
    )


def admin_rotation_of(
    settings: Settings,
    file: Path,
    signing: KeySigning,
    *,
    on_step: Callable[[str], None] = lambda _: None,
) -> AdminRotation:
    """Return what replaces the admin key, in the file that the settings name or in `file`."""
    files = KeyFiles(settings.keys.admin_keystore or file)
    words = passphrase(settings.keys)
    return AdminRotation(files, signing.calls, signing.governor, words, on_step=on_step)


def key_file(settings: Settings, purpose: str) -> Path | None:
    """Return the file of the anchor key or the sign key; None if it is elsewhere."""
    keys = settings.keys
    return keys.sign_keystore if purpose == "sign" else keys.anchor_keystore


async def remote_accounts(settings: Settings) -> list[bytes] | None:
    """Return the keys that the remote signer of anchors has; None if there is no such signer.

    Raises:
        SignerUnavailableError: it does not say.
    """
    if settings.keys.anchor_signer is None:
        return None
    signer = open_anchor(settings.keys)
    try:
        return await signer.accounts() if isinstance(signer, RemoteSigner) else None
    finally:
        await signer.close()


async def gateway_may_run(settings: Settings) -> bool:
    """Whether a gateway may be using the database of the settings now; unsure is a yes."""
    try:
        async with open_database(settings):
            return False
    except DatabaseInUseError:
        return True
    except StorageError as error:
        return error.code not in ("database_revision", "database_url")
