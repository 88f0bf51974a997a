"""Bundles that commit to one forged item, honestly in all else, and the code that refuses it.

The trees are built over the forged item, so that a verifier which misses the defect would accept.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.js.node_verifier import raw
from tests.js.reference import ACT, CODES, FIELDS, LOT, Items, b64, bundle_of, commit, encode


def committed(items: Items, codes: Items = CODES, **forge: Any) -> bytes:
    return raw(bundle_of(commit(items, codes, **forge), size=13)[0])


def spelled(text: Callable[[str, str, str], bytes | str]) -> bytes:
    """A bundle whose lot item is disclosed as the bytes that `text(salt, path, value)` gives."""

    def forge(salt: str, path: str, value: str) -> str:
        found = text(salt, path, value)
        return b64(found if isinstance(found, bytes) else found.encode())

    return committed(FIELDS, forge={LOT: forge})


def encoded(change: Callable[[str], str], lengths: int = 0) -> bytes:
    """A bundle with one disclosure's text changed after a text of `lengths` modulo 3 was chosen."""

    def forge(salt: str, path: str, value: str) -> str:
        text = encode([salt, path, value])
        while len(text) % 3 != lengths:
            value += "x"
            text = encode([salt, path, value])
        return change(b64(text.encode()))

    return committed(FIELDS, forge={LOT: forge})


def encodings() -> Iterator[tuple[str, bytes, str]]:
    long = [*FIELDS, ("$['ex:long']", "x" * 12_300)]
    yield "too long a disclosure", committed(long), "disclosure_too_long"
    yield "padded", encoded(lambda text: text + "=", 2), "disclosure_encoding"
    yield "padded twice", encoded(lambda text: text + "==", 1), "disclosure_encoding"
    yield "of length 1 modulo 4", encoded(lambda text: text + "A", 0), "disclosure_encoding"
    for name, character in {"plus": "+", "slash": "/", "space": " ", "accent": "é"}.items():
        change = encoded(lambda text, put=character: put + text[1:])  # type: ignore[misc]
        yield f"alphabet: {name}", change, "disclosure_encoding"
    yield "new line at the end", encoded(lambda text: text + "\n"), "disclosure_encoding"
    yield "empty disclosure", encoded(lambda _: ""), "disclosure_json"
    for rest, last in ((1, "R"), (2, "B")):
        change = encoded(lambda text, put=last: next_last(text), rest)  # type: ignore[misc]
        yield f"trailing bits after {rest}", change, "disclosure_encoding"
    mark = b"\xef\xbb\xbf"
    yield "mark", spelled(lambda s, p, v: mark + encode([s, p, v]).encode()), "disclosure_not_utf8"
    yield "bytes", spelled(lambda s, p, v: encode([s, p]).encode() + b"\xff"), "disclosure_not_utf8"
    halves = spelled(lambda s, p, _: f'["{s}","{p}","'.encode() + b'\xed\xa0\x80"]')
    yield "half a character", halves, "disclosure_not_utf8"


