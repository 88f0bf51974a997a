"""CSV imports, looking at files and the drop folder, on a whole gateway."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from node_gateway.services.drop_folder import DropFolder
from tests.gateway.conftest import Start
from tests.gateway.running import Running, commissioning, dispensing, document, sgtin, shipping

MAPPING = b"""
format = "sealtrail/csv-mapping/v1"
timeZone = "Asia/Shanghai"
eventPer = ["Delivery"]
[[event]]
type = "ObjectEvent"
action = "OBSERVE"
bizStep = "shipping"
eventTime = "{Time}"
codes = "{Code}"
destinations = { owning_party = "{Customer?}" }
"""
HEAD = "Delivery,Time,Code,Customer\n"


def rows(*codes: str, delivery: str = "1") -> str:
    return "".join(f"{delivery},2026-03-01 10:00,{code},\n" for code in codes)


@pytest.fixture
async def up(start: Start) -> Running:
    return await start()


async def kept(up: Running) -> str:
    answer = await up.client.post("/v1/csv-mappings", content=MAPPING)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["mapping"])


async def imported(up: Running, text: str) -> dict[str, Any]:
    params = {"mapping": await kept(up)}
    answer = await up.client.post("/v1/imports", content=text.encode(), params=params)
    assert answer.status_code == 202, answer.text
    await up.gateway.intake.settle()
    job: dict[str, Any] = (await up.client.get(answer.headers["location"])).json()
    return job


async def stored(up: Running) -> int:
    return (await up.gateway.store.status()).event_count


async def lint(up: Running, raw: bytes, **params: str) -> dict[str, Any]:
    answer = await up.client.post("/v1/lint", content=raw, params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_file_is_imported_once_however_often_it_is_sent(up: Running) -> None:
    codes = [sgtin() for _ in range(5)]
    text = HEAD + rows(*codes[:3]) + rows(*codes[3:], delivery="2")
    first = await imported(up, text)
    assert (first["state"], first["events"], first["duplicates"]) == ("done", 2, 0)
    assert first["report"]["rows"] == 5
    again = await imported(up, text)
    assert (again["id"], again["state"], again["events"]) == (first["id"], "done", 2)
    shuffled = await imported(up, text + "\n\n")
    assert (shuffled["state"], shuffled["duplicates"]) == ("done", 2)
    assert await stored(up) == 2
    trace = (await up.client.get(f"/v1/codes/{codes[4]}")).json()
    assert [one["bizStep"] for one in trace["events"]] == ["shipping"]


async def test_one_wrong_line_refuses_the_file_and_all_are_told(up: Running) -> None:
    text = HEAD + rows(sgtin(), "nothing") + rows("urn:x y:1", delivery="2")
    text += "3,2026-03-01 10:00,,\n4,2031-01-01,urn:a:b,\n"
    job = await imported(up, text)
    assert job["state"] == "refused"
    found = [(one["line"], one["code"]) for one in job["report"]["problems"]]
    assert (3, "code_form") in found
    assert (6, "event_time_future") in found
    assert any(line == 5 for line, _ in found)  # an event without goods
    assert await stored(up) == 0


async def test_no_mapping_no_import(up: Running) -> None:
    for mapping in ("0" * 64, "../gateway.db", "x"):
        for path in ("/v1/imports", "/v1/lint"):
            answer = await up.client.post(path, content=b"a", params={"mapping": mapping})
            assert (answer.status_code, answer.json()["code"]) == (404, "mapping_not_found")
    refused = await up.client.post("/v1/csv-mappings", content=b"{}")
    assert refused.status_code == 400
    assert {one["pointer"] for one in refused.json()["errors"]} == {
        "/format",
        "/timeZone",
        "/event",
    }


async def test_parties_by_the_names_of_master_data(up: Running) -> None:
    party = {"enterpriseIds": ["C-7"], "companyPrefixes": ["9521321"]}
    assert (await up.client.put("/v1/parties/urn:example:c7", json=party)).status_code == 201
    code, other = sgtin(), sgtin()
    job = await imported(up, HEAD + f"1,2026-03-01 10:00,{code},C-7\n")
    assert job["state"] == "done", job
    gln = "https://id.gs1.org/417/9521321000010"
    job = await imported(up, HEAD + f"2,2026-03-01 10:00,{other},{gln}\n")
    assert job["state"] == "refused"  # its check digit is wrong; the prefix does not make it right
    events = (await up.client.get(f"/v1/codes/{code}")).json()["events"]
    shown = (await up.client.get(f"/epcis/events/{events[0]['eventID']}")).json()
    body = json.dumps(shown)
    assert "urn:example:c7" in body


async def test_lint_stores_nothing_and_says_all(up: Running) -> None:
    code, other = sgtin(), sgtin()
    await up.capture(commissioning(code), dispensing(code))
    before = await stored(up)
    known = commissioning(code)
    conflicting = {**shipping(other), "eventID": "urn:uuid:7f0a5bd8-8ef8-4f0c-a8a5-9b7c6e5d4c3b"}
    await up.capture(conflicting)
    changed = {**conflicting, "action": "DELETE", "bizStep": "decommissioning"}
    changed["disposition"] = "inactive"
    sold_again = dispensing(code, eventTime="2026-03-06T10:00:00.000+08:00")
    bad = {**shipping(other), "action": "PERHAPS"}
    told = await lint(up, json.dumps(document(known, changed, sold_again, bad)).encode())
    assert (told["kind"], told["good"], told["events"]) == ("epcis-json", False, 4)
    assert (told["new"], told["duplicates"], told["conflicts"], told["refused"]) == (1, 1, 1, 1)
    assert {one["code"] for one in told["problems"]} == {"action_unknown", "event_conflict"}
    assert {one["rule"] for one in told["findings"]} == {"already_dispensed"}
    assert await stored(up) == before + 1


async def test_lint_sees_what_earlier_events_of_the_file_do(up: Running) -> None:
    made, never = sgtin(), sgtin()
    events = [shipping(made), commissioning(made), shipping(never)]
    told = await lint(up, json.dumps(document(*events)).encode())
    assert told["good"]
    accused = {one["code"] for one in told["findings"] if one["rule"] == "not_commissioned"}
    assert accused <= {never}
    assert told["byType"] == [
        {
            "type": "ObjectEvent",
            "action": "ADD",
            "bizStep": "commissioning",
            "events": 1,
            "codes": 1,
        },
        {
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "bizStep": "shipping",
            "events": 2,
            "codes": 2,
        },
    ]


async def test_lint_of_csv_and_of_garbage(up: Running) -> None:
    mapping = await kept(up)
    text = HEAD + rows(sgtin(), sgtin()) + rows("nothing", delivery="2")
    told = await lint(up, text.encode(), mapping=mapping)
    assert (told["kind"], told["new"], told["problemCount"]) == ("csv", 1, 1)
    assert told["problems"][0]["pointer"] == "line 4"
    nothing = HEAD + rows("")
    told = await lint(up, nothing.encode(), mapping=mapping)
    assert told["problems"][0]["pointer"] == "line 2"
    for raw in (b"", b"hello", b"\x00\x01"):
        answer = await up.client.post("/v1/lint", content=raw)
        assert (answer.status_code, answer.json()["code"]) == (415, "import_kind")
    for raw in (b"{", b"<a", b"{}", b"<a/>", b"[" * 200):
        answer = await up.client.post("/v1/lint", content=raw)
        assert answer.status_code in (200, 415)
        assert answer.status_code == 415 or not answer.json()["good"]
    assert await stored(up) == 0


# the drop folder


def watching(up: Running, folder: Path, *, mapping: bool = True) -> DropFolder:
    folder.mkdir(exist_ok=True)
    file = folder.parent / "mapping.toml"
    file.write_bytes(MAPPING)
    gateway = up.gateway
    return DropFolder(
        folder,
        mapping_file=file if mapping else None,
        poll_s=0.05,
        size_bytes_max=1_000_000,
        importing=gateway.importing,
        mappings=gateway.mappings,
        capture=gateway.capture,
        gate=gateway.gate,
    )


async def settled(drop: DropFolder) -> int:
    """Look twice: a file is taken when it did not change in between."""
    return await drop.step() + await drop.step()


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


async def test_files_are_taken_and_filed_away(up: Running, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drop = watching(up, folder)
    (folder / "a.csv").write_text(HEAD + rows(sgtin(), sgtin()))
    (folder / "b.json").write_text(json.dumps(document(commissioning(sgtin()))))
    (folder / "bad.csv").write_text(HEAD + rows("nothing"))
    (folder / "bad.json").write_text("{")
    (folder / "what.bin").write_bytes(b"\x00")
    (folder / "later.csv.part").write_text("x")
    (folder / ".hidden").write_text("x")
    (folder / "link.csv").symlink_to(tmp_path / "mapping.toml")
    assert await settled(drop) == 5
    assert names(folder) == [".hidden", "done", "failed", "later.csv.part", "link.csv"]
    assert names(folder / "done") == ["a.csv", "a.csv.report.json", "b.json", "b.json.report.json"]
    report = json.loads((folder / "done" / "a.csv.report.json").read_text())
    assert (report["kind"], report["events"], report["duplicates"]) == ("csv", 1, 0)
    failed = json.loads((folder / "failed" / "bad.csv.report.json").read_text())
    assert failed["report"]["problems"][0]["line"] == 2
    assert json.loads((folder / "failed" / "what.bin.report.json").read_text())["report"]
    assert await stored(up) == 2


async def test_a_file_that_still_grows_is_left(up: Running, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drop = watching(up, folder)
    file = folder / "a.csv"
    file.write_text(HEAD)
    assert await drop.step() == 0
    file.write_text(HEAD + rows(sgtin()))
    assert await drop.step() == 0
    assert await drop.step() == 1
    assert await stored(up) == 1


async def test_the_same_file_again_stores_nothing_and_loses_nothing(
    up: Running, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    drop = watching(up, folder)
    text = HEAD + rows(sgtin())
    for _ in range(2):
        (folder / "a.csv").write_text(text)
        assert await settled(drop) == 1
    assert [one for one in names(folder / "done") if one.endswith(".csv")] == ["a-2.csv", "a.csv"]
    assert await stored(up) == 1


@pytest.mark.parametrize("lost", ["report", "nothing"])
async def test_a_crash_before_the_move_repeats_it(
    up: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """What is durable then: the events, and the report or not."""
    folder = tmp_path / "in"
    (folder).mkdir()
    text = HEAD + rows(sgtin())
    (folder / "a.csv").write_text(text)
    drop = watching(up, folder)
    real = Path.replace

    def crash(self: Path, target: Path) -> Path:
        if self.name == "a.csv" or (lost == "report" and self.parent.name == "done"):
            raise KeyboardInterrupt
        return real(self, target)

    await drop.step()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            await drop.step()
    assert (folder / "a.csv").read_text() == text
    assert await stored(up) == 1
    assert await settled(watching(up, folder)) == 1
    assert [one for one in names(folder / "done") if not one.startswith(".")] == [
        "a.csv",
        "a.csv.report.json",
    ]
    assert await stored(up) == 1


async def test_a_gateway_that_takes_nothing_leaves_files(up: Running, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drop = watching(up, folder)
    (folder / "a.csv").write_text(HEAD + rows(sgtin()))
    up.gateway.gate.fatal("testing")
    assert await settled(drop) == 0
    assert names(folder) == ["a.csv"]


async def test_csv_without_mapping_fails_with_a_reason(up: Running, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drop = watching(up, folder, mapping=False)
    (folder / "a.csv").write_text(HEAD + rows(sgtin()))
    assert await settled(drop) == 1
    report = json.loads((folder / "failed" / "a.csv.report.json").read_text())
    assert report["report"]["problems"][0]["code"] == "mapping_missing"


async def test_it_goes_on_by_itself_and_survives_a_missing_folder(
    up: Running, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    drop = watching(up, folder)
    folder.rmdir()
    task = asyncio.create_task(drop.run())
    await asyncio.sleep(0.1)
    folder.mkdir()
    (folder / "a.csv").write_text(HEAD + rows(sgtin()))
    async with asyncio.timeout(20):
        while True:
            if "a.csv" in names(folder / "done"):
                break
            await asyncio.sleep(0.05)
    drop.stop()
    await task
    assert await stored(up) == 1
