"""Write what is made from the table of verdicts (`anchoring/verdicts.py`).

* `node_gateway/web/src/core/verdicts.ts`: the table for browsers;
* `docs/reference/verdicts.md`: the tables between its marks;
* `tests/vectors/verdicts.json`: facts in all combinations, and which verdicts apply.

`--check` writes nothing and ends with 1 if a file is not as it would be written.
"""

from __future__ import annotations

import json
import sys
from itertools import combinations, product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from anchoring.verdicts import (  # noqa: E402
    PRECEDENCE,
    CodeState,
    ExitStatus,
    Facts,
    Verdict,
    applying,
)
from anchoring.verification_model import Outcome  # noqa: E402

TYPESCRIPT = ROOT / "node_gateway/web/src/core/verdicts.ts"
PAGE = ROOT / "docs/reference/verdicts.md"
VECTORS = ROOT / "tests/vectors/verdicts.json"
LOCALES = ROOT / "node_gateway/web/locales"
TODAY = "2026-11-22"
SALES = (0, 1, 2, 7)
EXPIRES = (None, TODAY, "2026-11-21", "2026-11", "2026-10-00", "2026-11-23T00:00:00Z", "soon")
"""Every form of a date; with a short day in all combinations, the others apart."""


def typescript() -> str:
    """Return the table for browsers."""
    rows = [
        f'  {one}: {{ name: "{one.name}", exitStatus: {one.exit_status:d}, tone: "{one.tone}" }},'
        for one in Verdict
    ]
    order = [f'"{one}"' for one in PRECEDENCE]
    lines = [", ".join(order[at : at + 8]) for at in range(0, len(order), 8)]
    states = ", ".join(f'"{one}"' for one in CodeState)
    return "\n".join(
        [
            "/** The verdicts. Written by scripts/make_verdicts.py from anchoring/verdicts.py. */",
            "",
            "export const VERDICTS = {",
            *rows,
            "} as const;",
            "",
            "/** The code that a call centre can look up. */",
            "export type Verdict = keyof typeof VERDICTS;",
            "",
            "/** How a verdict is shown: a shape of its own, a word and a colour. */",
            'export type Tone = (typeof VERDICTS)[Verdict]["tone"];',
            "",
            "/** Of all that apply the first is said. */",
            "export const PRECEDENCE: readonly Verdict[] = [",
            *(f"  {line}," for line in lines),
            "];",
            "",
            "/** What is known of a code before any proof of it is looked at. */",
            f"export const CODE_STATES = [{states}] as const;",
            "export type CodeState = (typeof CODE_STATES)[number];",
            "",
        ]
    )


def table(language: str) -> str:
    """Return the verdicts in the order of precedence, as people read them."""
    path = LOCALES / language / "verdict.json"
    words = json.loads(path.read_text(encoding="utf-8"))
    heads = {
        "en": ("verdict", "name", "shown as", "status", "headline", "what it means", "next step"),
        "zh-CN": ("结论", "名称", "样式", "状态码", "标题", "含义", "下一步"),
    }[language]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for one in PRECEDENCE:
        said = [words[f"verdict.{one}.{part}"] for part in ("headline", "meaning", "next")]
        tone = words[f"verdict.tone.{one.tone}"]
        cells = [one.value, f"`{one.name}`", tone, str(int(one.exit_status)), *said]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def statuses() -> str:
    """Return every exit status with the verdicts that end in it."""
    lines = ["| status | name | verdicts |", "|---|---|---|"]
    for status in ExitStatus:
        verdicts = " ".join(one.value for one in Verdict if one.exit_status is status)
        lines.append(f"| {int(status)} | `{status.name}` | {verdicts or '-'} |")
    return "\n".join(lines)


def page() -> str:
    """Return the reference page with its tables written anew."""
    text = PAGE.read_text(encoding="utf-8")
    made = {"en": table("en"), "zh-CN": table("zh-CN"), "statuses": statuses()}
    for name, lines in made.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}{lines}{end}{after}"
    return text


def vectors() -> str:
    """Return all combinations of facts, the last axis fastest, one line of answers per outcomes.

    An answer is the verdicts that apply, the one to say first, two digits each.
    """
    outcomes = [
        chosen for size in range(len(Outcome) + 1) for chosen in combinations(Outcome, size)
    ]
    axes: dict[str, list[Any]] = {
        "outcomes": [[str(one) for one in chosen] for chosen in outcomes],
        "code": [str(one) for one in CodeState],
        "sales": list(SALES[:3]),
        "warnings": [[], ["recall_drill", "recalled"]],
        "isDestroyed": [False, True],
        "expires": list(EXPIRES[:3]),
    }
    rest = list(product(*list(axes.values())[1:]))
    answers = [
        " ".join(_applying(dict(zip(axes, (chosen, *values), strict=True))) for values in rest)
        for chosen in axes["outcomes"]
    ]
    more = [
        {"outcomes": ["verified"], "code": "recorded", "sales": sales, "expires": expires}
        | {"warnings": [warning], "isDestroyed": False}
        for sales in SALES
        for expires in EXPIRES
        for warning in ("recall_lots", "not_authorised")
    ]
    cases = [{"facts": facts, "applying": _applying(facts)} for facts in more]
    grid = {"axes": axes, "applying": answers}
    document = {"today": TODAY, "grid": grid, "cases": cases}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _applying(facts: dict[str, Any]) -> str:
    made = Facts(
        outcomes=tuple(Outcome(one) for one in facts["outcomes"]),
        code=CodeState(facts["code"]),
        sales=facts["sales"],
        warnings=facts["warnings"],
        is_destroyed=facts["isDestroyed"],
        expires=facts["expires"],
        today=TODAY,
    )
    return "".join(one.value[1:] for one in applying(made))


def main(arguments: list[str]) -> int:
    """Write or, with `--check`, compare."""
    stale = []
    arguments_ok = set(arguments) <= {"--check"}
    if not arguments_ok:
        print("python scripts/make_verdicts.py [--check]")
        return 2
    for path, made in ((TYPESCRIPT, typescript), (PAGE, page), (VECTORS, vectors)):
        text = made()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    for path in stale:
        print(path.relative_to(ROOT))
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
