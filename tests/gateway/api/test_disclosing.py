"""Bundles per audience: what the policies let through, and that nothing else is in them."""

import json

import pytest

from anchoring.core import streams
from anchoring.core.codes import build_codes
from anchoring.core.verify import CheckedBundle
from tests.gateway.running import (
    SSCC,
    Running,
    commissioning,
    dispensing,
    serial,
    sgtin,
    shipping,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOT, EXPIRY = "$['ilmd']['cbvmda:lotNumber']", "$['ilmd']['cbvmda:itemExpirationDate']"
ACT, MONTH = "sealtrail:act", "sealtrail:month"


def paths(bundle: CheckedBundle) -> set[str]:
    return set(bundle.values)


async def test_the_public_sees_lot_expiry_and_month_of_what_was_commissioned(
    shared: Running,
) -> None:
    code = sgtin()
    entry = await shared.entry(commissioning(code, sgtin()))
    bundle = await shared.bundle(entry, "public", code)
    assert bundle.values == {
        ACT: "ObjectEvent ADD commissioning active 0",
        LOT: "L-2026-03",
        EXPIRY: "2028-02-29",
        MONTH: "2026-03",
    }
    assert bundle.code_values == {code}


async def test_the_public_sees_no_code_that_it_did_not_name(shared: Running) -> None:
    entry = await shared.entry(commissioning(sgtin(), sgtin()))
    assert (await shared.bundle(entry, "public")).code_values == set()


async def test_the_public_sees_of_selling_that_it_happened(shared: Running) -> None:
    code = sgtin()
    event = dispensing(code, readPoint={"id": "https://id.gs1.org/414/6901234000009"})
    bundle = await shared.bundle(await shared.entry(event), "public", code)
    assert bundle.values == {ACT: "ObjectEvent OBSERVE dispensing dispensed 0"}


@pytest.mark.parametrize("step", ["shipping", "receiving", "packing", None])
async def test_the_public_sees_nothing_else(shared: Running, step: str | None) -> None:
    event = shipping(sgtin())
    if step is None:
        del event["bizStep"]
    else:
        event["bizStep"] = step
    entry = await shared.entry(event)
    response = await shared.client.get(f"/v1/events/{entry}/bundle?audience=public")
    unknown = await shared.client.get(f"/v1/events/{'0' * 64}/bundle?audience=public")
    assert response.status_code == unknown.status_code == 404
    assert {**response.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


async def test_a_partner_sees_the_shipment_but_no_place(shared: Running) -> None:
    code = sgtin()
    entry = await shared.entry(shipping(code))
    bundle = await shared.bundle(entry, "partner")
    assert bundle.code_values == {code}
    assert "$['bizTransactionList'][0]['bizTransaction']" in paths(bundle)
    assert "$['eventTime']" in paths(bundle)
    assert not {one for one in paths(bundle) if "readPoint" in one or "eventID" in one}
    assert "sealtrail:source" not in paths(bundle)


async def test_the_owner_sees_everything(shared: Running) -> None:
    event = shipping(sgtin(), eventID=f"urn:uuid:0190a6f0-0000-7000-9000-{serial():012d}")
    bundle = await shared.bundle(await shared.entry(event))
    assert bundle.values["$['eventID']"] == event["eventID"]
    assert bundle.values["$['readPoint']['id']"] == event["readPoint"]["id"]
    assert len(bundle.values["sealtrail:source"]) == 64


@pytest.mark.parametrize("scheme", ["ni", "NI"])
async def test_an_event_id_that_is_a_hash_is_shown_only_with_all_it_covers(
    shared: Running, scheme: str
) -> None:
    event_id = f"{scheme}:///sha-256;{serial():064x}?ver=CBV2.0"
    codes = [sgtin(), sgtin()]
    entry = await shared.entry(shipping(*codes, eventID=event_id))
    whole = await shared.bundle(entry, "owner")
    assert whole.values["$['eventID']"] == event_id
    assert whole.code_values == set(codes)
    part = await shared.bundle(entry, "owner", codes[0])
    assert part.code_values == {codes[0]}
    assert paths(whole) - paths(part) == {"$['eventID']", "sealtrail:source"}
    assert paths(part) < paths(whole)


async def test_the_hash_of_another_event_is_not_shown_in_part(shared: Running) -> None:
    other = f"ni:///sha-256;{serial():064x}?ver=CBV2.0"
    declaration = {
        "declarationTime": "2026-03-03T09:00:00.000+08:00",
        "reason": "incorrect_data",
        "correctiveEventIDs": [other, "urn:uuid:0190a6f0-0000-7000-9000-00000000beef"],
    }
    entry = await shared.entry(shipping(sgtin(), errorDeclaration=declaration))
    bundle = await shared.bundle(entry, "partner")
    assert "$['errorDeclaration']['reason']" in paths(bundle)
    assert "$['errorDeclaration']['correctiveEventIDs'][1]" in paths(bundle)
    assert other not in bundle.values.values()


async def test_an_unknown_code_is_404(shared: Running) -> None:
    entry = await shared.entry(shipping(sgtin()))
    response = await shared.client.get(f"/v1/events/{entry}/bundle", params={"code": f"{sgtin()}"})
    assert (response.status_code, response.json()["code"]) == (404, "code_not_found")


async def test_any_spelling_of_a_code_will_do(shared: Running) -> None:
    number = serial()
    entry = await shared.entry(shipping(sgtin(number)))
    for spelling in (
        f"urn:epc:id:sgtin:6901234.012345.{number}",
        f"(01)06901234123456(21){number}",
    ):
        bundle = await shared.bundle(entry, "owner", spelling)
        assert bundle.code_values == {sgtin(number)}


async def test_a_large_event_proves_one_code_from_tiles(shared: Running) -> None:
    """The path that is read from a few rows is that of the tree as a whole."""
    codes = [sgtin() for _ in range(5000)]
    entry = await shared.entry(shipping(*codes))
    stored = await shared.gateway.store.event_by_entry(bytes.fromhex(entry))
    assert stored.codes_apart
    assert stored.secret is not None
    tree = build_codes({"epcList": codes}, sub_secret=streams.codes_secret(stored.secret))
    assert tree.root == stored.header.codes_root
    for code in (codes[0], codes[2500], codes[-1]):
        bundle = await shared.bundle(entry, "partner", code)
        (path,) = bundle.bundle.code_paths
        assert path.index == tree.position(("epcList", code))
        assert list(path.siblings) == tree.path(path.index)
        assert bundle.code_values == {code}
    for audience in ("owner", "partner"):
        response = await shared.client.get(f"/v1/events/{entry}/bundle?audience={audience}")
        assert (response.status_code, response.json()["code"]) == (400, "codes_not_chosen")
    assert (await shared.client.get(f"/v1/codes/{codes[4999]}")).status_code == 200
    read = await shared.read(json.loads(stored.payload or b"")["eventID"])
    assert read["epcList"] == codes


async def test_300_codes_must_be_named_too(shared: Running) -> None:
    codes = [sgtin() for _ in range(300)]
    entry = await shared.entry(shipping(*codes))
    response = await shared.client.get(f"/v1/events/{entry}/bundle")
    assert (response.status_code, response.json()["code"]) == (400, "codes_not_chosen")
    assert (await shared.bundle(entry, "owner", codes[7])).code_values == {codes[7]}


async def test_a_bundle_that_no_verifier_would_read_is_not_made(shared: Running) -> None:
    """Every value fits into its disclosure, but together they pass 8 MiB."""
    event = shipping(sgtin())
    event["bizTransactionList"] = [
        {"type": "po", "bizTransaction": f"urn:example:{n}:{'x' * 11_000}"} for n in range(600)
    ]
    entry = await shared.entry(event)
    response = await shared.client.get(f"/v1/events/{entry}/bundle")
    assert (response.status_code, response.json()["code"]) == (413, "bundle_too_large")


async def test_what_is_being_sealed_is_409_with_retry_after(shared: Running) -> None:
    response = await shared.capture(dispensing(sgtin()))
    (result,) = response.json()["events"]
    answer = await shared.client.get(f"/v1/events/{result['entry']}/bundle")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_final")
    assert answer.headers["retry-after"] == "5"
    await shared.final(result["entry"])
    assert (await shared.client.get(f"/v1/events/{result['entry']}/bundle")).status_code == 200


async def test_parents_are_shown_to_partners_only(shared: Running) -> None:
    event = {
        "type": "AggregationEvent",
        "eventTime": "2026-03-01T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "parentID": SSCC,
        "childEPCs": [sgtin(), sgtin()],
        "action": "ADD",
        "bizStep": "packing",
        "disposition": "in_progress",
    }
    entry = await shared.entry(event)
    bundle = await shared.bundle(entry, "partner")
    assert bundle.values["$['parentID']"] == SSCC
    assert (
        await shared.client.get(f"/v1/events/{entry}/bundle?audience=public")
    ).status_code == 404
