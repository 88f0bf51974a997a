"""The anchorer under faults, on both chains."""

from dataclasses import replace

import pytest

from anchoring.anchorer_status import AlarmCode, AnchorerState, Reason
from tests.anchoring.chain.gateway import CONFIRMATIONS, Gateway
from tests.anchoring.chain.worlds import (
    OTHERS_STREAM,
    SECOND_STREAM,
    START,
    STREAM,
    World,
)


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway(world)


async def test_a_batch_becomes_final_when_deep_enough_and_not_before(gateway: Gateway) -> None:
    await gateway.batch()
    status = await gateway.run()
    assert (status.state, status.pending, status.unplaced) == (AnchorerState.READY, 1, 1)
    assert gateway.outbox.log == ["add_transaction"]
    gateway.world.mine()
    for _ in range(CONFIRMATIONS):
        status = await gateway.run()
        assert (status.unplaced, status.finalised, gateway.outbox.final) == (0, 0, {})
        gateway.world.mine()
    status = await gateway.run()
    assert (status.finalised, status.pending, status.lag_s) == (1, 0, 0)
    await gateway.check_on_chain()


async def test_several_streams_share_a_transaction(gateway: Gateway) -> None:
    await gateway.batch(STREAM, SECOND_STREAM, STREAM)
    await gateway.run()
    assert [len(tx.anchors) for tx in gateway.outbox.signed.values()] == [3]
    await gateway.finish()


async def test_max_per_call_holds_and_the_rest_follows(gateway: Gateway) -> None:
    await gateway.batch(*[STREAM] * 5)
    gateway.restart(max_per_call=2)
    await gateway.run_and_mine(4)
    assert [len(tx.anchors) for tx in gateway.outbox.signed.values()] == [2, 2, 1]
    await gateway.finish()


async def test_one_transaction_is_in_flight_at_a_time(gateway: Gateway) -> None:
    await gateway.batch()
    await gateway.run()
    await gateway.batch()
    await gateway.run(3)
    assert (len(gateway.outbox.signed), gateway.world.pooled()) == (1, 1)
    await gateway.finish()


async def test_f4_a_backlog_catches_up_in_one_anchor_call(gateway: Gateway) -> None:
    await gateway.batch(*[STREAM] * 20)
    await gateway.run_and_mine(1)
    assert len(gateway.outbox.signed) == 1
    await gateway.finish()


async def test_f6_a_dropped_transaction_is_sent_again_byte_for_byte(gateway: Gateway) -> None:
    await gateway.batch()
    await gateway.run()
    [tx] = gateway.outbox.signed.values()
    gateway.world.drop(tx.tx_hash)
    assert gateway.world.pooled() == 0
    await gateway.run()
    assert gateway.world.pooled() == 1
    await gateway.finish()
    assert list(gateway.outbox.signed) == [tx.tx_hash]
    assert gateway.outbox.final[STREAM, 1].tx_hash == tx.tx_hash


async def test_f8_a_foreign_transaction_is_alarmed_and_the_next_nonce_taken(
    gateway: Gateway,
) -> None:
    await gateway.batch()
    await gateway.run()
    [first] = gateway.outbox.signed.values()
    gateway.world.drop(first.tx_hash)
    gateway.world.foreign()
    status = await gateway.run()
    assert [alarm.code for alarm in status.alarms] == [AlarmCode.FOREIGN_TRANSACTION]
    assert [tx.nonce for tx in gateway.outbox.signed.values()] == [0, 1]
    await gateway.finish()


async def test_f8_a_foreign_transaction_between_two_batches_is_alarmed(gateway: Gateway) -> None:
    await gateway.batch()
    await gateway.finish()
    gateway.world.foreign()
    await gateway.batch()
    status = await gateway.run()
    assert [alarm.code for alarm in status.alarms] == [AlarmCode.FOREIGN_TRANSACTION]
    await gateway.finish()


async def test_f8_a_nonce_gap_is_filled(gateway: Gateway) -> None:
    """A foreign transaction took nonce 0, then a reorg took it away again."""
    gateway.world.foreign()
    await gateway.batch()
    await gateway.run()
    gateway.world.mine()
    gateway.world.reorg(2)
    status = await gateway.run()
    assert AlarmCode.NONCE_GAP in [alarm.code for alarm in status.alarms]
    assert [tx.nonce for tx in gateway.outbox.signed.values()] == [1]
    await gateway.finish()


