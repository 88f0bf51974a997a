"""The table of faults that operators read names tests that exist."""

from tests.anvil import ROOT
from tests.rules import records
from tests.rules.source import Source, files

PAGE = "docs/explanation/faults.md"


def _page() -> Source:
    (page,) = [source for source in files(".md") if source.path == PAGE]
    return page


def test_every_fault_names_tests_that_exist() -> None:
    assert records.missing_tests(_page()) == []
    assert len(records.invariants(_page())) >= 20


def test_every_fault_test_of_this_folder_is_in_the_table() -> None:
    text = _page().text
    for path in sorted((ROOT / "tests" / "faults").glob("test_*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            name = line.partition("def ")[2].partition("(")[0]
            if name.startswith("test_f"):
                assert f"tests/faults/{path.name}::{name}`" in text, name
