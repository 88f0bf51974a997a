"""The corpus's own checker, run over the product through tests/gs1_adapter.py, passes in full."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import gs1_adapter
from tests.conftest import GS1_DIR, ROOT

# What must pass, check by check: everything. Checks that the corpus calls contested (its sources
# disagree) or informative (hashes of an outdated package under the name of a current version) are
# free; tests/gateway/epcis/test_event_hash_corpus.py has the outdated dialect under its own name.
CHECKS = (
    *("hash.upstream2026.CBV2.0", "hash.upstream2026.CBV2.1"),
    *("hash.agreed.stable.CBV2.0", "hash.agreed.stable.CBV2.1"),
    *("hash.agreed.dialect.CBV2.0", "hash.agreed.dialect.CBV2.1"),
    *("hash.metamorphic", "hash.equal_groups"),
    *("schema.valid_capture", "schema.valid_query", "schema.valid_event"),
    *("schema.invalid", "schema.mutated", "schema.flows"),
    *("ids.canonical_dl", "ids.valid", "ids.invalid"),
    *("syntax.dl_uri.ok", "syntax.dl_uri.reject"),
    *("syntax.bracketed.ok", "syntax.bracketed.reject"),
    *("syntax.unbracketed.ok", "syntax.unbracketed.reject"),
    *("syntax.scan.ok", "syntax.scan.reject"),
    *("flows.detect", "china.codes", "china.relation"),
)
FREE = ("(informative)", "(contested)")


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


@pytest.mark.gs1_corpus(cases=1900)
@pytest.mark.parametrize("check", CHECKS)
def test_a_check_passes_in_full(check: str, checked: dict[str, list[int]]) -> None:
    passed, of = checked[check]
    assert of > 0
    assert passed == of


@pytest.mark.gs1_corpus
def test_no_check_of_the_corpus_is_left_out(checked: dict[str, list[int]]) -> None:
    assert {one for one in checked if not one.endswith(FREE)} == set(CHECKS)


@pytest.mark.gs1_corpus
def test_the_adapter_has_every_function_that_is_asked_for() -> None:
    text = (GS1_DIR / "check_all.py").read_text(encoding="utf-8")
    asked = set(re.findall(r"^  (\w+)\(.*\) -> ", text.split('"""')[1], flags=re.M))
    assert len(asked) == 9
    assert {name for name in asked if not callable(getattr(gs1_adapter, name, None))} == set()


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