async def test_f9_nothing_that_would_revert_is_sent(gateway: Gateway) -> None:
    await gateway.batch(OTHERS_STREAM)
    status = await gateway.run(3)
    assert (status.state, status.reason) == (AnchorerState.DEGRADED, Reason.KEY_REFUSED)
    assert (gateway.outbox.signed, gateway.world.pooled()) == ({}, 0)


async def test_f9_a_refused_stream_does_not_hold_up_another(gateway: Gateway) -> None:
    await gateway.batch(STREAM, OTHERS_STREAM)
    await gateway.run()
    assert [tx.anchors for tx in gateway.outbox.signed.values()] == [((STREAM, 1),)]
    await gateway.run_and_mine(5)
    assert set(gateway.outbox.final) == {(STREAM, 1)}


@pytest.mark.parametrize("depth", [1, 3])
async def test_f12_a_reorg_steps_back_visibly_and_recovers_with_the_same_bytes(
    world: World, depth: int
) -> None:
    world.mine(2)
    gateway = Gateway(world)
    await gateway.batch(STREAM, STREAM)
    gateway.restart(max_per_call=1, confirmations=4)
    await gateway.run_and_mine(2)
    await gateway.run()
    signed = dict(gateway.outbox.signed)
    tips = [gateway.batcher.tip(row.anchor) for row in gateway.outbox.rows.values()]
    assert all(row.place for row in gateway.outbox.rows.values())
    world.reorg(depth)
    status = await gateway.run()
    assert AlarmCode.REORG in [alarm.code for alarm in status.alarms]
    lost = [row for row in gateway.outbox.rows.values() if not row.place]
    assert len(lost) == (1 if depth == 1 else 2)
    assert gateway.outbox.final == {}
    await gateway.finish()
    assert gateway.outbox.signed == signed
    head = await world.writer.head()
    assert (await world.writer.stream_head(STREAM, at=head.block_hash)).tip == tips[-1]


async def test_f17_a_restored_database_is_read_only_and_sends_nothing(gateway: Gateway) -> None:
    await gateway.batch()
    backup = gateway.outbox.copy()
    await gateway.finish()
    await gateway.batch()
    await gateway.finish()
    restored = Gateway(gateway.world, backup)
    status = await restored.anchorer.reconcile()
    assert (status.state, status.reason) == (AnchorerState.READ_ONLY, Reason.RESTORED)
    assert not status.may_capture
    await restored.batch()  # a naive gateway would go on; this one must not send it
    status = await restored.run(3)
    assert status.state in (AnchorerState.READ_ONLY, AnchorerState.FATAL)
    assert restored.world.pooled() == 0
    assert not restored.outbox.signed.keys() - gateway.outbox.signed.keys()


async def test_f17_an_empty_database_beside_an_anchored_stream_is_restored(
    gateway: Gateway,
) -> None:
    await gateway.batch()
    await gateway.finish()
    status = await Gateway(gateway.world).anchorer.reconcile()
    assert (status.state, status.reason) == (AnchorerState.READ_ONLY, Reason.RESTORED)


async def test_f17_a_database_behind_by_marks_only_catches_up(gateway: Gateway) -> None:
    """The transaction was signed before the backup: nothing is missing, only marks are."""
    await gateway.batch()
    await gateway.run()
    backup = gateway.outbox.copy()
    await gateway.finish()
    restored = Gateway(gateway.world, backup)
    status = await restored.anchorer.reconcile()
    assert (status.state, status.pending) == (AnchorerState.READY, 0)
    assert restored.outbox.final == gateway.outbox.final


async def test_f15_f19_the_loser_of_a_race_never_sends_its_root(world: World) -> None:
    first, second = Gateway(world, salt="a"), Gateway(world, salt="b")
    await first.batch()
    await second.batch()
    await second.anchorer.reconcile()
    await first.run()
    world.mine()
    status = await second.run(2)
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.EQUIVOCATION_GUARD)
    assert second.outbox.signed == {}
    await first.finish()


