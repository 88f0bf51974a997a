"""`docs/README.md` leads to every page, so that none is known to its writer alone."""

import re

from tests.rules.source import ROOT, files

INDEX = "docs/README.md"


def test_every_page_stands_in_the_index() -> None:
    text = (ROOT / INDEX).read_text(encoding="utf-8")
    listed = {f"docs/{target}" for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text)}
    pages = {one.path for one in files(".md", under=("docs/",))}
    kept_elsewhere = {one for one in pages if one.startswith("docs/adr/")}  # each links the next
    assert len(pages) > 50
    assert pages - kept_elsewhere - {INDEX} - listed == set()
