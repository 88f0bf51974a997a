"""`eth_getProof` of a real node, checked against the state root that its block hash gives."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import rlp

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.headers import check_header
from anchoring.chain.proofs import ProofError, ProvenSlot, check_proof, record_slot
from anchoring.errors import FormatError
from tests.anchoring.chain.sealed import Issuer
from tests.anchoring.chain.worlds import STREAM, AnvilWorld, anvil_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANCHORS = 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[AnvilWorld]:
    made = await anvil_world()
    issuer = Issuer(made)
    for number in range(ANCHORS):
        await issuer.seal(issuer.commit(number))
    yield made
    await made.close()


def asked(
    world: AnvilWorld, sequence: int, *, at: str = "latest", address: bytes | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the answer of the node and what it is to be checked against."""
    block = world.anvil.rpc("eth_getBlockByNumber", at, False)
    header = check_header(block, bytes.fromhex(block["hash"][2:]))
    where = world.identity.registry if address is None else address
    slot = record_slot(STREAM, sequence)
    wanted = ["0x" + where.hex(), ["0x" + slot.hex()], {"blockHash": block["hash"]}]
    answer = world.anvil.rpc("eth_getProof", *wanted)
    return answer, {"state_root": header.state_root, "address": where, "slot": slot}


async def test_a_record_is_proven_and_equal_to_what_a_call_gives(world: AnvilWorld) -> None:
    assert isinstance(world.reader, EvmReader)
    head = await world.reader.head()
    registry = world.identity.registry
    for sequence in range(1, ANCHORS + 2):
        answer, against = asked(world, sequence)
        called = await world.reader.record(registry, STREAM, sequence, at=head.block_hash)
        assert check_proof(answer, **against) == ProvenSlot(world.identity.code_hash, called)
        proven = await world.reader.prove_record(registry, STREAM, sequence, at=head.block_hash)
        assert (proven.record, proven.code_hash) == (called, world.identity.code_hash)
    assert called == bytes(32)  # the last one was never anchored: absence is proven too


async def test_a_block_of_the_past_proves_its_own_state(world: AnvilWorld) -> None:
    answer, against = asked(world, 1, at="0x1")
    assert check_proof(answer, **against) == ProvenSlot(None, bytes(32))
    with pytest.raises(ProofError):
        check_proof(answer, **{**against, "state_root": asked(world, 1)[1]["state_root"]})


async def test_an_address_without_code_or_storage_is_proven_so(world: AnvilWorld) -> None:
    answer, against = asked(world, 1, address=b"\x99" * 20)
    assert check_proof(answer, **against) == ProvenSlot(None, bytes(32))
    answer, against = asked(world, 1, address=world.writer.sender)
    assert check_proof(answer, **against) == ProvenSlot(None, bytes(32))


async def test_every_node_and_every_byte_of_a_proof_counts(world: AnvilWorld) -> None:
    answer, against = asked(world, 1)
    for path in (["accountProof"], ["storageProof", 0, "proof"]):
        for place in range(len(_at(answer, path))):
            for change in (_without, _flipped):
                broken = copy.deepcopy(answer)
                change(_at(broken, path), place)
                with pytest.raises((ProofError, FormatError)):
                    check_proof(broken, **against)


async def test_what_the_answer_says_beside_its_nodes_is_not_read(world: AnvilWorld) -> None:
    answer, against = asked(world, 1)
    honest = check_proof(answer, **against)
    answer["storageProof"][0]["value"] = "0x5"
    answer |= {"codeHash": "0x" + "05" * 32, "storageHash": "0x" + "05" * 32}
    assert check_proof(answer, **against) == honest


async def test_a_proof_of_another_slot_or_account_is_none(world: AnvilWorld) -> None:
    first, against = asked(world, 1)
    second, _ = asked(world, 2)
    second["storageProof"][0]["key"] = first["storageProof"][0]["key"]
    other, _ = asked(world, 1, address=world.consortium)
    for wrong in (second, other):
        with pytest.raises(ProofError):
            check_proof(wrong, **against)
    with pytest.raises(FormatError):
        check_proof({**first, "storageProof": []}, **against)


@pytest.mark.parametrize(
    "nodes",
    [
        None,
        "0x80",
        ["80"],
        [7],
        ["0x"],
        ["0xzz"],
        ["0x" + "c1" * 2000],
        ["0x" + "00" * 3000],
        ["0xc180"] * 65,
        ["0x" + rlp.encode([b"\x20", b"", b""]).hex()],
    ],
)
async def test_no_form_of_nodes_ends_in_another_error(world: AnvilWorld, nodes: Any) -> None:
    answer, against = asked(world, 1)
    with pytest.raises((ProofError, FormatError)):
        check_proof({**answer, "accountProof": nodes}, **against)


def _at(answer: Any, path: list[Any]) -> list[str]:
    for part in path:
        answer = answer[part]
    assert isinstance(answer, list)
    return answer


def _without(nodes: list[str], place: int) -> None:
    del nodes[place]


def _flipped(nodes: list[str], place: int) -> None:
    node = bytearray.fromhex(nodes[place][2:])
    node[len(node) // 2] ^= 1
    nodes[place] = "0x" + node.hex()
