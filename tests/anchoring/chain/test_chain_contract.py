"""What every chain behind the ports does alike."""

from dataclasses import replace

import pytest

from anchoring.core.anchor import ZERO_HASH, Anchor, record
from anchoring.errors import ChainError, ContractRefusedError
from tests.anchoring.chain.outbox import MemoryOutbox
from tests.anchoring.chain.worlds import (
    OTHERS_STREAM,
    SECOND_STREAM,
    STREAM,
    Batcher,
    World,
    signer,
)


async def send(world: World, *anchors: Anchor) -> bytes:
    tx = await world.writer.sign(anchors, nonce=await world.writer.nonce())
    await world.writer.submit(tx)
    return tx.tx_hash


async def anchors_of(world: World, *streams: int) -> list[Anchor]:
    batcher = Batcher(MemoryOutbox(), world.writer)
    return [await batcher.batch(stream) for stream in streams]


async def test_an_anchor_fills_its_record_and_writes_its_log(world: World) -> None:
    [anchor] = await anchors_of(world, STREAM)
    tx_hash = await send(world, anchor)
    assert await world.writer.receipt(tx_hash) is None
    world.mine()
    receipt = await world.writer.receipt(tx_hash)
    assert receipt is not None
    assert receipt.succeeded
    block = await world.writer.block(receipt.block_number)
    assert block is not None
    assert block.block_hash == receipt.block_hash
    tip = anchor.tip(chain_id=4242, registry=world.writer.registry)
    stored = await world.writer.record(STREAM, 1, at=block.block_hash)
    assert stored == record(tip, block.number, block.time)
    head = await world.writer.stream_head(STREAM, at=block.block_hash)
    assert (head.sequence, head.tip) == (1, tip)
    [log] = await world.writer.anchored(
        stream=STREAM, sequence=1, first_block=0, last_block=block.number
    )
    assert (log.anchor, log.tip, log.signer) == (anchor, tip, signer("anchor-1").address)
    assert (log.block_hash, log.tx_hash) == (block.block_hash, tx_hash)


async def test_several_streams_and_sequences_go_in_one_call(world: World) -> None:
    anchors = await anchors_of(world, STREAM, SECOND_STREAM, STREAM)
    anchors.sort(key=lambda one: (one.stream, one.sequence))
    await world.writer.preflight(anchors)
    await send(world, *anchors)
    world.mine()
    head = await world.writer.head()
    for stream, sequence in ((STREAM, 2), (SECOND_STREAM, 1)):
        assert (await world.writer.stream_head(stream, at=head.block_hash)).sequence == sequence
    logs = await world.reader.anchored(world.writer.registry, first_block=0, last_block=head.number)
    assert [log.anchor for log in logs] == anchors


async def test_an_unknown_place_is_zero_and_an_unknown_block_none(world: World) -> None:
    head = await world.writer.head()
    assert await world.writer.record(STREAM, 9, at=head.block_hash) == ZERO_HASH
    assert (await world.writer.stream_head(STREAM, at=head.block_hash)).tip == ZERO_HASH
    assert await world.writer.block(head.number + 1) is None
    assert await world.writer.receipt(bytes(31) + b"\x01") is None


async def test_reads_at_an_old_block_hash_see_the_old_state(world: World) -> None:
    before = await world.writer.head()
    [anchor] = await anchors_of(world, STREAM)
    await send(world, anchor)
    world.mine()
    assert await world.writer.record(STREAM, 1, at=before.block_hash) == ZERO_HASH


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"sequence": 2, "previous_tip": b"\x01" * 32}, "AnchorRegistryOutOfSequence"),
        ({"previous_tip": b"\x01" * 32}, "AnchorRegistryTipMismatch"),
        ({"root": ZERO_HASH}, "AnchorRegistryEmptyBatch"),
        ({"size": 0}, "AnchorRegistryEmptyBatch"),
        ({"stream": OTHERS_STREAM}, "AnchorRegistryUnauthorized"),
    ],
)
async def test_f9_preflight_tells_what_the_contract_would_refuse(
    world: World, change: dict[str, object], name: str
) -> None:
    parts: dict[str, object] = {
        "stream": STREAM,
        "sequence": 1,
        "root": b"\x07" * 32,
        "size": 16,
        "previous_tip": ZERO_HASH,
    }
    with pytest.raises(ContractRefusedError) as caught:
        await world.writer.preflight([Anchor(**{**parts, **change})])  # type: ignore[arg-type]
    assert caught.value.name == name
    if name == "AnchorRegistryUnauthorized":
        sender, stream = caught.value.arguments
        assert (str(sender).lower(), stream) == ("0x" + world.writer.sender.hex(), OTHERS_STREAM)


