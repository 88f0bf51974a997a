"""Guards of the anchorer that need a chain with exact timing; in memory only."""

import pytest

from anchoring.anchorer_status import AlarmCode, AnchorerState, Reason
from anchoring.chain.memory_ports import MemoryWriter
from anchoring.errors import SubmissionUnknownError
from anchoring.ports import BlockRef, SignedTransaction, StreamHead
from tests.anchoring.chain.gateway import CONFIRMATIONS, Gateway
from tests.anchoring.chain.worlds import STREAM, MemoryWorld


async def test_f1_what_is_sent_is_durable_before_it_is_sent() -> None:
    world = MemoryWorld()
    gateway = Gateway(world)
    sent: list[bytes] = []

    def cut(tx: SignedTransaction) -> tuple[bool, Exception | None]:
        assert tx.tx_hash in gateway.outbox.signed
        sent.append(tx.tx_hash)
        return True, SubmissionUnknownError("cut")

    world.chain.on_submit = cut
    await gateway.batch()
    assert (await gateway.run()).reason is Reason.SUBMISSION_UNKNOWN
    assert sent == list(gateway.outbox.signed)
    await gateway.finish()


async def test_f5_a_final_anchor_in_another_block_is_fatal_though_it_stands() -> None:
    """A reorg deeper than k that put the same anchor back: what was shown as final was not."""
    world = MemoryWorld()
    gateway = Gateway(world)
    await gateway.batch()
    await gateway.finish()
    world.chain.reorg(CONFIRMATIONS + 4, requeue=True)
    world.mine(CONFIRMATIONS + 4)
    assert world.chain.head.state.heads[STREAM].sequence == 1
    status = await gateway.run()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.CHAIN_IDENTITY)


async def test_i7_a_reorg_in_the_middle_of_a_pass_makes_nothing_final() -> None:
    world = MemoryWorld()
    gateway = Gateway(world)
    await gateway.batch()
    await gateway.run_and_mine(CONFIRMATIONS + 1)

    calls: list[str] = []

    def reorganise(method: str) -> None:
        calls.append(method)
        if calls[-2:] == ["record", "block"]:  # the slot was read, the blocks are asked once more
            world.chain.on_call = lambda _: None
            world.chain.reorg(CONFIRMATIONS + 1)

    world.chain.on_call = reorganise
    assert (await gateway.run()).finalised == 0
    assert gateway.outbox.final == {}
    await gateway.finish()


async def test_f14_f19_another_root_is_seen_in_the_state_when_logs_are_hidden() -> None:
    class NoLogs(MemoryWriter):
        async def anchored(self, **asked: object) -> list:  # type: ignore[type-arg,override]
            return []

    world = MemoryWorld()
    first, second = Gateway(world, salt="a"), Gateway(world, salt="b")
    second.writer = NoLogs(world.chain, world.writer.sender)
    second.restart()
    await second.batch()
    await second.anchorer.reconcile()
    await first.batch()
    await first.finish()
    status = await second.run()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.EQUIVOCATION_GUARD)


async def test_f17_a_restored_database_that_batched_anew_is_fatal() -> None:
    """Its first batch has another root than the anchored one: it must never be sent."""
    world = MemoryWorld()
    lost, restored = Gateway(world, salt="a"), Gateway(world, salt="b")
    await lost.batch(STREAM, STREAM)
    await lost.finish()
    await restored.batch()
    status = await restored.anchorer.reconcile()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.EQUIVOCATION_GUARD)
    assert restored.outbox.signed == {}


async def test_f5_an_endpoint_that_lags_is_waited_for_and_a_short_chain_is_not() -> None:
    world = MemoryWorld()
    gateway = Gateway(world)
    await gateway.batch()
    await gateway.finish()
    place = gateway.outbox.final[STREAM, 1]
    longer = list(world.chain.blocks)
    world.chain._blocks[:] = longer[: place.block_number]
    status = await gateway.run()
    assert (status.state, status.reason) == (AnchorerState.DEGRADED, Reason.CHAIN_BEHIND)
    world.chain._blocks[:] = longer
    assert (await gateway.run()).state is AnchorerState.READY
    world.chain._blocks[:] = longer[: place.block_number]
    gateway.restart()
    world.chain.syncing = True
    status = await gateway.anchorer.reconcile()
    assert (status.state, status.reason) == (AnchorerState.READ_ONLY, Reason.CHAIN_BEHIND)
    world.chain.syncing = False
    status = await gateway.anchorer.reconcile()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.CHAIN_IDENTITY)