def next_last(text: str) -> str:
    """The same bytes for a lenient decoder: one of the unused bits of the last character is set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def disclosures() -> Iterator[tuple[str, bytes, str]]:
    def valued(token: str) -> bytes:
        return spelled(lambda s, p, _: f'["{s}","{p}",{token}]')

    for token in ("NaN", "1e400", "-1e400", "Infinity", "[1,]", "01", "'a'", "tru", '"\n"'):
        yield f"value {token!r}", valued(token), "disclosure_json"
    yield "text after it", spelled(lambda s, p, v: encode([s, p, v]) + "x"), "disclosure_json"
    for token in (r'"\ud800"', r'"\udc00x"'):
        yield f"value {token}", valued(token), "lone_surrogate"
    for token in ("9007199254740992", "-9007199254740993", "1e21", "1e16", "9" * 400):
        yield f"value {token}", valued(token), "number_range"
    for token in ("[1]", '{"a":1}', "[[]]"):
        yield f"value {token}", valued(token), "disclosure_shape"
    yield "two parts", spelled(lambda s, p, _: encode([s, p])), "disclosure_shape"
    yield "four parts", spelled(lambda s, p, v: encode([s, p, v, v])), "disclosure_shape"
    yield "object", spelled(lambda s, p, v: encode({"salt": s})), "disclosure_shape"
    yield "salt is a number", spelled(lambda _, p, v: encode([1, p, v])), "disclosure_shape"
    yield "path is a list", spelled(lambda s, p, v: encode([s, [p], v])), "disclosure_shape"
    spoil: dict[str, Callable[[str], str]] = {
        "short": lambda salt: salt[:-1],
        "long": lambda salt: salt + "A",
        "trailing bits": lambda salt: salt[:-1] + "B",
        "alphabet": lambda salt: "+" + salt[1:],
        "padded": lambda salt: salt[:-2] + "==",
        "empty": lambda _: "",
    }
    for name, change in spoil.items():
        text = spelled(lambda s, p, v, to=change: encode([to(s), p, v]))  # type: ignore[misc]
        yield f"salt {name}", text, "salt_form"
    for name, other in {
        "space": lambda s, p, v: json.dumps([s, p, v]),
        "leading space": lambda s, p, v: " " + encode([s, p, v]),
        "escaped solidus": lambda s, p, _: encode([s, p, "a/b"]).replace("/", r"\/"),
        "escaped letter": lambda s, p, _: encode([s, p, "abc"]).replace("abc", r"\u0061bc"),
        "escaped accent": lambda s, p, _: json.dumps([s, p, "é"], separators=(",", ":")),
        "long escape": lambda s, p, _: encode([s, p, "\n"]).replace(r"\n", r"\u000a"),
        "upper-case escape": lambda s, p, _: encode([s, p, "\x1f"]).replace("1f", "1F"),
    }.items():
        yield f"spelled with {name}", spelled(other), "disclosure_not_canonical"
    for token in ("1.0", "-0", "1e2", "0.10", "1E-7", "1e-400", "{ }"):
        yield f"value {token}", valued(token), "disclosure_not_canonical"


def paths() -> Iterator[tuple[str, bytes, str]]:
    bad = ["", "$", "$[0]", "$.a", "a", "$['a'].b", '$["a"]', "$['a'][01]", "$['a'][-1]"]
    bad += [
        "$['a'][" + "1" * 17 + "]",
        "$['a'][0][*]",
        "$[*]",
        "$['a']['b'",
        "$['a'] ['b']",
        "$['a']x",
    ]
    bad += ["$['\\u0061']", "$['\\u001F']", "$['\\u000a']", "$['\\/']", "$['\\\"']", "$['a'']"]
    bad += ["$['\n']", "$['\\']", " $['a']", "$['a']\n", "@['a']", "$['a'][0:1]", "$['a','b']"]
    bad += ["sealtrail:", "sealtrail:Lot", "sealtrail:1", "sealtrail:a b", "sealtrail:a\n"]
    bad += ["sealtrail:$a", "sealtrail:a_b", "sealtrail:-a", "SEALTRAIL:a", "$['epcList'][*]['a']"]
    for path in bad:
        yield f"path {path!r}", committed([*FIELDS, (path, "x")]), "path_form"
    for path in ("$['sealtrail:act']", "$['a']['sealtrail:']", "$['a'][0]['sealtrail:x']"):
        yield f"path {path!r}", committed([*FIELDS, (path, "x")]), "reserved_name"
    for value in (1, None, True, [], {}):
        derived = committed([*FIELDS, ("sealtrail:city", value)])
        yield f"derived value {value}", derived, "item_kind"
        code = committed(FIELDS, [("$['epcList'][*]", value)])
        yield f"code {value}", code, "item_kind"
    wild = ("$['epcList'][*]", "$['a'][*]")
    for path in (*wild, "$['epcList'][0]", "$['childEPCs']['a']", "$['epcList']"):
        yield f"field {path}", committed([*FIELDS, (path, "x")], []), "item_kind"
    for path, value in (("$['outputEPCList']", {}), ("$['inputEPCList'][0]", [])):
        yield f"field {path} {value}", committed([*FIELDS, (path, value)]), "item_kind"
    for path in (LOT, "$['a'][*]", "$['epcList'][0]", "$['epcList']", "sealtrail:city", "$['x']"):
        yield f"code path {path}", committed(FIELDS, [(path, "urn:x")]), "item_kind"


def meanings() -> Iterator[tuple[str, bytes, str]]:
    bare = [ACT, ("$['a']", 1)]
    yield "a path twice", committed([*FIELDS, (LOT, "other")]), "duplicate_path"
    yield "derived twice", committed([*FIELDS, ("sealtrail:month", "2026-12")]), "duplicate_path"
    yield "two acts", committed([*FIELDS, (ACT[0], ACT[1][:-1] + "1")]), "duplicate_path"
    yield "a code twice", committed(FIELDS, [CODES[0], *CODES]), "duplicate_code"
    for above, below in (("['ilmd']", "['a']"), ("['b'][0]", "[1]"), ("['c']", "[0]['d'][2]")):
        pair = [("$" + above, []), ("$" + above + below, 1)]
        yield f"{above} and {below}", committed([*bare, *pair]), "path_prefix"
    empty_and_not = committed([*bare, ("$['epcList']", [])])
    yield "a code in an empty list", empty_and_not, "path_prefix"
    mixed = [("$['m'][0]", 1), ("$['m']['0']", 1)]
    yield "names and indices", committed([*bare, *mixed]), "path_conflict"
    deeper = [("$['m']['n'][0]['a']", 1), ("$['m']['n']['0']['a']", 1)]
    yield "names and indices above", committed([*bare, *deeper]), "path_conflict"
    yield "no act", committed(FIELDS[1:]), "act_missing"
    yield "nothing disclosed", raw(bundle_of(commit(FIELDS), size=13, show=set())[0]), "act_missing"
    acts = ["", "ObjectEvent", "ObjectEvent OBSERVE shipping in_transit", "- OBSERVE a b 0"]
    acts += ["ObjectEvent OBSERVE a b 2", "ObjectEvent OBSERVE a b 0 0", "ObjectEvent  a b 0"]
    acts += [
        "ObjectEvent OBSERVE a b 0 ",
        " ObjectEvent OBSERVE a b 0",
        "ObjectEvent OBSERVE a b -",
    ]
    acts += ["ObjectEvent OBSERVE a b 00", "ObjectEvent\tOBSERVE a b c 0 x", "E O a b 0\n"]
    for act in acts:
        yield f"act {act!r}", committed([(ACT[0], act), ("$['a']", 1)]), "act_form"
    yield from contradictions()


def contradictions() -> Iterator[tuple[str, bytes, str]]:
    silent = ("sealtrail:act", "ObjectEvent - - - 0")
    for name, token in zip(
        ("type", "action", "bizStep", "disposition"), ACT[1].split(" ")[:4], strict=True
    ):
        path = f"$['{name}']"
        for value in (token + "x", token.upper() + "_", "-", None, 0, [], {}):
            yield f"{name} is {value}", committed([ACT, (path, value)]), "inconsistent"
        for below in ("['a']", "[0]"):
            yield f"below {name}{below}", committed([ACT, (path + below, token)]), "inconsistent"
        if name != "type":
            for value in ("-", "", None, token):
                said = committed([silent, (path, value)])
                yield f"{name} {value!r} where act is silent", said, "inconsistent"
    for path, value in {"": {}, "['reason']": "x", "['correctiveEventIDs'][0]": "urn:x"}.items():
        error = committed([ACT, (f"$['errorDeclaration']{path}", value)])
        yield f"errorDeclaration{path}", error, "inconsistent"
