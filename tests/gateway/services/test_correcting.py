"""Corrections: both versions provable, the wrong one marked wherever it is shown."""

from typing import Any

import pytest

from tests.gateway.running import Running, commissioning, dispensing, document, sgtin, shipping

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def correct(up: Running, entry: str, **body: Any) -> Any:
    return await up.client.post(f"/v1/events/{entry}/correction", json=body)


async def public(up: Running, code: str) -> dict[str, Any]:
    answer = await up.stranger().get(f"/v1/public/codes/{code}")
    assert answer.status_code == 200
    return dict(answer.json())


async def shown(up: Running, entry: str) -> dict[str, Any]:
    return dict((await up.client.get(f"/v1/events/{entry}")).json())


def other_lot(code: str, lot: str = "L-RIGHT") -> dict[str, Any]:
    return commissioning(
        code, ilmd={"cbvmda:lotNumber": lot, "cbvmda:itemExpirationDate": "2028-02-29"}
    )


async def test_a_replaced_event_is_marked_everywhere_and_both_versions_are_provable(
    shared: Running,
) -> None:
    code = sgtin()
    wrong = await shared.entry(commissioning(code))
    made = await correct(shared, wrong, reason="incorrect_data", event=other_lot(code))
    assert made.status_code == 201, made.text
    report = made.json()
    assert report["status"] == "replaced"
    await shared.final(report["declaration"], report["corrective"])

    state = await shown(shared, wrong)
    assert state["correction"]["status"] == "replaced"
    assert state["correction"]["declaration"] == report["declaration"]
    assert (await shown(shared, report["corrective"]))["correction"] is None

    answer = await public(shared, code)
    assert answer["product"]["lot"] == "L-RIGHT"
    assert answer["product"]["status"] == "issued"
    marked = [one for one in answer["corrections"] if one["entry"] == wrong]
    assert marked == [{"entry": wrong, "status": "replaced", "declaration": report["declaration"]}]

    steps = (await shared.client.get(f"/v1/codes/{code}")).json()["events"]
    by_entry = {one["entry"]: one for one in steps}
    assert by_entry[wrong]["correction"]["declaration"] == report["declaration"]
    assert "correction" not in by_entry[report["corrective"]]

    for entry in (wrong, report["declaration"], report["corrective"]):
        await shared.bundle(entry)  # checked against the chain
    raw = (await shared.client.get(f"/v1/events/{wrong}/bundle")).json()
    assert raw["hints"]["correction"] == {"status": "replaced", "by": report["declaration"]}
    raw = (await shared.client.get(f"/v1/events/{report['corrective']}/bundle")).json()
    assert "hints" not in raw


async def test_the_corrective_event_says_what_it_corrects(shared: Running) -> None:
    code = sgtin()
    wrong = await shared.entry(commissioning(code), final=False)
    report = (await correct(shared, wrong, reason="incorrect_data", event=other_lot(code))).json()
    await shared.gateway.follower.catch_up()
    assert (await shown(shared, report["corrective"]))["corrects"] == [wrong]
    assert (await shown(shared, wrong))["corrects"] == []


async def test_a_void_without_replacement_is_said_as_such(shared: Running) -> None:
    code = sgtin()
    wrong = await shared.entry(commissioning(code))
    report = (await correct(shared, wrong, reason="did_not_occur")).json()
    assert report["corrective"] is None
    await shared.final(report["declaration"])
    state = await shown(shared, wrong)
    assert state["correction"]["status"] == "voided"
    assert state["correction"]["reason"] == "did_not_occur"
    answer = await public(shared, code)
    assert answer["product"]["status"] == "withdrawn"
    assert [one["status"] for one in answer["corrections"]] == ["voided"]


async def test_a_sale_that_was_taken_back_is_no_sale(shared: Running) -> None:
    code = sgtin()
    await shared.entry(commissioning(code))
    sale = await shared.entry(dispensing(code))
    assert (await public(shared, code))["sold"]
    report = (await correct(shared, sale, reason="did_not_occur")).json()
    await shared.final(report["declaration"])
    answer = await public(shared, code)
    assert not answer["sold"]
    assert answer["product"]["status"] == "issued"


