"""A registry is stopped; the gateway goes on in its successor when its operator says so."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.evm import EvmChain
from anchoring.chain.governance import NameSuccessor
from anchoring.chain.network import Contract, Network
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.core.verify import check_bundles
from anchoring.errors import ChainError, ChainIdentityError, ChainUnavailableError
from anchoring.succession import Ended, Succession
from anchoring.verification import Outcome, Witness, verify_against_chain
from node_gateway.errors import SettingsError
from node_gateway.services.adopting import adopt_chain
from node_gateway.services.succeeding import succeed
from node_gateway.storage.engine import open_store
from node_gateway.streams import Streams
from tests.anvil import Anvil
from tests.consortium import Net, Person, found
from tests.gateway.running import (
    Deployed,
    Running,
    Wishes,
    commissioning,
    deploy_for_one,
    running_gateway,
    sgtin,
)

ORDINARY = 1 << 16
STREAMS = (ORDINARY, ORDINARY + 1)  # full or empty, every slot anchors
WISHES = Wishes()


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    """A chain of its own: a vote moves the clock."""
    with Anvil() as chain:
        yield chain


def send_as(anvil: Anvil, sender: bytes, to: bytes, data: bytes) -> None:
    """Send a transaction of a contract: what a vote would make it do."""
    address = "0x" + sender.hex()
    anvil.rpc("anvil_impersonateAccount", address)
    call = {"from": address, "to": "0x" + to.hex(), "data": "0x" + data.hex(), "gasPrice": "0x0"}
    tx_hash = anvil.rpc("eth_sendTransaction", {**call, "gas": hex(1_000_000)})
    anvil.rpc("anvil_stopImpersonatingAccount", address)
    assert mined(anvil, tx_hash)["status"] == "0x1"


def mined(anvil: Anvil, tx_hash: str) -> dict[str, Any]:
    """Return a tx receipt; Anvil may answer before it has mined."""
    for _ in range(500):
        receipt: dict[str, Any] | None = anvil.rpc("eth_getTransactionReceipt", tx_hash)
        if receipt is not None:
            return receipt
        time.sleep(0.01)
    raise AssertionError("nothing was mined")


def registry_after(anvil: Anvil, network: Network, predecessor: bytes) -> bytes:
    """Deploy an AnchorRegistry that continues another one; return its address."""
    artifact = load("AnchorRegistry")
    arguments = ContractAbi(artifact.abi).constructor_data(network.consortium, predecessor)
    payer = "0x" + Signer.from_key(b"\x07" * 32).address.hex()
    anvil.rpc("anvil_impersonateAccount", payer)
    code = "0x" + (artifact.bytecode + arguments).hex()
    call = {"from": payer, "data": code, "gasPrice": "0x0", "gas": hex(6_000_000)}
    tx_hash = anvil.rpc("eth_sendTransaction", call)
    return bytes.fromhex(mined(anvil, tx_hash)["contractAddress"][2:])


def name_successor(anvil: Anvil, network: Network, old: bytes, new: bytes) -> None:
    call = ContractAbi(load("AnchorRegistry").abi).call_data("nameSuccessor", new)
    send_as(anvil, network.consortium, old, call)


async def vote_for(net: Net, old: bytes, new: bytes) -> None:
    """What really happens: two thirds approve, the delay passes, anybody executes."""
    propose = net.calls.propose(NameSuccessor(old, new))
    made = (await net.call(1, propose)).fields("ProposalMade")
    await net.call(2, net.calls.approve(made["id"], bytes(made["digest"])))
    await net.pass_time(2)
    done = await net.call(3, net.calls.execute(made["id"]))
    assert [log.name for log in done.logs if log.name.startswith("Proposal")][-1] == (
        "ProposalExecuted"
    )


def following(network: Network, new: bytes, *, code_hash: bytes | None = None) -> Network:
    """The network file that the operator agreed on after the vote."""
    pinned = Contract(new, code_hash or network.registries[0].code_hash)
    return replace(network, registries=(pinned, *network.registries))


def but_immutables(anvil: Anvil, address: bytes) -> bytes:
    """Return the hash of the code at an address: immutables make it another one each time."""
    from eth_utils.crypto import keccak

    return keccak(hexstr=anvil.rpc("eth_getCode", "0x" + address.hex(), "latest"))


@asynccontextmanager
async def writing(deployed: Deployed, anvil: Anvil) -> AsyncIterator[EvmChain]:
    rpc = EvmRpc(anvil.url)
    registry = deployed.network.registries[0].address
    try:
        yield EvmChain(rpc, deployed.anchor, chain_id=deployed.chain_id, registry=registry)
    finally:
        await rpc.close()


async def go_on(
    folder: Path, deployed: Deployed, anvil: Anvil, *, confirmations: int = 0
) -> tuple[Succession, int]:
    """What `sealtrail chain succeed` does."""
    store = await open_store(f"sqlite:///{folder / 'gateway.db'}", on_step=lambda _: None)
    try:
        async with writing(deployed, anvil) as chain:
            return await succeed(
                store,
                chain.writing_to,
                deployed.network,
                await store.streams(),
                confirmations=confirmations,
                clock=lambda: 0,
            )
    finally:
        await store.close()


async def verified(up: Running, entry: str) -> bool:
    """Whether a verifier with the operator's network file takes an event's bundle."""
    answer = await up.client.get(f"/v1/events/{entry}/bundle?audience=owner")
    (checked,) = check_bundles(answer.content)
    rpc = EvmRpc(up.anvil.url)
    try:
        from anchoring.chain.evm_reader import EvmReader

        witness = Witness("local", None, "local", EvmReader(rpc))
        verdict = await verify_against_chain(checked, up.deployed.network, [witness], quorum=1)
    finally:
        await rpc.close()
    return verdict.outcome is Outcome.VERIFIED


async def ends(up: Running) -> dict[int, int]:
    """Return the last sequence of each stream in the registry that the gateway writes to."""
    chain = up.gateway.anchorer._chain
    at = (await chain.head()).block_hash
    return {one: (await chain.stream_head(one, at=at)).sequence for one in STREAMS}


async def batched(up: Running) -> dict[int, int]:
    """Return the last sequence of each stream in the database."""
    last = {one: await up.gateway.store.last_batched(one) for one in STREAMS}
    return {one: anchor.sequence if anchor else 0 for one, anchor in last.items()}


async def waiting_batches(up: Running, count: int) -> list[str]:
    """Capture and batch while nothing can be anchored; return the entries."""
    entries = []
    for _ in range(count):
        entries.append(await up.entry(commissioning(sgtin()), final=False))
        for stream in up.gateway.streams.all:
            await up.gateway.batcher.batch_now(stream)
    return entries


async def test_a_gateway_goes_on_in_the_successor(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    people = [Person("maker", prefixes=("gs1:6901234",)), Person("other"), Person("third")]
    net, folder = await found(anvil, people, delay_s=1), tmp_path / "gateway"
    deployed = Deployed(net.network, net.member(1).anchor, net.member(1).sign)
    old = deployed.registry
    new = registry_after(anvil, deployed.network, old)
    async with running_gateway(anvil, template, folder, WISHES, deployed=deployed) as up:
        before = await up.entry(commissioning(sgtin()))
        await vote_for(net, old, new)
        waiting = await waiting_batches(up, 3)
        body = await up.state("read_only")
        assert body["reason"] == "registry_stopped"
        refused = await up.capture(commissioning(sgtin()))
        assert refused.status_code == 503
        ended = await ends(up)
        made = await batched(up)
    followed = following(deployed.network, new, code_hash=but_immutables(anvil, new))
    later = replace(deployed, network=followed)
    with pytest.raises(SettingsError) as error:
        async with running_gateway(anvil, template, folder, WISHES, deployed=later):
            pass
    assert "chain succeed" in str(error.value.hint)
    succession, moved = await go_on(folder, later, anvil)
    assert moved == sum(made.values()) - sum(ended.values()) >= 3 * len(STREAMS)
    assert succession == Succession(new, (Ended(old, ended),))
    assert await go_on(folder, later, anvil) == (succession, 0)  # again: nothing more
    async with running_gateway(anvil, template, folder, WISHES, deployed=later) as up:
        after = await up.entry(commissioning(sgtin()), final=False)
        await up.final(*waiting, after)
        anchors = (await up.client.get("/v1/anchors")).json()["anchors"]
        assert [one["sequence"] for one in anchors] == list(range(1, len(anchors) + 1))
        assert all([await verified(up, one) for one in (before, *waiting, after)])
        assert (await ends(up))[ORDINARY] == len(anchors) > made[ORDINARY]
    async with running_gateway(anvil, template, folder, WISHES, deployed=later) as up:
        assert (await up.client.get("/readyz")).json()["status"] == "ready"  # a restart


async def test_a_stranger_s_registry_is_not_followed(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    deployed, folder = await deploy_for_one(anvil), tmp_path / "gateway"
    old = deployed.registry
    new = registry_after(anvil, deployed.network, old)
    code_hash = but_immutables(anvil, new)
    async with running_gateway(anvil, template, folder, WISHES, deployed=deployed) as up:
        await up.entry(commissioning(sgtin()))
    unnamed = replace(deployed, network=following(deployed.network, new, code_hash=code_hash))
    with pytest.raises(ChainIdentityError, match="is none"):
        await go_on(folder, unnamed, anvil)
    name_successor(anvil, deployed.network, old, new)
    other = replace(deployed, network=following(deployed.network, new, code_hash=b"\x01" * 32))
    with pytest.raises(ChainIdentityError, match="other code"):
        await go_on(folder, other, anvil)
    stranger = registry_after(anvil, deployed.network, old)
    hash_of = but_immutables(anvil, stranger)
    wrong = replace(deployed, network=following(deployed.network, stranger, code_hash=hash_of))
    with pytest.raises(ChainIdentityError, match="successor of"):
        await go_on(folder, wrong, anvil)
    unlisted = replace(
        deployed, network=replace(deployed.network, registries=(Contract(new, code_hash),))
    )
    with pytest.raises(ChainIdentityError, match="does not list"):
        await go_on(folder, unlisted, anvil)
    with pytest.raises(ChainUnavailableError, match="younger"):
        await go_on(folder, unnamed, anvil, confirmations=10**6)


async def test_a_stop_without_a_database_that_knows_all_is_refused(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    """A copy of the database that lacks an anchor must be mended first, by `db adopt-chain`."""
    deployed, folder = await deploy_for_one(anvil), tmp_path / "gateway"
    old = deployed.registry
    async with running_gateway(anvil, template, folder, WISHES, deployed=deployed) as up:
        await up.entry(commissioning(sgtin()))
    copy = (folder / "gateway.db").read_bytes()
    async with running_gateway(anvil, template, folder, WISHES, deployed=deployed) as up:
        await up.entry(commissioning(sgtin()))
    for suffix in ("-wal", "-shm"):
        (folder / f"gateway.db{suffix}").unlink(missing_ok=True)
    (folder / "gateway.db").write_bytes(copy)
    new = registry_after(anvil, deployed.network, old)
    name_successor(anvil, deployed.network, old, new)
    followed = following(deployed.network, new, code_hash=but_immutables(anvil, new))
    with pytest.raises(ChainError) as error:
        await go_on(folder, replace(deployed, network=followed), anvil)
    assert error.value.code == "restored"


async def test_an_old_copy_from_before_the_stop_adopts_both_registries(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    deployed, folder = await deploy_for_one(anvil), tmp_path / "gateway"
    old = deployed.registry
    async with running_gateway(anvil, template, folder, WISHES, deployed=deployed) as up:
        first = await up.entry(commissioning(sgtin()))
    copy = (folder / "gateway.db").read_bytes()
    async with running_gateway(anvil, template, folder, WISHES, deployed=deployed) as up:
        await up.entry(commissioning(sgtin()))
    new = registry_after(anvil, deployed.network, old)
    name_successor(anvil, deployed.network, old, new)
    followed = following(deployed.network, new, code_hash=but_immutables(anvil, new))
    later = replace(deployed, network=followed)
    await go_on(folder, later, anvil)
    async with running_gateway(anvil, template, folder, WISHES, deployed=later) as up:
        await up.entry(commissioning(sgtin()))
        heads = await ends(up)
    for suffix in ("-wal", "-shm"):
        (folder / f"gateway.db{suffix}").unlink(missing_ok=True)
    (folder / "gateway.db").write_bytes(copy)
    store = await open_store(f"sqlite:///{folder / 'gateway.db'}", on_step=lambda _: None)
    streams = Streams.from_settings(1, WISHES.batching).all
    try:
        async with writing(deployed, anvil) as chain:
            await adopt_chain(
                store,
                chain.writing_to(new),
                streams,
                network=followed,
                confirmations=0,
                now_s=int(time.time()),
            )
    finally:
        await store.close()
    async with running_gateway(anvil, template, folder, WISHES, deployed=later) as up:
        again = await up.entry(commissioning(sgtin()))
        assert (await ends(up))[ORDINARY] > heads[ORDINARY]
        assert all([await verified(up, one) for one in (first, again)])


def test_a_succession_is_kept_as_text() -> None:
    succession = Succession(b"\x02" * 20, (Ended(b"\x01" * 20, {ORDINARY: 7, ORDINARY + 1: 0}),))
    assert Succession.from_json(succession.to_json()) == succession
    assert succession.registry_of(ORDINARY, 7) == b"\x01" * 20
    assert succession.registry_of(ORDINARY, 8) == b"\x02" * 20
    assert succession.registry_of(ORDINARY + 1, 1) == b"\x02" * 20
    assert succession.registry_of(ORDINARY + 2, 1) == b"\x02" * 20
