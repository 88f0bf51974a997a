"""One measured row, and how paired rounds become one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    name: str
    unit: str
    value: float
    spread: float  # (highest - lowest) / median of the rounds
    peer: str | None
    ratio: float | None  # how many times better than the peer; above 1 is better
    workload: str

    def wire(self) -> dict:
        return {
            "name": self.name,
            "unit": self.unit,
            "value": round(self.value, 6),
            "spread": round(self.spread, 3),
            "peer": self.peer,
            "ratio": None if self.ratio is None else round(self.ratio, 2),
            "workload": self.workload,
        }

    def line(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:6.2f}x {self.peer}"
        return (
            f"{self.name:28} {self.value:12.4g} {self.unit:10} "
            f"+-{self.spread / 2:4.0%}  {ratio:38} {self.workload}"
        )


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def spread(values: Sequence[float]) -> float:
    return (max(values) - min(values)) / median(values) if len(values) > 1 else 0.0


def single(name: str, unit: str, values: Sequence[float], workload: str) -> Row:
    return Row(name, unit, median(values), spread(values), None, None, workload)


def paired(
    name: str,
    unit: str,
    rounds: Sequence[tuple[float, float]],
    *,
    peer: str,
    workload: str,
    higher_is_better: bool = False,
) -> Row:
    """Each round is (ours, peer's), measured one right after the other."""
    ours = [one for one, _ in rounds]
    better = [one / other if higher_is_better else other / one for one, other in rounds]
    return Row(name, unit, median(ours), spread(ours), peer, median(better), workload)