async def test_the_same_bytes_again_are_no_error(world: World) -> None:
    [anchor] = await anchors_of(world, STREAM)
    tx = await world.writer.sign([anchor], nonce=0)
    await world.writer.submit(tx)
    await world.writer.submit(tx)
    world.mine()
    await world.writer.submit(tx)
    world.mine()
    assert await world.writer.nonce() == 1


async def test_signing_is_deterministic_and_decodes_to_the_same_anchors(world: World) -> None:
    anchors = await anchors_of(world, STREAM, STREAM)
    tx = await world.writer.sign(anchors, nonce=3)
    assert tx == await world.writer.sign(anchors, nonce=3)
    assert world.writer.anchors_in(tx) == tuple(anchors)
    single = await world.writer.sign(anchors[:1], nonce=3)
    assert world.writer.anchors_in(single) == (anchors[0],)


async def test_f20_a_flipped_bit_in_stored_bytes_is_noticed(world: World) -> None:
    [anchor] = await anchors_of(world, STREAM)
    tx = await world.writer.sign([anchor], nonce=0)
    for position in range(0, len(tx.raw), 7):
        raw = bytearray(tx.raw)
        raw[position] ^= 1
        try:
            found = world.writer.anchors_in(replace(tx, raw=bytes(raw)))
        except ChainError:
            continue
        assert found != (anchor,), f"byte {position} was flipped unnoticed"


async def test_f12_a_reorg_takes_anchor_and_receipt_away(world: World) -> None:
    [anchor] = await anchors_of(world, STREAM)
    tx_hash = await send(world, anchor)
    world.mine(3)
    receipt = await world.writer.receipt(tx_hash)
    assert receipt is not None
    world.reorg(3)
    assert await world.writer.receipt(tx_hash) is None
    assert await world.reader.block_by_hash(receipt.block_hash) is None
    head = await world.writer.head()
    assert (await world.writer.stream_head(STREAM, at=head.block_hash)).sequence == 0
    assert await world.writer.nonce() == 0


async def test_f8_the_nonce_is_the_newest_block_s_and_gaps_can_be_filled(world: World) -> None:
    [anchor] = await anchors_of(world, STREAM)
    await world.writer.submit(await world.writer.sign([anchor], nonce=1))
    world.mine()
    assert await world.writer.nonce() == 0
    await world.writer.fill_gap(0)
    world.mine()
    assert await world.writer.nonce() == 2


async def test_the_consortium_can_be_read(world: World) -> None:
    at = (await world.reader.head()).block_hash
    first = await world.reader.participant(world.consortium, 1, at=at)
    assert first is not None
    assert (first.slug, first.status) == ("maker-1", 1)
    assert await world.reader.participant(world.consortium, 99, at=at) is None
    state = await world.reader.key(world.consortium, signer("anchor-1").address, at=at)
    assert state is not None
    assert (state.participant, state.purpose, state.limited) == (1, 1, False)
    assert await world.reader.key(world.consortium, signer("nobody").address, at=at) is None
    assert await world.reader.suspensions(world.consortium, 1, at=at) == []
    now = (await world.reader.head()).time
    assert await world.reader.status_at(world.consortium, 1, now, at=at) == 1
    for participant, expected in ((1, True), (2, False)):
        assert expected == await world.reader.key_valid_at(
            world.consortium,
            signer("anchor-1").address,
            participant=participant,
            purpose=1,
            time=now,
            at=at,
        )


async def test_identity_is_read_afresh(world: World) -> None:
    identity = await world.writer.identity()
    assert identity.chain_id == 4242
    assert identity.genesis_hash == await world.reader.genesis_hash()
    assert identity.code_hash == await world.reader.code_hash(world.writer.registry)
    assert await world.reader.code_hash(b"\x09" * 20) is None
