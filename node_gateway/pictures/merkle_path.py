"""The way from an entry to the root of its tree, as a verifier goes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from node_gateway.pictures.shapes import SMALL_SIZE, Box, Line, Picture, Shape, Tone, Words

_WIDTH: Final = 328.0
_NODE_WIDTH, _NODE_HEIGHT = 118.0, 24.0
_STEP: Final = 52.0
_SHOWN: Final = 8
"""Hex digits that are shown of a hash."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a path, from the leaf upwards.

    Attributes:
        node: The hash that was computed there, hex.
        sibling: What it is combined with to get the next one, hex; None at the root, and where
            an odd node goes up alone.
        sibling_is_left: On which side the sibling stands.
    """

    node: str
    sibling: str | None = None
    sibling_is_left: bool = False


@dataclass(frozen=True, slots=True)
class PathWords:
    """What stands in the picture."""

    title: str
    leaf: str
    root: str
    agrees: str
    differs: str
    expected: str


def merkle_path(levels: Sequence[Level], *, sealed_root: str, words: PathWords) -> Picture:
    """Draw a path. A root that is not the sealed one is framed, crossed and said.

    Args:
        levels: Leaf first, root last.
        sealed_root: What the anchor says the root is, hex.
        words: What stands in it.
    """
    agrees = bool(levels) and levels[-1].node == sealed_root
    shapes: list[Shape] = []
    middle = _WIDTH / 2
    count = len(levels)
    top = 44.0
    for number, level in enumerate(levels):
        y = top + (count - 1 - number) * _STEP
        is_root = number == count - 1
        x = middle - _NODE_WIDTH / 2
        if level.sibling is not None:
            x = middle + 8 if level.sibling_is_left else middle - 8 - _NODE_WIDTH
            beside = middle - 8 - _NODE_WIDTH if level.sibling_is_left else middle + 8
            shapes += _node(beside, y, level.sibling, Tone.QUIET, dashed=True)
            shapes.append(Line(beside + _NODE_WIDTH / 2, y, middle, y - _STEP + _NODE_HEIGHT))
        if not is_root:
            shapes.append(
                Line(x + _NODE_WIDTH / 2, y, middle, y - _STEP + _NODE_HEIGHT, Tone.ACCENT)
            )
        tone = (Tone.GOOD if agrees else Tone.BAD) if is_root else Tone.ACCENT
        shapes += _node(x, y, level.node, tone)
        if is_root and not agrees:
            shapes.append(Line(x, y, x + _NODE_WIDTH, y + _NODE_HEIGHT, Tone.BAD))
    said = words.agrees if agrees else words.differs
    shapes.append(
        Words(middle, 16, f"{words.root}: {said}", SMALL_SIZE, bold=True, anchor="middle")
    )
    if not agrees:
        expected = f"{words.expected} {sealed_root[:_SHOWN]}…"
        shapes.append(Words(middle, 34, expected, SMALL_SIZE, Tone.BAD, anchor="middle"))
    bottom = top + count * _STEP
    shapes.append(Words(middle, bottom, words.leaf, SMALL_SIZE, Tone.QUIET, anchor="middle"))
    description = (
        f"{words.leaf}: {levels[0].node if levels else '-'}; "
        f"{sum(one.sibling is not None for one in levels)}; {words.root}: {said}"
    )
    return Picture(_WIDTH, bottom + 12, words.title, description, tuple(shapes))


def _node(x: float, y: float, digits: str, tone: Tone, *, dashed: bool = False) -> list[Shape]:
    text = f"{digits[:_SHOWN]}…"
    return [
        Box(x, y, _NODE_WIDTH, _NODE_HEIGHT, tone, dashed=dashed),
        Words(x + _NODE_WIDTH / 2, y + 16, text, SMALL_SIZE, mono=True, anchor="middle"),
    ]


__all__ = ["Level", "PathWords", "merkle_path"]