async def test_f18_the_same_root_goes_out_under_a_new_key() -> None:
    world = MemoryWorld()
    gateway = Gateway(world)
    await gateway.batch()
    await gateway.run()
    [old] = gateway.outbox.signed.values()
    world.drop(old.tx_hash)
    new_key = b"\x77" * 20
    world.chain.consortium.revoke(world.writer.sender, time=world.clock.now)
    world.chain.consortium.add_key(1, new_key)
    gateway.writer = MemoryWriter(world.chain, new_key)
    gateway.restart()
    await gateway.run()
    assert [tx.sender for tx in gateway.outbox.signed.values()] == [old.sender, new_key]
    world.chain.receive(old)  # somebody hands the old variant over again: it reverts or wins
    await gateway.finish()
    assert len(world.chain.head.state.records) == 1


class StateBeforeLogs(MemoryWriter):
    """Shows the state of a block before the block itself, as an endpoint under load does."""

    looks = 1

    async def head(self) -> BlockRef:
        head = await super().head()
        if self.looks > 0:
            self.looks -= 1
            return self._chain.blocks[-2].ref
        return head

    async def stream_head(self, stream: int, *, at: bytes) -> StreamHead:
        return await super().stream_head(stream, at=self._chain.head.ref.block_hash)


@pytest.mark.parametrize(
    ("looks", "state"), [(1, AnchorerState.READY), (2, AnchorerState.DEGRADED)]
)
async def test_f14_a_state_that_is_ahead_of_its_logs_is_looked_at_once_more(
    looks: int, state: AnchorerState
) -> None:
    world = MemoryWorld()
    gateway = Gateway(world)
    gateway.writer = StateBeforeLogs(world.chain, world.writer.sender)
    gateway.writer.looks = 0
    gateway.restart()
    await gateway.batch()
    await gateway.run()
    world.mine()
    gateway.writer.looks = looks
    status = await gateway.run()
    assert status.state is state, status
    if state is AnchorerState.DEGRADED:  # it stays so: then it is said
        assert status.reason is Reason.CHAIN_INCONSISTENT
        assert "no log tells it" in status.detail
    await gateway.finish()


async def test_f8_a_transaction_whose_answer_was_lost_is_no_foreign_one() -> None:
    """It was sent and mined, and only its sender did not hear of it: the nonce is ours."""
    world = MemoryWorld()
    gateway = Gateway(world)
    await gateway.batch()
    await gateway.finish()
    plain = world.chain.on_submit
    world.chain.on_submit = lambda _: (True, SubmissionUnknownError("cut"))
    await gateway.batch()
    assert (await gateway.run()).reason is Reason.SUBMISSION_UNKNOWN
    world.chain.on_submit = plain
    world.mine()
    await gateway.batch()
    assert [one.code for one in (await gateway.run()).alarms] == []
    await gateway.finish()
    world.foreign()
    await gateway.batch()
    alarms = (await gateway.run()).alarms
    assert [one.code for one in alarms] == [AlarmCode.FOREIGN_TRANSACTION]


async def test_f8_a_reorg_in_the_middle_of_a_look_is_no_foreign_transaction() -> None:
    """The nonce was read while our transaction stood in a block, its place when it did not."""
    world = MemoryWorld()
    gateway = Gateway(world)
    await gateway.batch()
    await gateway.run_and_mine(1)

    def reorganise(method: str) -> None:
        if method == "head":  # the nonce was read before
            world.chain.on_call = lambda _: None
            world.chain.reorg(1, requeue=True)

    world.chain.on_call = reorganise
    assert [one.code for one in (await gateway.run()).alarms] == []
    assert len(gateway.outbox.signed) == 1
    await gateway.finish()
