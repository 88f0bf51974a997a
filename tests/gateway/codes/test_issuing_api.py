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


async def commissioned(up: Running, count: int = 3) -> list[str]:
    answer = await issue(up, gtin=new_gtin(), count=count)
    await post(up, f"{answer.headers['location']}/commission", lot="L-1", expiry="2028-02-29")
    return [row["code"] for row in rows(answer)]


async def test_the_three_refusals(shared: Running) -> None:
    drug = new_drug_id()
    (code,) = await issued(shared, 1, drug=drug)
    digits = code[-20:]
    checks = f"{(int(digits[-4:]) + 1) % 10_000:04d}"
    other = f"{(int(digits[7:16]) + 1) % 10**9:09d}"
    for text, expected in (
        (digits, "issued_not_commissioned"),
        (digits[:16] + checks, "check_wrong"),
        (drug + other + digits[-4:], "never_issued"),
    ):
        found = await status(shared, f"urn:x-cn-drug:{text}")
        assert (found["status"], found["productKnown"]) == (expected, True)
    elsewhere = await status(shared, f"urn:x-cn-drug:{new_drug_id()}{digits[7:]}")
    assert (elsewhere["status"], elsewhere["productKnown"]) == ("never_issued", False)
    public = [
        (await shared.client.get(f"/v1/public/codes/urn:x-cn-drug:{text}")).json()
        for text in (digits, digits[:16] + checks, drug + other + digits[-4:])
    ]
    assert len({str({**one, "code": ""}) for one in public}) == 1  # to the public all look alike


async def test_the_last_four_of_a_code_that_others_issued(shared: Running) -> None:
    stem = f"urn:x-cn-drug:{new_drug_id()}123456789"
    assert (await status(shared, f"{stem}1111"))["status"] == "never_issued"
    await shared.entry(commissioning(f"{stem}1111"), final=False)
    assert (await status(shared, f"{stem}1111"))["status"] == "commissioned"
    assert (await status(shared, f"{stem}1112"))["status"] == "check_wrong"
    assert (await status(shared, f"{stem[:-1]}01111"))["status"] == "never_issued"


async def test_a_commissioned_code_is_voided_by_an_event(shared: Running) -> None:
    code, *_ = await commissioned(shared)
    tried = await shared.client.post(
        "/v1/codes/void", json={"code": code, "reason": "broken"}, params={"dryRun": "true"}
    )
    assert (tried.json()["dryRun"], tried.json()["entry"]) == (True, None)
    assert (await status(shared, code))["status"] == "commissioned"
    done = await post(shared, "/v1/codes/void", code=code, reason="broken")
    assert done["entry"]
    again = await post(shared, "/v1/codes/void", code=code, reason="broken")
    assert again == {**done, "repeated": True}
    (_, step) = (await shared.client.get(f"/v1/codes/{code}")).json()["events"]
    assert (step["entry"], step["bizStep"], step["action"]) == (
        done["entry"],
        "decommissioning",
        "DELETE",
    )
    answer = await shared.client.get(f"/epcis/events/{step['eventID']}")
    assert '"urn:x-sealtrail:reason":"broken"' in answer.text
    found = await status(shared, code)
    assert (found["status"], found["declared"]["reason"]) == ("void", "broken")
    assert found["declared"]["entry"] == done["entry"]
    await shared.final(done["entry"])
    shown = await shared.bundle(done["entry"], "owner", code)
    assert "broken" in shown.values.values()


async def test_a_commissioned_code_is_replaced_by_an_event(shared: Running) -> None:
    (old, *_), (new, other) = await commissioned(shared), await issued(shared, 2)
    done = await post(shared, "/v1/codes/replace", code=old, replacement=new, reason="label torn")
    for code in (old, new):
        steps = (await shared.client.get(f"/v1/codes/{code}")).json()["events"]
        assert steps[-1]["entry"] == done["entry"]
        assert steps[-1]["type"] == "TransformationEvent"
    was, now = await status(shared, old), await status(shared, new)
    assert (was["status"], was["declared"]["replacement"]) == ("replaced", new)
    assert (now["status"], now["replaces"]) == ("commissioned", [old])
    await shared.final(done["entry"])
    public = (await shared.client.get(f"/v1/public/codes/{new}")).json()
    assert (public["product"]["lot"], public["product"]["status"]) == ("L-1", "issued")
    public = (await shared.client.get(f"/v1/public/codes/{old}")).json()
    assert public["product"]["status"] == "withdrawn"
    assert new not in str(public)  # the link is the owner's to tell
    once_more = await shared.client.post(
        "/v1/codes/replace", json={"code": old, "replacement": other, "reason": "label torn"}
    )
    assert (once_more.status_code, once_more.json()["code"]) == (409, "code_withdrawn")


