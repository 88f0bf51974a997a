"""The screens of the console by HTTP: lists and their twins, units, exceptions, refusals."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from anchoring.core.bundle import parse_bundle
from anchoring.core.verify import check_bundle
from node_gateway.pages.assembly import Pages
from tests.gateway.console.visitors import somebody, text_of
from tests.gateway.running import SSCC, Running, commissioning, sgtin

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORMULA = "=HYPERLINK(A1)"


async def opened(up: Running, detail: str, **more: Any) -> int:
    body = {"kind": "other", "detail": detail, "tell": False, **more}
    answer = await up.client.post("/v1/exceptions", json=body)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["number"]
    return number


async def test_a_unit_shows_what_is_known(shared: Running) -> None:
    assert isinstance(shared.gateway.pages, Pages)
    code, other = sgtin(), sgtin()
    entry = await shared.entry(commissioning(code, other))
    packing = {**commissioning(), "type": "AggregationEvent", "bizStep": "packing"}
    for name in ("epcList", "ilmd", "disposition"):
        packing.pop(name)
    answer = await shared.capture({**packing, "parentID": SSCC, "childEPCs": [code, other]})
    assert answer.status_code == 202, answer.text
    async with somebody(shared, "unit-viewer", "viewer") as one:
        found = await one.get("/app/scan", text=code)
        assert found.status_code == 303
        page = await one.get(found.headers["location"])
        shown = text_of(page)
        assert "packed" in shown
        assert "L-2026-03" in shown
        assert "2028-02-29" in shown
        assert "commissioning" in shown
        assert 'role="img"' in page.text  # the picture of the packing
        twin = (await one.get("/app/unit", code=code, format="json")).json()["rows"][0]
        assert [event["bizStep"] for event in twin["events"]] == ["commissioning", "packing"]
        proof = await one.get(f"/app/proof/{entry}", code=code)
        assert check_bundle(parse_bundle(proof.content)).entry.hex() == entry
        unknown = await one.get("/app/unit", code=sgtin())
        assert unknown.status_code == 404
        assert "Not known here" in text_of(unknown)


async def test_no_cell_of_a_csv_is_a_formula(shared: Running) -> None:
    await opened(shared, FORMULA, codes=[sgtin()])
    async with somebody(shared, "csv-viewer", "viewer") as one:
        answer = await one.get("/app/exceptions", format="csv")
        assert answer.headers["content-disposition"] == 'attachment; filename="exceptions.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        details = [row["detail"] for row in rows]
        assert "'" + FORMULA in details
        assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "@", "+")]


async def test_a_list_goes_on_behind_its_last_row(shared: Running) -> None:
    numbers = {await opened(shared, f"one of several {n}") for n in range(5)}
    async with somebody(shared, "list-viewer", "viewer") as one:
        seen: list[int] = []
        after = ""
        while True:
            params = {"format": "json", "perPage": "2", "after": after}
            page = (await one.get("/app/exceptions", **params)).json()
            seen += [row["number"] for row in page["rows"]]
            if page["next"] is None:
                break
            after = page["next"]
        assert len(seen) == len(set(seen))
        assert numbers <= set(seen)
        first = await one.get("/app/exceptions", perPage="2")
        assert 'rel="next"' in first.text


async def test_an_exception_is_taken_talked_about_and_resolved(shared: Running) -> None:
    number = await opened(shared, "<b>two packs are wet</b>")
    path = f"/app/exceptions/{number}"
    async with somebody(shared, "resolver", "operator") as one:
        page = await one.get(path)
        assert "<b>two packs" not in page.text
        assert "Only we will see this." in text_of(page)
        await one.send(f"{path}/owner", seen_at=path)
        await one.send(f"{path}/messages", seen_at=path, text="Set aside, pictures follow.")
        half = await one.send(f"{path}/resolution", seen_at=path, cause="damaged")
        assert half.status_code == 400
        done = await one.send(
            f"{path}/resolution", seen_at=path, cause="damaged", action="destroy", text="Wet."
        )
        assert done.status_code == 303, text_of(done)
        shown = text_of(await one.get(path))
        assert "Set aside, pictures follow." in shown
        assert "destroy it" in shown
        assert f"{path}/resolution" not in (await one.get(path)).text
        api = (await shared.client.get(f"/v1/exceptions/{number}")).json()
        assert api["owner"] == "resolver"
        assert api["messages"][0]["who"] == "resolver"


async def test_a_refusal_is_that_of_the_api_and_stands_in_place(shared: Running) -> None:
    async with somebody(shared, "refused", "operator") as one:
        path = "/app/exceptions/999999"
        page = await one.get(path)
        api = await shared.client.get("/v1/exceptions/999999")
        assert page.status_code == api.status_code == 404
        assert api.json()["detail"] in text_of(page)
        assert api.json()["code"] in text_of(page)
        account = await one.get("/app/account")
        token = account.text.partition('name="form_token" value="')[2][:64]
        part = await one.client.post(
            f"{path}/messages",
            data={"form_token": token, "text": "hello"},
            headers={"Origin": "http://gateway", "HX-Request": "true"},
        )
        assert part.status_code == 404
        assert part.headers["hx-retarget"] == "#answer"
        assert 'id="problem"' in part.text


async def test_today_counts_what_waits(shared: Running) -> None:
    await opened(shared, "something for today")
    await shared.entry(commissioning(sgtin()))
    async with somebody(shared, "today-viewer", "viewer") as one:
        page = await one.get("/app")
        shown = text_of(page)
        assert "exceptions to resolve" in shown
        assert "takes captures" in shown
        assert "batches in 24 hours" in shown
        twin = (await one.get("/app", format="json")).json()["rows"]
        assert {row["what"]: row["count"] for row in twin}["exceptions"] >= 1
        chinese = await one.get("/app", lang="zh-CN")
        assert "待处理" in text_of(chinese)


async def test_anchors_go_down_from_the_newest(shared: Running) -> None:
    for _ in range(3):
        await shared.entry(commissioning(sgtin()))
    async with somebody(shared, "anchor-viewer", "viewer") as one:
        page = (await one.get("/app/anchors", format="json", perPage="2")).json()
        rest = (await one.get("/app/anchors", format="json", after=page["next"])).json()
        sequences = [row["sequence"] for row in page["rows"] + rest["rows"]]
        assert sequences == list(range(sequences[0], 0, -1))
        assert "sealed" in text_of(await one.get("/app/anchors"))


async def test_nothing_is_kept_by_the_browser_or_runs_inline(shared: Running) -> None:
    async with somebody(shared, "header-viewer", "viewer") as one:
        page = await one.get("/app")
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert page.headers["referrer-policy"] == "same-origin"  # else forms have no origin
        assert " style=" not in page.text
        assert "onclick" not in page.text
