"""Bundles with exactly one defect each, and the code by which every verifier refuses them.

Each is honest in everything else: where an item is forged, the trees are built over the forged
item, so that a verifier which misses the defect would accept the bundle.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.js.node_verifier import Chain, raw, seen_on_chain
from tests.js.reference import (
    FIELDS,
    ZERO,
    Anchor,
    Items,
    b64,
    bundle_of,
    code_items,
    commit,
    encode,
)

Forged = tuple[bytes, Chain, str]  # text, what the chain holds, code

ACT = ("sealtrail:act", "ObjectEvent OBSERVE shipping in_transit 0")
LOT = "$['ilmd']['cbvmda:lotNumber']"
CODES = code_items(3)


def honest() -> tuple[dict[str, Any], Anchor]:
    """Ten items of sixteen and two codes of three, in a batch of thirteen."""
    hidden = {path for path, _ in FIELDS[::2]} - {ACT[0], LOT}
    shown = {path for path, _ in FIELDS} - hidden
    return bundle_of(
        commit(FIELDS, CODES), size=13, show=shown, codes={code for _, code in CODES[:2]}
    )


def changed(*steps: str | int, to: Any) -> bytes:
    """The honest document with the value at `steps` replaced, by `to(value)` if it is callable."""
    document = copy.deepcopy(honest()[0])
    place: Any = document
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = to(place[steps[-1]]) if callable(to) else to
    return raw(document)


def texts() -> Iterator[tuple[str, bytes, str]]:
    good = raw(honest()[0])
    head = good[:-1]  # without the closing brace

    def hinting(value: str) -> bytes:
        return head + b', "hints": {"x": ' + value.encode() + b"}}"

    yield "one byte too large", good.ljust(8 * 1024 * 1024 + 1), "bundle_too_large"
    yield "byte order mark", b"\xef\xbb\xbf" + good, "bom"
    yield "Latin-1", hinting('"?"').replace(b"?", b"\xe9"), "not_utf8"
    yield "overlong", hinting('"?"').replace(b"?", b"\xc0\xaf"), "not_utf8"
    yield "encoded surrogate", hinting('"?"').replace(b"?", b"\xed\xa0\x80"), "not_utf8"
    yield "65 levels", hinting("[" * 63 + "]" * 63), "too_deep"
    yield "65 levels of objects", hinting('{"a":' * 63 + "0" + "}" * 63), "too_deep"
    for name, value in {
        "NaN": "NaN",
        "Infinity": "-Infinity",
        "trailing comma": "[1,]",
        "comment": "/* */ 1",
        "single quotes": "'a'",
        "control character": '"\t"',
        "unknown escape": r'"\a"',
        "short escape": r'"\u00e"',
        "Python literal": "None",
        "no value": "",
        "no-break space": "\u00a01",
        "hexadecimal": "0x10",
    }.items():
        yield name, hinting(value), "not_json"
    yield "empty", b"", "not_json"
    yield "cut", good[:-1], "not_json"
    yield "two documents", good + good, "not_json"
    yield "NUL at the end", good + b"\0", "not_json"
    yield "twice in hints", hinting('{"a": 1, "a": 1}'), "duplicate_member"
    yield "twice by an escape", hinting(r'{"a": 1, "\u0061": 1}'), "duplicate_member"
    yield "format twice", head + b', "format": "sealtrail/proof/v1"}', "duplicate_member"
    for number in ("-1", "-0", "1.0", "1e3", "1E3", "9007199254740992", "1" + "0" * 400, "0.5"):
        yield f"number {number[:20]}", hinting(number), "number_form"
    yield "size 16.0", good.replace(b'"size": 32', b'"size": 32.0'), "number_form"
    yield "lone surrogate", hinting(r'"\ud83d"'), "lone_surrogate"
    yield "surrogates the wrong way round", hinting(r'"\udc8a\ud83d"'), "lone_surrogate"
    yield "lone surrogate in a name", hinting(r'{"\udc8a": 1}'), "lone_surrogate"


def shapes() -> Iterator[tuple[str, bytes, str]]:
    document = honest()[0]
    for name in ("format", "participant", "fields", "codes", "event", "anchor"):
        rest = {key: value for key, value in document.items() if key != name}
        yield f"without {name}", raw(rest), "bundle_shape"
        yield f"{name} is null", raw({**document, name: None}), "bundle_shape"
        yield f"{name} in another case", raw({**rest, name.title(): document[name]}), "bundle_shape"
    for part in ("fields", "codes", "event", "anchor"):
        for name in document[part]:
            rest = {key: value for key, value in document[part].items() if key != name}
            yield f"without {part}.{name}", raw({**document, part: rest}), "bundle_shape"
            yield f"{part}.{name} is true", changed(part, name, to=True), "bundle_shape"
        more = changed(part, to=lambda value: {**value, "more": 1})
        yield f"more in {part}", more, "bundle_shape"
    for top in ([], "text", 1, None, [document]):
        yield f"top is {encode(top)[:10]}", raw(top), "bundle_shape"
    yield "unknown member", raw({**document, "entry": ZERO}), "bundle_shape"
    for hints in ([], "text", None, 1):
        yield f"hints {hints}", raw({**document, "hints": hints}), "bundle_shape"
    yield "an index is text", changed("fields", "indices", 0, to="0"), "bundle_shape"
    yield "a disclosure is a number", changed("fields", "disclosures", 0, to=7), "bundle_shape"
    yield "a sibling is null", changed("event", "siblings", 0, to=None), "bundle_shape"
    yield "one index less", changed("fields", "indices", to=lambda v: v[:-1]), "bundle_shape"
    yield "more in a code path", changed("codes", "paths", 0, "leaf", to=ZERO), "bundle_shape"
    yield "a code path is a list", changed("codes", "paths", 0, to=[]), "bundle_shape"
    for name in ("sealtrail/proof/v2", "sealtrail/Proof/v1", "", "sealtrail/proof/v1 "):
        yield f"format {name!r}", changed("format", to=name), "format_unknown"
    places: list[tuple[str | int, ...]] = [("codes", "root"), ("anchor", "root")]
    places += [("event", "siblings", 0), ("fields", "siblings", 0), ("anchor", "previousTip")]
    places += [("codes", "paths", 1, "siblings", 19)]
    spoil: dict[str, Callable[[str], str]] = {
        "upper case": lambda _: "AB" * 32,
        "0x": lambda value: "0x" + value[2:],
        "short": lambda value: value[:-2],
        "long": lambda value: value + "00",
        "new line": lambda value: value + "\n",
        "empty": lambda _: "",
    }
    for place in places:
        for name, change in spoil.items():
            yield f"{place} {name}", changed(*place, to=change), "hash_form"


def sets() -> Iterator[tuple[str, bytes, str]]:
    document = honest()[0]

    def of(bundles: Any, **more: Any) -> bytes:
        return raw({"format": "sealtrail/proofs/v1", "bundles": bundles, **more})

    yield "empty set", of([]), "bundle_shape"
    yield "set without bundles", raw({"format": "sealtrail/proofs/v1"}), "bundle_shape"
    yield "set is an object", of({"0": document}), "bundle_shape"
    yield "unknown member of a set", of([document], more=1), "bundle_shape"
    inner = {"format": "sealtrail/proofs/v1", "bundles": [document]}
    yield "set in a set", of([inner]), "format_unknown"
    forged = json.loads(changed("event", "siblings", 0, to="00" * 32))
    yield "one bad bundle of two", of([document, forged]), "root_mismatch"
    yield "the same twice", of([document, document]), "entry_repeated"


def numbers() -> Iterator[tuple[str, bytes, str]]:
    for value in (0, 2**32):
        document = honest()[0] | {"participant": value}
        document["anchor"] = document["anchor"] | {"stream": value << 16}
        yield f"participant {value}", raw(document), "anchor_values"
    yield "sequence 0", changed("anchor", "sequence", to=0), "anchor_values"
    yield "size 0", changed("anchor", "size", to=0), "anchor_values"
    yield "sequence 2 without a tip", changed("anchor", "sequence", to=2), "anchor_values"
    yield "sequence 1 with a tip", changed("anchor", "previousTip", to="01" * 32), "anchor_values"
    yield "another participant", changed("participant", to=8), "participant_stream_mismatch"
    yield "another's stream", changed("anchor", "stream", to=8 << 16), "participant_stream_mismatch"
    for size in (0, 1, 8, 17, 31, 65_535, 131_072, 2**53 - 1):
        yield f"{size} fields", changed("fields", "size", to=size), "fields_size"

    def twice(values: list[Any]) -> list[Any]:
        return [values[0], values[0], *values[2:]]

    yield "index twice", changed("fields", "indices", to=twice), "index_order"
    yield "indices backwards", changed("fields", "indices", to=lambda v: v[::-1]), "index_order"
    yield "code path twice", changed("codes", "paths", to=lambda v: [v[0], *v]), "index_order"
    yield "code paths backwards", changed("codes", "paths", to=lambda v: v[::-1]), "index_order"
    yield "index beyond the tree", changed("fields", "indices", -1, to=32), "index_range"
    yield "code beyond the tree", changed("codes", "paths", -1, "index", to=2**20), "index_range"
    yield "event beyond the batch", changed("event", "index", to=13), "index_range"


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
    for token in ("9007199254740992", "-9007199254740993", "1e21", "1e16"):
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


def trees() -> Iterator[tuple[str, bytes, str]]:
    def flip(value: str) -> str:
        return ("0" if value[0] != "0" else "1") + value[1:]

    for place in (("event",), ("fields",), ("codes", "paths", 0)):
        name = ".".join(map(str, place))
        for what, change in {
            "one sibling less": lambda values: values[:-1],
            "one sibling more": lambda values: [*values, ZERO],
            "no siblings": lambda _: [],
        }.items():
            yield f"{name}: {what}", changed(*place, "siblings", to=change), "proof_shape"
    for level in (0, 7, 19):
        spot = ("codes", "paths", 1, "siblings", level)
        yield f"code sibling {level}", changed(*spot, to=flip), "codes_root_mismatch"
    yield "codes root", changed("codes", "root", to=flip), "codes_root_mismatch"
    index = changed("codes", "paths", 0, "index", to=lambda value: value ^ 1)
    yield "code at the other side", index, "codes_root_mismatch"
    other = b64(encode(["A" * 22, *CODES[0]]).encode())
    yield (
        "another code",
        changed("codes", "paths", 0, "disclosure", to=other),
        "codes_root_mismatch",
    )
    yield "event sibling", changed("event", "siblings", -1, to=flip), "root_mismatch"
    yield "field sibling", changed("fields", "siblings", 0, to=flip), "root_mismatch"
    yield "anchored root", changed("anchor", "root", to=flip), "root_mismatch"
    lot = b64(encode(["A" * 22, "$['ex:added']", "ABC124"]).encode())
    document = honest()[0]
    shown = document["fields"]["disclosures"]
    rank = next(n for n, text in enumerate(shown) if "sealtrail:act" not in opened(text))
    yield "another item", changed("fields", "disclosures", rank, to=lot), "root_mismatch"
    bare, _ = bundle_of(commit(FIELDS), size=13)
    yield (
        "codes root of nothing",
        raw(bare | {"codes": {"root": ZERO, "paths": []}}),
        "root_mismatch",
    )
    document |= {"participant": 8, "anchor": document["anchor"] | {"stream": 8 << 16}}
    yield "somebody else's event", raw(document), "root_mismatch"


def opened(text: str) -> str:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def chains() -> Iterator[tuple[str, Forged]]:
    document, anchor = honest()
    text, seen = raw(document), seen_on_chain(anchor)
    yield "no slot", (text, seen | {"slots": {}}, "anchor_not_found")
    yield "zero slot", (text, seen | {"slots": {}, "slot": "0x" + ZERO}, "anchor_not_found")
    yield "other slot", (text, seen | {"slots": {}, "slot": "0x" + "11" * 32}, "record_mismatch")
    yield "other chain", (text, seen | {"chainId": 1}, "record_mismatch")
    yield "other registry", (text, seen | {"registry": "0x" + "22" * 20}, "record_mismatch")
    for name, by in (("blockNumber", 1), ("blockTime", -1)):
        later = changed("anchor", name, to=lambda value, by=by: value + by)
        yield f"{name} {by:+}", (later, seen, "record_mismatch")
    slot = {"slots": {}, "slot": anchor.record()}
    yield (
        "other stream",
        (changed("anchor", "stream", to=(7 << 16) + 1), seen | slot, "record_mismatch"),
    )
    moved = document | {"anchor": document["anchor"] | {"sequence": 2, "previousTip": "01" * 32}}
    yield "other sequence", (raw(moved), seen | slot, "record_mismatch")
    yield "size 14", (changed("anchor", "size", to=14), seen | slot, "record_mismatch")


def all_forgeries() -> dict[str, Forged]:
    """Every forgery by name; those that fail before the chain is asked find their anchor there."""
    found: dict[str, Forged] = {}
    for group in (texts, shapes, sets, numbers, encodings, disclosures, paths, meanings, trees):
        for name, text, code in group():
            full_name = f"{group.__name__}: {name}"
            assert full_name not in found, full_name
            found[full_name] = (text, chain_of(text), code)
    found |= {f"chains: {name}": forged for name, forged in chains()}
    return found


def chain_of(text: bytes) -> Chain:
    """A chain that holds the anchor of this bundle, wherever it states one that can be held."""
    try:
        stated = json.loads(text)["anchor"]
        return seen_on_chain(Anchor(**stated))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return seen_on_chain(honest()[1])
