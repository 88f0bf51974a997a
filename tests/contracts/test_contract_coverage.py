"""The check of the contracts' coverage fails when it should."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    place = ROOT / "scripts" / "check_contract_coverage.py"
    spec = importlib.util.spec_from_file_location("check_contract_coverage", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lcov(name: str, *, lines: tuple[int, int], branches: tuple[int, int]) -> str:
    """One file's records: of so many lines and branches so many are reached."""
    records = [f"SF:src/{name}.sol"]
    records += [f"DA:{number + 1},{int(number < lines[1])}" for number in range(lines[0])]
    records += [
        f"BRDA:7,0,{number},{'1' if number < branches[1] else '-'}" for number in range(branches[0])
    ]
    return "\n".join([*records, "end_of_record\n"])


def whole(script: ModuleType) -> str:
    return "".join(lcov(name, lines=(20, 20), branches=(20, 20)) for name in script.CONTRACTS)


def run(script: ModuleType, tmp_path: Path, text: str) -> int:
    place = tmp_path / "lcov.info"
    place.write_text(text, encoding="utf-8")
    status: int = script.main([str(place), "--root", str(tmp_path)])
    return status


def test_full_coverage_passes(script: ModuleType, tmp_path: Path) -> None:
    assert run(script, tmp_path, whole(script)) == 0


@pytest.mark.parametrize(
    ("lines", "branches", "status"), [(19, 20, 0), (20, 19, 0), (18, 20, 1), (20, 18, 1)]
)
def test_each_contract_reaches_the_limit_in_lines_and_in_branches(
    script: ModuleType, tmp_path: Path, lines: int, branches: int, status: int
) -> None:
    rest = "".join(
        lcov(name, lines=(20, 20), branches=(20, 20))
        for name in script.CONTRACTS
        if name != "Consortium"
    )
    low = lcov("ConsortiumVoting", lines=(20, lines), branches=(20, branches))
    assert run(script, tmp_path, rest + low) == status


def test_places_that_are_not_reached_are_named(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(script, tmp_path, whole(script) + lcov("PlainText", lines=(9, 1), branches=(1, 0))) == 1
    )
    said = capsys.readouterr().out
    assert "not reached: src/PlainText.sol:2 line\n" in said
    assert "not reached: src/PlainText.sol:7 branch\n" in said


def test_a_contract_without_records_and_a_source_without_contract_fail(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(script, tmp_path, lcov("AnchorRegistry", lines=(1, 1), branches=(1, 1))) == 1
    assert (
        run(script, tmp_path, whole(script) + lcov("Another", lines=(1, 1), branches=(1, 1))) == 1
    )
    assert "src/Another.sol belongs to no contract" in capsys.readouterr().out
    tests = lcov("x", lines=(9, 0), branches=(0, 0)).replace("src/", "test/")
    assert run(script, tmp_path, whole(script) + tests) == 0


def test_every_source_belongs_to_a_contract(script: ModuleType) -> None:
    for place in (ROOT / "contracts" / "src").glob("*.sol"):
        assert script.contract_of(f"src/{place.name}") in script.CONTRACTS


def test_assembly_is_left_out_and_nothing_around_it(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    lines = ["{", '    assembly ("memory-safe") {', "        if x {", "        }", "    }", "}"]
    (tmp_path / "src" / "PlainText.sol").write_text("\n".join(lines), encoding="utf-8")
    assert script.assembly_of("\n".join(lines)) == {3, 4}
    missed = "SF:src/PlainText.sol\nDA:1,1\nDA:3,0\nDA:4,0\nBRDA:3,0,0,-\nDA:5,0\nend_of_record\n"
    counts = script.count((whole(script) + missed).splitlines(), tmp_path)["NoticeBoard"]
    assert (counts.lines, counts.lines_hit) == (22, 21)
    assert counts.branches == 20
