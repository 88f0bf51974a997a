"""Evidence of every kind that other programs check themselves against: this one says the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.network import parse_network
from anchoring.errors import FormatError, VerificationError
from anchoring.evidence import EvidenceKind, Facts, check_evidence, parse_evidence

ROOT = Path(__file__).resolve().parents[3]
VECTORS: dict[str, Any] = json.loads((ROOT / "tests" / "vectors" / "evidence.json").read_bytes())
NETWORK = parse_network(json.dumps(VECTORS["network"]).encode())


def verdict(file: Any) -> tuple[str, str]:
    """Return outcome and code, as `python -m anchoring verify FILE --offline`."""
    try:
        evidence = parse_evidence(json.dumps(file).encode())
        facts = Facts(NETWORK, evidence.chain)
    except (FormatError, VerificationError) as error:
        return "refused", error.code
    found = check_evidence(evidence, facts)
    return str(found.outcome), found.code


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_every_vector_comes_out_as_it_says(case: dict[str, Any]) -> None:
    expected = case["expect"]
    assert verdict(case["file"]) == (expected["outcome"], expected["code"])


@pytest.mark.parametrize("kind", EvidenceKind)
def test_every_kind_has_one_that_holds_and_one_that_does_not(kind: EvidenceKind) -> None:
    outcomes = {
        one["expect"]["outcome"] for one in VECTORS["cases"] if one["file"].get("kind") == kind
    }
    assert {"proven", "refused"} <= outcomes


def test_the_committed_file_is_what_the_generator_makes() -> None:
    script = ROOT / "scripts" / "make_evidence_vectors.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
