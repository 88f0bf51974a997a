"""What is wrong with a file: all of it, by line, within bounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from node_gateway.epcis.errors import EpcisError

PROBLEMS_KEPT_MAX: Final = 1000


class FileFormError(EpcisError, ValueError):
    """The file cannot be read as what it is; nothing of it was taken.

    Carries `line` (from 1; 0 where the fault has no line). Content is never quoted.
    """

    code = "xml_form"

    def __init__(
        self, detail: str, *, code: str | None = None, line: int = 0, hint: str | None = None
    ) -> None:
        self.line = line
        super().__init__(detail, code=code, pointer=f"line {line}" if line else "", hint=hint)


@dataclass(frozen=True, slots=True)
class LineProblem:
    """One problem of a file. Values are never quoted: a file may hold what nobody may read.

    Attributes:
        line: Line of the file, from 1; 0 where it concerns the file as a whole.
        code: Stable name.
        detail: One sentence for people.
        hint: How to put it right.
    """

    line: int
    code: str
    detail: str
    hint: str | None = None


class Findings:
    """Problems of one file: the first thousand in full, all of them counted."""

    def __init__(self) -> None:
        self._kept: list[LineProblem] = []
        self.counts: Counter[str] = Counter()

    def add(self, code: str, line: int, detail: str, hint: str | None = None) -> None:
        """Keep a problem, or only count it when there are too many."""
        self.counts[code] += 1
        if len(self._kept) < PROBLEMS_KEPT_MAX:
            self._kept.append(LineProblem(line, code, detail, hint))

    @property
    def problems(self) -> tuple[LineProblem, ...]:
        """The problems that were kept, by line."""
        return tuple(sorted(self._kept, key=lambda one: (one.line, one.code)))

    @property
    def count(self) -> int:
        """How many there are, kept or not."""
        return self.counts.total()
