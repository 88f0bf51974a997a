"""Openings: everything is recomputed from them, and nobody gets one without the scope."""

import pytest

from anchoring.core.batch import decoy_entry
from anchoring.core.items import decode_base64url
from anchoring.core.opening import parse_codes_opening, parse_opening
from tests.gateway.running import Running, commissioning, sgtin

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_full_opening_gives_the_entry(shared: Running) -> None:
    entry = await shared.entry(commissioning(sgtin(), sgtin()))
    response = await shared.client.get(f"/v1/events/{entry}/opening")
    opening = parse_opening(response.content)
    assert opening.commitment().entry.hex() == entry
    assert opening.event["bizStep"] == "commissioning"


@pytest.mark.parametrize("count", [1, 3, 1500])
async def test_a_codes_opening_gives_the_codes_root(shared: Running, count: int) -> None:
    codes = [sgtin() for _ in range(count)]
    entry = await shared.entry(commissioning(*codes))
    response = await shared.client.get(f"/v1/events/{entry}/codes-opening")
    opening = parse_codes_opening(response.content)
    assert set(opening.lists["epcList"]) == set(codes)
    checked = await shared.bundle(entry, "owner", codes[0])
    assert opening.tree().root == checked.bundle.codes_root


async def test_an_opening_needs_the_scope_audit(shared: Running) -> None:
    entry = await shared.entry(commissioning(sgtin()))
    key = await shared.new_key("query", "capture", "operate")
    for kind in ("opening", "codes-opening"):
        stranger = shared.stranger(Authorization=f"Bearer {key}")
        refused = await stranger.get(f"/v1/events/{entry}/{kind}")
        assert (refused.status_code, refused.json()["code"]) == (403, "scope")


async def test_an_erased_event_has_no_opening(shared: Running) -> None:
    entry = await shared.entry(commissioning(sgtin()))
    assert (await shared.client.delete(f"/v1/events/{entry}")).status_code == 200
    for kind in ("opening", "codes-opening"):
        gone = await shared.client.get(f"/v1/events/{entry}/{kind}")
        assert (gone.status_code, gone.json()["code"]) == (410, "event_erased")
    unknown = await shared.client.get(f"/v1/events/{'0' * 64}/opening")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "event_not_found")


async def test_decoys_and_events_are_the_whole_list(shared: Running) -> None:
    entry = await shared.entry(commissioning(sgtin()))
    state = (await shared.client.get(f"/v1/events/{entry}")).json()
    place = f"/v1/streams/{state['stream']}/anchors/{state['sequence']}"
    listed = (await shared.client.get(f"{place}/entries")).json()["entries"]
    nonces = (await shared.client.get(f"{place}/decoys")).json()["decoys"]
    decoys = {decoy_entry(decode_base64url(nonce)).hex() for nonce in nonces}
    assert decoys < set(listed)
    assert entry in set(listed) - decoys
    assert (await shared.stranger().get(f"{place}/decoys")).status_code == 401
    missing = await shared.client.get(f"/v1/streams/{state['stream']}/anchors/999999/decoys")
    assert (missing.status_code, missing.json()["code"]) == (404, "anchor_not_found")
