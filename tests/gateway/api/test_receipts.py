"""Receipts: a promise that anybody can hold against the gateway, and that it keeps."""

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from anchoring.chain.receipts import receipt_signer
from anchoring.core.receipt import entries_digest, parse_receipt
from node_gateway.services.access import key_hash
from tests.gateway.running import Running, commissioning, dispensing, sgtin, shipping

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def receipt_of(up: Running, entry: str) -> bytes:
    response = await up.client.get(f"/v1/events/{entry}/receipt")
    assert response.status_code == 200, response.text
    return response.content


async def test_it_is_signed_by_the_participants_sign_key(shared: Running) -> None:
    """As our own code recovers the signer, and as eth-account does from the typed data."""
    receipt = parse_receipt(await receipt_of(shared, await shared.entry(shipping(sgtin()))))
    sign_key = shared.deployed.sign.address
    assert receipt_signer(receipt) == sign_key
    typed = encode_typed_data(
        {
            "name": "Sealtrail",
            "version": "1",
            "chainId": shared.deployed.chain_id,
            "verifyingContract": "0x" + shared.deployed.registry.hex(),
        },
        {
            "Receipt": [
                {"name": "participant", "type": "uint32"},
                {"name": "stream", "type": "uint64"},
                {"name": "entries", "type": "bytes32"},
                {"name": "receivedAt", "type": "uint64"},
                {"name": "anchorBy", "type": "uint64"},
            ]
        },
        {
            "participant": 1,
            "stream": receipt.stream,
            "entries": entries_digest(receipt.entries),
            "receivedAt": receipt.received_at,
            "anchorBy": receipt.anchor_by,
        },
    )
    recovered = Account.recover_message(typed, signature=receipt.signature)
    assert bytes.fromhex(recovered[2:]) == sign_key


async def test_it_promises_what_the_stream_is_configured_for(shared: Running) -> None:
    before = int(shared.gateway.clock())
    for event, stream in (
        (shipping(sgtin()), shared.gateway.streams.ordinary),
        (dispensing(sgtin()), shared.gateway.streams.dispensing),
    ):
        receipt = parse_receipt(await receipt_of(shared, await shared.entry(event, final=False)))
        assert receipt.stream == stream.number
        assert before <= receipt.received_at <= shared.gateway.clock()
        assert receipt.anchor_by == receipt.received_at + stream.promise_s


async def test_it_is_kept(shared: Running) -> None:
    entry = await shared.entry(commissioning(sgtin()))
    receipt = parse_receipt(await receipt_of(shared, entry))
    bundle = await shared.bundle(entry)
    assert bundle.bundle.anchored_at.block_time <= receipt.anchor_by
    assert bytes.fromhex(entry) in receipt.entries
    anchor = bundle.bundle.anchor
    path = f"/v1/streams/{anchor.stream}/anchors/{anchor.sequence}/entries"
    assert entry in (await shared.stranger().get(path)).json()["entries"]


async def test_one_covers_all_new_events_of_a_capture(shared: Running) -> None:
    known = commissioning(sgtin())
    old = await shared.entry(known, final=False)
    report = (await shared.capture(known, shipping(sgtin()), shipping(sgtin()))).json()
    fresh = sorted(one["entry"] for one in report["events"] if one["result"] == "stored")
    answer = (await shared.client.get(report["receipts"])).json()["receipts"]
    assert sorted(len(one["entries"]) for one in answer) == [1, 2]  # the duplicate's, and the new
    assert fresh in [one["entries"] for one in answer]
    assert [old] in [one["entries"] for one in answer]


async def test_what_was_refused_has_none(shared: Running) -> None:
    unknown = key_hash("nothing").hex()
    response = await shared.client.get(f"/v1/events/{unknown}/receipt")
    assert (response.status_code, response.json()["code"]) == (404, "receipt_not_found")
