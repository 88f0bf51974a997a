"""Put the contracts on a running chain: once per network, with its first participants.

A chain that does not run yet gets them in its genesis file instead, see `anchoring.chain.genesis`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.foundation import (
    DELAY_S,
    LIFETIME_S,
    FirstKey,
    FirstParticipant,
    Foundation,
    code_registry_creation,
    consortium_creation,
    notice_board_creation,
    registry_creation,
)
from anchoring.chain.network import Contract
from anchoring.chain.rpc import EvmRpc, RpcRefusedError
from anchoring.chain.signer import LegacyCall, Signer
from anchoring.errors import ChainError, ChainUnavailableError, SubmissionUnknownError
from anchoring.ports import ChainIdentity

__all__ = [
    "NO_PREDECESSOR",
    "Deployment",
    "FirstKey",
    "FirstParticipant",
    "deploy",
    "deploy_registry",
]

NO_PREDECESSOR = bytes(20)
MINING_TIMEOUT_S = 120.0

_DEPLOYMENT_GAS = 12_000_000
_POLL_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was deployed: everything that a network file needs of the chain."""

    identity: ChainIdentity
    consortium: bytes
    consortium_code_hash: bytes
    code_registry: Contract
    notice_board: Contract


async def deploy(
    rpc: EvmRpc,
    signer: Signer,
    participants: Sequence[FirstParticipant],
    *,
    delay_s: int = DELAY_S,
    lifetime_s: int = LIFETIME_S,
) -> Deployment:
    """Deploy Consortium, AnchorRegistry, CodeRegistry and NoticeBoard, one after the other.

    The deploying key gets no right by it: no contract has an owner.

    Raises:
        ChainError: a deployment reverted, or was not mined in time.
        ChainUnavailableError: the endpoint does not answer as a chain does.
    """
    reader = EvmReader(rpc)
    chain_id = await reader.chain_id()
    foundation = Foundation(tuple(participants), delay_s, lifetime_s)
    consortium = await _create(rpc, signer, consortium_creation(foundation), chain_id)
    registry = await deploy_registry(rpc, signer, consortium.address, predecessor=NO_PREDECESSOR)
    codes_data = code_registry_creation(consortium.address, foundation)
    codes = await _create(rpc, signer, codes_data, chain_id)
    board_data = notice_board_creation(consortium.address, codes.address)
    board = await _create(rpc, signer, board_data, chain_id)
    genesis = await reader.genesis_hash()
    identity = ChainIdentity(chain_id, genesis, registry.address, registry.code_hash)
    return Deployment(identity, consortium.address, consortium.code_hash, codes, board)


async def deploy_registry(
    rpc: EvmRpc, signer: Signer, consortium: bytes, *, predecessor: bytes
) -> Contract:
    """Deploy one AnchorRegistry; a successor takes no anchor until it is named by vote.

    Raises:
        ChainError: the deployment reverted, or was not mined in time.
        ChainUnavailableError: the endpoint does not answer as a chain does.
    """
    chain_id = await EvmReader(rpc).chain_id()
    return await _create(rpc, signer, registry_creation(consortium, predecessor), chain_id)


async def _create(rpc: EvmRpc, signer: Signer, data: bytes, chain_id: int) -> Contract:
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
    address = await reader.created_address(tx_hash)
    code_hash = await reader.code_hash(address)
    if code_hash is None:
        raise ChainError(f"0x{address.hex()} was deployed, but no code is there")
    return Contract(address, code_hash)
