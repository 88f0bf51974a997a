"""Grants: who may read which events, from when until when, and what of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.anvil import Anvil
from tests.gateway.partners.granting import (
    GTIN,
    MONTH,
    PEOPLE,
    TOWN,
    code_of,
    entries,
    fetched,
    give,
    grant,
    later,
    made,
    revoke,
)
from tests.gateway.running import commissioning, document, sgtin, shipping
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("grants")
    async with town(anvil, template, folder, PEOPLE, wishes=TOWN) as made_town:
        yield made_town


async def test_a_lot_is_read_with_its_shipments_and_nothing_else(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    before = await made(maker, "LOT-A")
    other = await made(maker, "LOT-B")
    scope = {"lots": [{"product": GTIN, "lot": "LOT-A"}]}
    given = await give(maker, scope=scope)
    after = await made(maker, "LOT-A")

    found = await entries(auditor, "maker", given)

    assert found == [before.commissioned, before.shipped, after.commissioned, after.shipped]
    assert other.shipped not in found


async def test_a_code_and_a_product_are_scopes_of_their_own(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one, two = await made(maker, "LOT-C"), await made(maker, "LOT-C")
    of_code = await give(maker, scope={"codes": [one.codes[0]]})
    of_product = await give(maker, scope={"products": [GTIN], "steps": ["shipping"]})

    assert await entries(auditor, "maker", of_code) == [one.commissioned, one.shipped]
    shipped = await entries(auditor, "maker", of_product)
    assert {one.shipped, two.shipped} <= set(shipped)
    assert not {one.commissioned, two.commissioned} & set(shipped)


async def test_times_of_events_and_of_capture_limit_what_is_read(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    early = await maker.entry(shipping(sgtin(), eventTime="2020-01-01T09:00:00.000+08:00"))
    late = await maker.entry(shipping(sgtin(), eventTime="2020-02-01T09:00:00.000+08:00"))
    january = {
        "eventFrom": "2020-01-01T00:00:00+08:00",
        "eventBefore": "2020-02-01T00:00:00+08:00",
    }
    of_time = await give(maker, scope=january)
    await asyncio.sleep(1.1)  # times of capture are whole seconds
    of_capture = await give(maker, scope={"capturedFrom": later(0)})
    new = await maker.entry(shipping(sgtin(), eventTime="2020-01-02T09:00:00.000+08:00"))

    assert await entries(auditor, "maker", of_time) == [early, new]
    assert await entries(auditor, "maker", of_capture) == [new]
    assert late not in await entries(auditor, "maker", of_time)


async def test_items_beyond_the_grant_are_not_in_the_bundle(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-D")
    other = await made(maker, "LOT-E")
    mixed = await maker.entry(shipping(one.codes[0], other.codes[0]))
    given = await give(maker, scope={"lots": [{"product": GTIN, "lot": "LOT-D"}]})

    answer = await fetched(auditor, "maker", given, mixed)

    assert answer.status_code == 200, answer.text
    (shown,) = await maker.checked(answer.content)
    assert shown.entry.hex() == mixed
    assert set(shown.values) == {MONTH, "sealtrail:act"}
    assert shown.code_values == {one.codes[0]}
    assert b"SECRET-PO" not in answer.content
    asked = await fetched(auditor, "maker", given, mixed, "bundle", other.codes[0])
    unknown = await fetched(auditor, "maker", given, mixed, "bundle", sgtin())
    assert code_of(asked) == code_of(unknown) == "code_not_found"


async def test_a_preset_shows_what_its_audience_is_shown(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-F")
    given = await give(
        maker, items={"preset": "public", "codes": False}, scope={"codes": [one.codes[0]]}
    )

    (made_public,) = await maker.checked(
        (await fetched(auditor, "maker", given, one.commissioned)).content
    )
    (shipped,) = await maker.checked((await fetched(auditor, "maker", given, one.shipped)).content)

    assert made_public.values["$['ilmd']['cbvmda:lotNumber']"] == "LOT-F"
    assert not made_public.codes
    assert set(shipped.values) == {"sealtrail:act"}


async def test_grants_do_not_add_up_beyond_their_union(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one, two = await made(maker, "LOT-G"), await made(maker, "LOT-H")
    month = await give(maker, scope={"codes": [one.codes[0]]})
    time_only = await give(
        maker,
        items={"paths": ["$['eventTime']"], "codes": False},
        scope={"codes": [two.codes[0]]},
    )

    assert (await fetched(auditor, "maker", month, two.shipped)).status_code == 404
    assert (await fetched(auditor, "maker", time_only, one.shipped)).status_code == 404
    first = await fetched(auditor, "maker", month, one.shipped)
    (shown,) = await maker.checked(first.content)
    assert "$['eventTime']" not in shown.values


async def test_nobody_else_reads_and_unknown_looks_like_not_granted(here: Town) -> None:
    maker, insurer = here["maker"], here["insurer"]
    one = await made(maker, "LOT-I")
    given = await give(maker, scope={"codes": [one.codes[0]]})

    theirs = await fetched(insurer, "maker", given, one.shipped)
    nobodys = await fetched(insurer, "maker", "0" * 16, one.shipped)

    assert theirs.status_code == nobodys.status_code == 404
    strip = {"request_id"}
    assert {k: v for k, v in theirs.json().items() if k not in strip} == {
        k: v for k, v in nobodys.json().items() if k not in strip
    }
    unknown = await fetched(here["auditor"], "maker", given, "00" * 32)
    beyond = await fetched(here["auditor"], "maker", given, (await made(maker, "X")).shipped)
    assert unknown.json()["detail"] == beyond.json()["detail"]
    listed = await insurer.client.get("/v1/granted/maker")
    assert listed.json()["grants"] == []


async def test_revocation_is_effective_at_once_and_a_listing_stops(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    packs = [await made(maker, "LOT-J", final=False) for _ in range(3)]
    await maker.final(*(one.shipped for one in packs))
    given = await give(maker, scope={"lots": [{"product": GTIN, "lot": "LOT-J"}]})
    path = f"/v1/granted/maker/{given}/events"
    first = (await auditor.client.get(path)).json()
    assert first["next"] is not None
    assert (await fetched(auditor, "maker", given, packs[0].shipped)).status_code == 200

    await revoke(maker, given)
    rest = await auditor.client.get(path, params={"after": first["next"]})
    bundle = await fetched(auditor, "maker", given, packs[0].shipped)

    assert code_of(rest) == code_of(bundle) == "grant_not_found"
    shown = (await maker.client.get(f"/v1/grants/{given}")).json()
    assert shown["state"] == "revoked"


async def test_a_grant_holds_from_its_beginning_until_its_end(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-K")
    scope = {"codes": [one.codes[0]]}
    pending = await give(maker, scope=scope, **{"from": later(1800)})
    for holds_s in (3, 9, 27):  # a busy machine asks later than a quiet one
        ends = time.time() + holds_s
        short = await give(maker, scope=scope, until=later(holds_s))
        answer = await fetched(auditor, "maker", short, one.shipped)
        if answer.status_code == 200:
            break
    assert answer.status_code == 200
    assert code_of(await fetched(auditor, "maker", pending, one.shipped)) == "grant_not_found"
    await asyncio.sleep(max(0.0, ends - time.time()) + 0.1)
    assert code_of(await fetched(auditor, "maker", short, one.shipped)) == "grant_not_found"
    states = {
        one["id"]: one["state"] for one in (await maker.client.get("/v1/grants")).json()["grants"]
    }
    assert (states[short], states[pending]) == ("expired", "pending")


async def test_openings_are_handed_out_only_if_the_grant_says_so(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one, other = await made(maker, "LOT-L"), await made(maker, "LOT-M")
    mixed = await maker.entry(shipping(one.codes[0], other.codes[0]))
    scope = {"lots": [{"product": GTIN, "lot": "LOT-L"}]}
    closed = await give(maker, scope=scope)
    codes = await give(maker, scope=scope, items={"opening": "codes"})
    full = await give(maker, scope=scope, items={"opening": "full"})

    for kind in ("opening", "codes-opening"):
        refused = await fetched(auditor, "maker", closed, one.shipped, kind)
        assert code_of(refused) == "event_not_found"
    assert code_of(await fetched(auditor, "maker", codes, one.shipped, "opening")) == (
        "event_not_found"
    )
    opened = await fetched(auditor, "maker", codes, one.shipped, "codes-opening")
    assert sorted(opened.json()["lists"]["epcList"]) == sorted(one.codes)
    whole = await fetched(auditor, "maker", full, one.shipped, "opening")
    assert whole.json()["event"]["bizStep"] == "shipping"
    beyond = await fetched(auditor, "maker", full, mixed, "opening")
    assert code_of(beyond) == "opening_beyond_scope"


async def test_an_opening_shows_no_quantity_of_other_lots(here: Town) -> None:
    """A shipment of a lot, stated by code, beside so many of another lot, stated by quantity."""
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-Q")
    entries_of = {}
    for lot_name in ("LOT-Q", "LOT-R"):
        counted = {"epcClass": f"https://id.gs1.org/01/{GTIN}/10/{lot_name}", "quantity": 70}
        event = shipping(one.codes[0], quantityList=[counted])
        entries_of[lot_name] = await maker.entry(event)
    scope = {"lots": [{"product": GTIN, "lot": "LOT-Q"}]}
    full = await give(maker, scope=scope, items={"opening": "full"})

    whole = await fetched(auditor, "maker", full, entries_of["LOT-Q"], "opening")
    assert whole.json()["event"]["quantityList"][0]["quantity"] == 70
    beyond = await fetched(auditor, "maker", full, entries_of["LOT-R"], "opening")
    assert code_of(beyond) == "opening_beyond_scope"
    codes = await fetched(auditor, "maker", full, entries_of["LOT-R"], "codes-opening")
    assert codes.json()["lists"] == {"epcList": [one.codes[0]]}


async def test_who_may_open_is_asked_by_others_and_logged(here: Town) -> None:
    maker = here["maker"]
    one = await made(maker, "LOT-N")
    grants = maker.gateway.partners.grants
    auditor, entry = here.member("auditor").id, bytes.fromhex(one.shipped)

    assert not await grants.may_open(auditor, entry)
    given = await give(maker, scope={"codes": one.codes}, items={"opening": "full"})
    assert await grants.may_open(auditor, entry)
    assert not await grants.may_open(here.member("insurer").id, entry)
    await revoke(maker, given)
    assert not await grants.may_open(auditor, entry)
    seen = (await maker.client.get(f"/v1/events/{one.shipped}/visibility")).json()
    assert [read["kind"] for read in seen["reads"]["latest"]] == ["challenge"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scope": {}}, "grant_scope"),
        ({"scope": {"all": True, "steps": ["shipping"]}}, "grant_scope"),
        ({"items": {"codes": False}}, "grant_items"),
        ({"items": {"paths": ["$['epcList'][*]"]}}, "grant_items"),
        ({"until": "2020-01-01T00:00:00+08:00"}, "until_form"),
        ({"until": "2099-01-01T00:00:00+08:00"}, "until_form"),
        ({"until": "tomorrow"}, "time_form"),
        ({"purpose": "x" * 501}, "purpose_form"),
        ({"to": "nobody"}, "participant_not_found"),
        ({"to": "maker"}, "participant_not_found"),
        ({"scope": {"products": ["gs1:6901234"]}}, "product_form"),
        ({"scope": {"lots": [{"product": GTIN, "lot": "a b"}]}}, "lot_form"),
    ],
)
async def test_a_grant_that_cannot_be_is_refused(
    here: Town, changes: dict[str, object], code: str
) -> None:
    answer = await here["maker"].client.post("/v1/grants", json=grant(**changes))

    assert answer.status_code in (400, 404)
    assert code_of(answer) == code


async def test_an_erased_event_is_under_no_grant(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-O")
    given = await give(maker, scope={"lots": [{"product": GTIN, "lot": "LOT-O"}]})
    assert len(await entries(auditor, "maker", given)) == 2

    answer = await maker.client.delete(f"/v1/events/{one.shipped}")

    assert answer.status_code == 200, answer.text
    assert await entries(auditor, "maker", given) == [one.commissioned]
    assert code_of(await fetched(auditor, "maker", given, one.shipped)) == "event_not_found"


async def test_who_can_see_an_event_is_answered_in_one_place(here: Town) -> None:
    maker, auditor = here["maker"], here["auditor"]
    one = await made(maker, "LOT-P")
    given = await give(maker, scope={"codes": [one.codes[0]]})
    await fetched(auditor, "maker", given, one.shipped)

    shipped = (await maker.client.get(f"/v1/events/{one.shipped}/visibility")).json()
    commissioned = (await maker.client.get(f"/v1/events/{one.commissioned}/visibility")).json()

    assert not shipped["public"]["sees"]
    assert commissioned["public"]["paths"] == [
        "$['ilmd']['cbvmda:itemExpirationDate']",
        "$['ilmd']['cbvmda:lotNumber']",
        MONTH,
    ]
    (seen,) = [view for view in shipped["grants"] if view["id"] == given]
    assert (seen["slug"], seen["state"], seen["paths"]) == ("auditor", "active", [MONTH])
    assert shipped["reads"]["count"] == 1
    assert shipped["reads"]["latest"][0]["slug"] == "auditor"
    assert "$['readPoint']['id']" in shipped["private"]
    assert MONTH not in shipped["private"]
    unknown = await maker.client.get(f"/v1/events/{'00' * 32}/visibility")
    assert code_of(unknown) == "event_not_found"


async def test_a_preset_of_the_event_goes_before_every_policy(here: Town) -> None:
    maker = here["maker"]
    context = {"st": "urn:x-sealtrail:"}
    code = sgtin()
    private = {"@context": context, **commissioning(code), "st:preset": "private"}
    entry = await maker.entry(private)

    seen = (await maker.client.get(f"/v1/events/{entry}/visibility")).json()
    public = (await maker.client.get(f"/v1/public/codes/{code}")).json()
    partner = await maker.client.get(f"/v1/events/{entry}/bundle", params={"audience": "partner"})
    owner = await maker.client.get(f"/v1/events/{entry}/bundle", params={"audience": "owner"})

    assert (seen["preset"], seen["presetFrom"]) == ("private", "event")
    assert not seen["public"]["sees"]
    assert not seen["partners"]["sees"]
    assert public["issuedHere"] is False
    assert public["proofs"] is None
    assert (partner.status_code, owner.status_code) == (404, 200)


async def test_a_draft_shows_who_will_see_it(here: Town) -> None:
    maker = here["maker"]
    draft = document(commissioning(sgtin()), shipping(sgtin()))

    answer = await maker.client.post("/v1/visibility", json=draft)

    made_view, shipped_view = answer.json()["events"]
    assert made_view["public"]["sees"]
    assert not shipped_view["public"]["sees"]
    assert shipped_view["partners"]["sees"]
