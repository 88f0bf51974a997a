"""The public answer: what anybody learns who holds a code, and that it is no more than that."""

import json
from urllib.parse import quote

import httpx2
import pytest

from node_gateway.settings import LimitsSection
from tests.gateway.conftest import Start
from tests.gateway.running import (
    SSCC,
    Running,
    Wishes,
    commissioning,
    dispensing,
    serial,
    sgtin,
    shipping,
)

shared_loop = pytest.mark.asyncio(loop_scope="module")


async def ask(up: Running, code: str, client: httpx2.AsyncClient | None = None) -> httpx2.Response:
    asking = client or up.stranger()
    response = await asking.get(f"/v1/public/codes/{quote(code, safe='')}")
    assert response.headers.get("cache-control") == "no-store" or response.status_code != 200
    return response


def without(response: httpx2.Response, code: str) -> str:
    assert response.status_code == 200, response.text
    return response.text.replace(code, "CODE")


@shared_loop
async def test_the_maker_says_what_it_made(shared: Running) -> None:
    code = sgtin()
    await shared.entry(
        commissioning(code, readPoint={"id": "https://id.gs1.org/414/6901234000009"})
    )
    answer = (await ask(shared, code)).json()
    assert answer["issuedHere"] is True
    assert (answer["sold"], answer["sealing"]) == (False, False)
    assert answer["product"] == {
        "maker": {"participant": 1, "name": "participant 1"},
        "gtin": "06901234123456",
        "lot": "L-2026-03",
        "expiry": "2028-02-29",
        "month": "2026-03",
        "status": "issued",
    }
    (bundle,) = await shared.checked(json.dumps(answer["proofs"]).encode())
    assert bundle.code_values == {code}
    assert "readPoint" not in json.dumps(sorted(bundle.values))


@shared_loop
async def test_another_participant_says_only_that_it_sold_it(shared: Running) -> None:
    code = sgtin()
    await shared.entry(shipping(code))
    assert (await ask(shared, code)).json()["sold"] is False
    await shared.entry(dispensing(code, readPoint={"id": "https://id.gs1.org/414/6901234000009"}))
    response = await ask(shared, code)
    answer = response.json()
    assert (answer["sold"], answer["issuedHere"]) == (True, False)
    assert "product" not in answer
    for word in ("2026-03-05", "6901234000009", "4711-SECRET-PO", "shipping"):
        assert word not in response.text
    (bundle,) = await shared.checked(json.dumps(answer["proofs"]).encode())
    assert set(bundle.values) == {"sealtrail:act"}


@shared_loop
async def test_a_sale_that_was_an_error_is_no_sale(shared: Running) -> None:
    code, event_id = sgtin(), f"urn:uuid:0190a6f0-0000-7000-a000-{serial():012d}"
    sold = dispensing(code, eventID=event_id)
    declaration = {
        "declarationTime": "2026-03-06T09:00:00.000+08:00",
        "reason": "did_not_occur",
    }
    await shared.entry(sold)
    await shared.entry({**sold, "errorDeclaration": declaration})
    assert (await ask(shared, code)).json()["sold"] is False


@shared_loop
async def test_taking_one_sale_back_leaves_the_other(shared: Running) -> None:
    code = sgtin()
    ids = [f"urn:uuid:0190a6f0-0000-7000-a000-{serial():012d}" for _ in range(2)]
    first, second = (dispensing(code, eventID=event_id) for event_id in ids)
    declaration = {"declarationTime": "2026-03-06T09:00:00.000+08:00", "reason": "did_not_occur"}
    for event in (first, second, {**first, "errorDeclaration": declaration}):
        await shared.entry(event)
    assert (await ask(shared, code)).json()["sold"] is True
    await shared.entry({**second, "errorDeclaration": declaration})
    assert (await ask(shared, code)).json()["sold"] is False


@shared_loop
async def test_a_sale_tells_nothing_before_it_is_sealed(shared: Running) -> None:
    code, unknown = sgtin(), sgtin()
    entry = await shared.entry(dispensing(code), final=False)
    assert without(await ask(shared, code), code) == without(await ask(shared, unknown), unknown)
    await shared.final(entry)
    assert (await ask(shared, code)).json()["sold"] is True


