"""The words of the Core Business Vocabulary on the console's pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node_gateway.epcis.cbv import standard_words
from node_gateway.web.terms import term
from node_gateway.web.words import LANGUAGES
from tests.gateway.console.visitors import somebody, text_of
from tests.gateway.running import Running, commissioning, sgtin

LOCALES = Path(__file__).parents[3] / "node_gateway" / "web" / "locales"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_vocabulary_has_a_text(language: str) -> None:
    said = json.loads((LOCALES / language / "cbv.json").read_text(encoding="utf-8"))
    wanted = {f"cbv.step.{one}" for one in standard_words("biz_step")}
    wanted |= {f"cbv.disposition.{one}" for one in standard_words("disposition")}
    assert set(said) == wanted


def test_chinese_texts_are_chinese_and_differ() -> None:
    said = json.loads((LOCALES / "zh-CN" / "cbv.json").read_text(encoding="utf-8"))
    assert not [one for one in said.values() if one.isascii()]
    for kind in ("step", "disposition"):
        some = [text for key, text in said.items() if key.startswith(f"cbv.{kind}.")]
        assert len(some) == len(set(some)), kind


def test_a_word_of_somebody_else_stands_as_it_is() -> None:
    assert term("zh-CN", "step", "shipping") == "发货"
    assert term("zh-CN", "step", "https://example.com/voc/Irradiating") == (
        "https://example.com/voc/Irradiating"
    )
    assert term("zh-CN", "disposition", None) == term("en", "step", "") == ""


@pytest.mark.asyncio(loop_scope="module")
async def test_a_unit_is_told_in_the_language_of_the_page(shared: Running) -> None:
    code = sgtin()
    await shared.entry(commissioning(code), final=False)
    async with somebody(shared, "reader", "viewer") as one:
        chinese = text_of(await one.get("/app/unit", code=code, lang="zh-CN"))
        assert "赋码" in chinese
        assert "commissioning" not in chinese
        assert "commissioning" in text_of(await one.get("/app/unit", code=code, lang="en"))
        twin = (await one.get("/app/unit", code=code, format="json")).json()["rows"][0]
        assert twin["bizStep"] == "commissioning"  # machines get the word itself
