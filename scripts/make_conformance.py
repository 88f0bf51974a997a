"""Write docs/reference/epcis-conformance.md: which test covers what of the EPCIS 2.0 interface.

python scripts/make_conformance.py [--check]

Endpoints and parameters are GS1's (`tests/gateway/rest/official.py`; a test compares them with the
official file). What covers them is read from the tests: the rows of `cases.py`, and the `@covers`
of the others. Something that nothing covers is an error.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.gateway.epcis.query.cases import CASES, FIXED  # noqa: E402
from tests.gateway.rest.official import ELSEWHERE, ENDPOINTS, PAGING, PARAMETERS, SCHEDULE  # noqa: E402
from tests.gateway.rest.openapi_patches import PATCHES  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "epcis-conformance.md"
REST = ROOT / "tests" / "gateway" / "rest"
SEMANTICS = "tests/gateway/epcis/query/test_semantics.py::test_semantics"
CONTRACT = "tests/gateway/rest/test_contract.py::test_answers_are_as_gs1_describes_them"

HEAD = f"""\
<!-- Made by scripts/make_conformance.py; change the tests, then run it. -->
# EPCIS 2.0: what is covered by which test

This is a list of our own tests, not a certificate: nobody has certified this gateway. What the
interface does in words is on [its page](epcis.md). The names are those of GS1's OpenAPI file for
EPCIS 2.0 and of the standard's section 8.2.7.1.

Every endpoint is also called by
`{CONTRACT}`,
which draws requests from GS1's own file, its defects patched (listed below), and compares status,
headers and bodies of the answers with it.
"""

DEVIATIONS = """\
## Where we differ, and why

- Identifiers are stored, and by default answered, as canonical Digital Links at
  `https://id.gs1.org`; `Never_Translates` gives them so.
- `POST /events` answers a report (`eventID`, `entry`, `result`), as `POST /capture` does; with
  `Prefer: return=representation` the event, as GS1's file has it.
- Results without `orderBy` come in an order of the gateway's choice, which stays the same from page
  to page.
- `orderBy` by an extension, and `maxEventCount`, are refused with `QueryTooComplexException` where
  more than 10,000 events would have to be read.
- `HASATTR_` and `EQATTR_` ask this gateway's master data, whose attributes are fewer than CBV's.
- A unit of measure that is not in our table is comparable with itself only.
- GS1's query schema has patterns that no parameter can match (a backslash before the colon); names
  are read as the standard's text has them, `EQ_ATTR_` as well as `EQATTR_`.
"""


def main() -> int:
    page, missing = made()
    if missing:
        print("nothing covers: " + ", ".join(missing))
        return 1
    if "--check" in sys.argv[1:]:
        same = TARGET.exists() and TARGET.read_text(encoding="utf-8") == page
        print(f"{TARGET.relative_to(ROOT)} is {'up to date' if same else 'out of date'}")
        return 0 if same else 1
    TARGET.write_text(page, encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)} is written")
    return 0


def made() -> tuple[str, list[str]]:
    """Return the page, and what is covered by nothing."""
    covered = dict(covering())
    for name, test in ELSEWHERE.items():
        require_test(test)
        covered.setdefault(name, []).append(test)
    for case in FIXED:
        covered.setdefault(case.parameter, []).append(f"{SEMANTICS}[{case.parameter}]")
    names = (*ENDPOINTS, *PARAMETERS, *PAGING, *SCHEDULE)
    missing = [name for name in names if not covered.get(name)]
    further = [one.parameter for one in FIXED if one.parameter not in PARAMETERS]
    parts = [
        HEAD,
        table("Endpoints", "endpoint", [(one, covered.get(one, [])) for one in ENDPOINTS]),
        table(
            "Query parameters with fixed names",
            "parameter",
            [(one, covered.get(one, [])) for one in (*PARAMETERS, *dict.fromkeys(further))],
        ),
        families(),
        table(
            "Parameters of pages and schedules",
            "parameter",
            [(one, covered.get(one, [])) for one in (*PAGING, *SCHEDULE)],
        ),
        DEVIATIONS,
        patches(),
    ]
    return "\n".join(parts), missing


def covering() -> Iterator[tuple[str, list[str]]]:
    """Yield what the tests beside say of themselves: (name, tests)."""
    found: dict[str, list[str]] = {}
    for path in sorted(REST.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name in covers_of(node):
                    test = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
                    found.setdefault(name, []).append(test)
    yield from found.items()


def covers_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "covers":
            for inner in ast.walk(call):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner.value


def require_test(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    if not any(getattr(node, "name", None) == name for node in ast.walk(tree)):
        raise SystemExit(f"there is no {test}")


def table(title: str, what: str, rows: list[tuple[str, list[str]]]) -> str:
    lines = [f"## {title}\n", f"| {what} | test |", "|---|---|"]
    for name, tests in rows:
        shown = "<br>".join(f"`{test}`" for test in dict.fromkeys(tests))
        lines.append(f"| `{name}` | {shown} |")
    return "\n".join(lines) + "\n"


def families() -> str:
    """Return the table of the parameters whose names vary, with the names that are tested."""
    tested: dict[str, list[str]] = {}
    for case in CASES:
        if case.family:
            operation = case.parameter.partition("_")[0]
            family = case.family
            if not family.startswith(f"{operation}_") and "ATTR" not in family:
                family = f"{operation}_{family}"
            tested.setdefault(family, []).append(case.parameter)
    lines = [
        "## Families of query parameters\n",
        f"Each name is a row of `{SEMANTICS}`.\n",
        "| family | tested with |",
        "|---|---|",
    ]
    for family, names in sorted(tested.items()):
        shown = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
        lines.append(f"| `{family}` | {shown} |")
    return "\n".join(lines) + "\n"


def patches() -> str:
    lines = ["## What is put right in GS1's OpenAPI file\n"]
    for patch in PATCHES:
        reason = " ".join((patch.__doc__ or "").split())
        lines.append(f"- **{patch.__name__.replace('_', ' ')}**: {reason}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
