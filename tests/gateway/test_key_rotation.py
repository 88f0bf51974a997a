"""A running gateway whose keys change: anchoring goes on, and what was anchored stays provable."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governor import Governor, PreparedCall
from anchoring.chain.receipts import receipt_signer
from anchoring.chain.remote_signer import RemoteSigner
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.core.anchor import Anchor
from anchoring.core.receipt import parse_receipt
from anchoring.errors import ContractRefusedError
from anchoring.verification import ChainVerdict, Outcome, Witness, verify_against_chain
from node_gateway.services.own_keys import PURPOSES, KeyCalls
from tests.anchoring.chain.signing_server import SigningServer
from tests.anvil import Anvil
from tests.consortium import Net, Person, found
from tests.gateway.running import (
    Deployed,
    Running,
    Wishes,
    commissioning,
    running_gateway,
    sgtin,
)

NEXT = Signer.from_key(b"\x71" * 32)
WISHES = Wishes(poll_s=0.2)


@pytest.fixture
async def net(anvil: Anvil) -> Net:
    return await found(anvil, [Person("maker", prefixes=("gs1:6901234",))])


class Home:
    """One participant's gateway, which may be started again with other keys."""

    def __init__(self, net: Net, template: Path, folder: Path) -> None:
        self.net, self._template, self._folder = net, template, folder
        self.anchor, self.sign = net.member(1).anchor, net.member(1).sign

    def run(self) -> AbstractAsyncContextManager[Running]:
        deployed = Deployed(self.net.network, self.anchor, self.sign)
        return running_gateway(
            self.net.anvil, self._template, self._folder, WISHES, deployed=deployed
        )

    async def change(self, make: Callable[[KeyCalls], PreparedCall]) -> int:
        """Change the keys on the chain with the admin key; return the time of the block."""
        rpc = EvmRpc(self.net.anvil.url)
        try:
            governor = Governor(rpc, self.net.member(1).admin, self.net.network.chain_id)
            calls = KeyCalls(EvmReader(rpc), self.net.network, 1)
            return (await governor.call(make(calls))).block_time
        finally:
            await rpc.close()

    async def verdict(self, up: Running, entry: str) -> ChainVerdict:
        """Verify an event's bundle as anybody would, against the chain."""
        checked = await up.bundle(entry)
        rpc = EvmRpc(self.net.anvil.url)
        try:
            witness = Witness("other", None, "other", EvmReader(rpc))
            return await verify_against_chain(checked, self.net.network, [witness], quorum=1)
        finally:
            await rpc.close()


@pytest.fixture
def home(net: Net, template: Path, tmp_path: Path) -> Home:
    return Home(net, template, tmp_path / "gateway")


def codes(verdict: ChainVerdict) -> list[str]:
    return [warning.code for warning in verdict.warnings if warning.code.startswith("key_")]


async def test_anchoring_goes_on_with_a_new_key_after_a_restart(home: Home) -> None:
    async with home.run() as up:
        first = await up.entry(commissioning(sgtin()))
        await home.change(lambda calls: calls.add(NEXT.address, PURPOSES["anchor"]))
        await home.net.pass_time(10)  # a revocation holds from the second of its block on
        await home.change(lambda calls: calls.revoke(home.anchor.address))
        second = await up.entry(commissioning(sgtin()), final=False)
        for stream in up.gateway.streams.all:
            await up.gateway.batcher.batch_now(stream)
        body = await up.state("key_refused")  # degraded: captures are taken, roots wait
        assert body["status"] == "ready"
        assert (await up.client.get(f"/v1/events/{second}")).json()["state"] != "final"
    home.anchor = NEXT
    async with home.run() as up:
        await up.final(second)
        before, after = await home.verdict(up, first), await home.verdict(up, second)
        assert (before.outcome, after.outcome) == (Outcome.VERIFIED, Outcome.VERIFIED)
        assert (codes(before), codes(after)) == (["key_revoked"], [])
        third = await up.entry(commissioning(sgtin()))
        assert codes(await home.verdict(up, third)) == []


async def test_what_a_compromised_key_anchored_is_told_apart_by_the_time(home: Home) -> None:
    async with home.run() as up:
        before = await up.entry(commissioning(sgtin()))
        await home.net.pass_time(100)
        since = await home.net.time()
        await home.net.pass_time(100)
        stolen = await up.entry(commissioning(sgtin()))
        await home.change(lambda calls: calls.revoke(home.anchor.address, since))
        old, new = await home.verdict(up, before), await home.verdict(up, stolen)
        assert (old.outcome, codes(old)) == (Outcome.VERIFIED, ["key_revoked"])
        assert codes(new) == ["key_compromised"]
        # The registry takes nothing more from it.
        chain = up.gateway.anchorer._chain
        stream = up.gateway.streams.all[0].number
        head = await chain.head()
        tip = await chain.stream_head(stream, at=head.block_hash)
        forged = Anchor(stream, tip.sequence + 1, b"\x66" * 32, 16, tip.tip)
        with pytest.raises(ContractRefusedError, match="AnchorRegistryUnauthorized"):
            await chain.preflight([forged])
    home.anchor = NEXT
    await home.change(lambda calls: calls.add(NEXT.address, PURPOSES["anchor"]))
    async with home.run() as up:
        late = await up.entry(commissioning(sgtin()))
        assert codes(await home.verdict(up, late)) == []
        assert codes(await home.verdict(up, before)) == ["key_revoked"]


async def test_a_new_sign_key_signs_receipts_after_a_restart(home: Home) -> None:
    async with home.run() as up:
        first = (await up.capture(commissioning(sgtin()))).json()["events"][0]
        await home.change(lambda calls: calls.add(NEXT.address, PURPOSES["sign"]))
    old, home.sign = home.sign, NEXT
    async with home.run() as up:
        second = (await up.capture(commissioning(sgtin()))).json()["events"][0]
        answers = [
            await up.client.get(f"/v1/events/{one['entry']}/receipt") for one in (first, second)
        ]
        signers = [receipt_signer(parse_receipt(answer.content)) for answer in answers]
        assert signers == [old.address, NEXT.address]


async def test_a_gateway_takes_captures_while_its_remote_signer_is_away(home: Home) -> None:
    with SigningServer(home.anchor._key.secret, random=True) as server:
        remote = RemoteSigner(server.url, home.anchor.address, timeout_s=1)
        home.anchor = remote  # type: ignore[assignment]
        async with home.run() as up:
            first = await up.entry(commissioning(sgtin()))
            server.answer = lambda _: (503, b"")
            second = await up.entry(commissioning(sgtin()), final=False)
            for stream in up.gateway.streams.all:
                await up.gateway.batcher.batch_now(stream)
            assert (await up.state("signer_unavailable"))["status"] == "ready"
            third = await up.entry(commissioning(sgtin()), final=False)
            server.answer = lambda result: (200, b'{"result": {"raw": "%s"}}' % result.encode())
            await up.final(second, third)
            assert (await up.state("ready")).get("degraded") is None
            server.change = lambda fields: fields | {"to": "0x" + "66" * 20}
            await up.entry(commissioning(sgtin()), final=False)
            for stream in up.gateway.streams.all:
                await up.gateway.batcher.batch_now(stream)
            assert (await up.state("signer_mismatch"))["status"] == "ready"
            metrics = (await up.client.get("/metrics")).text
            assert 'sealtrail_alarms_total{code="signer_mismatch"}' in metrics
            assert codes(await home.verdict(up, first)) == []
