"""What the written records name must exist: tests behind invariants, files behind links."""

import ast
import re

from tests.rules.source import ROOT, Source

ROW = re.compile(r"^\| ([A-Z]+\d+) \|(.*)\|$")
TEST_ID = re.compile(r"`((?:tests|contracts/test)/[\w./-]+?)(?:::(\w+))?`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")


def invariants(page: Source) -> dict[str, list[tuple[str, str]]]:
    """Read the table rows `| I1 | what holds | `tests/file.py::test_name` |`."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for line in page.lines:
        if match := ROW.match(line):
            rows[match[1]] = [(m[1], m[2] or "") for m in TEST_ID.finditer(match[2])]
    return rows


def missing_tests(page: Source) -> list[str]:
    found = []
    for name, tests in invariants(page).items():
        if not tests:
            found.append(f"{name} names no test")
        found += [f"{name}: {path}::{test}" for path, test in tests if not exists(path, test)]
    return found


def exists(path: str, test: str) -> bool:
    """Tell if the file holds a test of that name; in Solidity it is a function like any other."""
    file = ROOT / path
    if not file.is_file():
        return False
    if file.suffix != ".py":
        return (
            bool(test) and re.search(rf"\bfunction {test}\b", file.read_text("utf-8")) is not None
        )
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    # A Hypothesis state machine is bound to a name: `TestAnchoring = Machine.TestCase`.
    names |= {
        t.id
        for n in tree.body
        if isinstance(n, ast.Assign)
        for t in n.targets
        if isinstance(t, ast.Name)
    }
    return test.lower().startswith("test") and test in names


def broken_links(page: Source) -> list[str]:
    """Relative links of a Markdown page to nothing."""
    folder = (ROOT / page.path).parent
    text = re.sub(r"(?ms)^```.*?^```$", "", page.text)
    return [
        f"{page.path} links to {target}"
        for target in LINK.findall(text)
        if "://" not in target and not target.startswith("mailto:")
        if not (folder / target).resolve().exists()
    ]
