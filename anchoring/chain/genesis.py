"""A genesis file with the contracts in it, so that no key ever deploys them.

The state that constructors leave is taken from a private Anvil that runs them at the time of block
0. Nothing of that run stays: addresses are fixed, and no log of a constructor is on the chain;
`anchoring.chain.founding` reads the first participants by views instead.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.foundation import (
    ANCHOR_REGISTRY,
    CODE_REGISTRY,
    CONSORTIUM,
    NOTICE_BOARD,
    Foundation,
    code_registry_creation,
    consortium_creation,
    notice_board_creation,
    registry_creation,
)
from anchoring.chain.genesis_block import genesis_hash, qbft_extra_data
from anchoring.chain.network import Contract, Network, WitnessGroup
from anchoring.chain.rpc import EvmRpc, RpcRefusedError
from anchoring.chain.signer import LegacyCall, Signer
from anchoring.errors import ChainError, ChainUnavailableError
from anchoring.ports import TransactionReceipt

BLOCK_PERIOD_S = 2

_EPOCH_BLOCKS = 30_000
_REQUEST_TIMEOUT_S = 4
_GAS_LIMIT = 60_000_000
_CREATION_GAS = 25_000_000
_MINING_TIMEOUT_S = 30.0
_POLL_WAIT_S = 0.01
_ISTANBUL_MIX_HASH = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
_MILESTONES = (
    *("homesteadBlock", "eip150Block", "eip155Block", "eip158Block", "byzantiumBlock"),
    *("constantinopleBlock", "petersburgBlock", "istanbulBlock", "berlinBlock", "londonBlock"),
)


@dataclass(frozen=True, slots=True)
class Genesis:
    """A genesis file of Besu, and the network file that fits it (without witnesses)."""

    document: Mapping[str, Any]
    network: Network


@dataclass(frozen=True, slots=True)
class _Account:
    """What a constructor left at an address."""

    address: bytes
    code: bytes
    storage: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return its entry in `alloc`; a contract's nonce begins at 1 (EIP-161)."""
        return {
            "balance": "0x0",
            "nonce": "0x1",
            "code": "0x" + self.code.hex(),
            "storage": dict(sorted(self.storage.items())),
        }


async def make_genesis(
    scratch: EvmRpc,
    foundation: Foundation,
    validators: Sequence[bytes],
    *,
    chain_id: int,
    timestamp: int,
    witnesses: Sequence[WitnessGroup] = (),
    block_period_s: int = BLOCK_PERIOD_S,
) -> Genesis:
    """Make the genesis file of a Besu QBFT chain with the four contracts in it.

    The same arguments give the same bytes, so that every founder can make it again and compare.

    Args:
        scratch: A private Anvil of chain `chain_id` whose newest block is older than `timestamp`.
            Its state is changed and thrown away.
        foundation: The first participants, and what nothing changes afterwards.
        validators: Who seals the first blocks; the order does not matter.
        chain_id: Of the new chain; no other chain should have it.
        timestamp: Time of block 0, Unix seconds; participants are active from it on.
        witnesses: What the network file is to list.
        block_period_s: Seconds between blocks.

    Raises:
        ChainError: a constructor refuses the foundation; the contract's error is in the text.
        ChainUnavailableError: the Anvil does not answer, or is none.
    """
    accounts = await _run_constructors(scratch, foundation, chain_id, timestamp)
    ordered = tuple(sorted(set(validators)))
    document = {
        "config": {
            "chainId": chain_id,
            **dict.fromkeys(_MILESTONES, 0),
            "shanghaiTime": 0,
            "cancunTime": 0,
            "zeroBaseFee": True,
            "qbft": {
                "blockperiodseconds": block_period_s,
                "epochlength": _EPOCH_BLOCKS,
                "requesttimeoutseconds": max(_REQUEST_TIMEOUT_S, 2 * block_period_s),
            },
        },
        "nonce": "0x0",
        "timestamp": hex(timestamp),
        "gasLimit": hex(_GAS_LIMIT),
        "baseFeePerGas": "0x0",
        "difficulty": "0x1",
        "coinbase": "0x" + "00" * 20,
        "mixHash": _ISTANBUL_MIX_HASH,
        "extraData": "0x" + qbft_extra_data(ordered).hex(),
        "alloc": {one.address.hex(): one.to_json() for one in accounts},
    }
    placed = {one.address: Contract(one.address, bytes(keccak(one.code))) for one in accounts}
    network = Network(
        chain_id=chain_id,
        genesis_hash=genesis_hash(document),
        consortium=CONSORTIUM,
        registries=(placed[ANCHOR_REGISTRY],),
        witnesses=tuple(witnesses),
        consortium_code_hash=placed[CONSORTIUM].code_hash,
        code_registry=placed[CODE_REGISTRY],
        notice_board=placed[NOTICE_BOARD],
        validators=ordered,
    )
    return Genesis(document, network)


