"""Pages in Chinese say what their English twins say: as many headings, rows and commands.

Their commands are not run (`tests/test_docs_commands.py` runs those of the twins): they must be
the same to the letter. What the commands of the README print stands in the English one alone.
"""

import re
from pathlib import Path

import pytest

from tests.docs_commands import COMMENT, FENCE, ROOT
from tests.rules.source import files

FOLDER = "docs/zh-CN/"
WANTED = {
    *("README.md", "verify-a-pack.md", "receive-a-shipment.md", "handle-an-exception.md"),
    *("recall-a-lot.md", "print-labels.md", "run-a-gateway.md", "verify-without-us.md"),
    "drill-a-recall.md",
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PAGES = {Path(one.path).name: one.text for one in files(".md", under=(FOLDER,))}
IMAGE_SIZE_BYTES_MAX = 150_000


def twin(name: str) -> str:
    """Return the English page of which `name` is the translation."""
    path = ROOT / name if name == "README.md" else ROOT / "docs/how-to" / name
    return path.read_text(encoding="utf-8")


def told(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return every fenced block: its mark, what is expected of it, and what a reader types."""
    return [
        (found["mark"], _expected(text[: found.start()]), _typed(found["mark"], found["body"]))
        for found in FENCE.finditer(text)
    ]


def _expected(above: str) -> str:
    comment = COMMENT.search(above)
    return comment[1].strip() if comment and comment[1].strip() != "prints" else ""


def _typed(mark: str, body: str) -> tuple[str, ...]:
    lines = body.splitlines()
    if mark == "text":
        return tuple(line.partition(" # ")[0].rstrip() for line in lines)  # remarks are translated
    if mark != "console":
        return tuple(lines)
    kept, goes_on = [], False
    for line in lines:
        if goes_on or line.startswith("$ "):
            kept.append(line)
            goes_on = line.endswith("\\")
    return tuple(kept)


def prose(text: str) -> str:
    return FENCE.sub("", text)


def headings(text: str) -> list[int]:
    return [len(one) for one in re.findall(r"(?m)^(#+) ", prose(text))]


def rows(text: str) -> list[int]:
    """Return the number of cells of every row of every table, in order."""
    return [len(re.findall(r"(?<!\\)\|", one)) for one in re.findall(r"(?m)^\|.*$", prose(text))]


def test_every_wanted_page_is_there() -> None:
    assert set(PAGES) == WANTED


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_translation_is_as_its_twin(name: str) -> None:
    text, english = PAGES[name], twin(name)
    assert headings(text) == headings(english)
    assert rows(text) == rows(english)
    assert told(text) == told(english)
    assert len(CHINESE.findall(prose(text))) > len(prose(english)) / 8


@pytest.mark.parametrize(
    "change",
    [
        *(("## ", "### "), ("| a | b |", "| a |"), ("$ ls", "$ rm"), ("exit 1", "exit 2")),
        *(("```text\nx", "```text\ny"), ("  -l", "  -a")),
    ],
)
def test_what_differs_is_seen(change: tuple[str, str]) -> None:
    text = (
        "# A\n\n## B\n\n| a | b |\n|---|---|\n\n```text\nx # remark\n```\n\n"
        "<!-- runs: exit 1 -->\n```console\n$ ls \\\n  -l\nprinted\n```\n"
    )
    assert change[0] in text
    other = text.replace(*change)
    assert (headings(text), rows(text), told(text)) != (headings(other), rows(other), told(other))
    same = text.replace("printed", "gedruckt").replace("remark", "Bemerkung")
    assert told(text) == told(same)


@pytest.mark.parametrize("path", ["README.md", f"{FOLDER}README.md"])
def test_the_readme_leads_to_its_twin_and_shows_a_picture(path: str) -> None:
    page = ROOT / path
    text = page.read_text(encoding="utf-8")
    (target,) = re.findall(r"\]\(([^)]+README\.md)\)", text.splitlines()[0])
    other = (page.parent / target).resolve()
    assert {page, other} == {ROOT / "README.md", ROOT / FOLDER / "README.md"}
    (shown,) = re.findall(r'<img src="([^"]+)"[^>]* alt="[^"]{20,}"', text)
    data = (page.parent / shown).read_bytes()
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WEBP"
    assert len(data) <= IMAGE_SIZE_BYTES_MAX
