"""The rules of `conftest.py`, each seen from outside by a pytest of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")
TURNS = CONFTEST.with_name("turns.py")
SUITE = """
import pytest

@pytest.mark.gs1_corpus(cases=7)
def test_reads_the_corpus(gs1_dir):
    assert (gs1_dir / "MANIFEST.tsv").is_file()

@pytest.mark.gs1_corpus(cases=5)
@pytest.mark.parametrize("document", [])
def test_has_no_documents(document):
    raise AssertionError

def test_plain():
    assert True
"""
SKIPPING = {
    "test": "import pytest\n\ndef test_left():\n    pytest.{}('later')\n",
    "module": "import pytest\npytest.{}('later', allow_module_level=True)\n",
}


def run_pytest(folder: Path, source: str, *options: str, **variables: str) -> tuple[int, str]:
    tests = folder / "tests"
    tests.mkdir()
    shutil.copy(CONFTEST, tests / "conftest.py")
    shutil.copy(TURNS, tests / "turns.py")
    (tests / "test_sample.py").write_text(source, encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "CI", "SEALTRAIL"))}
    without = [f"-pno:{plugin}" for plugin in ("cacheprovider", "asyncio", "hypothesispytest")]
    command = [sys.executable, "-m", "pytest", *without, *options, "tests"]
    done = subprocess.run(
        command, cwd=folder, env=env | variables, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_an_absent_corpus_is_said_with_the_number_of_cases(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    status, output = run_pytest(tmp_path, SUITE, *options, SEALTRAIL_GS1_DIR=str(tmp_path / "no"))
    assert status == 0
    assert "GS1 corpus: ABSENT" in output
    assert "GS1 corpus absent: 12 cases were not collected" in output
    assert "1 passed" in output.splitlines()[-1]


def test_a_present_corpus_is_read(tmp_path: Path) -> None:
    corpus = tmp_path / "gs1"
    corpus.mkdir()
    (corpus / "MANIFEST.tsv").write_text("", encoding="utf-8")
    source = SUITE.replace("[]", "['one']").replace("raise AssertionError", "assert document")
    status, output = run_pytest(tmp_path, source, SEALTRAIL_GS1_DIR=str(corpus))
    assert status == 0
    assert "GS1 corpus: present" in output
    assert "not collected" not in output
    assert "3 passed" in output.splitlines()[-1]


@pytest.mark.parametrize("place", sorted(SKIPPING))
def test_a_skipped_test_fails_in_ci_and_only_there(tmp_path: Path, place: str) -> None:
    source = SKIPPING[place].format("skip")
    in_ci, at_home = tmp_path / "ci", tmp_path / "home"
    for folder in (in_ci, at_home):
        folder.mkdir()
    status, output = run_pytest(in_ci, source, CI="true")
    assert status not in (0, 5), output
    assert "a skipped test is a failure in CI" in output
    assert run_pytest(at_home, source)[0] in (0, 5)


MOMENTS = """
import os, time
from pathlib import Path
import pytest

def run(at, kind):
    (Path("seen") / f"{kind}-{at}").write_text(f"{time.monotonic_ns()}\\n")
    time.sleep(0.05)
    with (Path("seen") / f"{kind}-{at}").open("a") as seen:
        seen.write(f"{time.monotonic_ns()}\\n")

@pytest.mark.parametrize("at", range(20))
def test_with_others(at):
    run(at, "with")

@pytest.mark.alone
@pytest.mark.parametrize("at", range(4))
def test_alone(at):
    run(at, "alone")
"""


def test_nothing_runs_beside_what_runs_alone(tmp_path: Path) -> None:
    (tmp_path / "seen").mkdir()
    status, output = run_pytest(tmp_path, MOMENTS, "-n", "3", "-q")
    assert status == 0, output
    spans = {
        one.name: tuple(map(int, one.read_text().split())) for one in (tmp_path / "seen").iterdir()
    }
    assert len(spans) == 24

    def beside(name: str) -> int:
        began, ended = spans[name]
        return sum(first < ended and last > began for first, last in spans.values()) - 1

    assert [beside(name) for name in spans if name.startswith("alone")] == [0] * 4
    assert max(beside(name) for name in spans if name.startswith("with")) >= 1


def test_what_holds_the_demo_cannot_be_alone(tmp_path: Path) -> None:
    source = (
        "import pytest\n\n@pytest.mark.alone\ndef test_it(one_demo_at_a_time):\n    assert True\n"
    )
    status, output = run_pytest(tmp_path, source)
    assert status != 0
    assert "the demo is waited for, not alone" in output
