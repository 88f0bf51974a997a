"""Drug codes: three refusals from one decision, the platform's letter, the level of the pack."""

from typing import Any

import pytest

from node_gateway.codes.china.bills import read_bills
from node_gateway.codes.china.drug_code import unpacked_code
from tests.gateway.codes.china.making import BOX, CASE, PACK, code, relation, rows
from tests.gateway.running import Running, sgtin
from tests.gateway.running import commissioning as made_of
from tests.gateway.running import serial as number

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def asked(up: Running, name: str, what: str) -> dict[str, Any]:
    answer = await up.client.get(f"/v1/codes/{name}/{what}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def imported(up: Running) -> int:
    """Import one case of 2 boxes and 6 packs and return its number."""
    first = number() * 100
    raw = relation(rows(1, first=first), batchNo=f"R{first}")
    assert (await up.client.post("/v1/imports", content=raw)).status_code == 202
    await up.gateway.intake.settle()
    return first


def other_check(name: str) -> str:
    return name[:16] + ("0000" if name[16:] != "0000" else "0001")


async def test_codes_of_others(shared: Running) -> None:
    first = await imported(shared)
    pack = code(PACK, first * 6)
    for name, status, letter in (
        (pack, "commissioned", "A"),
        (other_check(pack), "check_wrong", "E"),
        (code(PACK, number()), "never_issued", "E"),
    ):
        found = await asked(shared, name, "status")
        assert (found["status"], found["packLevel"]) == (status, 1)
        assert found["platformState"]["letter"] == letter


async def test_codes_of_ours(shared: Running) -> None:
    drug = f"8{number():06d}"
    order = {"drug": drug, "count": 1, "order": f"O-{drug}"}
    (_, line) = (await shared.client.post("/v1/codes/issue", json=order)).text.splitlines()
    name = line.rpartition(",")[2]
    assert (await asked(shared, name, "status"))["status"] == "issued_not_commissioned"
    assert (await asked(shared, other_check(name), "status"))["status"] == "check_wrong"
    assert (await asked(shared, name, "status"))["packLevel"] is None
    levels = [{"gtins": ["06901234123456"]}, {"drugIds": [drug], "contains": 10}]
    kept = await shared.client.put(f"/v1/products/{drug}", json={"id": drug, "levels": levels})
    assert kept.status_code in (200, 201), kept.text
    assert (await asked(shared, name, "status"))["packLevel"] == 2


async def test_the_letter_follows_the_case(shared: Running) -> None:
    first = await imported(shared)
    case, box, pack = code(CASE, first), code(BOX, first * 2), code(PACK, first * 6)

    async def letters() -> list[tuple[str, int]]:
        states = [await asked(shared, one, "state") for one in (case, box, pack)]
        return [(one["platformState"]["letter"], one["packLevel"]) for one in states]

    assert await letters() == [("A", 3), ("A", 2), ("A", 1)]
    for operation, body, letter in (
        ("ship", {"to": "9521321000018"}, "O"),
        ("receive", {}, "I"),
        ("destroy", {"reason": "broken"}, "C"),
    ):
        wanted = {"codes": [case], **body}
        answer = await shared.client.post(f"/v1/operations/{operation}", json=wanted)
        assert answer.status_code == 201, answer.text
        assert await letters() == [(letter, 3), (letter, 2), (letter, 1)]
    text = (await asked(shared, pack, "state"))["platformState"]["text"]
    assert text == {"en": "cancelled", "zh": "已注销"}


async def test_other_codes_have_neither(shared: Running) -> None:
    name = sgtin()
    await shared.entry(made_of(name), final=False)
    for what in ("state", "status"):
        found = await asked(shared, name, what)
        assert (found["platformState"], found["packLevel"]) == (None, None)


async def exported(up: Running, bill: str) -> list[tuple[int, str, list[str]]]:
    answer = await up.client.get(f"/v1/exports/bills/{bill}")
    if answer.status_code == 404:
        assert answer.json()["code"] == "bill_not_found"
        return []
    found = read_bills([answer.content]).bills
    return [(one.type.number, one.to_corp, [unpacked_code(x) for x in one.codes]) for one in found]


async def test_a_bill_of_what_was_operated(shared: Running) -> None:
    first, bill = await imported(shared), f"DN-{number()}"
    case = code(CASE, first)
    body = {"codes": [case], "to": "9521321000018", "document": bill}
    assert (await shared.client.post("/v1/operations/ship", json=body)).status_code == 201
    buyer = "https://id.gs1.org/417/9521321000018"
    assert await exported(shared, bill) == [(201, buyer, [case])]
    undone = await shared.client.post("/v1/operations/ship/undo", json={"code": case})
    assert undone.status_code == 201, undone.text
    assert await exported(shared, bill) == []
    typed = {**body, "document": f"{bill}-2", "documentType": "urn:x-cn-bill-type:203"}
    assert (await shared.client.post("/v1/operations/ship", json=typed)).status_code == 201
    assert await exported(shared, f"{bill}-2") == [(203, buyer, [case])]
