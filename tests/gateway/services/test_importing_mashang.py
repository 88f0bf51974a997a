"""Files of the platform through a whole gateway: in, again, in conflict, and out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from node_gateway.codes.china.bills import read_bills
from node_gateway.codes.china.relation import RelationFile, read_relation
from node_gateway.services.disclosing import open_event
from node_gateway.storage.importing import ImportStore
from tests.gateway.codes.china.making import CASE, PACK, bills, code, relation, row, rows
from tests.gateway.running import Running, serial

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def sent(up: Running, raw: bytes, **params: Any) -> dict[str, Any]:
    """Import a file and return its job when it has ended."""
    answer = await up.client.post("/v1/imports", content=raw, params=params)
    assert answer.status_code == 202, answer.text
    await up.gateway.intake.settle()
    job = await up.client.get(answer.headers["location"])
    assert job.status_code == 200
    return dict(job.json())


async def traced(up: Running, name: str) -> list[dict[str, Any]]:
    answer = await up.client.get(f"/v1/codes/urn:x-cn-drug:{name}")
    return list(answer.json().get("events", []))


async def event_of(up: Running, step: dict[str, Any]) -> dict[str, Any]:
    stored = await up.gateway.store.event_by_entry(bytes.fromhex(step["entry"]))
    assert stored is not None
    return open_event(stored).event


def problems(job: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["line"], one["code"]) for one in job["report"]["problems"]]


def content(file: RelationFile) -> list[tuple[Any, ...]]:
    assert file.is_valid
    table = file.table
    return sorted((table.codes[n], file.layers[n], file.parents[n]) for n in range(len(table)))


def some_rows(cases: int = 1) -> tuple[int, list[dict[str, str]]]:
    first = serial() * 100
    return first, rows(cases, first=first)


async def test_a_relation_file_goes_in_and_comes_out(shared: Running) -> None:
    first, made = some_rows(2)
    raw = relation(made, batchNo=f"R{first}", encoding="GB2312")
    job = await sent(shared, raw)
    assert (job["state"], job["kind"], job["events"]) == ("done", "mashang-relation", 9)
    assert (job["codesToCapture"], job["codesCaptured"], job["duplicates"]) == (34, 34, 0)
    report = job["report"]
    assert report["rowsByLevel"] == {"1": 12, "2": 4, "3": 2}
    assert report["personal"] == {"linemanager": 1}
    assert report["problems"] == []
    assert [one["state"] for one in await traced(shared, code(PACK, first * 6))] == ["stored"] * 2
    for encoding in ("utf-8", "gb18030"):
        params = {"lot": f"R{first}", "product": "9999999", "encoding": encoding}
        out = await shared.client.get("/v1/exports/relations", params=params)
        assert out.headers["content-type"] == f"application/xml; charset={encoding}"
        assert content(read_relation([out.content])) == content(read_relation([raw]))
    assert await ImportStore(shared.gateway.store).level(CASE) == 3


async def test_sending_again_stores_nothing_twice(shared: Running) -> None:
    first, made = some_rows()
    raw = relation(made, batchNo=f"R{first}")
    job = await sent(shared, raw)
    assert await sent(shared, raw) == job
    other = await sent(shared, raw.replace(b"\n", b"\r\n"))  # another file with the same rows
    assert other["id"] != job["id"]
    assert (other["events"], other["duplicates"]) == (6, 6)
    assert len(await traced(shared, code(PACK, first * 6))) == 2
    params = {"lot": f"R{first}", "product": "9999999"}
    out = await shared.client.get("/v1/exports/relations", params=params)
    assert content(read_relation([out.content])) == content(read_relation([raw]))


async def test_two_at_once_are_one_import(shared: Running) -> None:
    first, made = some_rows()
    raw = relation(made, batchNo=f"R{first}")
    answers = await asyncio.gather(
        *(shared.client.post("/v1/imports", content=raw) for _ in range(4))
    )
    await shared.gateway.intake.settle()
    assert len({one.json()["id"] for one in answers}) == 1
    job = (await shared.client.get(answers[0].headers["location"])).json()
    assert (job["state"], job["events"], job["duplicates"]) == ("done", 6, 0)


async def test_a_file_with_problems_is_refused_whole(shared: Running) -> None:
    first, made = some_rows()
    job = await sent(shared, relation([*made, made[3]], batchNo=f"R{first}"))
    assert (job["state"], job["events"]) == ("refused", 0)
    assert problems(job) == [(15, "duplicate_code")]
    assert await traced(shared, code(PACK, first * 6)) == []
    broken = await sent(shared, relation(made)[:-20] + b"<MainAction=")
    assert problems(broken) == [(15, "xml_form")]


async def test_bills_go_in_and_come_out(shared: Running) -> None:
    number = f"CK/{serial()} 单"
    raw = bills(row(serial(), number), row(serial(), number, ActDate="2026-03-02 11:12:13"))
    job = await sent(shared, raw)
    assert (job["state"], job["kind"], job["events"]) == ("done", "mashang-bills", 2)
    assert job["report"]["rowsByType"] == {"102": 2}
    out = await shared.client.get(f"/v1/exports/bills/{number.replace('/', '%2F')}")
    assert out.status_code == 200, out.text
    shown = [(one.parts, list(one.codes)) for one in read_bills([out.content]).bills]
    assert shown == [(one.parts, list(one.codes)) for one in read_bills([raw]).bills]


async def test_a_bill_number_is_used_once(shared: Running) -> None:
    number, first = f"CK{serial()}", serial()
    raw = bills(row(first, number))
    assert (await sent(shared, raw))["state"] == "done"
    other = await sent(shared, bills(row(serial(), number), row(serial(), number)))
    assert (other["state"], problems(other)) == ("refused", [(4, "bill_conflict")])
    retyped = await sent(shared, bills(row(first, number), name="ReturnWareHouseIn"))
    assert problems(retyped) == [(4, "bill_conflict")]
    same = await sent(shared, raw.replace(b"\n", b"\r\n"))
    assert (same["state"], same["events"], same["report"]["billsKnown"]) == ("done", 0, 1)
    assert len(await traced(shared, code(PACK, first))) == 1


async def test_a_bill_without_a_name_takes_its_type_from_the_request(shared: Running) -> None:
    first = serial()
    raw = bills(row(first, f"GY{first}"), name="Upload")
    assert problems(await sent(shared, raw))[0] == (3, "unknown_bill_type")
    job = await sent(shared, raw, billType=107)
    assert job["report"]["rowsByType"] == {"107": 1}
    out = await shared.client.get(f"/v1/exports/bills/GY{first}")
    assert {one.type.number for one in read_bills([out.content]).bills} == {107}
    wrong = await shared.client.post("/v1/imports", content=raw, params={"billType": 999})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "parameter")


async def test_a_production_bill_commissions_only_what_no_relation_file_did(
    shared: Running,
) -> None:
    first, made = some_rows()
    await sent(shared, relation(made, batchNo=f"R{first}"))
    known, new = code(PACK, first * 6), code(PACK, serial())
    raw = bills(
        {**row(bill=f"PA{first}"), "Code": known},
        {**row(bill=f"PB{first}"), "Code": new},
        name="ProduceWareHouseIn",
    )
    job = await sent(shared, raw)
    assert job["state"] == "done"
    steps = [await event_of(shared, one) for one in await traced(shared, known)]
    assert [one["bizStep"] for one in steps] == ["commissioning", "packing", "storing"]
    (born,) = [await event_of(shared, one) for one in await traced(shared, new)]
    assert (born["bizStep"], born["action"]) == ("commissioning", "ADD")
    again = await sent(shared, raw.replace(b"\n", b"\r\n"))
    assert (again["state"], again["events"]) == ("done", 0)
    assert len(await traced(shared, new)) == 1


async def test_what_has_not_happened_yet_is_refused_before_anything_is_kept(
    shared: Running,
) -> None:
    day = datetime.fromtimestamp(shared.gateway.clock(), UTC) + timedelta(days=3)
    first, number = serial(), f"CK{serial()}"
    later = row(first, number, ActDate=f"{day:%Y-%m-%d %H:%M:%S}")
    assert problems(await sent(shared, bills(row(serial(), number), later))) == [
        (5, "event_time_future")
    ]
    assert (await sent(shared, bills(row(first, number))))["state"] == "done"  # still free
    lot = {"madeDate": f"{day:%Y-%m-%d}", "validateDate": "2099-01-01"}
    assert problems(await sent(shared, relation(some_rows()[1], **lot))) == [
        (5, "event_time_future")
    ]


async def test_people_are_nowhere_but_in_the_counts(
    shared: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = {
        "Actor": "AktorSecret",
        "PatientName": "PatientSecret",
        "IDCard": "110101199003072316",
        "ToCorpID": "BuyerSecret",
        "Remark": "RemarkSecret",
    }
    first = serial()
    raw = bills({**row(first, f"LS{first}"), **secrets}, name="零售出库/使用出库")
    job = await sent(shared, raw)
    assert job["state"] == "done"
    assert set(job["report"]["personal"]) == {"actor", "patientname", "idcard", "tocorpid"}
    assert job["report"]["ignored"] == {"remark": 1}
    wrong = await sent(shared, bills({**row(first, f"LX{first}"), **secrets, "Code": "110101"}))
    (step,) = await traced(shared, code(PACK, first))
    told = [str(job), str(wrong), str(await event_of(shared, step)), *capsys.readouterr()]
    files = [file for file in shared.folder.iterdir() if file.is_file()]
    told += [file.read_bytes().decode(errors="replace") for file in files]
    assert not any(value in text for value in secrets.values() for text in told)
    assert list((shared.folder / "imports").iterdir()) == []


async def test_parties_of_the_master_data_stand_in_the_events(shared: Running) -> None:
    party = "https://id.gs1.org/417/9506000134352"
    put = await shared.client.put(
        "/v1/parties/9506000134352", json={"enterpriseIds": ["ENT77"], "nameEn": "Wholesale"}
    )
    assert put.status_code in (200, 201), put.text
    first = serial()
    raw = bills(row(first, f"CK{first}", FromCorpID="ENT77"))
    await sent(shared, raw)
    (step,) = await traced(shared, code(PACK, first))
    assert (await event_of(shared, step))["sourceList"] == [
        {"type": "possessing_party", "source": party}
    ]
    out = await shared.client.get(f"/v1/exports/bills/CK{first}")
    assert {one.from_corp for one in read_bills([out.content]).bills} == {"ENT77"}


async def test_an_erased_event_is_left_out_of_an_export(shared: Running) -> None:
    first, number = serial(), f"CK{serial()}"
    await sent(shared, bills(row(first, number), row(serial(), number, FromCorpID="2")))
    (step,) = await traced(shared, code(PACK, first))
    assert (await shared.client.delete(f"/v1/events/{step['entry']}")).status_code == 200
    out = await shared.client.get(f"/v1/exports/bills/{number}")
    assert [one.from_corp for one in read_bills([out.content]).bills] == ["2"]


async def test_what_is_not_there(shared: Running) -> None:
    for path, name in (
        ("/v1/imports/999999", "import_not_found"),
        ("/v1/exports/bills/none", "bill_not_found"),
        ("/v1/exports/relations?lot=none", "lot_not_found"),
    ):
        answer = await shared.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, name)
    for raw in (b"", b"code,lot\n", b"<epcis:EPCISDocument/>"):
        answer = await shared.client.post("/v1/imports", content=raw)
        assert (answer.status_code, answer.json()["code"]) == (415, "import_kind")
    assert list((shared.folder / "imports").iterdir()) == []


async def test_capturing_it_says_where_it_goes(shared: Running) -> None:
    for raw in (bills(row()), relation(rows(1), encoding="GBK")):
        answer = await shared.client.post(
            "/epcis/capture", content=raw, headers={"Content-Type": "application/xml"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "document_kind")
        assert "/v1/imports" in answer.json()["hint"]