async def test_f19_two_that_sent_at_once_leave_one_anchor_and_one_fatal(world: World) -> None:
    first, second = Gateway(world, salt="a"), Gateway(world, salt="b")
    second.writer = world.new_writer("anchor-1")
    second.restart()
    await first.batch()
    await second.batch()
    await first.run()
    await second.run()
    world.mine()
    states = [(await one.run()).reason for one in (first, second)]
    assert states == [None, Reason.EQUIVOCATION_GUARD]
    world.mine()
    status = await second.run()
    assert status.state is AnchorerState.FATAL
    await first.finish()


async def test_f19_a_second_process_that_went_ahead_is_noticed_at_run_time(world: World) -> None:
    first = Gateway(world)
    await first.batch()
    await first.finish()
    copy = Gateway(world, first.outbox.copy())
    await copy.batch()
    await copy.finish()
    status = await first.run()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.EQUIVOCATION_GUARD)


async def test_f5_another_chain_is_fatal_and_nothing_is_anchored_there(gateway: Gateway) -> None:
    await gateway.batch()
    await gateway.finish()
    await gateway.batch()
    gateway.world.reset()
    status = await gateway.run(2)
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.CHAIN_IDENTITY)
    gateway.restart()
    status = await gateway.anchorer.reconcile()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.CHAIN_IDENTITY)
    assert (gateway.world.pooled(), len(gateway.outbox.signed)) == (0, 1)


async def test_f5_a_reorg_below_a_final_anchor_is_fatal(gateway: Gateway) -> None:
    await gateway.batch()
    await gateway.finish()
    await gateway.batch()
    gateway.world.reorg(CONFIRMATIONS + 4)
    status = await gateway.run()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.CHAIN_IDENTITY)
    assert (gateway.world.pooled(), len(gateway.outbox.signed)) == (0, 1)


async def test_f18_after_a_key_change_the_same_root_goes_out_under_the_new_key(
    world: World,
) -> None:
    """`anchor-2` stands for the new key; the old variant is watched, not sent again."""
    gateway = Gateway(world)
    await gateway.batch()
    await gateway.run()
    [old] = gateway.outbox.signed.values()
    gateway.writer = world.new_writer("anchor-2")
    gateway.restart()
    status = await gateway.run()
    # The new key belongs to another participant here, so the registry refuses it: nothing is sent.
    assert status.reason is Reason.KEY_REFUSED
    assert list(gateway.outbox.signed) == [old.tx_hash]
    world.mine()
    await gateway.finish()
    assert gateway.outbox.final[STREAM, 1].tx_hash == old.tx_hash


async def test_f20_a_batch_that_does_not_follow_is_never_signed(gateway: Gateway) -> None:
    await gateway.batch(STREAM, STREAM)
    row = gateway.outbox.rows[STREAM, 1]
    flipped = bytes([row.anchor.root[0] ^ 1]) + row.anchor.root[1:]
    gateway.outbox.rows[STREAM, 1] = replace(row, anchor=replace(row.anchor, root=flipped))
    status = await gateway.run()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.OUTBOX_INCONSISTENT)
    assert (gateway.outbox.signed, gateway.world.pooled()) == ({}, 0)


async def test_i5_another_root_is_never_signed_for_a_sequence(gateway: Gateway) -> None:
    await gateway.batch()
    await gateway.run()
    [tx] = gateway.outbox.signed.values()
    gateway.world.drop(tx.tx_hash)
    row = gateway.outbox.rows[STREAM, 1]
    gateway.outbox.rows[STREAM, 1] = replace(row, anchor=replace(row.anchor, root=b"\x05" * 32))
    status = await gateway.run()
    assert (status.state, status.reason) == (AnchorerState.FATAL, Reason.EQUIVOCATION_GUARD)
    assert (list(gateway.outbox.signed), gateway.world.pooled()) == ([tx.tx_hash], 0)


async def test_lag_and_promise_are_told(gateway: Gateway) -> None:
    await gateway.batch()
    row = gateway.outbox.rows[STREAM, 1]
    assert row.created_at == START
    gateway.clock.now = START + 90
    status = await gateway.run()
    assert (status.lag_s, status.pending, status.anchor_by) == (90, 1, None)
