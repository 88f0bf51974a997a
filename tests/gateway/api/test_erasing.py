"""Erasing: nobody can disclose the event any more, and what was anchored still stands."""

import json

import pytest

from anchoring.core.commit import event_entry
from tests.gateway.running import Running, commissioning, sgtin, shipping

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_erased_event_opens_as_erased(shared: Running) -> None:
    code = sgtin()
    entry = await shared.entry(commissioning(code, eventID="urn:uuid:planted-erased-event"))
    before = (await shared.client.get(f"/v1/events/{entry}")).json()
    receipt = (await shared.client.get(f"/v1/events/{entry}/receipt")).json()
    secret = (await shared.gateway.store.event_by_entry(bytes.fromhex(entry))).secret
    assert secret
    answer = await shared.client.delete(f"/v1/events/{entry}")
    assert (answer.status_code, answer.json()["erased"]) == (200, True)
    after = (await shared.client.get(f"/v1/events/{entry}")).json()
    assert after == {**before, "erased": True, "eventHash": None}
    recomputed = event_entry(
        participant=after["participant"],
        fields_size=after["fieldsSize"],
        fields_root=bytes.fromhex(after["fieldsRoot"]),
        codes_root=bytes.fromhex(after["codesRoot"]),
    )
    assert recomputed.hex() == entry
    assert (await shared.client.get(f"/v1/events/{entry}/receipt")).json() == receipt
    for audience in ("owner", "partner", "public"):
        bundle = await shared.client.get(f"/v1/events/{entry}/bundle?audience={audience}")
        assert (bundle.status_code, bundle.json()["code"]) == (410, "event_erased")
    read = await shared.client.get("/epcis/events/urn:uuid:planted-erased-event")
    assert (read.status_code, read.json()["code"]) == (404, "event_not_found")


async def test_nothing_of_it_stays_in_the_files(shared: Running) -> None:
    planted = "PLANTED-LOT-7c1f"
    event = commissioning("https://id.gs1.org/01/06901234123456/21/PLANTED-SERIAL-9a")
    event["ilmd"]["cbvmda:lotNumber"] = planted
    entry = await shared.entry(event)
    stored = await shared.gateway.store.event_by_entry(bytes.fromhex(entry))
    answer = await shared.client.delete(f"/v1/events/{entry}")
    assert answer.json()["logCleared"] is True
    for file in shared.folder.glob("gateway.db*"):
        raw = file.read_bytes()
        assert stored.secret not in raw, file.name
        assert planted.encode() not in raw, file.name
        assert b"PLANTED-SERIAL-9a" not in raw, file.name


async def test_it_is_gone_from_answers_about_its_code(shared: Running) -> None:
    code = sgtin()
    entry = await shared.entry(commissioning(code))
    await shared.client.delete(f"/v1/events/{entry}")
    public = (await shared.stranger().get(f"/v1/public/codes/{code}")).json()
    assert (public["issuedHere"], public["proofs"]) == (False, None)
    trace = await shared.client.get(f"/v1/codes/{code}")
    assert trace.status_code == 404 or trace.json()["events"][0]["erased"] is True


async def test_erasing_twice_and_erasing_nothing(shared: Running) -> None:
    entry = await shared.entry(shipping(sgtin()), final=False)
    for _ in range(2):
        assert (await shared.client.delete(f"/v1/events/{entry}")).status_code == 200
    await shared.final(entry)  # its entry is anchored nevertheless: the promise stands
    unknown = await shared.client.delete(f"/v1/events/{'0' * 64}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "event_not_found")


async def test_a_large_event_too(shared: Running) -> None:
    codes = [sgtin() for _ in range(1500)]
    entry = await shared.entry(shipping(*codes))
    await shared.client.delete(f"/v1/events/{entry}")
    bundle = await shared.client.get(f"/v1/events/{entry}/bundle", params={"code": codes[3]})
    assert bundle.status_code == 410
    stored = await shared.gateway.store.event_by_entry(bytes.fromhex(entry))
    assert (stored.payload, stored.secret, stored.derived) == (None, None, None)
    job = json.dumps((await shared.client.get("/v1/status")).json())
    assert codes[3] not in job