async def test_the_order_of_a_replacement_is_commissioned_without_it(shared: Running) -> None:
    (old, *_) = await commissioned(shared)
    answer = await issue(shared, gtin=new_gtin(), count=3)
    new = [row["code"] for row in rows(answer)]
    await post(shared, "/v1/codes/replace", code=old, replacement=new[1], reason="torn")
    path = f"{answer.headers['location']}/commission"
    (event,) = (await post(shared, path, lot="L-2", expiry="2028-02-29"))["events"]
    assert event["commissioned"] == 2
    assert len((await shared.client.get(f"/v1/codes/{new[1]}")).json()["events"]) == 1


async def refused(up: Running, path: str, **body: Any) -> tuple[int, str]:
    answer = await up.client.post(path, json=body)
    problem = answer.json()
    assert problem.get("detail")
    return answer.status_code, problem["code"]


async def test_what_cannot_be_withdrawn_or_taken(shared: Running) -> None:
    (old, busy, spare), (free, taken) = await commissioned(shared), await issued(shared, 2)
    why = {"reason": "torn"}
    never = old[:-1] + ("2" if old[-1] != "2" else "3")
    replace, void = "/v1/codes/replace", "/v1/codes/void"
    assert await refused(shared, void, code=never, **why) == (404, "code_not_issued")
    assert await refused(shared, void, code=old, reason=" ") == (400, "reason_form")
    assert await refused(shared, void, code=old, reason="x" * 501) == (400, "reason_form")
    assert await refused(shared, void, code=old) == (400, "parameter")
    for replacement in (busy, never):
        answer = await refused(shared, replace, code=old, replacement=replacement, **why)
        assert answer == (409, "replacement")
    assert await refused(shared, replace, code=old, replacement=old, **why) == (400, "replacement")
    await post(shared, replace, code=old, replacement=taken, **why)
    answer = await refused(shared, replace, code=spare, replacement=taken, **why)
    assert answer == (409, "replacement")
    assert (await status(shared, spare))["status"] == "commissioned"
    await post(shared, void, code=free, **why)
    assert await refused(shared, void, code=free, reason="other") == (409, "code_withdrawn")
    answer = await refused(shared, replace, code=spare, replacement=free, **why)
    assert answer == (409, "replacement")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"gtin": "06901234123457", "count": 1}, (400, "check_digit")),
        ({"gtin": "069012341234", "count": 1}, (400, "check_digit")),
        ({"gtin": "6901234", "count": 1}, (400, "gtin_form")),
        ({"gtin": "０６９０１２３４", "count": 1}, (400, "gtin_form")),
        ({"drug": "812345", "count": 1}, (400, "drug_id_form")),
        ({"drug": "7123456", "count": 1}, (400, "drug_id_form")),
        ({"sscc": "1234567890123", "count": 1}, (400, "company_prefix_form")),
        ({"count": 1}, (400, "what_to_issue")),
        ({"gtin": "06901234123456", "drug": "8123456", "count": 1}, (400, "what_to_issue")),
        ({"gtin": "06901234123456", "count": 0}, (400, "parameter")),
        ({"gtin": "06901234123456", "count": 10**9}, (400, "order_count")),
        ({"gtin": "06901234123456", "count": "many"}, (400, "parameter")),
        ({"gtin": "06901234123456", "count": 1, "order": "../x"}, (400, "order_id")),
        ({"gtin": "06901234123456", "count": 1, "line": "a\nb"}, (400, "line_form")),
        ({"gtin": "06901234123456", "count": 1, "colour": "red"}, (400, "parameter")),
        ({"drug": "8123456", "count": 9_999_999, "line": "x" * 101}, (400, "line_form")),
    ],
)
async def test_orders_that_are_refused(
    shared: Running, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    before = (await shared.client.get("/v1/codes/orders", params={"perPage": 1000})).json()
    assert await refused(shared, "/v1/codes/issue", **body) == expected
    after = (await shared.client.get("/v1/codes/orders", params={"perPage": 1000})).json()
    assert before == after


async def test_a_wrong_check_digit_comes_with_the_right_one(shared: Running) -> None:
    answer = await issue(shared, gtin="06901234123457", count=1)
    assert answer.json()["hint"].startswith("06901234123456")
    assert answer.json()["detail"] == "check digit 7, expected 6"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"lot": "", "expiry": "2028-02-29"}, (400, "lot_form")),
        ({"lot": "L" * 21, "expiry": "2028-02-29"}, (400, "lot_form")),
        ({"lot": "批号", "expiry": "2028-02-29"}, (400, "lot_form")),
        ({"lot": "L", "expiry": "2028-02-30"}, (400, "day_form")),
        ({"lot": "L", "expiry": "soon"}, (400, "day_form")),
        ({"lot": "L", "expiry": "2028-02-28", "madeOn": "x"}, (400, "day_form")),
        ({"lot": "L", "expiry": "2028-02-28", "eventTime": "2026-03-01"}, (400, "time_form")),
        ({"lot": "L", "expiry": "2028-02-28", "location": "here"}, (400, "identifier_form")),
        ({"lot": "L", "expiry": "2028-02-28", "first": 3}, (400, "order_count")),
        ({"lot": "L", "expiry": "2028-02-28", "first": 1, "count": 3}, (400, "order_count")),
        ({"expiry": "2028-02-28"}, (400, "parameter")),
    ],
)
async def test_commissions_that_are_refused(
    shared: Running, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = await issue(shared, gtin=new_gtin(), count=3)
    path = f"{answer.headers['location']}/commission"
    assert await refused(shared, path, **body) == expected
    assert (await shared.client.get(answer.headers["location"])).json()["commissioned"] == []


async def test_a_commission_that_is_refused_by_capture_can_be_corrected(shared: Running) -> None:
    answer = await issue(shared, gtin=new_gtin(), count=3)
    path, words = f"{answer.headers['location']}/commission", {"lot": "L", "expiry": "2028-02-28"}
    future = {**words, "eventTime": "2999-01-01T00:00:00+08:00"}
    assert await refused(shared, path, **future) == (400, "event_time_future")
    (event,) = (await post(shared, path, **words))["events"]
    assert event["commissioned"] == 3


async def test_parts_of_an_order_are_commissioned_apart(shared: Running) -> None:
    answer = await issue(shared, gtin=new_gtin(), count=5)
    codes, path = rows(answer), f"{answer.headers['location']}/commission"
    words = {"lot": "L-1", "expiry": "2028-02-29", "eventTime": "2026-03-01T09:30:00+08:00"}
    await post(shared, path, first=0, count=2, **words)
    await post(shared, path, first=2, **{**words, "lot": "L-2"})
    overlapping = await refused(shared, path, first=1, count=2, **words)
    assert overlapping == (409, "codes_commissioned")
    for at, lot in ((1, "L-1"), (2, "L-2"), (4, "L-2")):
        public = await shared.client.get(f"/v1/public/codes/{codes[at]['code']}")
        assert public.json()["product"]["lot"] == lot
    (step,) = (await shared.client.get(f"/v1/codes/{codes[0]['code']}")).json()["events"]
    assert step["eventTime"] == "2026-03-01T09:30:00.000+08:00"


async def test_other_routes_of_orders(shared: Running) -> None:
    for path in ("/v1/codes/orders/none", "/v1/codes/orders/none/codes"):
        answer = await shared.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    path = "/v1/codes/orders/none/commission"
    assert await refused(shared, path, lot="L", expiry="2028-02-29") == (404, "order_not_found")
    page = (await shared.client.get("/v1/codes/orders", params={"perPage": 1})).json()
    following = {"perPage": 1, "after": page["next"]}
    second = (await shared.client.get("/v1/codes/orders", params=following)).json()
    assert page["orders"] != second["orders"]
