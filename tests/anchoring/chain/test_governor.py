"""Single calls by a key that a person holds, against a real Anvil."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.governor import Governor, PreparedCall
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import LegacyCall, Signer
from anchoring.core.anchor import ZERO_HASH
from anchoring.errors import (
    ChainError,
    ChainIdentityError,
    ChainUnavailableError,
    ContractRefusedError,
    KeyBusyError,
    SubmissionUnknownError,
)
from tests.anchoring.chain.worlds import STREAM, AnvilWorld, anvil_world, signer

REGISTRY = ContractAbi(load("AnchorRegistry").abi)
ROOT = b"\x11" * 32


@pytest.fixture
async def chain() -> AsyncIterator[AnvilWorld]:
    made = await anvil_world()
    made.anvil.rpc("evm_setAutomine", True)
    yield made
    await made.close()


def governor(world: AnvilWorld, name: str = "anchor-1", *, wait_s: float = 20) -> Governor:
    return Governor(world.rpc, signer(name), 4242, wait_s=wait_s)


def anchor_one(world: AnvilWorld, *, sequence: int = 1, root: bytes = ROOT) -> PreparedCall:
    arguments = (STREAM, sequence, root, 16, ZERO_HASH)
    return PreparedCall.of(REGISTRY, world.identity.registry, "anchorOne", *arguments)


async def until_pooled(world: AnvilWorld) -> None:
    while world.pooled() == 0:  # noqa: ASYNC110  Anvil tells nobody
        await asyncio.sleep(0.02)


async def test_a_call_is_mined_and_its_place_and_logs_come_back(chain: AnvilWorld) -> None:
    sent: list[bytes] = []
    one = Governor(chain.rpc, signer("anchor-1"), 4242, on_sent=sent.append)
    mined = await one.call(anchor_one(chain))
    block = await chain.reader.block(mined.block_number)
    assert block is not None
    assert (block.block_hash, block.time) == (mined.block_hash, mined.block_time)
    assert sent == [mined.tx_hash]
    fields = mined.fields("Anchored")
    assert (fields["stream"], fields["sequence"], fields["root"]) == (STREAM, 1, ROOT)
    assert fields["signer"] == "0x" + one.address.hex()
    with pytest.raises(ChainError, match="logged no SuccessorNamed"):
        mined.fields("SuccessorNamed")


async def test_what_the_contract_refuses_is_decoded_and_never_sent(chain: AnvilWorld) -> None:
    one = governor(chain)
    with pytest.raises(ContractRefusedError) as caught:
        await one.call(anchor_one(chain, sequence=2))
    assert (caught.value.name, caught.value.arguments) == (
        "AnchorRegistryOutOfSequence",
        (STREAM, 1, 2),
    )
    assert await chain.writer.nonce() == 0
    assert chain.pooled() == 0


async def test_another_chain_or_no_contract_is_said_before_anything_is_signed(
    chain: AnvilWorld,
) -> None:
    elsewhere = Governor(chain.rpc, signer("anchor-1"), 77)
    with pytest.raises(ChainIdentityError, match="chain 4242, agreed on was chain 77"):
        await elsewhere.call(anchor_one(chain))
    empty = PreparedCall(b"\x77" * 20, b"", REGISTRY)
    with pytest.raises(ChainIdentityError, match="no contract at 0x7777"):
        await governor(chain).call(empty)
    assert await chain.writer.nonce() == 0


async def test_calls_of_one_governor_queue_up(chain: AnvilWorld) -> None:
    one = governor(chain)
    answers = await asyncio.gather(
        one.call(anchor_one(chain)),
        one.call(anchor_one(chain, sequence=2)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, ContractRefusedError) for answer in answers) == 1
    assert await chain.writer.nonce() == 1


async def test_no_block_in_time_names_the_hash_and_the_same_call_finds_it_again(
    chain: AnvilWorld,
) -> None:
    chain.anvil.rpc("evm_setAutomine", False)
    with pytest.raises(SubmissionUnknownError, match=r"in no block after 0\.5 s") as caught:
        await governor(chain, wait_s=0.5).call(anchor_one(chain))
    assert caught.value.tx_hash is not None
    assert caught.value.tx_hash.hex() in str(caught.value)
    again = asyncio.create_task(governor(chain).call(anchor_one(chain)))
    await asyncio.sleep(0.5)
    assert chain.pooled() == 1  # the same bytes, not a second transaction
    chain.mine()
    assert (await again).tx_hash == caught.value.tx_hash


async def test_a_transaction_of_the_same_key_that_waits_is_not_replaced(chain: AnvilWorld) -> None:
    chain.anvil.rpc("evm_setAutomine", False)
    first = asyncio.create_task(governor(chain).call(anchor_one(chain)))
    await until_pooled(chain)
    with pytest.raises(KeyBusyError, match="waits for a block") as caught:
        await governor(chain).call(anchor_one(chain, root=b"\x22" * 32))
    assert caught.value.retryable
    chain.mine()
    assert (await first).fields("Anchored")["root"] == ROOT


async def test_a_nonce_that_another_process_used_meanwhile_is_said(chain: AnvilWorld) -> None:
    chain.anvil.rpc("evm_setAutomine", False)
    waiting = asyncio.create_task(governor(chain).call(anchor_one(chain)))
    await until_pooled(chain)
    chain.anvil.rpc("anvil_dropAllTransactions")
    chain.foreign()
    with pytest.raises(KeyBusyError, match="went first"):
        await waiting


class _Racing(Signer):
    """Lets another transaction of its key be mined between signing and sending."""

    def __init__(self, world: AnvilWorld, inner: Signer) -> None:
        super().__init__(inner._account)
        self._world = world

    async def sign_transaction(self, call: LegacyCall) -> tuple[bytes, bytes]:
        signed = self.sign(call)
        self._world.foreign()
        return signed


async def test_a_nonce_lost_between_signing_and_sending_is_said(chain: AnvilWorld) -> None:
    chain.anvil.rpc("evm_setAutomine", False)
    racing = Governor(chain.rpc, _Racing(chain, signer("anchor-1")), 4242)
    with pytest.raises(KeyBusyError, match="went first"):
        await racing.call(anchor_one(chain))
    at = (await chain.reader.head()).block_hash
    assert await chain.reader.record(chain.identity.registry, STREAM, 1, at=at) == ZERO_HASH


async def test_a_call_that_reverts_in_its_block_says_why(chain: AnvilWorld) -> None:
    chain.anvil.rpc("evm_setAutomine", False)
    waiting = asyncio.create_task(governor(chain).call(anchor_one(chain)))
    await until_pooled(chain)
    chain.anvil.rpc("anvil_setCode", "0x" + chain.identity.registry.hex(), "0x5f5ffd")
    chain.mine()
    with pytest.raises(ContractRefusedError, match="revert"):
        await waiting


async def test_an_endpoint_that_fails_for_a_moment_is_asked_again(chain: AnvilWorld) -> None:
    """The wait outlives a restart of the node; it does not outlive its own limit."""
    chain.anvil.rpc("evm_setAutomine", False)
    waiting = asyncio.create_task(governor(chain, wait_s=3).call(anchor_one(chain)))
    await until_pooled(chain)
    chain.reset()  # another process at the same address, which knows nothing of it
    with pytest.raises(SubmissionUnknownError, match="Look for 0x"):
        await waiting


async def test_an_endpoint_that_is_not_there_sent_nothing(unused_tcp_port: int) -> None:
    rpc = EvmRpc(f"http://127.0.0.1:{unused_tcp_port}")
    try:
        with pytest.raises(ChainUnavailableError, match="cannot be reached"):
            await Governor(rpc, signer("anchor-1"), 4242).call(
                PreparedCall(b"\x01" * 20, b"", REGISTRY)
            )
    finally:
        await rpc.close()
