"""The corpus's own checker, run over the product through tests/gs1_adapter.py, holds its floors."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import gs1_adapter
from tests.conftest import GS1_DIR, ROOT

# Least share of the cases of a check that must pass.
FLOORS = {
    "schema.valid_capture": 1.0,
    "schema.valid_query": 1.0,
    "schema.valid_event": 1.0,
    "schema.invalid": 1.0,
    "schema.mutated": 1.0,
    "schema.flows": 1.0,
    "ids.canonical_dl": 1.0,
    "ids.valid": 1.0,
    "ids.invalid": 1.0,
    "syntax.dl_uri.ok": 1.0,
    "syntax.dl_uri.reject": 1.0,
    "syntax.bracketed.ok": 1.0,
    "syntax.bracketed.reject": 1.0,
    "syntax.unbracketed.ok": 1.0,
    "syntax.unbracketed.reject": 1.0,
    "syntax.scan.ok": 1.0,
    "syntax.scan.reject": 1.0,
    "flows.detect": 1.0,
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """Return [passed, of] by check."""
    report = tmp_path_factory.mktemp("gs1") / "checked.json"
    done = subprocess.run(
        [
            *(sys.executable, GS1_DIR / "check_all.py", "--base", GS1_DIR),
            *("--adapter", gs1_adapter.__name__, "--json", report),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr
    sys.stdout.write(done.stdout)  # shown with a failure: which cases differ
    found: dict[str, list[int]] = json.loads(report.read_text(encoding="utf-8"))
    return found


@pytest.mark.gs1_corpus(cases=1500)
@pytest.mark.parametrize("check", FLOORS)
def test_a_check_holds_its_floor(check: str, checked: dict[str, list[int]]) -> None:
    passed, of = checked[check]
    assert of > 0
    assert passed / of >= FLOORS[check], f"{check}: {passed} of {of}"


@pytest.mark.gs1_corpus
def test_every_check_of_the_corpus_has_its_floor(checked: dict[str, list[int]]) -> None:
    free = {one for one in checked if "informative" in one or "contested" in one}
    assert set(checked) - free == set(FLOORS)


@pytest.mark.gs1_corpus
def test_no_answer_comes_from_a_fault_of_ours() -> None:
    """`check_all.py` takes any exception for a refusal; here it would not pass."""
    for row in _rows("gs1_syntax/engine_vectors.jsonl"):
        assert isinstance(gs1_adapter.parse_gs1(row["input_type"], row["input"]), dict | None)
    for row in _rows("ids/epc_dl_vectors.jsonl"):
        assert isinstance(gs1_adapter.canonical_dl(row["input"]), str | None)
        assert isinstance(gs1_adapter.id_valid(row["input"], row.get("gcp_length")), bool)


def _rows(name: str) -> list[dict[str, Any]]:
    lines = Path(GS1_DIR, name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]
