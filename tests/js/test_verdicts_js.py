"""Browsers judge as Python does: every combination of the published vectors."""

import json
from itertools import product
from typing import Any

from anchoring.verdicts import PRECEDENCE, CodeState, Verdict
from tests.js.module_call import call
from tests.js.test_verify_js import VECTORS


def cases() -> list[tuple[dict[str, Any], list[str]]]:
    document = json.loads((VECTORS / "verdicts.json").read_text(encoding="utf-8"))
    grid, today = document["grid"], {"today": document["today"]}
    combinations = product(*grid["axes"].values())
    answers = " ".join(grid["applying"]).split()
    facts = [dict(zip(grid["axes"], values, strict=True)) for values in combinations]
    found = list(zip(facts, answers, strict=True))
    found += [(case["facts"], case["applying"]) for case in document["cases"]]
    return [
        (one | today, [f"V{said[at : at + 2]}" for at in range(0, len(said), 2)])
        for one, said in found
    ]


def test_every_combination_of_facts_gives_the_same_verdicts() -> None:
    asked = cases()
    assert len(asked) > 16_000
    assert {said[0] for _, said in asked} == set(Verdict)
    answers = call("[core.applying(one), core.judge(one)]", [facts for facts, _ in asked])
    for (facts, said), answer in zip(asked, answers, strict=True):
        assert answer == [said, said[0]], facts


def test_the_table_of_browsers_is_the_same() -> None:
    [(verdicts, precedence, states)] = call(
        "[core.VERDICTS, core.PRECEDENCE, core.CODE_STATES]", [None]
    )
    assert verdicts == {
        one: {"name": one.name, "exitStatus": one.exit_status, "tone": one.tone} for one in Verdict
    }
    assert precedence == list(PRECEDENCE)
    assert states == list(CodeState)
