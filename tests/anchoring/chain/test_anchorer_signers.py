"""The anchorer with a key that is elsewhere: it waits, it believes nothing, it never signs two."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from anchoring.anchorer_status import AlarmCode, AnchorerState, Reason
from anchoring.chain.evm import EvmChain
from anchoring.chain.remote_signer import RemoteSigner
from anchoring.chain.transactions import decode_signed
from anchoring.ports import SignedTransaction
from tests.anchoring.chain.gateway import Gateway
from tests.anchoring.chain.signing_server import SigningServer
from tests.anchoring.chain.worlds import AnvilWorld, anvil_world, key, signer


@pytest.fixture
async def world() -> AsyncIterator[AnvilWorld]:
    made = await anvil_world()
    yield made
    await made.close()


@pytest.fixture
def server() -> Iterator[SigningServer]:
    """Signs as a key in hardware does: the same call gets another signature each time."""
    with SigningServer(key("anchor-1"), key("anchor-2"), random=True) as made:
        yield made


@pytest.fixture
async def gateway(world: AnvilWorld, server: SigningServer) -> AsyncIterator[Gateway]:
    remote = RemoteSigner(server.url, signer("anchor-1").address, timeout_s=1)
    world.writer = EvmChain(world.rpc, remote, chain_id=4242, registry=world.identity.registry)
    yield Gateway(world)  # type: ignore[arg-type]
    await remote.close()


def roots(gateway: Gateway, world: AnvilWorld) -> set[tuple[object, ...]]:
    """Return what all variants say that were ever signed."""
    abi = world.reader.registry_abi
    return {decode_signed(one.raw, abi).anchors for one in gateway.outbox.signed.values()}


async def test_a_remote_signer_anchors(
    world: AnvilWorld, gateway: Gateway, server: SigningServer
) -> None:
    await gateway.batch()
    await gateway.finish()
    assert [one["method"] for one in server.seen] == ["eth_signTransaction"]


async def test_without_its_signer_the_anchorer_waits_and_goes_on_by_itself(
    world: AnvilWorld, gateway: Gateway, server: SigningServer
) -> None:
    await gateway.batch()
    server.answer = lambda _: (500, b"")
    status = await gateway.run()
    assert (status.state, status.reason) == (AnchorerState.DEGRADED, Reason.SIGNER_UNAVAILABLE)
    assert status.may_capture
    assert "HTTP status 500" in status.detail
    assert (gateway.outbox.signed, world.pooled()) == ({}, 0)
    del server.answer
    server.answer = lambda result: (200, b'{"result": "%s"}' % result.encode())
    await gateway.finish()
    assert len(gateway.outbox.signed) == 1


LIES: dict[str, dict[str, Any]] = {
    "another registry": {"to": "0x" + "66" * 20},
    "another root": {"data": "0x" + "66" * 164},
    "another nonce": {"nonce": "0x1"},
    "another key": {"key": key("anchor-2")},
    "another chain": {"signedFor": "0x1"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_i5_what_a_lying_signer_returns_is_never_stored_or_sent(
    world: AnvilWorld, gateway: Gateway, server: SigningServer, lie: dict[str, Any]
) -> None:
    await gateway.batch()
    server.change = lambda fields: fields | lie
    status = await gateway.run()
    assert (status.state, status.reason) == (AnchorerState.DEGRADED, Reason.SIGNER_MISMATCH)
    assert [alarm.code for alarm in status.alarms] == [AlarmCode.SIGNER_MISMATCH]
    assert (gateway.outbox.signed, world.pooled()) == ({}, 0)
    server.change = dict
    await gateway.finish()


async def test_i5_another_variant_after_a_crash_holds_the_same_root(
    world: AnvilWorld, gateway: Gateway, server: SigningServer
) -> None:
    """Signed, and the process ends before the variant is durable: nobody has seen that one."""

    class CrashError(Exception):
        pass

    def crash(step: str) -> None:
        if step == "before_persist":
            raise CrashError

    await gateway.batch()
    gateway.restart(on_step=crash)
    with pytest.raises(CrashError):
        await gateway.run()
    assert (gateway.outbox.signed, world.pooled()) == ({}, 0)
    gateway.restart()
    await gateway.finish()
    assert len(server.seen) == 2
    assert len(gateway.outbox.signed) == 1


async def test_i5_a_durable_variant_is_sent_again_and_not_signed_again(
    world: AnvilWorld, gateway: Gateway, server: SigningServer
) -> None:
    await gateway.batch()
    await gateway.run()
    (tx,) = gateway.outbox.signed.values()
    world.drop(tx.tx_hash)
    gateway.restart()
    await gateway.finish()
    assert len(server.seen) == 1
    assert list(gateway.outbox.signed) == [tx.tx_hash]


async def test_i5_variants_of_a_lost_nonce_are_all_kept_and_say_the_same(
    world: AnvilWorld, gateway: Gateway, server: SigningServer
) -> None:
    await gateway.batch()
    await gateway.run()
    (first,) = gateway.outbox.signed.values()
    world.drop(first.tx_hash)
    world.foreign()  # somebody else used the nonce of the first
    await gateway.finish()
    assert len(gateway.outbox.signed) == 2
    assert len(roots(gateway, world)) == 1


async def test_f8_a_gap_is_filled_through_the_signer(
    world: AnvilWorld, gateway: Gateway, server: SigningServer
) -> None:
    await gateway.batch()
    ahead = await world.writer.sign([one.anchor for one in gateway.outbox.rows.values()], nonce=1)
    assert isinstance(ahead, SignedTransaction)
    await gateway.outbox.add_transaction(ahead)
    status = await gateway.run()
    assert AlarmCode.NONCE_GAP in [alarm.code for alarm in status.alarms]
    status = await gateway.run()  # the gap's filler waits: another variant of it is no error
    assert status.state is AnchorerState.READY
    await gateway.finish()
    assert len(roots(gateway, world)) == 1
