"""Bundles whose document, not their items, has exactly one defect, and the code that refuses it."""

import base64
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.js.node_verifier import raw
from tests.js.reference import (
    ACT,
    CODES,
    FIELDS,
    LOT,
    ZERO,
    Anchor,
    b64,
    bundle_of,
    commit,
    encode,
)


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
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
