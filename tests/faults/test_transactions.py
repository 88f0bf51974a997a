"""F5, F6, F8, F12: what the chain may do to a gateway's transactions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from anchoring.chain.signer import LegacyCall
from anchoring.chain.transactions import decode_signed
from tests.faults.auditing import accepted, audit, stored_raw
from tests.faults.conftest import NewChain
from tests.faults.documents import event, single
from tests.faults.world import Chain, Home, Template, gateway_here, signer


@pytest.fixture
def home(chain: Chain, template: Template, tmp_path: Path) -> Home:
    return template.home(chain, tmp_path / "home")


async def test_f6_a_dropped_transaction_is_sent_again_byte_for_byte(
    chain: Chain, home: Home
) -> None:
    async with gateway_here(home) as here:
        (entry,) = await here.capture(single(event(1)))
        await here.slot()
        (raw,) = stored_raw(home)
        tx_hash = "0x" + decode_signed(raw, chain.reader.registry_abi).tx_hash.hex()
        assert chain.anvil.rpc("anvil_dropTransaction", tx_hash)
        chain.mine()
        assert chain.anvil.rpc("eth_getTransactionByHash", tx_hash) is None
        await here.step()
        assert stored_raw(home) == [raw]
        chain.mine(2)
        await here.step(2)
        assert await here.state(entry) == "final"
        assert chain.anvil.rpc("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"
        assert (await audit(chain, here.stranger)).findings == []


async def test_f8_a_foreign_transaction_on_the_key_is_alarmed_and_anchors_stay_single(
    chain: Chain, home: Home
) -> None:
    async with gateway_here(home) as here:
        (entry,) = await here.capture(single(event(1)))
        await here.slot()
        (raw,) = stored_raw(home)
        tx = decode_signed(raw, chain.reader.registry_abi)
        assert chain.anvil.rpc("anvil_dropTransaction", "0x" + tx.tx_hash.hex())
        stranger, _ = signer("anchor").sign(
            LegacyCall(4242, tx.nonce, 50_000, bytes.fromhex("99" * 20), b"")
        )
        chain.anvil.rpc("eth_sendRawTransaction", "0x" + stranger.hex())
        chain.mine()
        await here.step()
        metrics = (await here.client.get("/metrics")).text
        assert 'sealtrail_alarms_total{code="foreign_transaction"} 1.0' in metrics
        assert (await here.readiness())["status"] == "ready"
        chain.mine(2)
        await here.step(2)
        assert await here.state(entry) == "final"
        await accepted(chain, (await here.client.get(f"/v1/events/{entry}/bundle")).content)
        signed = [decode_signed(one, chain.reader.registry_abi) for one in stored_raw(home)]
        assert len(signed) == 2
        assert len({one.anchors for one in signed}) == 1  # another nonce, the same root
        assert (await audit(chain, here.stranger)).findings == []


@pytest.mark.parametrize("depth", [1, 3])
async def test_f12_a_reorg_takes_no_final_event_back(
    depth: int, chain: Chain, template: Template, tmp_path: Path
) -> None:
    """I7: an event that is not deep enough steps back visibly; a final one never had to."""
    home = template.home(chain, tmp_path / "deep", chain={"confirmations": depth})
    async with gateway_here(home) as here:
        (entry,) = await here.capture(single(event(1)))
        await here.slot()
        chain.mine(depth)
        await here.step()
        anchored = await _anchor(here.client)
        assert (anchored["state"], anchored["blockNumber"] is None) == ("anchoring", False)
        raw = stored_raw(home)

        chain.reorg(depth)
        await here.step()
        back = await _anchor(here.client)
        assert (back["state"], back["blockNumber"]) == ("anchoring", None)
        assert await here.state(entry) == "anchoring"
        assert (await here.client.get(f"/v1/events/{entry}/bundle")).status_code == 409
        metrics = (await here.client.get("/metrics")).text
        assert 'sealtrail_alarms_total{code="reorg"} 1.0' in metrics

        chain.mine()
        await here.step()
        assert await here.state(entry) == "anchoring"
        chain.mine(depth)
        await here.step()
        assert await here.state(entry) == "final"
        assert stored_raw(home)[: len(raw)] == raw
        found = await _anchor(here.client)
        assert found["txHash"] == decode_signed(raw[0], chain.reader.registry_abi).tx_hash.hex()
        await accepted(chain, (await here.client.get(f"/v1/events/{entry}/bundle")).content)
        assert (await audit(chain, here.stranger)).findings == []


async def _anchor(client: httpx2.AsyncClient) -> dict[str, Any]:
    (first, *_) = (await client.get("/v1/anchors")).json()["anchors"]
    return first


@pytest.mark.parametrize("chain_id", [4242, 4243])
async def test_f5_another_chain_is_fatal_and_nothing_is_anchored_there(
    chain_id: int, new_chain: NewChain, template: Template, tmp_path: Path
) -> None:
    """The chain at the address is new and empty, or says another chain id: nothing is sent."""
    chain = await new_chain("--timestamp", "1790000000", by_hand=True)
    home = template.home(chain, tmp_path / "home")
    async with gateway_here(home) as here:
        (entry,) = await here.capture(single(event(1)))
        for _ in range(3):
            await here.step()
            chain.mine()
        assert await here.state(entry) == "final"
        bundle = (await here.client.get(f"/v1/events/{entry}/bundle")).content
        signed = stored_raw(home)

        # The same timestamp gives the very same genesis: only what stood on it tells them apart.
        chain.restart("--timestamp", "1790000000")
        chain.anvil.rpc("anvil_setChainId", chain_id)
        await here.step()
        answer = await here.client.get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "chain_identity")
        refused = await here.client.post("/epcis/events", content=single(event(2)))
        assert (refused.status_code, refused.json()["code"]) == (503, "fatal")
        assert refused.headers["Retry-After"]
        assert (await here.client.get(f"/v1/events/{entry}/bundle")).content == bundle
        await here.slot()
        await here.slot()
        assert stored_raw(home) == signed
        assert chain.transactions() == []
    async with gateway_here(home) as again:  # a restart does not forget
        assert (await again.readiness())["reason"] == "chain_identity"
        await again.slot()
        assert chain.transactions() == []
