"""Witnesses for pages to ask, of every kind: they agree, lie, lag, hang, or shut browsers out.

with kinds(node) as found:
    found["agrees"].url
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from tests.liars import HANG_S, Ask, BrokenError, Liar, Lie, liar, truth

ZERO: Final = "0x" + "00" * 32
OTHER: Final = "0x" + "05" * 32


def without_proof(lie: Lie) -> Lie:
    """Say the same, and prove nothing: an endpoint without `eth_getProof`."""

    def told(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        return None if method == "eth_getProof" else lie(ask, method, params, result)

    return told


def hides(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Have no record."""
    return ZERO if method == "eth_call" and result and len(result) == len(ZERO) else result


def forks(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Name another history."""
    is_block = method == "eth_getBlockByNumber" and result and int(result["number"], 16) > 0
    return {**result, "hash": OTHER} if is_block else result


def hangs(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Say nothing for longer than anybody waits."""
    raise BrokenError(503, after_s=HANG_S)


def lags(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Know the first block alone."""
    return ask("eth_getBlockByNumber", "0x0", False) if params[:1] == ["latest"] else result


LIES: Final[Mapping[str, Lie]] = {
    "agrees": truth,
    "mute": without_proof(truth),
    "hides": without_proof(hides),
    "caught": hides,
    "forks": forks,
    "hangs": hangs,
    "lags": lags,
    "blocked": truth,
}


@contextmanager
def kinds(node: str) -> Iterator[dict[str, Liar]]:
    """Run one of each in front of a node; all but `blocked` let pages ask."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(liar(node, lie, is_open=name != "blocked"))
            for name, lie in LIES.items()
        }