@shared_loop
async def test_issued_in_error_is_withdrawn(shared: Running) -> None:
    code, event_id = sgtin(), f"urn:uuid:0190a6f0-0000-7000-a000-{serial():012d}"
    made = commissioning(code, eventID=event_id)
    declaration = {
        "declarationTime": "2026-03-06T09:00:00.000+08:00",
        "reason": "did_not_occur",
    }
    await shared.entry(made)
    await shared.entry({**made, "errorDeclaration": declaration})
    assert (await ask(shared, code)).json()["product"]["status"] == "withdrawn"


@shared_loop
async def test_unknown_and_undisclosed_look_alike(shared: Running) -> None:
    known, unknown = sgtin(), sgtin()
    await shared.entry(shipping(known))
    first, second = await ask(shared, known), await ask(shared, unknown)
    assert without(first, known) == without(second, unknown)
    names = ("x-request-id", "date")
    kept = [
        [(name, value) for name, value in one.headers.items() if name not in names]
        for one in (first, second)
    ]
    assert kept[0] == kept[1]


@shared_loop
async def test_a_logistics_unit_gets_no_answer(shared: Running) -> None:
    await shared.entry(commissioning(SSCC))
    await shared.entry(dispensing(SSCC))
    other = SSCC[:-2] + "23"
    assert without(await ask(shared, SSCC), SSCC) == without(await ask(shared, other), other)
    assert (await ask(shared, SSCC)).json()["proofs"] is None
    urn = "urn:epc:id:sscc:6901234.0000000001"
    assert (await ask(shared, urn)).json()["issuedHere"] is False


@shared_loop
async def test_a_parent_is_not_told_by_its_content(shared: Running) -> None:
    child = sgtin()
    packing = {
        **shipping(child, bizStep="packing"),
        "type": "AggregationEvent",
        "parentID": SSCC,
        "childEPCs": [child],
        "action": "ADD",
    }
    del packing["epcList"]
    await shared.entry(packing)
    assert SSCC not in (await ask(shared, child)).text


@shared_loop
async def test_before_it_is_sealed(shared: Running) -> None:
    code = sgtin()
    entry = await shared.entry(commissioning(code), final=False)
    answer = (await ask(shared, code)).json()
    assert (answer["issuedHere"], answer["sealing"], answer["proofs"]) == (True, True, None)
    await shared.final(entry)
    assert (await ask(shared, code)).json()["sealing"] is False


@shared_loop
async def test_every_spelling_gets_the_same_answer(shared: Running) -> None:
    number = serial()
    await shared.entry(commissioning(sgtin(number)))
    answers = [
        (await ask(shared, spelling)).json()
        for spelling in (
            sgtin(number),
            f"urn:epc:id:sgtin:6901234.012345.{number}",
            f"(01)06901234123456(21){number}",
            f"https://maker.example/01/06901234123456/21/{number}",
        )
    ]
    assert all(one == answers[0] for one in answers)
    assert answers[0]["code"] == sgtin(number)


@shared_loop
@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("urn:epc:id:sgtin:6901234", "identifier_form"),
        ("https://id.gs1.org/01/06901234123457/21/1", "check_digit"),
        ("urn:x-cn-drug:123", "identifier_form"),
        ("x" * 1001, "code_too_long"),
    ],
)
async def test_what_is_no_code_is_refused(shared: Running, code: str, problem: str) -> None:
    response = await ask(shared, code)
    assert (response.status_code, response.json()["code"]) == (400, problem)


async def test_look_ups_are_limited_by_address(start: Start) -> None:
    limits = LimitsSection(public_lookups="3/minute", public_lists="2/minute")
    up = await start(Wishes(limits=limits))
    client = up.stranger()
    answers = [await ask(up, sgtin(), client) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    problem = answers[-1].json()
    assert problem["code"] == "rate_limit"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
    lists = [(await client.get("/v1/anchors")).status_code for _ in range(3)]
    assert lists == [200, 200, 429]  # counted apart
    assert (await client.get("/healthz")).status_code == 200
