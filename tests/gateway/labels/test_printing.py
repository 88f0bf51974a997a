"""Labels over HTTP: of orders, lots and codes; what speaks against them; what is logged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.labels.requests import GIVEN_MAX
from tests.anvil import Anvil
from tests.gateway.labels import rasters
from tests.gateway.recalling import Recalls, network
from tests.gateway.running import (
    Running,
    Wishes,
    commissioning,
    dispensing,
    running_gateway,
    serial,
    sgtin,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAME = "阿莫西林胶囊"


def gtin() -> str:
    digits = f"0690{serial():09d}"
    return digits + check_digit(digits)


async def issued(up: Running, count: int, **wishes: Any) -> tuple[str, list[str]]:
    """Issue codes; return the order and its codes."""
    order = f"po-{serial()}"
    body = {**(wishes or {"gtin": gtin()}), "count": count, "order": order}
    answer = await up.client.post("/v1/codes/issue", json=body, params={"format": "json"})
    assert answer.status_code == 200, answer.text
    return order, [one["code"] for one in answer.json()["codes"]]


async def commission(up: Running, order: str, lot: str, expiry: str = "2029-12-31") -> None:
    body = {"lot": lot, "expiry": expiry}
    answer = await up.client.post(f"/v1/codes/orders/{order}/commission", json=body)
    assert answer.status_code == 200, answer.text


async def ask(up: Running, form: str = "pdf", **body: Any) -> httpx2.Response:
    return await up.client.post("/v1/labels", json=body, params={"format": form})


async def look(up: Running, **body: Any) -> dict[str, Any]:
    answer = await up.client.post("/v1/labels", json=body, params={"dryRun": True})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(up: Running, form: str = "pdf", **body: Any) -> dict[str, Any]:
    answer = await ask(up, form, **body)
    assert answer.status_code in (400, 404, 409), answer.text
    problem: dict[str, Any] = answer.json()
    return problem


async def spots(up: Running, **body: Any) -> set[str]:
    problem = await refused(up, **body)
    assert problem["code"] == "operation_refused", problem
    return {one["code"] for one in problem["errors"]}


def on(pdf: bytes) -> list[bytes]:
    """Return what is on the pages of a PDF, one label each."""
    pages = [rasters.read(one) for one in rasters.of_pdf(pdf, 300)]
    assert all(len(page) == 1 for page in pages)
    return [page[0].scanned for page in pages]


async def test_labels_of_an_order(shared: Running) -> None:
    number = gtin()
    order, codes = await issued(shared, 4, gtin=number)
    product = {"nameZh": NAME, "specification": "0.25g*24", "levels": [{"gtins": [number]}]}
    put = await shared.client.put(f"/v1/products/P{number}", json=product)
    assert put.status_code == 201, put.text
    seen = await look(shared, order=order, lot="ABC", expiry="2029-12-31")
    assert (seen["count"], seen["printedBefore"], seen["warnings"]) == (4, 0, [])
    (symbol,) = rasters.read(rasters.of_svg(seen["preview"].encode(), 600))
    assert symbol.scanned.startswith(f"01{number}1729123110ABC".encode())
    assert seen["symbols"][0]["hri"][:3] == [f"(01) {number}", "(17) 291231", "(10) ABC"]
    answer = await ask(shared, order=order, lot="ABC", expiry="2029-12-31")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["sealtrail-labels"] == answer.headers["sealtrail-decoded"] == "4"
    assert answer.headers["sealtrail-read-back"] == "1"
    assert on(answer.content) == [
        f"01{number}1729123110ABC\x1d21{code.rpartition('/')[2]}".encode() for code in codes
    ]
    csv = (await ask(shared, "csv", order=order, lot="ABC", reason="for the archive")).text
    assert csv.count(f"{NAME} 0.25g*24") == 4
    gone = await shared.client.delete(f"/v1/products/P{number}")  # without a register all is ours
    assert gone.status_code == 200


async def test_what_events_say_goes_before_the_request(shared: Running) -> None:
    order, _ = await issued(shared, 2)
    bare = await look(shared, order=order)
    assert [one["code"] for one in bare["warnings"]] == ["label_without_lot"]
    await commission(shared, order, "TRUE1", "2029-01-31")
    seen = await look(shared, order=order)
    assert seen["symbols"][0]["hri"][1:3] == ["(17) 290131", "(10) TRUE1"]
    assert await spots(shared, order=order, lot="OTHER") == {"label_contradicts"}
    assert await spots(shared, order=order, expiry="2029-02-01") == {"label_contradicts"}
    assert await look(shared, order=order, lot="TRUE1", expiry="2029-01-31") == seen


async def test_labels_of_a_lot(shared: Running) -> None:
    lot = f"LOT{serial()}"
    orders = [(await issued(shared, 3))[0] for _ in range(2)]
    assert (await refused(shared, ofLot=lot))["code"] == "label_lot_not_found"
    for order in orders:
        await commission(shared, order, lot)
    assert (await look(shared, ofLot=lot))["count"] == 6
    part = await ask(shared, ofLot=lot, first=2, count=2)
    assert part.headers["sealtrail-labels"] == "2"
    everything = await ask(shared, ofLot=lot, reason="a ribbon tore")
    assert len(set(on(everything.content))) == 6
    log = (await shared.client.get("/v1/labels/prints")).json()["prints"]
    assert [(one["orders"], one["reason"]) for one in log[:2]] == [
        (
            [{"order": one, "first": 0, "count": 3} for one in orders],
            "a ribbon tore",
        ),
        (
            [
                {"order": orders[0], "first": 2, "count": 1},
                {"order": orders[1], "first": 0, "count": 1},
            ],
            None,
        ),
    ]


async def test_cases_and_drug_codes(shared: Running) -> None:
    order, codes = await issued(shared, 2, sscc=f"690{serial():06d}")
    answer = await ask(shared, order=order, media="100x50")
    assert on(answer.content) == [b"00" + code.rpartition("/")[2].encode() for code in codes]
    order, codes = await issued(shared, 2, drug=f"8{serial():06d}")
    answer = await ask(shared, order=order, lot="L1", expiry="2029-12-31")
    assert on(answer.content) == [code.rpartition(":")[2].encode() for code in codes]
    assert (await refused(shared, order=order, symbol="qr"))["code"] == "label_address"


async def test_given_codes_in_any_spelling(shared: Running) -> None:
    order, codes = await issued(shared, 3)
    number, one = codes[0].split("/")[-3], codes[0].rpartition("/")[2]
    spelled = [f"(01){number}(10)SAID(21){one}", codes[1]]
    answer = await ask(shared, "zpl", codes=spelled)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.zebra-zpl"
    first, second = rasters.of_zpl(answer.content)
    assert rasters.read(first.picture)[0].scanned == f"01{number}10SAID\x1d21{one}".encode()
    assert "(10) SAID" in first.texts.values()
    assert "(10) SAID" not in second.texts.values()
    log = (await shared.client.get("/v1/labels/prints")).json()["prints"]
    assert log[0]["orders"] == [{"order": order, "first": 0, "count": 2}]
    await ask(shared, codes=[codes[2], codes[0]], reason="torn")
    log = (await shared.client.get("/v1/labels/prints")).json()["prints"]
    assert [(span["first"], span["count"]) for span in log[0]["orders"]] == [(0, 1), (2, 1)]


async def test_codes_of_elsewhere_count_when_they_are_commissioned_here(shared: Running) -> None:
    code, other = sgtin(), sgtin()
    assert await spots(shared, codes=[code]) == {"label_not_issued"}
    await shared.entry(commissioning(code), final=False)
    answer = await ask(shared, codes=[code])
    assert answer.status_code == 200, answer.text
    assert b"L-2026-03" in on(answer.content)[0]
    log = (await shared.client.get("/v1/labels/prints")).json()["prints"]
    assert (log[0]["orders"], log[0]["codes"]) == ([], [code])
    assert (await refused(shared, codes=[code]))["code"] == "label_reprint"
    over = await ask(shared, codes=[other], override="relabelled for a hospital")
    assert over.status_code == 200
    log = (await shared.client.get("/v1/labels/prints")).json()["prints"]
    assert log[0]["override"] == "relabelled for a hospital"


async def test_what_left_the_trade_gets_no_label(shared: Running) -> None:
    sold, recalled, void, good = (sgtin() for _ in range(4))
    await shared.entry(commissioning(sold, recalled, void, good), final=False)
    await shared.entry(dispensing(sold), final=False)
    event = {**dispensing(recalled), "bizStep": "holding", "disposition": "recalled"}
    await shared.entry(event, final=False)
    body = {"code": void, "reason": "misprinted"}
    assert (await shared.client.post("/v1/codes/void", json=body)).status_code == 200
    assert await spots(shared, codes=[good, sold]) == {"label_code_ended"}
    assert await spots(shared, codes=[recalled]) == {"label_code_recalled"}
    assert await spots(shared, codes=[void]) == {"label_code_void", "label_code_ended"}
    problem = await refused(shared, codes=[good, sold])
    assert problem["errors"][0]["pointer"] == "/codes/1"
    assert "override" in problem["hint"]
    assert (await ask(shared, codes=[good])).status_code == 200
    log = (await shared.client.get("/v1/labels/prints")).json()["prints"]
    assert log[0]["override"] is None


async def test_void_codes_of_an_order_are_found(shared: Running) -> None:
    order, codes = await issued(shared, 3)
    body = {"code": codes[1], "reason": "torn"}
    assert (await shared.client.post("/v1/codes/void", json=body)).status_code == 200
    assert await spots(shared, order=order) == {"label_code_void"}
    assert (await ask(shared, order=order, first=2)).status_code == 200
    assert (await ask(shared, order=order, count=1)).status_code == 200


async def test_expiry_warns_and_then_refuses(shared: Running) -> None:
    order, _ = await issued(shared, 2)
    today = datetime.now(UTC).date()
    soon, past = today + timedelta(days=100), today - timedelta(days=1)
    seen = await look(shared, order=order, lot="L", expiry=soon.isoformat())
    assert [(one["code"], one["count"]) for one in seen["warnings"]] == [("label_expires_soon", 2)]
    assert await spots(shared, order=order, lot="L", expiry=past.isoformat()) == {"label_expired"}
    answer = await ask(shared, order=order, lot="L", expiry=soon.isoformat())
    assert answer.headers["sealtrail-warnings"] == "label_expires_soon;count=2"
    far = await look(shared, order=order, lot="L", expiry=(today + timedelta(days=190)).isoformat())
    assert far["warnings"] == []


async def test_printing_again_needs_a_reason(shared: Running) -> None:
    order, codes = await issued(shared, 4)
    key = await shared.new_key("operate")
    async with shared.stranger(Authorization=f"Bearer {key}") as clerk:
        first = await clerk.post("/v1/labels", json={"order": order, "count": 2})
        assert first.status_code == 200, first.text
        for again in ({"order": order}, {"order": order, "first": 1}, {"codes": [codes[0]]}):
            problem = await refused(shared, **again)
            assert problem["code"] == "label_reprint", again
        assert (await ask(shared, order=order, first=2)).status_code == 200
        body = {"codes": [codes[0]], "reason": "the old one was smeared; destroyed"}
        done = await clerk.post("/v1/labels", json=body)
        assert done.headers["sealtrail-printed-before"] == "1"
    log = (await shared.client.get("/v1/labels/prints", params={"perPage": 1})).json()
    assert log["next"] == log["prints"][0]["print"]
    (one,) = log["prints"]
    assert one["reason"] == body["reason"]
    assert (one["kind"], one["count"], one["orders"]) == (
        "once",
        1,
        [{"order": order, "first": 0, "count": 1}],
    )
    assert one["key"] != (await shared.client.get("/v1/labels/prints")).json()["prints"][1]["key"]
    older = await shared.client.get("/v1/labels/prints", params={"before": one["print"]})
    assert all(other["print"] < one["print"] for other in older.json()["prints"])
    refused_twice = await refused(shared, codes=[codes[0]], reason=" ")
    assert refused_twice["code"] == "reason_form"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/pdf", "application/pdf"),
        ("text/html, image/png;q=0.8", "image/png"),
        ("image/svg+xml", "image/svg+xml"),
        ("application/zpl", "application/vnd.zebra-zpl"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("*/*", "application/pdf"),
    ],
)
async def test_accept_chooses_the_kind_of_file(shared: Running, accept: str, kind: str) -> None:
    _, codes = await issued(shared, 1)
    headers = {"Accept": accept}
    answer = await shared.client.post("/v1/labels", json={"codes": codes}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind), answer.text


async def test_no_other_kind_of_file_is_made(shared: Running) -> None:
    headers = {"Accept": "text/html, application/msword"}
    answer = await shared.client.post("/v1/labels", json={"codes": ["x"]}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert (await ask(shared, "docx", codes=["x"])).json()["code"] == "parameter"


SGTIN = "https://id.gs1.org/01/09506000134352/21/1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "label_goods"),
        ({"codes": [SGTIN], "order": "x"}, "label_goods"),
        ({"order": "nobody-made-this"}, "order_not_found"),
        ({"codes": ["(01)09506000134353(21)1"]}, "check_digit"),
        ({"codes": ["(01)09506000134352(21)a b中"]}, "identifier_form"),
        ({"codes": ["71234567890123456789"]}, "drug_code_prefix"),
        ({"codes": ["8123456789012345678"]}, "drug_code_length"),
        ({"codes": ["x" * 1001]}, "code_too_long"),
        ({"codes": ["https://id.gs1.org/414/6901234000009"]}, "label_kind"),
        ({"codes": [SGTIN, "(01)09506000134352(21)1"]}, "label_twice"),
        ({"codes": [SGTIN, "71234567890123456789", "(01)09506000134353"]}, "document_refused"),
        ({"codes": [f"{SGTIN}{n}" for n in range(GIVEN_MAX + 1)]}, "label_count"),
        ({"order": "x", "lot": "A B"}, "lot_form"),
        ({"order": "x", "lot": "A" * 21}, "lot_form"),
        ({"ofLot": "中"}, "lot_form"),
        ({"order": "x", "expiry": "2029-02-30"}, "parameter"),
        ({"order": "x", "symbol": "aztec"}, "label_symbol"),
        ({"order": "x", "level": "pallet"}, "label_level"),
        ({"order": "x", "media": "a5"}, "label_media"),
        ({"order": "x", "dpi": 250}, "label_dpi"),
        ({"order": "x", "language": "fr"}, "parameter"),
        ({"order": "x", "printerFont": "^XA"}, "label_font"),
        ({"order": "x", "skip": 1}, "label_skip"),
        ({"order": "x", "skip": 24, "media": "a4-3x8"}, "label_skip"),
        ({"order": "x", "first": -1}, "parameter"),
        ({"order": "x", "level": "pack", "xMm": 0.2}, "label_x_dimension"),
        ({"order": "x", "level": "case", "xMm": 0.3}, "label_x_dimension"),
        ({"order": "x", "level": "pack", "barMm": 2}, "label_bar_height"),
        ({"order": "x", "override": ""}, "reason_form"),
        ({"order": "x", "reason": "x" * 501}, "reason_form"),
        ({"order": "x", "colour": "red"}, "parameter"),
    ],
)
async def test_what_is_refused(shared: Running, body: dict[str, Any], code: str) -> None:
    problem = await refused(shared, **body)
    assert problem["code"] == code, problem


async def test_what_does_not_fit(shared: Running) -> None:
    order, codes = await issued(shared, 2)
    small = await refused(shared, order=order, media="12x12")
    assert small["code"] == "label_too_small"
    assert small["hint"].startswith("At least ")
    assert (await refused(shared, "png", order=order))["code"] == "label_format"
    assert (await refused(shared, order=order, first=2))["code"] == "label_count"
    assert (await refused(shared, order=order, count=3))["code"] == "label_count"
    assert (await refused(shared, codes=codes[:1], xMm=0.1))["code"] == "label_x_dimension"
    log = (await shared.client.get("/v1/labels/prints", params={"perPage": 1})).json()["prints"]
    assert all(one["order"] != order for print_ in log for one in print_["orders"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recalls(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Recalls]:
    net, deployed = await network(anvil)
    wishes = Wishes(public_url="https://pharmacy.example")
    folder = tmp_path_factory.mktemp("recalls")
    async with running_gateway(anvil, template, folder, wishes, deployed=deployed) as up:
        yield Recalls(net, up)


async def test_a_recall_on_the_board_forbids_labels(recalls: Recalls) -> None:
    code, other = sgtin(), sgtin()
    await recalls.up.entry(commissioning(code), final=False)
    event = commissioning(other, ilmd={"cbvmda:lotNumber": "FINE"})
    await recalls.up.entry(event, final=False)
    drill = await recalls.publish(lots=("L-2026-03",), drill=True)
    await recalls.read()
    assert (await look(recalls.up, codes=[code]))["count"] == 1  # an exercise forbids nothing
    await recalls.lift(drill)
    await recalls.publish(lots=("L-2026-03",))
    await recalls.read()
    assert await spots(recalls.up, codes=[other, code]) == {"recall_notice"}
    assert (await ask(recalls.up, codes=[other])).status_code == 200
    done = await ask(recalls.up, codes=[code], override="for the drill")
    assert done.status_code == 200
    assert (await recalls.get("/v1/labels/prints"))["prints"][0]["override"] == "for the drill"


async def test_links_lead_to_this_gateway(recalls: Recalls) -> None:
    _, codes = await issued(recalls.up, 1)
    answer = await ask(recalls.up, codes=codes, symbol="qr")
    path = codes[0].removeprefix("https://id.gs1.org")
    assert on(answer.content) == [f"https://pharmacy.example{path}".encode()]
    order, drugs = await issued(recalls.up, 1, drug=f"8{serial():06d}")
    answer = await ask(recalls.up, order=order, symbol="qr")
    digits = drugs[0].rpartition(":")[2]
    assert on(answer.content) == [f"https://pharmacy.example/c/{digits}".encode()]
