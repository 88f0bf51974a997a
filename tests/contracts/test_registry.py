"""Tips, records and roots are what plain hashlib gives, and logs rebuild the state."""

import hashlib
from typing import Any

import pytest
from web3 import Web3
from web3.exceptions import ContractCustomError

from .conftest import Network, account
from .reference import levels, path, record, tip
from .test_registry_gas import appends

STREAM = (1 << 16) + 7
PARTS = ("stream", "sequence", "root", "size", "previousTip")


def registry_bytes(network: Network) -> bytes:
    return bytes.fromhex(network.registry.address[2:])


def anchor_all(network: Network, count: int) -> list[dict]:
    call = network.registry.functions.anchorOne
    sent = [
        network.chain.send(account("first anchor"), call(*one))
        for one in appends(network, STREAM, count)
    ]
    assert all(receipt["status"] == 1 for receipt in sent)
    return sent


def test_tip_and_record_equal_plain_hashlib(network: Network) -> None:
    previous = bytes(32)
    for sequence, receipt in enumerate(anchor_all(network, 5), start=1):
        block = network.chain.w3.eth.get_block(receipt["blockNumber"])
        root = hashlib.sha256(b"batch %d" % sequence).digest()
        previous = tip(4242, registry_bytes(network), STREAM, sequence, root, 4096, previous)
        stored = network.registry.functions.records(STREAM, sequence).call()
        assert stored == record(previous, block["number"], block["timestamp"])
    assert network.registry.functions.head(STREAM).call() == [5, previous]


def test_a_record_is_proven_from_its_documented_slot(network: Network) -> None:
    anchor_all(network, 3)
    outer = Web3.keccak(STREAM.to_bytes(32, "big") + bytes(32))
    slot = Web3.keccak((2).to_bytes(32, "big") + outer)
    proof = network.chain.w3.eth.get_proof(network.registry.address, [int.from_bytes(slot, "big")])
    value = bytes(proof["storageProof"][0]["value"]).rjust(32, b"\0")
    assert value == network.registry.functions.records(STREAM, 2).call()


def test_logs_rebuild_every_record_and_head(network: Network) -> None:
    anchor_all(network, 4)
    heads: dict[int, tuple[int, bytes]] = {}
    for log in network.registry.events.Anchored().get_logs(from_block=0):
        part = log["args"]
        last, past = heads.get(part["stream"], (0, bytes(32)))
        assert (part["sequence"], part["previousTip"]) == (last + 1, past)
        made = tip(
            4242,
            bytes.fromhex(log["address"][2:]),
            part["stream"],
            part["sequence"],
            part["root"],
            part["size"],
            part["previousTip"],
        )
        assert part["tip"] == made
        assert part["signer"] == account("first anchor").address
        time = network.chain.w3.eth.get_block(log["blockNumber"])["timestamp"]
        stored = network.registry.functions.records(part["stream"], part["sequence"]).call()
        assert stored == record(made, log["blockNumber"], time)
        heads[part["stream"]] = (part["sequence"], made)
    assert heads == {STREAM: tuple(network.registry.functions.head(STREAM).call())}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 16, 21])
def test_verify_accepts_every_leaf_of_a_tree_and_nothing_else(network: Network, size: int) -> None:
    entries = [hashlib.sha256(b"entry %d" % index).digest() for index in range(size)]
    tree = levels(entries)
    anchored = (STREAM, 1, tree[-1][0], size, bytes(32))
    sent = network.chain.send(
        account("first anchor"), network.registry.functions.anchorOne(*anchored)
    )
    time = network.chain.w3.eth.get_block(sent["blockNumber"])["timestamp"]

    def verify(index: int, entry: bytes, siblings: list[bytes], block_time: int = time) -> bool:
        call = network.registry.functions.verify
        return call(anchored, sent["blockNumber"], block_time, entry, index, siblings).call()

    for index, entry in enumerate(entries):
        siblings = path(tree, index)
        assert verify(index, entry, siblings)
        assert not verify(index, entry, siblings, time + 1)
        assert not verify(index, entry, [*siblings, bytes(32)])
        assert not verify(index, tree[0][index], siblings)
        assert not verify(size, entry, siblings)
        assert not verify(2**64 - 1, entry, siblings)
        if siblings:
            assert not verify(index, entry, siblings[:-1])


MISTAKES = {
    "rewrite": {"sequence": 1},
    "replay": {"sequence": 2},
    "gap": {"sequence": 4},
    "fork": {"previousTip": hashlib.sha256(b"another past").digest()},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_rewrite_gap_replay_or_fork_reverts(network: Network, mistake: str) -> None:
    anchor_all(network, 2)
    held = [network.registry.functions.records(STREAM, sequence).call() for sequence in range(1, 6)]
    good = dict(zip(PARTS, appends(network, STREAM, 3)[2], strict=True))
    if mistake == "replay":
        good = dict(zip(PARTS, appends(network, STREAM, 2)[1], strict=True))
    bad = {**good, **MISTAKES[mistake]}
    call = network.registry.functions.anchorOne(*bad.values())
    key = account("first anchor")
    assert network.chain.send(key, call)["status"] == 0
    with pytest.raises(ContractCustomError) as caught:
        call.call({"from": key.address})
    assert caught.value.data == refusal(mistake, good, bad)
    after = [
        network.registry.functions.records(STREAM, sequence).call() for sequence in range(1, 6)
    ]
    assert after == held


def refusal(mistake: str, good: dict[str, Any], bad: dict[str, Any]) -> str:
    if mistake == "fork":
        name = "AnchorRegistryTipMismatch(uint64,bytes32,bytes32)"
        words = [STREAM, int.from_bytes(good["previousTip"]), int.from_bytes(bad["previousTip"])]
    else:
        name = "AnchorRegistryOutOfSequence(uint64,uint64,uint64)"
        words = [STREAM, 3, bad["sequence"]]
    data = b"".join(number.to_bytes(32, "big") for number in words)
    return "0x" + (Web3.keccak(text=name)[:4] + data).hex()


def test_logs_of_the_deployment_rebuild_the_consortium(network: Network) -> None:
    admitted = network.consortium.events.ParticipantAdmitted().get_logs(from_block=0)
    rebuilt = [dict(log["args"]) for log in admitted]
    assert [each["id"] for each in rebuilt] == [1, 2]
    for each in rebuilt:
        stored = network.consortium.functions.participant(each["id"]).call()
        parts = ("slug", "name", "url", "roles", "adminKey", "recoveryKey")
        slug, name, url, roles, status, admin, recovery = stored
        assert tuple(each[part] for part in parts) == (slug, name, url, roles, admin, recovery)
        assert status == 1
    added = network.consortium.events.KeyAdded().get_logs(from_block=0)
    for log in added:
        part = log["args"]
        functions = network.consortium.functions
        kept = functions.key(part["key"]).call()
        limited = bool(part["streams"])
        times = (part["validFrom"], part["validUntil"])
        assert tuple(kept) == (part["id"], part["purpose"], *times, 0, 0, limited)
        assert functions.streamsOf(part["key"]).call() == part["streams"]
    by_owner = {
        owner: [log["args"]["key"] for log in added if log["args"]["id"] == owner]
        for owner in (1, 2)
    }
    for owner, keys in by_owner.items():
        assert network.consortium.functions.keysOf(owner).call() == keys
