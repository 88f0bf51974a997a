"""`sealtrail doctor` on the built pages: whole, changed, missing, and without their list."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from node_gateway.cli import doctor
from node_gateway.web import assets

CHANGED, GONE = "verify.mjs", "LICENCES.txt"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the built pages, which this process takes for its own."""
    copy = tmp_path / "static"
    shutil.copytree(assets.folder(), copy)
    monkeypatch.setattr(assets, "folder", lambda: copy)
    assets.manifest.cache_clear()
    yield copy
    assets.manifest.cache_clear()


def test_whole_pages_are_told_with_one_hash_over_all_of_them(built: Path) -> None:
    name, holds, text = doctor.pages()
    count = len(json.loads((built / assets.MANIFEST).read_text()))
    assert (name, holds) == ("pages", True)
    assert text == f"{count} files as they were built, sha256 {assets.digest()}"


def test_the_hash_is_another_one_when_one_file_was_built_otherwise(built: Path) -> None:
    before = assets.digest()
    listed = json.loads((built / assets.MANIFEST).read_text())
    listed[CHANGED]["sha256"] = "0" * 64
    (built / assets.MANIFEST).write_text(json.dumps(listed))
    assets.manifest.cache_clear()
    assert assets.digest() != before


def test_what_was_changed_or_is_gone_is_named(built: Path) -> None:
    with (built / CHANGED).open("ab") as file:
        file.write(b" ")
    (built / GONE).unlink()
    _, holds, text = doctor.pages()
    assert not holds
    assert text.startswith(f"not as they were built: {GONE}, {CHANGED}. Try: ")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": {}}', '{"a": null}', "\N{DEGREE SIGN}"])
def test_a_damaged_list_is_said(built: Path, text: str) -> None:
    (built / assets.MANIFEST).write_text(text, encoding="latin-1")
    assets.manifest.cache_clear()
    _, holds, said = doctor.pages()
    assert not holds
    assert said.startswith("the list of built pages is damaged. Try: ")


def test_pages_that_were_never_built_are_said(built: Path) -> None:
    shutil.rmtree(built)
    assets.manifest.cache_clear()
    _, holds, said = doctor.pages()
    assert not holds
    assert said.startswith("the pages are not built. Try: make setup")
