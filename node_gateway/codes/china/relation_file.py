"""A relation file in memory: product, lots, and compact rows of codes."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Final

from node_gateway.codes.china.code_table import NO_ROW, NONE, CodeTable
from node_gateway.codes.china.drug_code import FIRST_DIGIT, ID_LENGTH
from node_gateway.codes.china.findings import Findings

LAYERS_MAX: Final = 6
WHOLE: Final = "0"
"""The flag of a pack that holds as many packs as the cascade says."""
BAD_PARENT: Final = NONE - 1
"""In place of a parent: something is written there that is no code."""
_ID_BASE: Final = int(FIRST_DIGIT) * 10 ** (ID_LENGTH - 1)


@dataclass(frozen=True, slots=True)
class Relation:
    """What a `Relation` element says of the product."""

    product_code: str = ""
    sub_type_no: str = ""
    cascade: str = ""
    package_spec: str = ""
    comment: str = ""

    @property
    def counts(self) -> tuple[int, ...]:
        """The cascade as numbers, largest pack first: `1:2:6` is one case, 2 boxes, 6 packs."""
        parts = self.cascade.replace("\uff1a", ":").split(":")
        if not all(one.strip().isascii() and one.strip().isdigit() for one in parts):
            return ()
        counts = [int(one) for one in parts if len(one) < 10]
        if counts and counts[0] != 1 and counts[-1] == 1:
            counts.reverse()
        fits = all(low and not high % low for low, high in pairwise(counts))
        good = len(counts) == len(parts) and counts[0] == 1 and fits
        return tuple(counts) if good and len(counts) <= LAYERS_MAX else ()


@dataclass(slots=True)
class Lot:
    """One `Batch` element: the lot, and which rows of the file are its codes.

    Attributes:
        rows: First row and the row behind the last.
    """

    line: int
    relation: Relation
    lot_number: str
    made: date | None
    expires: date | None
    made_text: str
    expires_text: str
    workshop: str
    line_name: str
    rows: range = field(default_factory=lambda: range(0))


class RelationFile:
    """A relation file in memory.

    Attributes:
        lots: In file order.
        table: Every distinct code.
        parents: Per row, the packed code of its parent, NONE without.
        layers: Per row, its pack level: 1 is the smallest pack.
        flags: Per row, an index into `flag_texts`.
        lines: Per row, its line.
        findings: Everything that is wrong with it.
        row_count: `Code` elements, also those that are wrong.
        level_counts: Of them, how many by stated level.
        personal: How many values that name a person were left out, by attribute.
        ignored: How many attributes nobody knows were passed over, by name.
    """

    def __init__(self) -> None:
        self.lots: list[Lot] = []
        self.table = CodeTable()
        self.parents = array("Q")
        self.layers = bytearray()
        self.flags = bytearray()
        self.flag_texts: list[str] = [WHOLE]
        self.lines = array("I")
        self.findings = Findings()
        self.row_count = 0
        self.level_counts: dict[int, int] = {}
        self.personal: dict[str, int] = {}
        self.ignored: dict[str, int] = {}

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.findings.count == 0

    def parent_row(self, row: int) -> int:
        """Return the row of a row's parent, NO_ROW if it has none in the file."""
        parent = self.parents[row]
        return NO_ROW if parent >= BAD_PARENT else self.table.row_of(parent)

    def says_no_parent(self, row: int) -> bool:
        """Whether the row names no parent at all."""
        return self.parents[row] == NONE

    def levels(self) -> dict[str, int]:
        """Return the pack level of every identification code (7 digits) that has exactly one."""
        found: dict[str, int] = {}
        twice: set[str] = set()
        last: tuple[int, int] = (-1, 0)
        for code, layer in zip(self.table.codes, self.layers, strict=True):
            head = (code // 10**13, layer)
            if head == last:
                continue
            last = head
            name = str(head[0] + _ID_BASE)
            if found.setdefault(name, layer) != layer:
                twice.add(name)
        return {name: layer for name, layer in found.items() if name not in twice}
