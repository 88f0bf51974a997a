"""Make tests/vectors and the examples of the formats page: `--check` compares, `--write` replaces.

The vectors freeze the formats. Write them only on purpose: a change of what stands in them is a
new format version, unless a case is merely added.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vectors import page, promises, worked
from vectors.cases import Case
from vectors.invalid import invalid_cases
from vectors.valid import valid_cases

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "tests" / "vectors"
PAGE = ROOT / "docs" / "reference" / "formats.md"


def proofs(cases: Sequence[Case]) -> dict[str, Any]:
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return {"cases": [case.to_wire() for case in cases]}


def made() -> dict[Path, str]:
    """Every file with its text; of the page, only the marked blocks are made."""
    documents: Mapping[str, Any] = {
        "proof_valid.json": proofs(valid_cases()),
        "proof_invalid.json": proofs(invalid_cases()),
        "paths.json": worked.paths(),
        "disclosures.json": worked.disclosures(),
        "fields.json": worked.fields(),
        "codes.json": worked.codes(),
        "event.json": worked.events(),
        "batch.json": worked.batches(),
        "anchor.json": promises.anchors(),
        "receipt.json": promises.receipts(),
        "openings.json": promises.openings(),
    }
    files = {
        VECTORS / name: json.dumps(value, indent=1) + "\n" for name, value in documents.items()
    }
    return {**files, PAGE: page.filled(PAGE.read_text(encoding="utf-8"))}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make_vectors", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="exit 1 if a committed file differs")
    mode.add_argument("--write", action="store_true", help="replace the files")
    args = parser.parse_args(argv)
    different = []
    for file, text in made().items():
        if args.write:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif not file.is_file() or file.read_text(encoding="utf-8") != text:
            different.append(file.name)
    if different:
        print(f"not as committed: {', '.join(different)}", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
