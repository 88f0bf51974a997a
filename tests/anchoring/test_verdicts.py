"""Verdicts: the table, the order of precedence, what is made from them, and the words."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from anchoring.cli import output as library
from anchoring.verdicts import (
    PRECEDENCE,
    CodeState,
    ExitStatus,
    Facts,
    Verdict,
    applying,
    exit_status_of,
    is_expired,
    judge,
)
from anchoring.verification_model import WORST_FIRST, Outcome
from node_gateway.cli import output as gateway

ROOT = Path(__file__).resolve().parents[2]
INTACT = Facts(outcomes=(Outcome.VERIFIED,), code=CodeState.RECORDED, today="2026-11-22")


def with_(**more: object) -> Facts:
    members = {name: getattr(INTACT, name) for name in Facts.__dataclass_fields__}
    return Facts(**members | more)


def test_what_is_made_from_the_table_is_as_it_would_be_made() -> None:
    script = ROOT / "scripts" / "make_verdicts.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_verdict_has_its_place_and_its_exit_status() -> None:
    assert sorted(PRECEDENCE) == list(Verdict) == [f"V{number:02}" for number in range(1, 16)]
    by_status: dict[int, str] = {}
    for one in Verdict:
        status = int(one.exit_status)
        by_status[status] = f"{by_status.get(status, '')} {one}".strip()
    assert by_status == {
        0: "V01 V02",
        12: "V03",
        14: "V04 V05 V06 V07 V10 V13 V15",
        11: "V08 V14",
        2: "V09",
        10: "V11",
        13: "V12",
    }


def test_both_command_lines_end_as_the_table_says() -> None:
    names = {"OK": "VERIFIED", "FAILED": "FAILED"}
    for status in ExitStatus:
        assert getattr(library, names.get(status.name, status.name)) == status
        assert getattr(gateway, {"FAILED": "FAILURE"}.get(status.name, status.name)) == status


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((Outcome.VERIFIED,), 0),
        ((Outcome.REFUSED,), 10),
        ((Outcome.NOT_AUTHORISED,), 14),
        ((Outcome.RECALLED,), 14),
        ((Outcome.DISAGREEMENT,), 14),
        ((Outcome.CANNOT_CHECK,), 13),
        ((Outcome.VERIFIED, Outcome.CANNOT_CHECK), 13),
        ((Outcome.CANNOT_CHECK, Outcome.RECALLED), 14),
        ((Outcome.RECALLED, Outcome.REFUSED), 10),
        ((), 13),
    ],
)
def test_the_outcomes_of_bundles_give_an_exit_status(
    outcomes: tuple[Outcome, ...], status: int
) -> None:
    assert exit_status_of(*outcomes) == status


def test_the_worst_outcome_gives_the_same_verdict_as_all() -> None:
    """What a report shows as its outcome and how the command ends never differ."""
    for one in Outcome:
        for other in Outcome:
            worst = min((one, other), key=WORST_FIRST.index)
            assert judge(with_(outcomes=(one, other))) == judge(with_(outcomes=(worst,)))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (with_(), "V01"),
        (with_(sales=1), "V02"),
        (with_(sales=2), "V04 "),
        (with_(sales=1, outcomes=()), "V12"),
        (with_(sales=1, outcomes=(Outcome.CANNOT_CHECK,)), "V12"),
        (with_(sales=3, outcomes=()), "V04"),
        (with_(sales=1, code=CodeState.SEALING), "V03 V02"),
        (with_(sales=1, expires="2026-11-21"), "V06 V02"),
        (with_(sales=1, is_destroyed=True, expires="2026-11-21"), "V07 V06 V02"),
        (with_(sales=2, warnings=("recalled",)), "V05 V04"),
        (with_(warnings=("recall_drill", "recall_lots", "not_authorised")), "V01"),
        (with_(outcomes=(Outcome.DISAGREEMENT,), warnings=("recalled",)), "V05 V13"),
        (with_(outcomes=(Outcome.REFUSED, Outcome.VERIFIED), sales=2, is_destroyed=True), "V11"),
        (Facts(code=CodeState.TYPO), "V09"),
        (Facts(code=CodeState.NEVER_ISSUED), "V08"),
        (Facts(code=CodeState.NOT_ACTIVATED), "V10"),
        (Facts(code=CodeState.OUTSIDE), "V14"),
        (Facts(code=CodeState.OUTSIDE, warnings=("recalled",)), "V05"),
        (Facts(code=CodeState.OUTSIDE, outcomes=(Outcome.CANNOT_CHECK,)), "V14"),
        (Facts(), "V12"),
    ],
)
def test_the_first_that_applies_is_said(facts: Facts, said: str) -> None:
    assert applying(facts) == tuple(Verdict(one) for one in said.split())
    assert judge(facts) == said.split()[0]


@pytest.mark.parametrize(
    ("expires", "last_day", "day_after"),
    [
        ("2026-11-22", "2026-11-22", "2026-11-23"),
        ("2026-11-22T23:00:00.000+08:00", "2026-11-22", "2026-11-23"),
        ("2026-11", "2026-11-30", "2026-12-01"),
        ("2026-11-00", "2026-11-30", "2026-12-01"),
        ("2026-12", "2026-12-31", "2027-01-01"),
    ],
)
def test_a_unit_is_good_to_the_end_of_its_day_or_month(
    expires: str, last_day: str, day_after: str
) -> None:
    assert (is_expired(expires, last_day), is_expired(expires, day_after)) == (False, True)


def test_what_is_no_date_never_passes() -> None:
    for text in (None, "", "soon", "26-11-22", "31.12.2025", "\u0662\u0660\u0662\u0660-11"):
        assert not is_expired(text, "2026-11-22")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_verdict_has_its_words(language: str) -> None:
    path = ROOT / "node_gateway" / "web" / "locales" / language / "verdict.json"
    words = json.loads(path.read_text(encoding="utf-8"))
    parts = {f"verdict.{one}.{part}" for one in Verdict for part in ("headline", "meaning", "next")}
    assert set(words) == parts | {f"verdict.tone.{one.tone}" for one in Verdict}
    assert [name for name, text in words.items() if re.search(r"\{", text)] == [
        "verdict.V04.headline"
    ]
    assert "{count}" in words["verdict.V04.headline"]
    text = "\n".join(words.values())
    never = (
        "[!！]|(?i:blockchain|genuine|authentic|fake|counterfeit|thief|guilty)|区块链|正品|假|骗"
    )
    assert not re.search(never, text)
    alarming = [one for one in Verdict if one.tone in ("warning", "stop")]
    assert all("12315" in words[f"verdict.{one}.next"] for one in alarming)
