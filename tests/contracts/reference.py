"""The commitment format in plain hashlib: none of our code, no ABI library.

What a third party would write after reading the specification.
"""

import hashlib


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def tip(
    chain_id: int,
    registry: bytes,
    stream: int,
    sequence: int,
    root: bytes,
    size: int,
    previous: bytes,
) -> bytes:
    place = word(chain_id) + bytes(12) + registry + word(stream) + word(sequence)
    return hashlib.sha256(place + root + word(size) + previous).digest()


def record(of_tip: bytes, block_number: int, block_time: int) -> bytes:
    return hashlib.sha256(of_tip + word(block_number) + word(block_time)).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(left + right).digest()


def levels(entries: list[bytes]) -> list[list[bytes]]:
    """All levels of the tree, leaves first; an odd last node is promoted."""
    made = [[hashlib.sha256(b"\x00" + entry).digest() for entry in entries]]
    while len(made[-1]) > 1:
        below = made[-1]
        pairs = [node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        made.append(pairs + (below[-1:] if len(below) % 2 else []))
    return made


def path(tree: list[list[bytes]], index: int) -> list[bytes]:
    siblings = []
    for level in tree[:-1]:
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
        index //= 2
    return siblings
