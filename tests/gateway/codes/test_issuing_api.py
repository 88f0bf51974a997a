"""Issuing over HTTP: streams, repeats, the life of a code, refusals."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx2
import pytest

from node_gateway.codes.issuing import DIGITS, PLAIN_ALPHABET
from node_gateway.epcis.identifiers import canonical_identifier
from node_gateway.epcis.identifiers.check_digits import check_digit
from tests.gateway.running import Running, commissioning, serial

pytestmark = pytest.mark.asyncio(loop_scope="module")


def new_gtin() -> str:
    """Return a GTIN that no other test of this run uses."""
    digits = f"0690{serial():09d}"
    return digits + check_digit(digits)


def new_drug_id() -> str:
    return f"8{serial():06d}"


async def issue(up: Running, **wishes: Any) -> httpx2.Response:
    return await up.client.post("/v1/codes/issue", json=wishes)


def rows(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def issued(up: Running, count: int = 3, **wishes: Any) -> list[str]:
    wishes = wishes or {"gtin": new_gtin()}
    return [row["code"] for row in rows(await issue(up, count=count, **wishes))]


async def status(up: Running, code: str) -> dict[str, Any]:
    answer = await up.client.get(f"/v1/codes/{code}/status")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def post(up: Running, path: str, expected: int = 200, **body: Any) -> dict[str, Any]:
    answer = await up.client.post(path, json=body)
    assert answer.status_code == expected, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_serials_of_a_gtin(shared: Running) -> None:
    gtin = new_gtin()
    found = rows(await issue(shared, gtin=gtin, count=5000))
    assert len({row["code"] for row in found}) == 5000
    for row in found:
        head = f"https://id.gs1.org/01/{gtin}/21/"
        made = row["code"].removeprefix(head)
        assert set(made) <= set(PLAIN_ALPHABET)
        assert len(made) == 12
        assert row["element_string"] == f"(01){gtin}(21){made}"
        assert row["plain"] == f"01{gtin}21{made}"
        assert canonical_identifier(row["element_string"]) == row["code"]
        assert canonical_identifier(f"]d2{row['plain']}") == row["code"]


async def test_drug_codes(shared: Running) -> None:
    drug = new_drug_id()
    found = rows(await issue(shared, drug=drug, count=5000))
    assert len({row["plain"][:16] for row in found}) == 5000  # even without their checks
    for row in found:
        assert row["code"] == f"urn:x-cn-drug:{row['plain']}"
        assert row["plain"].startswith(drug)
        assert len(row["plain"]) == 20
        assert set(row["plain"]) <= set(DIGITS)


async def test_logistics_units_count(shared: Running) -> None:
    prefix = f"690{serial():06d}"
    found = rows(await issue(shared, sscc=prefix, count=3))
    assert [row["plain"][2:-1] for row in found] == [f"0{prefix}000000{n}" for n in range(3)]
    assert all(canonical_identifier(row["element_string"]) == row["code"] for row in found)


async def test_the_same_order_gives_the_same_codes(shared: Running) -> None:
    gtin = new_gtin()
    wishes = {"gtin": gtin, "count": 10_000, "line": "line 1", "order": f"po-{serial()}"}
    first = await issue(shared, **wishes)
    await issue(shared, gtin=gtin, count=7, line="line 1")
    again = await issue(shared, **wishes)
    assert first.content == again.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    address = again.headers["location"]
    assert (await shared.client.get(f"{address}/codes")).content == first.content
    rest = await shared.client.get(f"{address}/codes", params={"after": 9_990})
    assert first.content.endswith(rest.content)
    assert rest.content.count(b"\n") == 10
    empty = await shared.client.get(f"{address}/codes", params={"after": 10_000})
    assert empty.content == b""
    by_header = await shared.client.post(
        "/v1/codes/issue",
        json={one: value for one, value in wishes.items() if one != "order"},
        headers={"Idempotency-Key": str(wishes["order"])},
    )
    assert by_header.content == first.content
    other = await issue(shared, **{**wishes, "count": 9_999})
    assert (other.status_code, other.json()["code"]) == (409, "order_mismatch")


async def test_json(shared: Running) -> None:
    answer = await shared.client.post(
        "/v1/codes/issue", json={"gtin": new_gtin(), "count": 9000}, params={"format": "json"}
    )
    found = answer.json()
    assert found["order"] == answer.headers["sealtrail-order"]
    assert len(found["codes"]) == 9000
    assert set(found["codes"][0]) == {"code", "elementString", "plain"}
    address = f"{answer.headers['location']}/codes"
    rest = await shared.client.get(address, params={"format": "json", "after": 8999})
    assert rest.json()["codes"] == found["codes"][8999:]


async def test_a_code_comes_to_life_by_commissioning_only(shared: Running) -> None:
    answer = await issue(shared, gtin=new_gtin(), count=4)
    codes, order = [row["code"] for row in rows(answer)], answer.headers["location"]
    assert (await status(shared, codes[0]))["status"] == "issued_not_commissioned"
    public = (await shared.client.get(f"/v1/public/codes/{codes[0]}")).json()
    assert public["issuedHere"] is False
    await post(shared, "/v1/codes/void", code=codes[1], reason="label torn")
    wishes = {"lot": "L-1", "expiry": "2028-02-29", "location": "(414)6901234000009"}
    done = await post(shared, f"{order}/commission", **wishes)
    (event,) = done["events"]
    assert (event["count"], event["commissioned"], event["repeated"]) == (4, 3, False)
    again = (await post(shared, f"{order}/commission", **wishes))["events"][0]
    assert again == {**event, "repeated": True}
    traced = (await shared.client.get(f"/v1/codes/{codes[0]}")).json()["events"]
    assert [one["entry"] for one in traced] == [event["entry"]]
    assert (await shared.client.get(f"/v1/codes/{codes[1]}")).status_code == 404
    assert [(await status(shared, code))["status"] for code in codes] == [
        *("commissioned", "void", "commissioned", "commissioned"),
    ]
    public = (await shared.client.get(f"/v1/public/codes/{codes[0]}")).json()
    assert public["product"]["lot"] == "L-1"
    other = await shared.client.post(f"{order}/commission", json={**wishes, "lot": "L-2"})
    assert (other.status_code, other.json()["code"]) == (409, "codes_commissioned")
    detail = (await shared.client.get(order)).json()
    assert detail["withdrawn"] == 1
    assert detail["commissioned"] == [{"first": 0, "count": 4, "entry": event["entry"]}]


async def test_a_code_that_others_commission_is_commissioned(shared: Running) -> None:
    (code,) = await issued(shared, 1)
    await shared.entry(commissioning(code), final=False)
    assert (await status(shared, code))["status"] == "commissioned"
