"""How large a shipment is shows neither in one consumer's bundle nor in many that are pooled.

An attacker measures what bundles of one event let him measure. In a dense tree each of these
measures tells 10 codes from 1,000 without a mistake; in ours none of them is better than a coin.
Secrets are derived from numbers, so every run computes the same.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import quote

import pytest

from anchoring.core import merkle
from anchoring.core.codes import POSITIONS, build_codes_tree, root_from_code_path
from tests.anvil import Anvil
from tests.faults.world import Template
from tests.gateway.running import LIMITS, Running, Wishes, commissioning, running_gateway, sgtin

SMALL, LARGE = 10, 1000
POOLED = 8
TRIALS = 80
CHANCE = 0.18
"""How far from 1/2 an area may be by chance: four standard deviations of 80 against 80."""


@dataclass(frozen=True)
class Seen:
    """Of one pack: where its leaf stands, its siblings, leaf side first, and how it was proven."""

    leaf: bytes
    position: int
    siblings: Sequence[bytes]


Pool = Sequence[Seen]
Measure = Callable[[Pool], float]


def drawn(name: str) -> bytes:
    return sha256(name.encode()).digest()


def ours(count: int, trial: int, pooled: int = POOLED) -> Pool:
    """Return what buyers of some packs of one event hold together."""
    codes = [
        ("epcList", f"https://id.gs1.org/01/06901234123456/21/{one:06}") for one in range(count)
    ]
    tree = build_codes_tree(codes, sub_secret=drawn(f"{count}/{trial}"))
    bought = random.Random(f"{count}/{trial}").sample(codes, pooled)
    found = []
    for one in bought:
        entry = sha256(tree.disclosure(one).encode()).digest()
        seen = Seen(merkle.leaf_hash(entry), tree.position(one), tree.path(tree.position(one)))
        assert root_from_code_path(entry, seen.position, seen.siblings) == tree.root
        found.append(seen)
    return found


def dense(count: int, trial: int, pooled: int = POOLED) -> Pool:
    """Return the same of a tree whose leaves stand side by side, in the order of the codes."""
    leaves = [merkle.leaf_hash(drawn(f"{count}/{trial}/{one}")) for one in range(count)]
    levels = merkle.build_levels(b"".join(leaves))
    bought = random.Random(f"{count}/{trial}").sample(range(count), pooled)
    return [Seen(leaves[one], one, merkle.path(levels, one)) for one in bought]


def shared_siblings(pool: Pool) -> float:
    """How many nodes stand in more than one path: paths that meet low share many."""
    together = [node for one in pool for node in set(one.siblings)]
    return len(together) - len(set(together))


def smallest_gap(pool: Pool) -> float:
    places = sorted(one.position for one in pool)
    return min(high - low for low, high in pairwise(places))


def low_siblings(pool: Pool) -> float:
    """Mean first byte of the lowest siblings, the ones most of which are empty in a sparse tree."""
    return sum(one.siblings[0][0] for one in pool) / len(pool)


def known_leaves(pool: Pool) -> float:
    """How many lowest siblings are leaves of other packs in the pool."""
    leaves = {one.leaf for one in pool}
    return sum(one.siblings[0] in leaves for one in pool)


MEASURES: Final[dict[str, Measure]] = {
    "highest position": lambda pool: max(one.position for one in pool),
    "lowest position": lambda pool: min(one.position for one in pool),
    "spread": lambda pool: max(one.position for one in pool) - min(one.position for one in pool),
    "smallest gap": smallest_gap,
    "length of paths": lambda pool: sum(len(one.siblings) for one in pool),
    "shared siblings": shared_siblings,
    "neighbours": known_leaves,
    "bytes of lowest siblings": low_siblings,
    "even positions": lambda pool: sum(one.position % 2 == 0 for one in pool),
}
TELLING: Final = ("highest position", "lowest position", "spread", "length of paths", "neighbours")
"""What tells sizes apart without a mistake where the tree is dense."""


def area(small: Sequence[float], large: Sequence[float]) -> float:
    """Return how often a measure of the larger one is the higher: 1/2 is a coin (ROC area)."""
    won = sum((high > low) + (high == low) / 2 for low in small for high in large)
    return won / (len(small) * len(large))


def areas(make: Callable[[int, int], Pool]) -> dict[str, float]:
    pools = {count: [make(count, trial) for trial in range(TRIALS)] for count in (SMALL, LARGE)}
    return {
        name: area([measure(one) for one in pools[SMALL]], [measure(one) for one in pools[LARGE]])
        for name, measure in MEASURES.items()
    }


def test_pooled_paths_tell_no_size() -> None:
    found = areas(ours)
    assert {name: value for name, value in found.items() if abs(value - 0.5) > CHANCE} == {}


def test_the_same_attacker_wins_against_a_dense_tree() -> None:
    found = areas(dense)
    assert {name: found[name] for name in TELLING if abs(found[name] - 0.5) < 0.49} == {}


def deviation(positions: Sequence[int]) -> float:
    """Return the largest distance from even spreading, times sqrt(n) (Kolmogorov-Smirnov)."""
    places, count = sorted(positions), len(positions)
    gaps = [
        max((at + 1) / count - one / POSITIONS, one / POSITIONS - at / count)
        for at, one in enumerate(places)
    ]
    return max(gaps) * math.sqrt(count)


@pytest.mark.parametrize("count", [400, 20_000])
def test_positions_are_spread_evenly_whatever_the_size(count: int) -> None:
    pool = ours(count, 0, pooled=400)
    assert deviation([one.position for one in pool]) < 1.95  # one in a thousand is above
    assert {len(one.siblings) for one in pool} == {20}
    # The same test sees that a dense tree is not spread over 2^20.
    assert deviation([one.position for one in dense(count, 0, pooled=400)]) > 10


def correlation(values: Sequence[float]) -> float:
    """Return how far values rise with their index (Pearson)."""
    count = len(values)
    mean_x, mean_y = (count - 1) / 2, sum(values) / count
    both = sum((at - mean_x) * (one - mean_y) for at, one in enumerate(values))
    over_x = sum((at - mean_x) ** 2 for at in range(count))
    return both / math.sqrt(over_x * sum((one - mean_y) ** 2 for one in values))


def test_positions_tell_no_order() -> None:
    """Serial numbers do not rise with positions: nobody learns which pack was packed first."""
    codes = [
        ("epcList", f"https://id.gs1.org/01/06901234123456/21/{one:06}") for one in range(2000)
    ]
    tree = build_codes_tree(codes, sub_secret=drawn("order"))
    assert abs(correlation([tree.position(one) for one in codes])) < 4 / math.sqrt(len(codes))
    assert correlation(range(len(codes))) > 0.999


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with Anvil() as made:
        yield made


async def captured(up: Running, count: int) -> tuple[str, list[str]]:
    codes = [sgtin() for _ in range(count)]
    return await up.entry(commissioning(*codes), final=False), codes


def worked_s(up: Running) -> list[float]:
    """Return where it is noted how long the gateway worked on each answer, in seconds.

    A client's clock has the line and the machine in it as well.
    """
    found: list[float] = []
    pace = up.gateway.lookups.pace

    async def noted(began: float) -> None:
        found.append(time.monotonic() - began)
        await pace(began)

    up.gateway.lookups.pace = noted  # type: ignore[method-assign]
    return found


async def looked_up(up: Running, code: str) -> tuple[bytes, float]:
    began = time.monotonic()
    answer = await up.stranger().get(f"/v1/public/codes/{quote(code, safe='')}")
    assert answer.status_code == 200, answer.text
    return answer.content, time.monotonic() - began


def shape(value: Any) -> Any:
    """Return what an answer looks like without its words: members, lengths of lists and texts.

    But for the multiproof of the fields: how many siblings it needs is chance, in any event.
    """
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items() if name != "fields"}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return len(value) if isinstance(value, str) else type(value).__name__


def paths_of(raw: bytes) -> Iterator[Seen]:
    for bundle in json.loads(raw)["proofs"]["bundles"]:
        for one in bundle["codes"]["paths"]:
            leaf = merkle.leaf_hash(sha256(one["disclosure"].encode()).digest())
            yield Seen(leaf, one["index"], [bytes.fromhex(node) for node in one["siblings"]])


async def test_public_answers_about_few_and_many_codes_are_alike(
    chain: Anvil, template: Template, tmp_path: Path
) -> None:
    """Length, shape, pooled paths, and the moment at which answers leave."""
    sizes = {SMALL: 8, LARGE: 8}
    limits = LIMITS.model_copy(update={"public_answer_ms": 0})
    like = Wishes(limits=limits)
    async with running_gateway(chain, template.file, tmp_path / "gateway", like) as up:
        made = [
            (size, *await captured(up, size)) for size, times in sizes.items() for _ in range(times)
        ]
        await up.final(*(entry for _, entry, _ in made))
        pools: dict[int, list[Pool]] = {size: [] for size in sizes}
        shapes = set()
        for size, _, codes in made:
            answers = [(await looked_up(up, one))[0] for one in codes[:POOLED]]
            shapes |= {json.dumps(shape(json.loads(one)), sort_keys=True) for one in answers}
            pools[size].append([seen for one in answers for seen in paths_of(one)])
        assert len(shapes) == 1, shapes
        assert {len(pool) for some in pools.values() for pool in some} == {POOLED}
        for some in pools.values():  # as many as there are, each size for itself
            assert deviation([seen.position for pool in some for seen in pool]) < 2.8
    slow = Wishes(limits=LIMITS.model_copy(update={"public_answer_ms": 200}))
    async with running_gateway(chain, template.file, tmp_path / "paced", slow) as up:
        some = {size: await captured(up, size) for size in sizes}
        await up.final(*(entry for entry, _ in some.values()))
        paced = worked_s(up)
        steps: dict[int, list[int]] = {size: [] for size in sizes}
        for at in range(5):
            for size, (_, codes) in some.items():
                assert (await looked_up(up, codes[at]))[1] > 0.19  # none leaves before a step
                steps[size].append(max(1, math.ceil(paced.pop() / 0.2)))
        assert median(steps[SMALL]) == median(steps[LARGE]) >= 1, steps
