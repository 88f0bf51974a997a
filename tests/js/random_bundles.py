"""Bundles spoilt at random: in bytes, in structure, or in what they honestly commit to."""

import copy
import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import rfc8785

from tests.js.mutations import places, replaced
from tests.js.node_verifier import raw
from tests.js.reference import ACT, Items, b64, bundle_of, commit, encode

BYTES = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b".", b"e", b" ", b"\n", b"+"]
BYTES += [b"\x00", b"\x1f", b"\x7f", b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"NaN"]
BYTES += [
    b"\xf4\x90\x80\x80",
    b"\\ud800",
    b"\\udc00",
    b"\\ud83d\\ude00",
    b"\\u0000",
    b"null",
    b"1e5",
]
BYTES += [b"1e5", b"\xc2\xa0", b"\xe2\x80\xa8", b"/**/", b"\\/", b"\\x", b"00"]
WORDS = ["", "a", "-", "é", "\x7f", "\u2028", "😀", "\ufeff", "sealtrail:act", "$['a']", "0" * 64]
NUMBERS = [0, 1, -1, 16, 2**53 - 1, 2**53, 2**64, -(2**53), 0.5, 1e300, 5e-324, -0.0, 1e21]
CLOSE_PATHS = ["$['a']", "$['a']['b']", "$['a'][0]", "$['a'][1]['c']", "$['a'][10]", "$['a']['0']"]
MEANING_PATHS = ["$['type']", "$['type']['x']", "$['action']", "$['bizStep']", "$['disposition']"]
MEANING_PATHS += ["$['errorDeclaration']", "$['errorDeclaration']['reason']", "sealtrail:act"]
PATHS = [*CLOSE_PATHS, *MEANING_PATHS, "$['a']['b\\'c']", "$['é']", "$['\\u0000']", "$['\\n']"]
PATHS += [
    "$['a'][*]",
    "$['epcList'][*]",
    "$['epcList']",
    "$['epcList'][0]",
    "$['childEPCs']",
    "$[0]",
]
PATHS += ["$", "", "sealtrail:a", "sealtrail:a-b", "sealtrail:A", "sealtrail:"]
PATHS += [
    "$['sealtrail:x']",
    "$['x']['sealtrail:']",
    "$['a']x",
    "$['\x7f']",
    "$['\u2028']",
    "$['*']",
    '$["a"]',
]
PATHS += ["$['a'][01]", "$['a'][9999999999999999]", "$['a'][99999999999999999]", "$['a'][-0]"]
PATHS += ["$['\\\\']", "$['\\']", "$['[0]']", "$['a']['[0]']", "$['😀']"]
VALUES = [
    "x",
    "ObjectEvent",
    "OBSERVE",
    *WORDS,
    *NUMBERS,
    None,
    True,
    False,
    [],
    {},
    "\u0000\u001f",
]
ACTS = [ACT[1], ACT[1], ACT[1], "ObjectEvent - - - 1", "ObjectEvent OBSERVE - - 0", "ObjectEvent"]


def spoilt_bytes(random: Random, text: bytes) -> bytes:
    """One or two small changes of bytes, anywhere."""
    spoilt = bytearray(text)
    for _ in range(random.choice([1, 1, 1, 2])):
        at, kind, put = random.randrange(len(spoilt)), random.randrange(6), random.choice(BYTES)
        if kind == 0:
            spoilt[at] ^= 1 << random.randrange(8)
        elif kind == 1:
            spoilt[at] = random.randrange(256)
        elif kind == 2:
            spoilt[at:at] = put
        elif kind == 3:
            spoilt[at : at + len(put)] = put
        elif kind == 4:
            del spoilt[at : at + random.randrange(1, 5)]
        else:
            start = random.randrange(len(spoilt))
            spoilt[at:at] = spoilt[start : start + random.randrange(1, 80)]
    return bytes(spoilt) or b" "


def any_value(random: Random, level: int = 0) -> Any:
    kind = random.randrange(10 if level < 3 else 6)
    if kind < 6:
        return random.choice([*WORDS, *NUMBERS, True, False, None, [], {}])
    inner = [any_value(random, level + 1) for _ in range(random.randrange(4))]
    return inner if kind < 8 else {"abcd"[at] * at: value for at, value in enumerate(inner)}


def spoilt_structure(random: Random, document: Any) -> bytes:
    """One or two values replaced, moved, dropped, shuffled or stretched."""
    for _ in range(random.choice([1, 1, 1, 2])):
        spots = [spot for spot in places(document) if spot[0]]
        place, value = random.choice(spots)
        if random.randrange(4) == 0:
            document = _rearranged(random, document, place)
        else:
            changes: list[Callable[[], Any]] = [
                lambda: any_value(random),
                lambda spots=spots: random.choice(spots)[1],  # type: ignore[misc]
                lambda value=value: _stretched(random, value),  # type: ignore[misc]
            ]
            document = replaced(document, place, copy.deepcopy(random.choice(changes)()))
    return json.dumps(document, ensure_ascii=random.random() < 0.5).encode()


def _stretched(random: Random, value: Any) -> Any:
    if isinstance(value, str) and value:
        at = random.randrange(len(value))
        return value[:at] + random.choice("0aF_-= é") + value[at + random.randrange(2) :]
    if isinstance(value, int):
        return value + random.choice([-1, 1, 2, 16, 2**16, 2**20, 2**32, -(2**16)])
    if isinstance(value, list):
        return random.sample(value, len(value))
    return any_value(random)


def _rearranged(random: Random, document: Any, place: tuple[str | int, ...]) -> Any:
    """Drop the value at `place`, or put one more beside it."""
    document = copy.deepcopy(document)
    parent = document
    for step in place[:-1]:
        parent = parent[step]
    if random.random() < 0.5:
        del parent[place[-1]]
    elif isinstance(parent, list):
        parent.insert(random.randrange(len(parent) + 1), any_value(random))
    else:
        parent[random.choice(["more", "format", "hints", "entry", ""])] = any_value(random)
    return document


def any_number(random: Random) -> float:
    value: float = struct.unpack(">d", random.randbytes(8))[0]
    return value if value == value and abs(value) != float("inf") else 1.25


def strange_items(random: Random) -> bytes:
    """An honest bundle over items that need not be allowed, some spelled in a strange way."""
    items: Items = [(ACT[0], random.choice(ACTS))]
    for _ in range(random.randrange(1, 5)):
        path = random.choice(random.choice([PATHS, CLOSE_PATHS, MEANING_PATHS]))
        items.append((path, any_number(random) if random.random() < 0.3 else random.choice(VALUES)))
    lists = ["$['epcList'][*]"] * 5 + ["$['childEPCs'][*]", "$['a']"]
    codes: Items = [
        (random.choice(lists), f"urn:{random.randrange(9)}") for _ in range(random.randrange(3))
    ]
    forge = dict.fromkeys((path for path, _ in items[1:]), _spelled)
    if random.random() < 0.5:
        spoilt = random.choice(items)[0]
        forge[spoilt] = lambda salt, path, value: b64(
            spoilt_bytes(random, _text(salt, path, value))
        )
    document, _ = bundle_of(commit(items, codes, forge=forge), size=random.choice([1, 5, 16]))
    return raw(document)


def _text(salt: str, path: str, value: Any) -> bytes:
    try:
        return rfc8785.dumps([salt, path, value])
    except rfc8785.CanonicalizationError:  # out of range: then as it comes
        return encode([salt, path, value]).encode()


def _spelled(salt: str, path: str, value: Any) -> str:
    return b64(_text(salt, path, value))
