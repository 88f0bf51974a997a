"""Pages have words, in both languages, for every status of a witness and every warning."""

import json
import re
from pathlib import Path

import pytest

from tests.js.test_build_js import CORE, WEB

LOCALES = WEB / "locales"
# What a witness refuses a bundle for; a bundle that does not hold in itself is never asked about.
REFUSED = {"anchor_not_found", "anchor_ambiguous", "record_mismatch"}
UNSETTLED = {"witness_stale", "chain_unavailable", "chain_mismatch", "quorum_not_met"}
SET_ASIDE = {"contradicts_itself", "block_not_sealed"}


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for area in ("verdict", "witness"):
        found |= json.loads((LOCALES / language / f"{area}.json").read_text(encoding="utf-8"))
    return found


def source(name: str) -> str:
    return (CORE / name).read_text(encoding="utf-8")


def statuses() -> set[str]:
    settled = set(re.findall(r'settle\("([a-z_]+)"', source("witnesses.ts") + source("verify.ts")))
    named = set(re.findall(r'export const [A-Z]+ = "([a-z_]+)"', source("witnesses.ts")))
    return (settled | named | REFUSED) - {"answered"}


def warnings() -> set[str]:
    files: list[Path] = sorted(CORE.glob("*.ts"))
    texts = "".join(one.read_text(encoding="utf-8") for one in files)
    found = set(re.findall(r'\bwarn\(\s*"([a-z_]+)"', texts))
    found |= set(re.findall(r'\[code, text\] = \["([a-z_]+)"', source("notices.ts")))
    found |= set(re.findall(r'notes\.push\("([a-z_]+)"', source("findings.ts")))
    found |= {f"participant_{one}" for one in ("unknown", "suspended", "removed")}
    return found | {f"witness_{one}" for one in SET_ASIDE} | UNSETTLED | {"witness_disagreement"}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_code_that_a_viewer_may_see_has_words(language: str) -> None:
    said = words(language)
    assert len(statuses()) == 11
    assert len(warnings()) == 24
    asked = {f"witness.status.{one}" for one in statuses()}
    asked |= {f"witness.warning.{one}" for one in warnings()}
    others = {"witness.proven", "witness.agree", "witness.seals"}
    assert {name for name in said if name.startswith("witness.")} == asked | others
    assert all(text.strip() for text in said.values())


def test_both_languages_say_the_same_things() -> None:
    english, chinese = words("en"), words("zh-CN")
    assert list(english) == list(chinese)
    for name, text in english.items():
        holes = [set(re.findall(r"\{\w+\}", one)) for one in (text, chinese[name])]
        assert holes[0] == holes[1], name
        assert not re.search(
            "[!\uff01]|(?i:blockchain)|\u533a\u5757\u94fe", text + chinese[name]
        ), name
