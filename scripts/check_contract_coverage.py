#!/usr/bin/env python3
"""Fail if the contracts' tests reach less than 95 % of the lines or branches of any contract.

Reads the LCOV file that `forge coverage` writes. A contract is counted with the sources that only
it is made of; a source that belongs to none is an error, so that a new one cannot be forgotten.
Inline assembly is left out: under the IR, which the contracts need, forge counts none of it as
reached, however often its function is called.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

LIMIT_PERCENT = 95
CONTRACTS = MappingProxyType(
    {
        "AnchorRegistry": ("AnchorRegistry",),
        "CodeRegistry": ("CodeRegistry", "CodePrefix"),
        "Consortium": ("Consortium", "ParticipantRules"),
        "NoticeBoard": ("NoticeBoard", "PlainText"),
    }
)


@dataclass(slots=True)
class Counts:
    """What was found and reached, in one contract."""

    lines: int = 0
    lines_hit: int = 0
    branches: int = 0
    branches_hit: int = 0
    missed: list[str] = field(default_factory=list)

    def shares(self) -> dict[str, float]:
        """Return the percentages reached; a contract without branches has reached all."""
        pairs = {
            "lines": (self.lines_hit, self.lines),
            "branches": (self.branches_hit, self.branches),
        }
        return {
            name: 100.0 * hit / found if found else 100.0 for name, (hit, found) in pairs.items()
        }


def contract_of(source: str) -> str | None:
    """Return the contract that a source is part of, None for one outside contracts/src.

    Raises:
        ValueError: it lies there and belongs to none.
    """
    place = Path(source)
    if "src" not in place.parts:
        return None
    for contract, beginnings in CONTRACTS.items():
        if place.stem.startswith(beginnings):
            return contract
    raise ValueError(f"{source} belongs to no contract: name it in {Path(__file__).name}")


def assembly_of(text: str) -> frozenset[int]:
    """Return the numbers of the lines inside `assembly` blocks, as `forge fmt` lays them out."""
    inside, end, numbers = False, "", set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside and line.lstrip().startswith("assembly "):
            inside, end = True, line[: len(line) - len(line.lstrip())] + "}"
        elif inside and line == end:
            inside = False
        elif inside:
            numbers.add(number)
    return frozenset(numbers)


def count(records: Iterable[str], root: Path) -> Mapping[str, Counts]:
    """Return the counts of every contract from the lines of an LCOV file.

    Args:
        records: Lines of the file.
        root: Folder that its sources are relative to.

    Raises:
        ValueError: a source belongs to no contract.
    """
    found: dict[str, Counts] = {contract: Counts() for contract in CONTRACTS}
    source, counts = "", None
    skipped: frozenset[int] = frozenset()
    for record in records:
        kind, _, value = record.strip().partition(":")
        if kind == "SF":
            contract = contract_of(value)
            source, counts = value, None if contract is None else found[contract]
            place = root / value
            skipped = assembly_of(place.read_text(encoding="utf-8") if place.is_file() else "")
        elif counts is not None and kind in ("DA", "BRDA"):
            parts = value.split(",")
            if int(parts[0]) in skipped:
                continue
            hit = parts[-1] not in ("0", "-")
            if kind == "DA":
                counts.lines, counts.lines_hit = counts.lines + 1, counts.lines_hit + hit
            else:
                counts.branches, counts.branches_hit = (
                    counts.branches + 1,
                    counts.branches_hit + hit,
                )
            if not hit:
                counts.missed.append(f"{source}:{parts[0]} {'line' if kind == 'DA' else 'branch'}")
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lcov", type=Path, help="what `forge coverage --report lcov` wrote")
    parser.add_argument("--root", type=Path, default=Path("contracts"), help="the Foundry root")
    options = parser.parse_args(arguments)
    text = options.lcov.read_text(encoding="utf-8")
    try:
        found = count(text.splitlines(), options.root)
    except ValueError as error:
        print(error)
        return 1
    low = False
    for contract, counts in found.items():
        shares = counts.shares()
        print(
            f"{contract:<15} lines {shares['lines']:6.2f} %  branches {shares['branches']:6.2f} %"
        )
        low |= counts.lines == 0 or min(shares.values()) < LIMIT_PERCENT
        print("".join(f"  not reached: {place}\n" for place in counts.missed), end="")
    if low:
        print(f"below {LIMIT_PERCENT} %")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
