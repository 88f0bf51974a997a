"""The benchmark runs, and writes what its readers expect; what it measures is not tested."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.rules.source import ROOT

BENCH = ROOT / "scripts" / "bench.py"
ROW = {"name", "unit", "value", "spread", "peer", "ratio", "workload"}
NAMES = [
    "tree.build.1048576", "tree.build.1048576", "commit.event", "commit.codes100k",
    "hash.document", "hash.stored", "follow.event", "follow.event.reading",
    "follow.event.corrections", "follow.event.facets", "follow.event.code_states", "follow.code",
]  # fmt: skip
PEERS = [
    "blockcerts-merkletools", "pymerkle", "rfc8785 and merkletools", None,
    "epcis-event-hash-generator", *[None] * 7,
]  # fmt: skip


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    target = tmp_path_factory.mktemp("bench") / "new" / "bench.json"
    done = run("--quick", "--only", "tree,commit,hash,follow", "--output", str(target))
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(target.read_text())


def test_the_rows_have_their_names_and_members(results: tuple[str, Any]) -> None:
    _, written = results
    assert set(written) == {"machine", "rows"}
    assert [row["name"] for row in written["rows"]] == NAMES
    assert [row["peer"] for row in written["rows"]] == PEERS
    for row in written["rows"]:
        assert set(row) == ROW
        assert row["value"] > 0
        assert row["spread"] >= 0
        assert (row["ratio"] is None) == (row["peer"] is None)
        assert row["unit"] in ("s", "us")
        assert row["workload"]


def test_a_quick_run_says_that_it_was_one(results: tuple[str, Any]) -> None:
    _, written = results
    assert written["machine"]["quick"] is True
    assert "4096 leaf hashes" in written["rows"][0]["workload"]
    assert "1000 codes" in written["rows"][3]["workload"]
    assert len(written["machine"]["load"]) == 2


def test_the_table_has_a_line_per_row(results: tuple[str, Any]) -> None:
    table, written = results
    lines = table.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    for line, row in zip(lines, written["rows"], strict=True):
        assert row["workload"] in line


def test_an_unknown_group_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "bench.json"
    done = run("--only", "tree,nothing", "--output", str(target))
    assert done.returncode == 2
    assert "'nothing' is none of tree, commit, hash, issue, gateway, follow, " in done.stderr
    assert not target.exists()
