"""Trees in tiles of height 8, so that a proof reads few rows and nothing is rebuilt per request.

As in C2SP tlog-tiles, only levels that are multiples of 8 are kept and a proof recomputes inside
a tile. Batch trees are dense: a tile is up to 256 concatenated nodes. Codes trees are sparse
(depth 20): a tile holds the occupied nodes of its lowest level and the drawn values of empty
nodes, each as a 2-byte heap number and 32 bytes.

Source: https://c2sp.org/tlog-tiles (levels and tile size); docs/reference/formats.md (codes tree).
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from anchoring.core import merkle
from anchoring.core.codes import Pairs
from anchoring.core.streams import CODES_DEPTH
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.records import Tile

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
_TILE_BYTES: Final = TILE_WIDTH * merkle.HASH_SIZE
_NODE: Final = struct.Struct(">H32s")
_NUMBER_BYTES: Final = 2


def batch_tiles(levels: Sequence[bytes]) -> list[Tile]:
    """Cut the upper tiles (levels 8, 16) out of a batch tree.

    Args:
        levels: From `merkle.build_levels`, leaves first.

    Returns:
        Nothing for a tree of at most 256 leaves: its entries are enough.
    """
    return [
        Tile(level, start // _TILE_BYTES, levels[level][start : start + _TILE_BYTES])
        for level in range(TILE_HEIGHT, len(levels) - 1, TILE_HEIGHT)
        for start in range(0, len(levels[level]), _TILE_BYTES)
    ]


def batch_path(tiles: Sequence[Tile], index: int) -> list[bytes]:
    """Return the inclusion path of leaf `index` from the tiles that `batch_tiles` returned.

    An odd last node is promoted, so a short last tile simply has fewer levels.
    """
    path: list[bytes] = []
    for tile in tiles:
        inside = (index >> tile.level) % TILE_WIDTH
        path += merkle.path(merkle.build_levels(tile.nodes), inside)
    return path


def sparse_tiles(pairs: Sequence[Pairs]) -> list[Tile]:
    """Cut a codes tree into tiles.

    Args:
        pairs: `CodesTree.pairs`, 20 levels, leaves first.

    Cost: 34 bytes per occupied or drawn node; about 1 microsecond each.
    """
    return [
        Tile(base, index, bytes(nodes))
        for base in range(0, len(pairs), TILE_HEIGHT)
        for index, nodes in sorted(_cut(pairs, base).items())
    ]


def _cut(pairs: Sequence[Pairs], base: int) -> dict[int, bytearray]:
    cut: defaultdict[int, bytearray] = defaultdict(bytearray)
    for level in range(base, min(base + TILE_HEIGHT, len(pairs))):
        # A node above the tile's lowest level is computed from its children, if it has any.
        computed = frozenset(pairs[level - 1].parents) if level > base else frozenset()
        bits = TILE_HEIGHT - (level - base)
        width = 1 << bits
        numbers = [number.to_bytes(_NUMBER_BYTES) for number in range(width, 2 * width)]
        children = [
            index for parent in pairs[level].parents for index in (2 * parent, 2 * parent + 1)
        ]
        for index, (node,) in zip(
            children, struct.iter_unpack("32s", pairs[level].nodes), strict=True
        ):
            if index not in computed:
                cut[index >> bits] += numbers[index & (width - 1)] + node
    return cut


def code_tile_keys(position: int) -> list[tuple[int, int]]:
    """Return (level, index) of the tiles that prove a position, lowest level first."""
    return [
        (level, position >> (level + TILE_HEIGHT)) for level in range(0, CODES_DEPTH, TILE_HEIGHT)
    ]


def sparse_path(tiles: Iterable[Tile], position: int) -> list[bytes]:
    """Return the 20 siblings of a leaf of a codes tree, leaf side first.

    Args:
        tiles: Exactly those of `code_tile_keys(position)`, in that order.
        position: Of a code of the event.

    Raises:
        DatabaseDamagedError: the tiles hold no such position.
    """
    path: list[bytes] = []
    for tile in tiles:
        nodes = _fill(tile)
        number = TILE_WIDTH | ((position >> tile.level) % TILE_WIDTH)
        for _ in range(min(TILE_HEIGHT, CODES_DEPTH - tile.level)):
            sibling = nodes[number ^ 1]
            if sibling is None:
                raise DatabaseDamagedError(f"a tile of level {tile.level} lacks a node")
            path.append(sibling)
            number >>= 1
    return path


def _fill(tile: Tile) -> list[bytes | None]:
    """Return the nodes of a tile by heap number, those with two children computed."""
    nodes: list[bytes | None] = [None] * (2 * TILE_WIDTH)
    for number, node in _NODE.iter_unpack(tile.nodes):
        nodes[number] = node
    for number in range(TILE_WIDTH - 1, 0, -1):
        left, right = nodes[2 * number], nodes[2 * number + 1]
        if left is not None and right is not None:
            nodes[number] = merkle.node_hash(left, right)
    return nodes
