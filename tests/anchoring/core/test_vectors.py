"""This library against every published proof vector, and the vectors against their generator."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.vectors.cases import REGISTRY
from scripts.vectors.page import BLOCK
from tests.anchoring.core.published import VECTORS, bundle_of, cases, code_of, load, verify

ROOT = VECTORS.parent.parent
PAGE = ROOT / "docs" / "reference" / "formats.md"
SCRIPT = ROOT / "scripts" / "make_vectors.py"

# Codes by step, as the formats page lists them.
CODES = """
bundle_too_large bom not_utf8 too_deep not_json duplicate_member number_form lone_surrogate
bundle_shape format_unknown hash_form
anchor_values participant_stream_mismatch fields_size index_order index_range
disclosure_too_long disclosure_encoding disclosure_not_utf8 disclosure_json number_range
disclosure_shape salt_form disclosure_not_canonical path_form reserved_name item_kind
duplicate_path duplicate_code duplicate_entry path_prefix path_conflict
act_missing act_form inconsistent
proof_shape codes_root_mismatch root_mismatch
entry_repeated
chain_mismatch anchor_not_found anchor_ambiguous record_mismatch witness_stale
""".split()  # noqa: SIM905
# What a file of one text and one slot cannot show, and where it is shown instead.
ELSEWHERE = {
    "bundle_too_large": "test_strict_json.py: 8 MiB are made, not kept",
    "duplicate_entry": "test_bundle.py: equal entries are equal paths, seen first",
    "anchor_ambiguous": "test_bundle.py: needs two registries",
    "chain_mismatch": "needs a chain that answers",
    "witness_stale": "needs a chain that answers",
}


@pytest.mark.parametrize("case", cases("proof_valid.json"), ids=lambda case: case["name"])
def test_valid_vectors_are_accepted(case: dict[str, Any]) -> None:
    checked = verify(bundle_of(case), case["chain"])
    assert case["expect"]["verified"] is True
    assert checked[0].entry.hex() == case["expect"]["entry"]
    entries = [one.entry.hex() for one in checked]
    assert entries == case["expect"].get("entries", [case["expect"]["entry"]])


@pytest.mark.parametrize("case", cases("proof_invalid.json"), ids=lambda case: case["name"])
def test_invalid_vectors_are_refused_with_their_code(case: dict[str, Any]) -> None:
    assert code_of(bundle_of(case), case["chain"]) == case["expect"]["code"]


def test_every_code_occurs() -> None:
    shown = {case["expect"]["code"] for case in cases("proof_invalid.json")}
    assert shown | ELSEWHERE.keys() == set(CODES)
    assert not shown & ELSEWHERE.keys()


def test_the_invalid_cases_stand_in_the_order_of_the_steps() -> None:
    """So that whoever writes a verifier can go through the file from the top."""
    steps = [0] * 8 + [1] * 3 + [2] * 5 + [3] * 11 + [4] * 5 + [5] * 3 + [6] * 3 + [7] + [8] * 5
    step_of = dict(zip(CODES, steps, strict=True))
    step_of["lone_surrogate"] = -1  # of steps 1 and 4
    seen = [step_of[case["expect"]["code"]] for case in cases("proof_invalid.json")]
    alone = [
        step
        for step, case in zip(seen, cases("proof_invalid.json"), strict=True)
        if step >= 0 and not case["name"].startswith("set_")
    ]
    assert alone == sorted(alone)


def test_the_committed_files_are_what_the_generator_makes() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_generator_sees_a_changed_file(tmp_path: Path) -> None:
    copied = tmp_path / "scripts"
    copied.mkdir()
    for file in (SCRIPT, *(SCRIPT.parent / "vectors").glob("*.py")):
        target = copied / file.relative_to(SCRIPT.parent)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.read_bytes())
    (tmp_path / "tests" / "vectors").mkdir(parents=True)
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    page = PAGE.read_text(encoding="utf-8").replace('"sequence": 1,', '"sequence": 2,')
    (tmp_path / "docs" / "reference" / PAGE.name).write_text(page, encoding="utf-8")
    for file in VECTORS.glob("*.json"):
        text = file.read_text(encoding="utf-8")
        changed = (
            text.replace('"size": 16', '"size": 17', 1) if file.name == "anchor.json" else text
        )
        (tmp_path / "tests" / "vectors" / file.name).write_text(changed, encoding="utf-8")
    again = [sys.executable, copied / SCRIPT.name, "--check"]
    done = subprocess.run(again, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "not as committed: anchor.json, formats.md\n")


def test_the_generator_does_not_use_the_library() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (SCRIPT.parent / "vectors").glob("*.py")]
    assert texts
    assert not any(re.search(r"^\s*(from|import) anchoring", text, re.M) for text in texts)


def test_every_name_stands_once() -> None:
    for file in ("proof_valid.json", "proof_invalid.json"):
        names = [case["name"] for case in load(file)["cases"]]
        assert len(names) == len(set(names))


def test_every_hash_on_the_formats_page_is_made_by_the_generator() -> None:
    text = BLOCK.sub("", PAGE.read_text(encoding="utf-8"))
    assert len(text) > 10_000
    assert re.findall(r"(?i)\b(?:0x)?(?=[a-f]*[0-9])[0-9a-f]{12,}\b", text) == []


def test_every_code_stands_on_the_formats_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [code for code in CODES if f"`{code}`" not in text] == []


def test_the_bundle_on_the_formats_page_is_verified() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (bundle,) = re.findall(r"(?s)<!-- made: bundle -->\n```json\n(.*?)\n```", text)
    (slot,) = re.findall(r"its slot for \(458752, 1\) +([0-9a-f]{64})\n", text)
    (entry,) = re.findall(r"verified, event entry ([0-9a-f]{64})\n", text)
    chain = {"chainId": 31337, "registry": REGISTRY.hex(), "slot": slot}
    (checked,) = verify(bundle.encode(), chain)
    assert checked.entry.hex() == entry
    assert checked.values["$['ilmd']['cbvmda:lotNumber']"] == "L-0042"
