"""Print one, scan it, then print the run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from node_gateway.labels.assembly import Labels
from node_gateway.labels.contents import Unit, contents_of
from node_gateway.labels.jobs import Jobs, matched
from node_gateway.storage.labels import LabelStore
from tests.gateway.conftest import Start
from tests.gateway.labels import rasters
from tests.gateway.labels.test_printing import commission, issued, on
from tests.gateway.running import Running

shared_loop = pytest.mark.asyncio(loop_scope="module")
GS = "\x1d"


async def job(up: Running, **body: Any) -> dict[str, Any]:
    answer = await up.client.post("/v1/labels/jobs", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == made["href"]
    return made


async def post(up: Running, made: dict[str, Any], act: str, **body: Any) -> httpx2.Response:
    return await up.client.post(f"{made['href']}/{act}", json=body)


async def code_of(answer: httpx2.Response, status: int = 409) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


async def show(up: Running, made: dict[str, Any]) -> dict[str, Any]:
    answer = await up.client.get(made["href"])
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def read_off(pdf: bytes) -> str:
    """Return what a scanner sends for the one label of a PDF."""
    (page,) = rasters.of_pdf(pdf, 300)
    (found,) = rasters.read(page)
    return found.identifier + found.scanned.decode("ascii")


@shared_loop
async def test_one_scanned_label_unlocks_the_run(shared: Running) -> None:
    order, _ = await issued(shared, 5)
    await commission(shared, order, "RUN1")
    made = await job(shared, order=order)
    assert (made["state"], made["count"], made["look"]["decoded"]) == ("locked", 5, 1)
    assert await code_of(await post(shared, made, "print")) == "label_locked"
    assert await code_of(await post(shared, made, "scan", scanned="x")) == "label_not_printed"
    first = await post(shared, made, "first")
    assert first.headers["sealtrail-labels"] == "1"
    scanned = read_off(first.content)
    other = scanned[:-1] + ("A" if scanned[-1] != "A" else "B")
    assert await code_of(await post(shared, made, "scan", scanned=other)) == "label_scan_differs"
    assert (await show(shared, made))["failedScans"] == 1
    unlocked = await post(shared, made, "scan", scanned=scanned + "\r\n")
    assert unlocked.status_code == 200, unlocked.text
    assert unlocked.json()["state"] == "unlocked"
    assert unlocked.json()["separatorsLost"] is False
    run = await post(shared, made, "print")
    assert run.headers["sealtrail-labels"] == "4"
    held = on(run.content)
    assert scanned[3:].encode() not in held  # the first label is on its pack already
    assert len(set(held)) == 4
    assert await code_of(await post(shared, made, "print")) == "label_reprint"
    assert await code_of(await post(shared, made, "first")) == "label_unlocked"
    again = await post(shared, made, "print", first=0, count=1, reason="torn on the line")
    assert on(again.content) == [scanned[3:].encode()]
    prints = (await show(shared, made))["prints"]
    assert [(one["kind"], one["count"], one["reason"]) for one in prints] == [
        ("run", 1, "torn on the line"),
        ("run", 4, None),
        ("first", 1, None),
    ]


@shared_loop
async def test_of_two_runs_at_once_one_is_printed(shared: Running) -> None:
    order, _ = await issued(shared, 20)
    made = await job(shared, order=order)
    first = await post(shared, made, "first")
    await post(shared, made, "scan", scanned=read_off(first.content))
    answers = await asyncio.gather(*(post(shared, made, "print") for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    assert len([one for one in (await show(shared, made))["prints"] if one["kind"] == "run"]) == 1


@shared_loop
async def test_what_was_printed_needs_a_reason_for_a_new_job(shared: Running) -> None:
    order, codes = await issued(shared, 2)
    made = await job(shared, order=order)
    await post(shared, made, "first")
    again = await shared.client.post("/v1/labels/jobs", json={"codes": [codes[0]]})
    assert await code_of(again) == "label_reprint"
    reasoned = await job(shared, codes=[codes[0]], reason="the roll jammed")
    assert reasoned["look"]["printedBefore"] == 1
    assert (await post(shared, reasoned, "first")).status_code == 200
    prints = (await show(shared, reasoned))["prints"]
    assert [(one["kind"], one["reason"]) for one in prints] == [("first", "the roll jammed")]


@shared_loop
async def test_the_reason_of_a_job_holds_for_one_run(shared: Running) -> None:
    order, _ = await issued(shared, 3)
    assert (await shared.client.post("/v1/labels", json={"order": order})).status_code == 200
    made = await job(shared, order=order, reason="a ribbon tore")
    first = await post(shared, made, "first")
    await post(shared, made, "scan", scanned=read_off(first.content))
    assert (await post(shared, made, "print")).status_code == 200
    assert await code_of(await post(shared, made, "print")) == "label_reprint"
    assert (await post(shared, made, "print", reason="another")).status_code == 200


@shared_loop
async def test_a_job_of_one_label_is_done_when_it_is_scanned(shared: Running) -> None:
    _, codes = await issued(shared, 1)
    made = await job(shared, codes=codes)
    first = await post(shared, made, "first")
    done = await post(shared, made, "scan", scanned=read_off(first.content))
    assert done.json()["state"] == "unlocked"
    assert await code_of(await post(shared, made, "print")) == "label_reprint"
    again = await post(shared, made, "print", reason="smeared")
    assert again.headers["sealtrail-labels"] == "1"


@shared_loop
async def test_goods_are_looked_at_again_before_the_run(shared: Running) -> None:
    order, codes = await issued(shared, 3)
    made = await job(shared, order=order)
    first = await post(shared, made, "first")
    await post(shared, made, "scan", scanned=read_off(first.content))
    body = {"code": codes[2], "reason": "torn"}
    assert (await shared.client.post("/v1/codes/void", json=body)).status_code == 200
    refused = await post(shared, made, "print")
    assert await code_of(refused) == "operation_refused"
    assert [one["code"] for one in refused.json()["errors"]] == ["label_code_void"]
    assert (await post(shared, made, "print", first=1, count=1)).status_code == 200


@shared_loop
async def test_a_scanner_that_drops_separators_is_told_of(shared: Running) -> None:
    order, _ = await issued(shared, 2)
    made = await job(shared, order=order, lot="L1", expiry="2029-12-31")
    first = await post(shared, made, "first")
    scanned = read_off(first.content)
    assert GS in scanned
    bare = scanned[3:].replace(GS, "")
    done = await post(shared, made, "scan", scanned=bare)
    assert (done.json()["state"], done.json()["separatorsLost"]) == ("unlocked", True)


@shared_loop
async def test_what_a_wrong_scan_is_answered(shared: Running) -> None:
    order, _ = await issued(shared, 2)
    made = await job(shared, order=order, lot="lot-a", expiry="2029-12-31")
    scanned = read_off((await post(shared, made, "first")).content)
    hints = []
    for text in (scanned.replace("]d2", "]Q1"), scanned[3:].swapcase(), "4006381333931"):
        answer = await post(shared, made, "scan", scanned=text)
        assert await code_of(answer) == "label_scan_differs"
        assert text not in answer.text
        hints.append(answer.json()["hint"])
    assert hints[0].startswith("It is another kind of symbol")
    assert "Caps Lock" in hints[1]
    assert "label of this job" in hints[2]
    assert await code_of(await post(shared, made, "scan", scanned="x" * 1001), 400) == (
        "code_too_long"
    )
    found = await show(shared, made)
    assert (found["state"], found["failedScans"]) == ("locked", 3)


@shared_loop
async def test_either_symbol_of_a_pair_unlocks(shared: Running) -> None:
    for which in (0, 1):
        _, codes = await issued(shared, 1)
        made = await job(shared, codes=codes, symbol="pair", media="60x30")
        (page,) = rasters.of_pdf((await post(shared, made, "first")).content, 300)
        one = rasters.read(page)[which]
        done = await post(shared, made, "scan", scanned=one.identifier + one.scanned.decode())
        assert done.json()["state"] == "unlocked"


@shared_loop
async def test_jobs_are_listed_newest_first(shared: Running) -> None:
    order, _ = await issued(shared, 3)
    numbers = [(await job(shared, order=order, first=at, count=1))["job"] for at in range(3)]
    seen: list[int] = []
    before: dict[str, int] = {"perPage": 2}
    while True:
        page = (await shared.client.get("/v1/labels/jobs", params=before)).json()
        seen += [one["job"] for one in page["jobs"]]
        if page["next"] is None:
            break
        before["before"] = page["next"]
    assert seen[:3] == numbers[::-1]
    assert seen == sorted(set(seen), reverse=True)
    shown = await shared.client.get("/v1/labels/jobs", params={"perPage": 1})
    request = shown.json()["jobs"][0]["request"]
    assert (request["order"], request["first"], request["media"]) == (order, 2, "50x25")


@shared_loop
async def test_a_job_that_is_not_there(shared: Running) -> None:
    for act in ("first", "scan", "print"):
        answer = await shared.client.post(f"/v1/labels/jobs/999999/{act}", json={"scanned": "x"})
        if act == "print":
            answer = await shared.client.post("/v1/labels/jobs/999999/print", json={})
        assert await code_of(answer, 404) == "label_job_not_found"
    answer = await shared.client.get("/v1/labels/jobs/999999")
    assert await code_of(answer, 404) == "label_job_not_found"


async def test_a_job_is_kept_whole(start: Start, tmp_path: Path) -> None:
    up = await start(folder=tmp_path / "gateway")
    order, codes = await issued(up, 2)
    made = await job(up, order=order, lot="L1", expiry="2029-12-31", symbol="qr", isFull=True)
    first = await post(up, made, "first")
    scanned = read_off(first.content)
    stored = await up.gateway.labels.jobs.job(made["job"])
    other = Labels(
        up.gateway.labels.printing, Jobs(up.gateway.labels.printing, LabelStore(up.gateway.store),
                                         clock=up.gateway.clock),
    )  # fmt: skip
    assert await other.jobs.job(made["job"]) == stored
    assert (await other.jobs.scan(made["job"], scanned, "key")).job.row.unlocked_by == "key"
    assert "/10/L1/" in scanned
    assert codes[0].rpartition("/")[2] in scanned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("]d2010950600013435210L1\x1d2112", True),
        ("010950600013435210L1\x1d2112", True),
        ("\x1d010950600013435210L1\x1d2112", True),
        ("]d2\x1d010950600013435210L1\x1d2112\r\n", True),
        ("010950600013435210L1{GS}2112", True),
        ("010950600013435210L1<GS>2112", True),
        ("]d2010950600013435210L12112", False),
        ("010950600013435210L12112", False),
        ("]C1010950600013435210L1\x1d2112", None),
        ("]d2010950600013435210L1\x1d2113", None),
        ("", None),
        ("]", None),
    ],
)
def test_what_scanners_send(text: str, expected: bool | None) -> None:
    unit = Unit("https://id.gs1.org/01/09506000134352/21/12", "L1")
    (content,) = contents_of(unit, "datamatrix", stem=None)
    assert matched(text, content) is expected
