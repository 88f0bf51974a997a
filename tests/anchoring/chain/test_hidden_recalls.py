"""Nobody keeps a recall from view: not by spelling, by other notices, by old blocks or by bulk."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
import rlp  # type: ignore[import-untyped]
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from anchoring import verification_findings
from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governance_calls import GovernanceCalls, NoticeScope, NoticeText
from anchoring.chain.logs import EvmLogReader
from anchoring.chain.proofs import ProofError, check_proof
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import LegacyCall
from anchoring.directory.events import ChainLog, Contracts, LogsRefusedError, read_event
from anchoring.errors import ChainUnavailableError
from anchoring.verification import ChainVerdict, Outcome, Witness, verify_against_chain
from tests.anchoring.chain import lies
from tests.anchoring.chain.quorum_scene import (
    CHAIN_ID,
    TIMEOUT_S,
    QuorumScene,
    open_scene,
    product_of,
)
from tests.anchoring.chain.worlds import signer
from tests.js.test_same_findings import ask_js
from tests.liars import Ask, BrokenError, Liar, liar, truth

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRILLS = 260
DRILL_GAS = 1_000_000
BOARD = ContractAbi(load("NoticeBoard").abi)
WORD = 32


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[QuorumScene]:
    async with open_scene() as made:
        yield made


@pytest.fixture
def pruned(scene: QuorumScene) -> Iterator[Liar]:
    """The honest node, if it kept only the state of its newest block."""

    def newest_only(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        at = params[1] if method in ("eth_call", "eth_getCode") else None
        if at is not None:
            head = ask("eth_getBlockByNumber", "latest", False)
            if at != "latest" and at["blockHash"] != head["hash"]:
                raise BrokenError(503)
        return result

    with liar(scene.nodes.followers[0].url) as node:
        node.lie = newest_only
        yield node


def publish(scene: QuorumScene, scope: NoticeScope, *, drill: bool = False) -> None:
    text = NoticeText(en="do not use")
    call = GovernanceCalls(scene.network).publish_notice(2, scope, text, drill=drill)
    scene.world.send(signer("admin-1"), call)


def publish_many(scene: QuorumScene, scope: NoticeScope) -> None:
    """Publish drills, twenty in a block."""
    anvil, admin = scene.world.anvil, signer("admin-1")
    calls, text = GovernanceCalls(scene.network), NoticeText(en="a drill")
    call = calls.publish_notice(2, scope, text, drill=True)
    count = anvil.rpc("eth_getTransactionCount", "0x" + admin.address.hex(), "latest")
    for number in range(DRILLS):
        nonce = int(count, 16) + number
        raw, _ = admin.sign(LegacyCall(CHAIN_ID, nonce, DRILL_GAS, call.to, call.data))
        anvil.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        if number % 20 == 19:
            scene.world.mine()


def codes(verdict: ChainVerdict) -> set[str]:
    return {one.code for one in verdict.warnings}


def overlapping(count: int, size: int) -> bytes:
    """Return a list of texts that all are the same bytes, each named by an offset."""
    offsets = b"".join((count * WORD).to_bytes(WORD) for _ in range(count))
    return count.to_bytes(WORD) + offsets + size.to_bytes(WORD) + b"a" * size


async def test_a_notice_that_spells_a_lot_otherwise_means_it(scene: QuorumScene) -> None:
    scene.liar.lie = truth
    publish(scene, NoticeScope(product_of(502), lots=("ｌ2 ",)))
    await asyncio.to_thread(scene.nodes.catch_up)
    assert (await scene.ask("other_lot")).outcome is Outcome.RECALLED
    said = await asyncio.to_thread(ask_js, scene, "other_lot")
    assert said["other_lot"]["outcome"] == "recalled"


async def test_no_recall_hides_behind_many_drills(scene: QuorumScene) -> None:
    scene.liar.lie = truth
    publish_many(scene, NoticeScope(product_of(501)))
    await asyncio.to_thread(scene.nodes.catch_up)
    verdict = await scene.ask("recalled")
    assert verdict.outcome is Outcome.RECALLED
    assert "recall_drill" in codes(verdict)
    said = await asyncio.to_thread(ask_js, scene, "recalled")
    assert said["recalled"]["outcome"] == "recalled"


async def test_a_question_about_an_old_block_silences_nobody(
    scene: QuorumScene, pruned: Liar
) -> None:
    """One witness claims an old block as its newest, of which others have no state any more."""
    now = scene.world.anvil.rpc("eth_getBlockByNumber", "latest", False)["timestamp"]
    hidden = lies.of_view("NoticeBoard", "noticesOf", ["uint256[]"], [])
    scene.liar.lie = lies.both(lies.head(-8, timestamp=now), hidden)
    rpcs = [EvmRpc(url, timeout_s=TIMEOUT_S) for url in (scene.liar.url, pruned.url)]
    try:
        witnesses = [
            Witness(name, None, name, EvmReader(rpc))
            for name, rpc in zip(("liar", "pruned"), rpcs, strict=True)
        ]
        verdict = await verify_against_chain(scene.bundles["recalled"], scene.network, witnesses)
    finally:
        for rpc in rpcs:
            await rpc.close()
    assert [str(one.state) for one in verdict.witnesses] == ["agrees", "unavailable"]
    assert verdict.outcome is Outcome.RECALLED
    assert verdict.is_anchored is False


async def test_a_witness_that_is_slow_at_every_question_costs_one_wait(
    scene: QuorumScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification_findings, "STEP_TIMEOUT_S", 2.0)
    notice = "0x" + BOARD.selector("notice").hex()
    listed = lies.of_view("NoticeBoard", "noticesOf", ["uint256[]"], [1] * 1999)

    waited: list[str] = []

    def slow(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_call" and params[0]["data"].startswith(notice):
            waited.append(method)
            time.sleep(TIMEOUT_S / 2)
        return listed(ask, method, params, result)

    scene.liar.lie = slow
    verdict = await scene.ask("recalled", "liar", "regulator")
    # Questions go out a few at once, each wave waits, and what begins within the one wait is all:
    # of two thousand questions it hears no more, however slow the machine is.
    waves = 1 + math.ceil(verification_findings.STEP_TIMEOUT_S / (TIMEOUT_S / 2))
    assert 0 < len(waited) <= waves * verification_findings._AT_ONCE
    assert verdict.outcome is Outcome.RECALLED
    assert any("did not tell all" in one.text for one in verdict.warnings)


async def test_a_small_answer_does_not_become_gigabytes(scene: QuorumScene) -> None:
    scope = encode(["string"], [product_of(501)])  # offset of the product, then its text
    lots = overlapping(1000, 320_000)
    parts = (3 * WORD).to_bytes(WORD) + (5 * WORD).to_bytes(WORD) + bytes(WORD)
    fields = b"".join(one.to_bytes(WORD) for one in (1, 0, 0, 1, 1, 0, 7 * WORD))
    bomb = WORD.to_bytes(WORD) + fields + parts + scope[WORD:] + lots
    with pytest.raises(ChainUnavailableError, match="larger than these contracts allow"):
        BOARD.results("notice", bomb)
    notice = "0x" + BOARD.selector("notice").hex()

    def bulky(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        asked = method == "eth_call" and params[0]["data"].startswith(notice)
        return "0x" + bomb.hex() if asked else result

    scene.liar.lie = bulky
    verdict = await scene.ask("lot", "liar", "regulator")
    assert verdict.outcome is Outcome.RECALLED
    said = await asyncio.to_thread(ask_js, scene, "lot")
    assert said["lot"]["outcome"] == "recalled"


async def test_a_log_of_more_than_a_notice_may_hold_is_none() -> None:
    scope = (3 * WORD).to_bytes(WORD) + (5 * WORD).to_bytes(WORD) + bytes(WORD)
    scope += encode(["string"], ["gs1:950600013501"])[WORD:] + overlapping(1000, 320_000)
    head = b"".join(one.to_bytes(WORD) for one in (1, 0, 0, 5 * WORD, 5 * WORD + len(scope)))
    data = head + scope + encode(["string", "string", "string", "bytes32"], ["", "x", "", b""])
    board = b"\x04" * 20
    contracts = Contracts(b"\x01" * 20, (b"\x02" * 20,), b"\x03" * 20, board)
    topics = (BOARD.topic("NoticePublished"), (1).to_bytes(WORD), (1).to_bytes(WORD))
    with pytest.raises(LogsRefusedError):
        read_event(contracts, ChainLog(5, 0, 5, board, topics, data))


@pytest.mark.parametrize("member", ["timestamp", "number"])
async def test_a_block_from_beyond_the_calendar_is_none(scene: QuorumScene, member: str) -> None:
    scene.liar.lie = lies.of_method(
        "eth_getBlockByNumber", lambda block: {**block, member: hex(2**60)}
    )
    rpc = EvmRpc(scene.liar.url, timeout_s=TIMEOUT_S)
    try:
        with pytest.raises(ChainUnavailableError, match="no chain has yet"):
            await EvmLogReader(rpc).header()
    finally:
        await rpc.close()


@pytest.mark.parametrize("value", [[b"a" * 32, b"c" * 33], [b"a" * 32], []])
async def test_a_value_that_is_a_list_proves_nothing(value: list[Any]) -> None:
    """Only under a root that somebody made up; the verifier must live."""
    address = b"\x11" * 20
    leaf = rlp.encode([b"\x20" + keccak(address), value])
    way = rlp.encode([b"\x00", keccak(leaf)])
    nodes = ["0x" + one.hex() for one in (way, leaf)]
    answer = {"accountProof": nodes, "storageProof": []}
    with pytest.raises(ProofError):
        check_proof(answer, state_root=keccak(way), address=address, slot=bytes(WORD))
