"""Builds valid bundles with hashlib only, from the format's text: a third implementation.

It shares no line with the library, so that a bundle that the verifier accepts here was accepted
because of the format. Forgeries are built the same way: `commit` takes a replaced disclosure and
commits to it honestly, so that a refused bundle has exactly one defect.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

CHAIN_ID = 31337
REGISTRY = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
ZERO = "00" * 32
DEPTH = 20

Items = list[tuple[str, Any]]


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf(entry: bytes) -> bytes:
    return sha(b"\0" + entry)


def stream(label: str, key: bytes, size: int) -> bytes:
    return hashlib.shake_256(f"sealtrail/{label}/v1\n".encode() + key).digest(size)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode(value: Any) -> str:
    """RFC 8785 for strings, small integers, short decimals, literals and empty containers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def ordered(items: Items) -> Items:
    return sorted(items, key=lambda item: (item[0].encode(), encode(item[1]).encode()))


@dataclass(frozen=True)
class Tree:
    """All levels of a tree, leaves first; an odd last node is promoted."""

    levels: list[list[bytes]]

    @classmethod
    def over(cls, entries: list[bytes]) -> "Tree":
        levels = [[leaf(entry) for entry in entries]]
        while len(levels[-1]) > 1:
            pairs = _pairs(levels[-1])
            levels.append([sha(b"".join(pair)) if len(pair) == 2 else pair[0] for pair in pairs])
        return cls(levels)

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def path(self, index: int) -> list[str]:
        found = []
        for level in self.levels[:-1]:
            if index ^ 1 < len(level):
                found.append(level[index ^ 1].hex())
            index //= 2
        return found

    def multiproof(self, indices: list[int]) -> list[str]:
        found, known = [], sorted(indices)
        for level in self.levels[:-1]:
            found += [level[i ^ 1].hex() for i in known if i ^ 1 not in known]
            known = sorted({i // 2 for i in known})
        return found


def _pairs(nodes: list[bytes]) -> list[list[bytes]]:
    return [nodes[at : at + 2] for at in range(0, len(nodes), 2)]


@dataclass(frozen=True)
class SparseTree:
    """The codes tree: nodes by (level, index), level 0 at the bottom."""

    nodes: dict[tuple[int, int], bytes]
    root: bytes

    @classmethod
    def over(cls, leaves: dict[int, bytes], key: bytes) -> "SparseTree":
        if not leaves:
            return cls({}, stream("empty", key, 32))
        nodes = {(0, position): node for position, node in leaves.items()}
        drawn = stream("empty", key, 32 * DEPTH * len(leaves))
        level = leaves
        for height in range(DEPTH):
            for index in sorted({i ^ 1 for i in level} - level.keys()):
                nodes[height, index], drawn = drawn[:32], drawn[32:]
            above = sorted({i // 2 for i in level})
            level = {i: sha(nodes[height, 2 * i] + nodes[height, 2 * i + 1]) for i in above}
            nodes |= {(height + 1, i): node for i, node in level.items()}
        return cls(nodes, level[0])

    def path(self, position: int) -> list[str]:
        return [self.nodes[h, (position >> h) ^ 1].hex() for h in range(DEPTH)]


@dataclass(frozen=True)
class Event:
    participant: int
    fields: Tree
    field_places: list[tuple[str, str, int]]  # path, disclosure, index
    codes: SparseTree
    code_places: list[tuple[Any, str, int]]  # code, disclosure, position

    @property
    def entry(self) -> bytes:
        size = len(self.fields.levels[0])
        roots = (self.fields.root.hex(), self.codes.root.hex())
        lines = ("sealtrail/event/v1", self.participant, size, *roots)
        return sha("".join(f"{line}\n" for line in lines).encode())


def positions(key: bytes, count: int) -> list[int]:
    taken: list[int] = []
    words = stream("positions", key, 3 * (count + 1000))
    for at in range(0, len(words), 3):
        position = int.from_bytes(words[at : at + 3], "big") & 0xFFFFF
        if len(taken) < count and position not in taken:
            taken.append(position)
    assert len(taken) == count
    return taken


def disclose(items: Items, salts: bytes, forge: dict[str, Any]) -> list[str]:
    """The disclosure of each item; `forge[path]` gets (salt, path, value) and returns the text."""
    texts = []
    for rank, (path, value) in enumerate(items):
        salt = b64(salts[16 * rank : 16 * rank + 16])
        honest = lambda salt, path, value: b64(encode([salt, path, value]).encode())  # noqa: E731
        texts.append(forge.get(path, honest)(salt, path, value))
    return texts


def commit(
    fields: Items,
    codes: Items = [],  # noqa: B006
    *,
    participant: int = 7,
    secret: bytes = b"s" * 32,
    forge: dict[str, Any] = {},  # noqa: B006
) -> Event:
    fields_key, codes_key = stream("fields", secret, 32), stream("codes", secret, 32)
    fields, codes = ordered(fields), ordered(codes)
    size = max(16, 1 << (len(fields) - 1).bit_length())
    drawn = stream("salts", fields_key, 16 * len(fields) + 32 * (size - len(fields)))
    texts = disclose(fields, drawn, forge)
    decoys = [drawn[-32 * at :][:32] for at in range(size - len(fields), 0, -1)]
    entries = sorted([*decoys, *(sha(text.encode()) for text in texts)])
    tree = Tree.over(entries)
    places = [
        (path, text, entries.index(sha(text.encode())))
        for (path, _), text in zip(fields, texts, strict=True)
    ]
    code_texts = disclose(codes, stream("salts", codes_key, 16 * len(codes)), forge)
    spots = positions(codes_key, len(codes))
    leaves = {at: leaf(sha(text.encode())) for at, text in zip(spots, code_texts, strict=True)}
    code_places = [
        (code, text, at) for (_, code), text, at in zip(codes, code_texts, spots, strict=True)
    ]
    return Event(participant, tree, places, SparseTree.over(leaves, codes_key), code_places)


@dataclass(frozen=True)
class Anchor:
    root: str
    size: int
    stream: int = 7 << 16
    sequence: int = 1
    previousTip: str = ZERO  # noqa: N815
    blockNumber: int = 1200  # noqa: N815
    blockTime: int = 1_795_000_000  # noqa: N815

    def tip(self, chain_id: int = CHAIN_ID, registry: str = REGISTRY) -> bytes:
        numbers = (chain_id, int(registry, 16), self.stream, self.sequence)
        place = b"".join(number.to_bytes(32, "big") for number in numbers)
        rest = bytes.fromhex(self.root) + self.size.to_bytes(32, "big")
        return sha(place + rest + bytes.fromhex(self.previousTip))

    def record(self) -> str:
        block = self.blockNumber.to_bytes(32, "big") + self.blockTime.to_bytes(32, "big")
        return "0x" + sha(self.tip() + block).hex()


def batch_of(event: Event, size: int) -> list[bytes]:
    """`size` entries sorted together: the event's and decoys, opened by nobody."""
    decoys = [sha(f"sealtrail/decoy/v1\n{b64(sha(b'%d' % n))}\n".encode()) for n in range(size - 1)]
    return sorted([event.entry, *decoys])


def bundle_of(
    event: Event,
    *,
    size: int = 16,
    show: set[str] | None = None,
    codes: set[Any] | None = None,
    **anchor: Any,
) -> tuple[dict[str, Any], Anchor]:
    """A proof/v1 document and its anchor, showing all but what `show` and `codes` leave out."""
    batch = batch_of(event, size)
    tree = Tree.over(batch)
    anchored = replace(Anchor(tree.root.hex(), size, stream=event.participant << 16), **anchor)
    shown = sorted(
        (at, text) for path, text, at in event.field_places if show is None or path in show
    )
    index = batch.index(event.entry)
    document = {
        "format": "sealtrail/proof/v1",
        "participant": event.participant,
        "fields": {
            "size": len(event.fields.levels[0]),
            "indices": [at for at, _ in shown],
            "disclosures": [text for _, text in shown],
            "siblings": event.fields.multiproof([at for at, _ in shown]),
        },
        "codes": {
            "root": event.codes.root.hex(),
            "paths": [
                {"disclosure": text, "index": at, "siblings": event.codes.path(at)}
                for code, text, at in sorted(event.code_places, key=lambda place: place[2])
                if codes is None or code in codes
            ],
        },
        "event": {"index": index, "siblings": tree.path(index)},
        "anchor": {name: getattr(anchored, name) for name in anchored.__dataclass_fields__},
    }
    return document, anchored


ACT = ("sealtrail:act", "ObjectEvent OBSERVE shipping in_transit 0")
LOT = "$['ilmd']['cbvmda:lotNumber']"
FIELDS: Items = [
    ACT,
    ("sealtrail:source", sha(b"document").hex()),
    ("sealtrail:month", "2026-11"),
    ("$['type']", "ObjectEvent"),
    ("$['action']", "OBSERVE"),
    ("$['bizStep']", "shipping"),
    ("$['disposition']", "in_transit"),
    ("$['eventTime']", "2026-11-20T14:02:11.000Z"),
    (LOT, "ABC123"),
    ("$['ilmd']['阿莫西林']", "胶囊 0.25g×24 \u2028 \U0001f48a"),
    ("$['it\\'s']['\\u000b\\n\\\\']", 'quote " backslash \\ tab \t bell \x07 del \x7f'),
    ("$['bizTransactionList'][0]['type']", "po"),
    ("$['bizTransactionList'][1]['type']", "inv"),
    ("$['ex:temperature']", 36.6),
    ("$['ex:count']", -42),
    ("$['ex:flag']", True),
    ("$['ex:nothing']", None),
    ("$['ex:list']", []),
    ("$['ex:object']", {}),
]


def code_items(count: int, name: str = "epcList") -> Items:
    url = "https://id.gs1.org/01/09506000134352/21/"
    return [(f"$['{name}'][*]", f"{url}{serial}") for serial in range(count)]


CODES = code_items(3)
