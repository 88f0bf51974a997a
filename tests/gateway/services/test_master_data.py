"""Master data as a service: who overrides whom, what a restart finds, what a file does."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from node_gateway.epcis.derived import Location
from node_gateway.errors import (
    DocumentRefusedError,
    NotFoundError,
    PreconditionError,
    TakenError,
)
from node_gateway.master_data.records import Record, read_record
from node_gateway.services.master_data import MasterData
from node_gateway.services.master_data_files import MasterDataFiles
from node_gateway.storage.engine import migrate, open_store
from node_gateway.storage.master_data import MasterDataStore, MasterRow
from node_gateway.storage.ports import GatewayStore

GLN = "https://id.gs1.org/414/6901234000009"
GTIN = "06901234123456"
NOW_S = 1_800_000_000.0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[GatewayStore]:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate(url)
    opened = await open_store(url)
    yield opened
    await opened.close()


class Counting(MasterDataStore):
    """A store that counts its writes."""

    writes = 0

    async def write(self, rows: Sequence[MasterRow]) -> None:
        self.writes += 1
        await super().write(rows)


@pytest.fixture
async def kept(store: GatewayStore) -> Counting:
    return Counting(store)


@pytest.fixture
async def master(kept: Counting) -> MasterData:
    return await opened(kept)


async def opened(kept: Counting) -> MasterData:
    made = MasterData(kept, clock=lambda: NOW_S)
    await made.load()
    return made


def amox(**members: Any) -> dict[str, Any]:
    return {"nameEn": "Amoxicillin", "levels": [{"gtins": [GTIN]}], **members}


def place(city: str, name: str = GLN) -> Record:
    return read_record("location", {"id": name, "city": city})


async def test_putting_the_same_again_changes_nothing(master: MasterData, kept: Counting) -> None:
    made = await master.put("product", "AMOX", amox(), by="one")
    again = await master.put("product", "AMOX", amox(levels=[{"gtins": [GTIN[1:]]}]), by="two")
    assert (made.result, made.version) == ("created", 1)
    assert (again.result, again.version) == ("unchanged", 1)
    assert kept.writes == 1
    changed = await master.put("product", "AMOX", amox(nameEn="Amox"), by="two")
    assert (changed.result, changed.version) == ("replaced", 2)
    versions = await master.versions("product", GTIN)
    assert [(one.version, one.changed_by, one.changed_at_ms) for one in versions] == [
        (2, "two", int(NOW_S * 1000)),
        (1, "one", int(NOW_S * 1000)),
    ]


async def test_a_restart_finds_the_same(master: MasterData, kept: Counting) -> None:
    await master.put("product", "AMOX", amox(), by="one")
    await master.put("location", GLN, {"city": "Hangzhou"}, by="one")
    await master.put("party", "urn:a:b", {"companyPrefixes": ["6901234"], "participant": 3}, by="x")
    await master.put("party", "urn:a:c", {"companyPrefixes": ["952123"]}, by="x")
    await master.remove("party", "urn:a:c", by="x")
    again = await opened(kept)
    assert len(again.directory) == len(master.directory) == 3
    assert again.directory.participant_of(GLN) == 3
    assert again.directory.gcp_length_of("9521231") is None
    assert again.locations[GLN] == Location("Hangzhou")
    written = await again.put("party", "urn:a:c", {}, by="x")
    assert (written.result, written.version) == ("created", 3)


async def test_versions_guard_against_two_writers(master: MasterData) -> None:
    await master.put("product", "AMOX", amox(), by="one", version=0)
    with pytest.raises(PreconditionError):
        await master.put("product", "AMOX", amox(nameEn="x"), by="two", version=0)
    await master.put("product", "AMOX", amox(nameEn="y"), by="one", version=1)
    with pytest.raises(PreconditionError):
        await master.remove("product", "AMOX", by="two", version=1)
    await master.remove("product", "AMOX", by="two", version=2)
    with pytest.raises(NotFoundError) as error:
        await master.get("product", "AMOX")
    assert error.value.code == "product_not_found"
    with pytest.raises(NotFoundError):
        await master.remove("product", "AMOX", by="two")


async def test_one_code_is_one_product(master: MasterData, kept: Counting) -> None:
    await master.put("product", "AMOX", amox(), by="one")
    with pytest.raises(TakenError) as error:
        await master.put("product", "B", amox(), by="one")
    assert [(one.code, one.pointer) for one in error.value.spots] == [
        ("master_data_taken", "/levels/0/gtins/0")
    ]
    assert kept.writes == 1
    await master.remove("product", "AMOX", by="one")
    assert (await master.put("product", "B", amox(), by="one")).result == "created"
    found = master.directory.product_of(GTIN)
    assert found is not None
    assert found.id == "B"


async def test_the_id_of_the_address_is_the_id(master: MasterData) -> None:
    with pytest.raises(DocumentRefusedError) as error:
        await master.put("product", "AMOX", amox(id="OTHER"), by="one")
    assert error.value.code == "id_mismatch"
    written = await master.put("location", "6901234000009", {"id": GLN}, by="one")
    assert written.record.id == GLN
    assert (await master.get("location", "urn:epc:id:sgln:6901234.00000.0")).identifier == GLN


async def test_what_a_header_says_never_overrides_the_operator(
    master: MasterData, kept: Counting
) -> None:
    assert await master.take_header([place("Hangzhou")], by="capture 1") == 1
    assert await master.take_header([place("Hangzhou")], by="capture 2") == 0
    assert kept.writes == 1
    assert await master.take_header([place("Ningbo")], by="capture 3") == 1
    await master.put("location", GLN, {"city": "Wenzhou"}, by="one")
    assert await master.take_header([place("Hangzhou")], by="capture 4") == 0
    assert master.locations[GLN] == Location("Wenzhou")
    await master.remove("location", GLN, by="one")
    assert await master.take_header([place("Hangzhou")], by="capture 5") == 0
    assert GLN not in master.locations
    sources = [one.source for one in await master.versions("location", GLN)]
    assert sources == ["operator", "operator", "header", "header"]


async def test_a_product_of_a_header_gives_way(master: MasterData, kept: Counting) -> None:
    told = read_record("product", {"id": GTIN, "levels": [{"gtins": [GTIN]}]})
    await master.take_header([told], by="capture 1")
    await master.put("product", "AMOX", amox(), by="one")
    found = master.directory.product_of(GTIN)
    assert found is not None
    assert found.id == "AMOX"
    with pytest.raises(NotFoundError):
        await master.get("product", "none")
    assert [one.identifier for one in await master.page("product", limit=9)] == ["AMOX"]
    assert await master.take_header([told], by="capture 2") == 0
    again = await opened(kept)
    for one in (master, again):
        found = one.directory.product_of(GTIN)
        assert found is not None
        assert found.id == "AMOX"


async def test_the_file_of_the_settings_is_followed(master: MasterData, kept: Counting) -> None:
    other = "urn:example:shop"
    await master.take_header([place("Header City")], by="capture 1")
    await master.follow_file({GLN: Location("Hangzhou", "Zhejiang"), other: Location("Ningbo")})
    assert master.locations[GLN] == Location("Hangzhou", "Zhejiang")
    writes = kept.writes
    await master.follow_file({GLN: Location("Hangzhou", "Zhejiang"), other: Location("Ningbo")})
    assert kept.writes == writes
    assert await master.take_header([place("Header City")], by="capture 2") == 0
    await master.put("location", GLN, {"city": "Wenzhou"}, by="one")
    await master.follow_file({GLN: Location("Hangzhou")})
    assert master.locations[GLN] == Location("Wenzhou")
    assert other not in master.locations
    await master.follow_file({other: Location("Ningbo")})
    assert master.locations[other] == Location("Ningbo")


async def test_a_file_is_taken_whole_or_not_at_all(master: MasterData, kept: Counting) -> None:
    files = MasterDataFiles(master)
    bad = f"id,level1_gtins\nA,{GTIN}\nB,{GTIN}\nC,1\nA,\n".encode()
    with pytest.raises(DocumentRefusedError) as error:
        await files.take("product", bad, by="one")
    assert [(one.code, one.pointer) for one in error.value.spots] == [
        ("identifier_form", "/4/level1_gtins"),
        ("row_repeats", "/5/id"),
        ("master_data_taken", "/3/level1_gtins"),
    ]
    assert kept.writes == 0
    checked = await files.take("product", bad, by="one", check=True)
    assert (checked.rows, checked.refused, checked.created, kept.writes) == (4, 3, 0, 0)
    report = await files.take("product", bad, by="one", proceed=True)
    assert (report.created, report.refused, len(report.errors)) == (1, 3, 3)
    again = await files.take("product", bad, by="one", proceed=True)
    assert (again.created, again.unchanged) == (0, 1)


async def test_a_code_may_move_inside_one_file(master: MasterData) -> None:
    files = MasterDataFiles(master)
    other = "06901234123463"
    await files.take("product", f"id,level1_gtins\nA,{GTIN}\nB,{other}\n".encode(), by="one")
    report = await files.take(
        "product", f"id,level1_gtins\nA,{other}\nB,{GTIN}\n".encode(), by="one"
    )
    assert (report.replaced, report.refused) == (2, 0)
    found = [master.directory.product_of(code) for code in (GTIN, other)]
    assert [one.id for one in found if one is not None] == ["B", "A"]
    with pytest.raises(DocumentRefusedError):
        await files.take("product", f"id,level1_gtins\nC,{GTIN}\n".encode(), by="one")


async def test_an_export_can_be_imported_again(master: MasterData, kept: Counting) -> None:
    files = MasterDataFiles(master)
    lines = [f"urn:example:{number:05},City {number}\r\n" for number in range(2500)]
    raw = ("id,city\r\n" + "".join(lines)).encode()
    assert (await files.take("location", raw, by="one")).created == 2500
    for chinese in (False, True):
        text = "".join([part async for part in files.export("location", chinese=chinese)])
        assert text.count("\r\n") == 2501
        writes = kept.writes
        report = await files.take("location", text.encode(), by="two")
        assert (report.unchanged, report.rows, kept.writes) == (2500, 2500, writes)


async def test_an_export_of_nothing_has_its_columns(master: MasterData) -> None:
    text = "".join([part async for part in MasterDataFiles(master).export("party")])
    assert text.startswith("\ufeffid,name_zh,")
    assert text.count("\n") == 1
