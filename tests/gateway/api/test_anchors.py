"""What anybody may read of anchors: everything that tells nothing, and nothing else."""

import pytest

from anchoring.core.anchor import stream_id
from anchoring.core.batch import Batch
from tests.gateway.running import Running, commissioning, sgtin

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEMBERS = {
    "stream",
    "sequence",
    "root",
    "size",
    "previousTip",
    "state",
    "blockNumber",
    "blockTime",
    "txHash",
}
ORDINARY = stream_id(1, 0)


async def test_anchors_are_public_and_tell_no_number_of_events(shared: Running) -> None:
    await shared.entry(commissioning(sgtin(), sgtin()))
    client = shared.stranger()
    answer = (await client.get("/v1/anchors")).json()
    assert (answer["stream"], answer["streams"]) == (ORDINARY, [ORDINARY, ORDINARY + 1])
    assert len(answer["anchors"]) >= 2  # with events and without
    for one in answer["anchors"]:
        assert set(one) == MEMBERS
        assert one["size"] == 16
    sequences = [one["sequence"] for one in answer["anchors"]]
    assert sequences == list(range(1, len(sequences) + 1))


async def test_they_form_a_chain_of_tips(shared: Running) -> None:
    for _ in range(2):
        await shared.entry(commissioning(sgtin()))
    listed = (await shared.stranger().get("/v1/anchors")).json()["anchors"]
    tip = bytes(32)
    for one in listed:
        assert one["previousTip"] == tip.hex()
        stored = await shared.gateway.store.anchor(one["stream"], one["sequence"])
        assert stored is not None
        tip = stored.anchor.tip(
            chain_id=shared.deployed.chain_id, registry=shared.deployed.registry
        )


async def test_the_list_of_entries_gives_the_root(shared: Running) -> None:
    entry = await shared.entry(commissioning(sgtin()))
    sequence = (await shared.client.get(f"/v1/events/{entry}")).json()["sequence"]
    response = await shared.stranger().get(f"/v1/streams/{ORDINARY}/anchors/{sequence}/entries")
    body = response.json()
    assert "immutable" in response.headers["cache-control"]
    entries = [bytes.fromhex(one) for one in body["entries"]]
    assert entry in body["entries"]
    assert entries == sorted(set(entries))
    listed = await shared.stranger().get(f"/v1/anchors?after={sequence - 1}&perPage=1")
    (anchor,) = listed.json()["anchors"]
    batch = Batch.build(entries)
    assert (batch.root.hex(), batch.size) == (anchor["root"], anchor["size"])


async def test_pages_lead_to_each_other(shared: Running) -> None:
    for _ in range(3):
        await shared.entry(commissioning(sgtin()))
    client, seen, url = shared.stranger(), [], "/v1/anchors?perPage=2"
    while url:
        response = await client.get(url)
        seen += [one["sequence"] for one in response.json()["anchors"]]
        link = response.headers.get("link", "")
        url = link[1 : link.index(">")] if link else ""
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) >= 4


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/streams/{ORDINARY}/anchors/999999/entries", 404, "anchor_not_found"),
        ("/v1/streams/1/anchors/1/entries", 404, "anchor_not_found"),
        (f"/v1/streams/{ORDINARY}/anchors/0/entries", 400, "parameter"),
        (f"/v1/streams/{ORDINARY}/anchors/x/entries", 400, "parameter"),
        (f"/v1/streams/{ORDINARY}/anchors/{2**70}/entries", 400, "parameter"),
        ("/v1/anchors?perPage=1001", 400, "parameter"),
        ("/v1/anchors?perPage=0", 400, "parameter"),
        ("/v1/anchors?after=-1", 400, "parameter"),
        (f"/v1/anchors?stream={2**64}", 400, "parameter"),
    ],
)
async def test_what_is_not_there(shared: Running, path: str, status: int, code: str) -> None:
    response = await shared.stranger().get(path)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_a_foreign_stream_is_empty(shared: Running) -> None:
    assert (await shared.stranger().get("/v1/anchors?stream=42")).json()["anchors"] == []