async def _run_constructors(
    scratch: EvmRpc, foundation: Foundation, chain_id: int, timestamp: int
) -> list[_Account]:
    """Run each constructor in a block of its own at `timestamp`, on the state of those before."""
    node = _ScratchNode(scratch, chain_id, timestamp)
    creations = (
        ("Consortium", CONSORTIUM, consortium_creation(foundation)),
        ("AnchorRegistry", ANCHOR_REGISTRY, registry_creation(CONSORTIUM, bytes(20))),
        ("CodeRegistry", CODE_REGISTRY, code_registry_creation(CONSORTIUM, foundation)),
        ("NoticeBoard", NOTICE_BOARD, notice_board_creation(CONSORTIUM, CODE_REGISTRY)),
    )
    accounts = []
    for name, address, data in creations:
        made = await node.create(name, address, data)
        await node.place(made)
        accounts.append(made)
    return accounts


class _ScratchNode:
    """A private Anvil in which a constructor's work is moved to another address."""

    def __init__(self, rpc: EvmRpc, chain_id: int, timestamp: int) -> None:
        self._rpc, self._reader = rpc, EvmReader(rpc)
        self._chain_id, self._timestamp = chain_id, timestamp
        self._signer = Signer.from_key(keccak(b"sealtrail/genesis"))  # worth nothing, signs nothing

    async def create(self, name: str, address: bytes, data: bytes) -> _Account:
        """Run a constructor at the time of block 0, take what it left, and undo it."""
        before = await self._ask("evm_snapshot")
        await self._ask("evm_setNextBlockTimestamp", self._timestamp)
        nonce = await self._reader.nonce(self._signer.address)
        call = LegacyCall(self._chain_id, nonce, _CREATION_GAS, None, data)
        raw, tx_hash = self._signer.sign(call)
        try:
            await self._rpc.send_raw(raw)
        except RpcRefusedError as error:
            raise ChainUnavailableError(f"{self._rpc.name} refuses: {error}") from error
        receipt = await self._mined(tx_hash)
        if not receipt.succeeded:
            raise await self._refusal(name, tx_hash)
        block = await self._reader.block_by_hash(receipt.block_hash)
        if block is None or block.time != self._timestamp:
            raise ChainUnavailableError(f"{self._rpc.name} does not run blocks at a given time")
        created = await self._reader.created_address(tx_hash)
        account = _taken(await self._trace(tx_hash), created, address)
        if not await self._ask("evm_revert", before):
            raise ChainUnavailableError(f"{self._rpc.name} does not go back to a snapshot")
        return account

    async def _mined(self, tx_hash: bytes) -> TransactionReceipt:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MINING_TIMEOUT_S):
                while (receipt := await self._reader.receipt(tx_hash)) is None:  # noqa: ASYNC110  nothing to wait on
                    await asyncio.sleep(_POLL_WAIT_S)
                return receipt
        raise ChainUnavailableError(f"{self._rpc.name} does not mine what it is sent")

    async def place(self, account: _Account) -> None:
        """Put code and storage at their address, for the constructors that follow."""
        address = "0x" + account.address.hex()
        await self._ask("anvil_setCode", address, "0x" + account.code.hex())
        for slot, value in account.storage.items():
            await self._ask("anvil_setStorageAt", address, slot, value)

    async def _refusal(self, name: str, tx_hash: bytes) -> ChainError:
        """Return why a constructor reverted."""
        answer = await self._ask(
            "debug_traceTransaction", "0x" + tx_hash.hex(), {"tracer": "callTracer"}
        )
        output = answer.get("output", "0x") if isinstance(answer, dict) else "0x"
        data = self._rpc.data(output, what="reason of a revert")
        return ContractAbi(load(name).abi).refusal(data)

    async def _trace(self, tx_hash: bytes) -> Any:
        options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
        return await self._ask("debug_traceTransaction", "0x" + tx_hash.hex(), options)

    async def _ask(self, method: str, *params: object) -> Any:
        try:
            return await self._rpc.read(method, *params)
        except RpcRefusedError as error:
            text = f"{self._rpc.name} refuses {method}: {error}; an Anvil is needed"
            raise ChainUnavailableError(text) from error


def _taken(trace: Any, created: bytes, address: bytes) -> _Account:
    """Return what a constructor left, as if it had run at `address`.

    Raises:
        ChainUnavailableError: the trace is none.
        ChainError: the contract knows the address that it was created at.
    """
    try:
        left = trace["post"]["0x" + created.hex()]
        code = bytes.fromhex(left["code"].removeprefix("0x"))
        storage = {_word(slot): _word(value) for slot, value in left.get("storage", {}).items()}
        others = [
            one
            for one, change in trace["post"].items()
            if one != "0x" + created.hex() and ("storage" in change or "code" in change)
        ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ChainUnavailableError("the trace of a constructor cannot be read") from error
    if others or created in code or any(created.hex() in value for value in storage.values()):
        raise ChainError("a constructor's work is bound to the address that it ran at")
    return _Account(address, code, storage)


def _word(text: str) -> str:
    return "0x" + int(text, 16).to_bytes(32).hex()