async def test_the_same_correction_again_stores_nothing_and_another_one_is_refused(
    shared: Running,
) -> None:
    code = sgtin()
    wrong = await shared.entry(commissioning(code), final=False)
    first = await correct(shared, wrong, reason="incorrect_data", event=other_lot(code))
    again = await correct(shared, wrong, reason="incorrect_data", event=other_lot(code))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = await correct(shared, wrong, reason="incorrect_data", event=other_lot(code, "L-3"))
    assert other.status_code == 409
    assert other.json()["code"] == "already_corrected"


async def test_a_correction_by_the_standard_interface_is_marked_as_well(shared: Running) -> None:
    code = sgtin()
    event = shipping(code, eventID=f"urn:uuid:9cd25600-0000-4000-8000-{code[-4:].zfill(12)}")
    wrong = await shared.entry(event, final=False)
    said = {"declarationTime": "2026-03-05T00:00:00.000Z", "reason": "did_not_occur"}
    await shared.entry({**event, "errorDeclaration": said}, final=False)
    assert (await shown(shared, wrong))["correction"]["status"] == "voided"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reason": "did_not_occur", "event": other_lot(sgtin())}, "reason_contradicts"),
        ({"reason": "because"}, "parameter"),
        ({}, "parameter"),
        ({"reason": "incorrect_data", "event": {"type": "ObjectEvent"}}, "document_refused"),
        ({"reason": "incorrect_data", "event": []}, "parameter"),
        ({"reason": "incorrect_data", "more": 1}, "parameter"),
    ],
)
async def test_a_correction_that_cannot_be_is_refused_and_nothing_is_stored(
    shared: Running, body: dict[str, Any], code: str
) -> None:
    wrong = await shared.entry(commissioning(sgtin()), final=False)
    count = (await shared.gateway.store.status()).event_count
    answer = await correct(shared, wrong, **body)
    assert 400 <= answer.status_code < 500
    problem = answer.json()
    codes = {problem["code"], *(one["code"] for one in problem.get("errors", ()))}
    assert any(one.startswith(code) for one in codes), problem
    assert (await shared.gateway.store.status()).event_count == count
    assert (await shown(shared, wrong))["correction"] is None


async def test_a_declaration_cannot_be_corrected_nor_can_what_is_unknown(shared: Running) -> None:
    wrong = await shared.entry(commissioning(sgtin()), final=False)
    report = (await correct(shared, wrong, reason="did_not_occur")).json()
    answer = await correct(shared, report["declaration"], reason="did_not_occur")
    assert (answer.status_code, answer.json()["code"]) == (400, "not_correctable")
    answer = await correct(shared, "00" * 32, reason="did_not_occur")
    assert answer.status_code == 404


async def test_a_corrective_event_under_the_same_identity_is_a_conflict(shared: Running) -> None:
    code = sgtin()
    event_id = f"urn:uuid:9cd25601-0000-4000-8000-{code[-4:].zfill(12)}"
    wrong = await shared.entry(commissioning(code, eventID=event_id), final=False)
    right = {**other_lot(code), "eventID": event_id}
    answer = await correct(shared, wrong, reason="incorrect_data", event=right)
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["pointer"] == "/event/eventID"


async def test_a_document_with_one_event_corrects_as_the_event_does(shared: Running) -> None:
    code = sgtin()
    wrong = await shared.entry(commissioning(code), final=False)
    right = other_lot(code)
    several = document(right, shipping(code))
    answer = await correct(shared, wrong, reason="incorrect_data", event=several)
    assert (answer.status_code, answer.json()["code"]) == (400, "document_refused")
    answer = await correct(shared, wrong, reason="incorrect_data", event=document(right))
    assert answer.status_code == 201, answer.text
    again = await correct(shared, wrong, reason="incorrect_data", event=document(right))
    assert (again.status_code, again.json()) == (200, answer.json())
