"""Make node_gateway/codes/gs1/dictionary.json from the GS1 Barcode Syntax Dictionary.

    python scripts/make_gs1_dictionary.py SYNTAX_DICTIONARY.txt --release "2026-07-27" [--check]

The dictionary is published by GS1 (repository gs1/gs1-syntax-dictionary, Apache-2.0) as text for
people. What is kept are the facts that the engine needs, one entry a line, in a form of our own;
the text itself is not part of this repository.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "node_gateway/codes/gs1/dictionary.json"
NAME = "GS1 Barcode Syntax Dictionary"
ENTRY = re.compile(
    r"(?P<first>\d{2,4})(?:-(?P<last>\d{2,4}))?\s+"
    r"(?P<flags>[*?]*)\s*(?P<rest>[NXYZ].*?)(?:\s+#\s*(?P<title>.*))?"
)
PART = re.compile(
    r"(?P<open>\[?)(?P<set>[NXYZ])(?P<upto>\.\.)?(?P<size>\d+)\]?(?P<linters>[a-z0-9,]*)"
)


def entry(line: str) -> dict[str, Any]:
    match = ENTRY.fullmatch(line)
    if match is None:
        raise SystemExit(f"not an entry: {line}")
    made: dict[str, Any] = {"ai": match["first"]}
    if match["last"]:
        made["last"] = match["last"]
    made["title"] = (match["title"] or "").strip()
    made["parts"] = []
    for word in match["rest"].split():
        name, equals, value = word.partition("=")
        if part := PART.fullmatch(word):
            made["parts"].append(part_of(part))
        elif name == "dlpkey":
            made.setdefault("qualifiers", []).extend(
                [one.split(",") for one in value.split("|")] if equals else [[]]
            )
        elif name == "req":
            made.setdefault("required", []).append([one.split("+") for one in value.split(",")])
        elif name == "ex":
            made.setdefault("excluded", []).extend(value.split(","))
        else:
            raise SystemExit(f"unknown attribute {word}: {line}")
    made["separated"] = "*" not in match["flags"]
    made["attribute"] = "?" in match["flags"]
    return made


def part_of(match: re.Match[str]) -> list[Any]:
    """Return [set, shortest, longest, optional, linters]."""
    size = int(match["size"])
    linters = [one for one in match["linters"].split(",") if one]
    return [match["set"], 1 if match["upto"] else size, size, bool(match["open"]), linters]


def made(source: Path, release: str) -> str:
    lines = source.read_text(encoding="utf-8").splitlines()
    entries = [entry(line.rstrip()) for line in lines if line.strip() and line[0] != "#"]
    body = ",\n".join(json.dumps(one, ensure_ascii=False) for one in entries)
    head = f'{{\n"name": {json.dumps(NAME)},\n"release": {json.dumps(release)},\n"entries": [\n'
    return f"{head}{body}\n]\n}}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--release", required=True, help="which state of the dictionary it is")
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    args = parser.parse_args()
    text = made(args.source, args.release)
    if not args.check:
        TARGET.write_text(text, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != text:
        sys.exit(f"{TARGET.name} differs from {args.source.name}: run without --check")


if __name__ == "__main__":
    main()
