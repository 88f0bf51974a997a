"""Imports of any format: limits, stops in the middle, and where a file is cut."""

from pathlib import Path

from node_gateway.services.importing import PART_CODES_MAX, PART_EVENTS_MAX, SourceEvent, parts_of
from node_gateway.settings import LimitsSection
from tests.gateway.codes.china.making import relation, rows
from tests.gateway.conftest import Start
from tests.gateway.running import LIMITS, Wishes


async def test_a_file_beyond_the_limit_leaves_nothing(start: Start) -> None:
    limits = LimitsSection(**{**LIMITS.model_dump(), "import_size_bytes_max": 2048})
    up = await start(Wishes().but(limits=limits))
    answer = await up.client.post("/v1/imports", content=relation(rows(9)))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert list((up.folder / "imports").iterdir()) == []
    taken = await up.client.post("/v1/imports", content=relation(rows(1)))
    await up.gateway.intake.settle()
    job = await up.client.get(taken.headers["location"])
    assert job.json()["state"] == "done"


async def test_a_stop_in_the_middle_is_gone_on_with_at_the_next_start(
    start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "one"
    up = await start(folder=folder)
    made = rows(120, 10, 1)
    raw = relation(made, cascade="1:10:10")
    answer = await up.client.post("/v1/imports", content=raw)
    await up.gateway.intake.stop()
    stopped = (await up.client.get(answer.headers["location"])).json()
    assert stopped["state"] == "interrupted"
    assert await up.gateway.intake.resume() == 1
    await up.gateway.intake.settle()
    job = (await up.client.get(answer.headers["location"])).json()
    assert (job["state"], job["events"]) == ("done", 2 + 2 + 1 + 1200 + 120)
    assert job["parts"] == 2


def test_parts_depend_on_the_events_alone() -> None:
    def made(count: int, codes: int) -> list[SourceEvent]:
        return [SourceEvent(n, {"epcList": ["x"] * codes}) for n in range(count)]

    small = list(parts_of(iter(made(2 * PART_EVENTS_MAX + 1, 1))))
    assert [len(one) for one in small] == [PART_EVENTS_MAX, PART_EVENTS_MAX, 1]
    large = list(parts_of(iter(made(5, PART_CODES_MAX * 2 // 5))))
    assert [len(one) for one in large] == [2, 2, 1]
    assert [len(one) for one in parts_of(iter(made(2, PART_CODES_MAX + 1)))] == [1, 1]
    assert list(parts_of(iter([]))) == []
