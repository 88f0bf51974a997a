"""The formats once more, as plainly as they can be said: hashlib, base64 and rfc8785 only.

It shares no line with the library, so that vectors made here and accepted there agree because of
the formats page. It commits honestly to whatever texts it is given: a forged bundle has one defect.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256, shake_256
from typing import Any

import rfc8785

CODE_LISTS = ("childEPCs", "epcList", "inputEPCList", "outputEPCList")
DEPTH = 20
SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "'": "\\'", "\\": "\\\\"}


def sha(raw: bytes) -> bytes:
    return sha256(raw).digest()


def leaf(entry: bytes) -> bytes:
    return sha(b"\x00" + entry)


def node(left: bytes, right: bytes) -> bytes:
    return sha(left + right)


def stream(label: str, key: bytes, size_bytes: int) -> bytes:
    return shake_256(f"sealtrail/{label}/v1\n".encode() + key).digest(size_bytes)


def cut(raw: bytes, size_bytes: int) -> list[bytes]:
    return [raw[at : at + size_bytes] for at in range(0, len(raw), size_bytes)]


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def canonical(value: Any) -> bytes:
    return rfc8785.dumps(value)


def disclosure(salt: bytes, path: str, value: Any) -> str:
    return b64(canonical([b64(salt), path, value]))


def entry_of(text: str) -> bytes:
    return sha(text.encode("utf-8"))


# --- items


def segment(name: str) -> str:
    return "['" + "".join(SHORT.get(c, c if c >= " " else f"\\u{ord(c):04x}") for c in name) + "']"


def act(event: Mapping[str, Any]) -> str:
    words = [event.get(name, "-") for name in ("type", "action", "bizStep", "disposition")]
    return " ".join([*words, "1" if "errorDeclaration" in event else "0"])


def field_items(event: Mapping[str, Any], derived: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Every (path, value) of the fields tree in item order."""
    items: list[tuple[str, Any]] = [*derived.items(), ("sealtrail:act", act(event))]

    def walk(path: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for name, inner in value.items():
                walk(path + segment(name), inner)
        elif isinstance(value, list) and value:
            for index, inner in enumerate(value):
                walk(f"{path}[{index}]", inner)
        else:
            items.append((path, value))

    for name, value in event.items():
        if name not in CODE_LISTS or not value:
            walk("$" + segment(name), value)
    return in_order(items)


def code_items(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every (path, code) of the codes tree in item order, each once."""
    pairs = {(name, code) for name in CODE_LISTS for code in event.get(name, [])}
    return in_order([(f"$['{name}'][*]", code) for name, code in pairs])


def in_order(items: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return sorted(items, key=lambda item: (item[0].encode(), canonical(item[1])))


# --- trees


@dataclass(frozen=True)
class Tree:
    """All nodes of a tree, leaves first; an odd last node is promoted."""

    levels: list[list[bytes]]

    @classmethod
    def over(cls, entries: Sequence[bytes], rule: Callable[[bytes], bytes] = leaf) -> "Tree":
        levels = [[rule(entry) for entry in entries]]
        while len(levels[-1]) > 1:
            below, above = levels[-1], []
            for at in range(0, len(below), 2):
                pair = below[at : at + 2]
                above.append(node(*pair) if len(pair) == 2 else pair[0])
            levels.append(above)
        return cls(levels)

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def path(self, index: int) -> list[bytes]:
        found = []
        for level in self.levels[:-1]:
            if index ^ 1 < len(level):
                found.append(level[index ^ 1])
            index //= 2
        return found

    def multiproof(self, indices: Iterable[int]) -> list[bytes]:
        known, found = set(indices), []
        for level in self.levels[:-1]:
            found += [level[index ^ 1] for index in sorted(known) if index ^ 1 not in known]
            known = {index // 2 for index in known}
        return found


@dataclass(frozen=True)
class SparseTree:
    """The codes tree as a dict of all nodes by (level, index), level 0 at the bottom."""

    nodes: dict[tuple[int, int], bytes]

    @classmethod
    def over(cls, leaves: Mapping[int, bytes], key: bytes) -> "SparseTree":
        if not leaves:
            return cls({(DEPTH, 0): stream("empty", key, 32)})
        nodes = {(0, position): value for position, value in leaves.items()}
        empties = iter(cut(stream("empty", key, 32 * DEPTH * len(leaves)), 32))
        for level in range(DEPTH):
            here = sorted(index for at, index in nodes if at == level)
            for index in sorted({one ^ 1 for one in here} - set(here)):
                nodes[level, index] = next(empties)
            for index in sorted({one // 2 for one in here}):
                nodes[level + 1, index] = node(nodes[level, 2 * index], nodes[level, 2 * index + 1])
        return cls(nodes)

    @property
    def root(self) -> bytes:
        return self.nodes[DEPTH, 0]

    def path(self, position: int) -> list[bytes]:
        return [self.nodes[level, (position >> level) ^ 1] for level in range(DEPTH)]


def positions(key: bytes, count: int) -> list[int]:
    taken: list[int] = []
    for word in cut(stream("positions", key, 3 * (2 * count + 64)), 3):
        position = int.from_bytes(word, "big") & 0xFFFFF
        if len(taken) < count and position not in taken:
            taken.append(position)
    return taken


# --- an event


@dataclass(frozen=True)
class Texts:
    """Disclosures of an event, in item order: by path, and by (path, code)."""

    fields: dict[str, str]
    codes: dict[tuple[str, str], str]


def texts_of(event: Mapping[str, Any], derived: Mapping[str, str], secret: bytes) -> Texts:
    fields, codes = field_items(event, derived), code_items(event)
    field_salts = cut(stream("salts", stream("fields", secret, 32), 16 * len(fields)), 16)
    code_salts = cut(stream("salts", stream("codes", secret, 32), 16 * len(codes)), 16)
    return Texts(
        {
            path: disclosure(salt, path, v)
            for salt, (path, v) in zip(field_salts, fields, strict=True)
        },
        {item: disclosure(salt, *item) for salt, item in zip(code_salts, codes, strict=True)},
    )


@dataclass(frozen=True)
class Event:
    """A committed event: texts and their places in both trees."""

    participant: int
    fields: Tree
    field_places: dict[str, int]
    codes: SparseTree
    code_places: dict[str, int]

    @property
    def size(self) -> int:
        return len(self.fields.levels[0])

    @property
    def entry(self) -> bytes:
        parts = (self.participant, self.size, self.fields.root.hex(), self.codes.root.hex())
        return sha("".join(f"{part}\n" for part in ("sealtrail/event/v1", *parts)).encode())


def assemble(
    fields: Sequence[str],
    codes: Sequence[str] = (),
    *,
    secret: bytes,
    participant: int = 7,
    rule: Callable[[bytes], bytes] = leaf,
) -> Event:
    """Commit to disclosures, whatever they say; `rule` makes the leaves of the fields tree."""
    fields_key, codes_key = stream("fields", secret, 32), stream("codes", secret, 32)
    size = 16
    while size < len(fields):
        size *= 2
    drawn = stream("salts", fields_key, 16 * len(fields) + 32 * (size - len(fields)))
    decoys = cut(drawn[16 * len(fields) :], 32)
    entries = sorted([*decoys, *(entry_of(text) for text in fields)])
    spots = positions(codes_key, len(codes))
    leaves = {at: leaf(entry_of(text)) for at, text in zip(spots, codes, strict=True)}
    return Event(
        participant,
        Tree.over(entries, rule),
        {text: entries.index(entry_of(text)) for text in fields},
        SparseTree.over(leaves, codes_key),
        dict(zip(codes, spots, strict=True)),
    )


def commit(event: Mapping[str, Any], derived: Mapping[str, str], *, secret: bytes) -> Event:
    texts = texts_of(event, derived, secret)
    return assemble([*texts.fields.values()], [*texts.codes.values()], secret=secret)


# --- batch and anchor


def decoy(nonce: bytes) -> bytes:
    return sha(f"sealtrail/decoy/v1\n{b64(nonce)}\n".encode())


def words(*parts: int | bytes) -> bytes:
    """abi.encode of numbers, addresses and bytes32: one word of 32 bytes each."""
    return b"".join(
        part.to_bytes(32, "big") if isinstance(part, int) else part.rjust(32, b"\x00")
        for part in parts
    )


@dataclass(frozen=True)
class Anchor:
    """An anchor and where the chain put it."""

    root: bytes
    size: int
    stream: int = 7 << 16
    sequence: int = 1
    previous_tip: bytes = field(default=bytes(32))
    block_number: int = 1200
    block_time: int = 1_795_000_000

    def tip(self, chain_id: int, registry: bytes) -> bytes:
        place = words(chain_id, registry, self.stream, self.sequence)
        return sha(place + words(self.root, self.size, self.previous_tip))

    def record(self, chain_id: int, registry: bytes) -> bytes:
        return sha(words(self.tip(chain_id, registry), self.block_number, self.block_time))
