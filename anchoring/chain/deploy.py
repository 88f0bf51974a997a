"""Put the contracts on a chain: once per network, with its first participants."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.address import to_canonical_address

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.rpc import EvmRpc, RpcRefusedError
from anchoring.chain.signer import LegacyCall, Signer
from anchoring.errors import ChainError, ChainUnavailableError, SubmissionUnknownError
from anchoring.ports import ChainIdentity

NO_PREDECESSOR = bytes(20)
MINING_TIMEOUT_S = 120.0

_DEPLOYMENT_GAS = 12_000_000
_POLL_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class FirstKey:
    """A key that a first participant starts with; `streams` empty means all of its streams."""

    address: bytes
    purpose: int
    valid_from: int = 0
    valid_until: int = 0
    streams: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstParticipant:
    """A participant that the Consortium starts with; ids are given in order, from 1."""

    slug: str
    name: str
    url: str
    roles: int
    admin_key: bytes
    recovery_key: bytes
    keys: tuple[FirstKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was deployed: everything that a network file needs of the chain."""

    identity: ChainIdentity
    consortium: bytes


async def deploy(
    rpc: EvmRpc,
    signer: Signer,
    participants: Sequence[FirstParticipant],
    *,
    predecessor: bytes = NO_PREDECESSOR,
) -> Deployment:
    """Deploy a Consortium and an AnchorRegistry and wait until both are mined.

    The deploying key gets no right by it: neither contract has an owner.

    Raises:
        ChainError: a deployment reverted, or was not mined in time.
        ChainUnavailableError: the endpoint does not answer as a chain does.
    """
    reader = EvmReader(rpc)
    chain_id = await reader.chain_id()
    consortium_artifact, registry_artifact = load("Consortium"), load("AnchorRegistry")
    consortium_arguments = ContractAbi(consortium_artifact.abi).constructor_data(
        [_participant_fields(one) for one in participants],
        [[_key_fields(key) for key in one.keys] for one in participants],
    )
    consortium = await _create(
        rpc, signer, consortium_artifact.bytecode + consortium_arguments, chain_id
    )
    registry_arguments = ContractAbi(registry_artifact.abi).constructor_data(
        consortium, predecessor
    )
    registry = await _create(rpc, signer, registry_artifact.bytecode + registry_arguments, chain_id)
    code_hash = await reader.code_hash(registry)
    if code_hash is None:
        raise ChainError("the registry was deployed, but no code is there")
    identity = ChainIdentity(chain_id, await reader.genesis_hash(), registry, code_hash)
    return Deployment(identity, consortium)


async def _create(rpc: EvmRpc, signer: Signer, data: bytes, chain_id: int) -> bytes:
    reader = EvmReader(rpc)
    nonce = await reader.nonce(signer.address)
    call = LegacyCall(chain_id=chain_id, nonce=nonce, gas=_DEPLOYMENT_GAS, to=None, data=data)
    raw, tx_hash = signer.sign(call)
    try:
        await rpc.send_raw(raw)
    except RpcRefusedError as error:
        raise ChainUnavailableError(f"{rpc.name} refuses the deployment: {error}") from error
    try:
        async with asyncio.timeout(MINING_TIMEOUT_S):
            while (receipt := await reader.receipt(tx_hash)) is None:  # noqa: ASYNC110  nothing to wait on
                await asyncio.sleep(_POLL_WAIT_S)
    except TimeoutError as error:
        text = f"the deployment 0x{tx_hash.hex()} was not mined within {MINING_TIMEOUT_S:g} s"
        raise SubmissionUnknownError(text) from error
    if not receipt.succeeded:
        raise ChainError(f"the deployment 0x{tx_hash.hex()} reverted")
    return await reader.created_address(tx_hash)


def _participant_fields(one: FirstParticipant) -> tuple[object, ...]:
    admin, recovery = to_canonical_address(one.admin_key), to_canonical_address(one.recovery_key)
    return one.slug, one.name, one.url, one.roles, 1, admin, recovery


def _key_fields(key: FirstKey) -> tuple[object, ...]:
    return key.address, key.purpose, key.valid_from, key.valid_until, list(key.streams)
