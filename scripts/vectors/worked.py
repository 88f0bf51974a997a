"""Worked examples of every part: items, trees, entries, batches."""

from collections.abc import Iterator
from typing import Any

from . import plain
from .cases import DERIVED, EVENT, URL, hex_list, secret
from .forged_items import ACT_TEXT, PATHS, RESERVED, SALT
from .plain import SparseTree, Tree
from .valid import NO_CODES, SCALARS

SECRET = secret("worked example")

GOOD_PATHS: tuple[tuple[str, list[str | int]], ...] = (
    ("$['a']", ["a"]),
    ("$['']", [""]),
    ("$['ilmd']['cbvmda:lotNumber']", ["ilmd", "cbvmda:lotNumber"]),
    ("$['bizTransactionList'][0]['type']", ["bizTransactionList", 0, "type"]),
    ("$['a'][0][10][9999999999999999]", ["a", 0, 10, 10**16 - 1]),
    ("$['it\\'s']", ["it's"]),
    ("$['back\\\\slash']", ["back\\slash"]),
    ("$['\\b\\t\\n\\f\\r']", ["\b\t\n\f\r"]),
    ("$['\\u0000\\u0001\\u000b\\u000e\\u001f']", ["\x00\x01\x0b\x0e\x1f"]),
    ("$['\x7f\u2028']", ["\x7f\u2028"]),
    ("$['\"']", ['"']),
    ("$['/']", ["/"]),
    ("$['a\\'][\\'b']", ["a']['b"]),
    ("$['caf\u00e9']", ["caf\u00e9"]),
    ("$['cafe\u0301']", ["cafe\u0301"]),
    ("$['\U0001f48a']", ["\U0001f48a"]),
    ("$['0']", ["0"]),
    ("$['*']", ["*"]),
)


def paths() -> dict[str, Any]:
    lists = [f"$['{name}'][*]" for name in plain.CODE_LISTS]
    return {
        "valid": [{"path": path, "segments": segments} for path, segments in GOOD_PATHS],
        "code_paths": lists,
        "derived": ["sealtrail:act", "sealtrail:a", "sealtrail:a1-b--"],
        "invalid": [
            *({"path": path, "code": "path_form"} for path in PATHS),
            *({"path": path, "code": "reserved_name"} for path in RESERVED),
        ],
    }


def item(salt: bytes, path: str, value: Any) -> dict[str, Any]:
    text = plain.disclosure(salt, path, value)
    return {
        "salt": salt.hex(),
        "path": path,
        "value": value,
        "text": plain.canonical([plain.b64(salt), path, value]).decode(),
        "disclosure": text,
        "entry": plain.entry_of(text).hex(),
    }


def disclosures() -> dict[str, Any]:
    values = {"ex:values": SCALARS}
    items = [("$['ilmd']['cbvmda:lotNumber']", "L-0042"), ("sealtrail:month", "2026-11")]
    items += [(path, value) for path, value in plain.field_items(values, {}) if path[0] == "$"]
    salts = plain.cut(plain.stream("vectors", SALT, 16 * len(items)), 16)
    plus = ACT_TEXT.replace("-", "+").replace("_", "/")
    return {
        "valid": [item(salt, *one) for salt, one in zip(salts, items, strict=True)],
        "invalid": [
            {"disclosure": ACT_TEXT + "=", "code": "disclosure_encoding"},
            {"disclosure": plus + "+/A", "code": "disclosure_encoding"},
            {"disclosure": plain.b64(b"\xff"), "code": "disclosure_not_utf8"},
            {"disclosure": plain.b64(b"x"), "code": "disclosure_json"},
            {"disclosure": plain.b64(b"[]"), "code": "disclosure_shape"},
            {"disclosure": plain.b64(b'["","a",1]'), "code": "salt_form"},
            {
                "disclosure": plain.b64(b'["%s", "$[\'a\']",1]' % plain.b64(SALT).encode()),
                "code": "disclosure_not_canonical",
            },
            {"disclosure": plain.disclosure(SALT, "$.a", 1), "code": "path_form"},
            {"disclosure": plain.disclosure(SALT, "$['sealtrail:a']", 1), "code": "reserved_name"},
            {"disclosure": plain.disclosure(SALT, "sealtrail:a", 1), "code": "item_kind"},
        ],
    }


def fields() -> dict[str, Any]:
    key = plain.stream("fields", SECRET, 32)
    items = plain.field_items(NO_CODES, DERIVED)
    drawn = plain.stream("salts", key, 16 * len(items) + 32 * (16 - len(items)))
    event = plain.commit(NO_CODES, DERIVED, secret=SECRET)
    entries = sorted(
        [
            *plain.cut(drawn[16 * len(items) :], 32),
            *(plain.entry_of(text) for text in event.field_places),
        ]
    )
    chosen = [[0], [3, 4], [1, 2, 14], [*range(16)]]
    return {
        "event": NO_CODES,
        "derived": DERIVED,
        "secret": SECRET.hex(),
        "subSecret": key.hex(),
        "items": [
            {**item(salt, *one), "index": event.field_places[plain.disclosure(salt, *one)]}
            for salt, one in zip(plain.cut(drawn, 16), items, strict=False)
        ],
        "decoys": hex_list(plain.cut(drawn[16 * len(items) :], 32)),
        "size": event.size,
        "entries": hex_list(entries),
        "root": event.fields.root.hex(),
        "multiproofs": [
            {"indices": indices, "siblings": hex_list(event.fields.multiproof(indices))}
            for indices in chosen
        ],
    }


def codes() -> dict[str, Any]:
    key = plain.stream("codes", SECRET, 32)
    none = SparseTree.over({}, key)
    pair = {"epcList": EVENT["epcList"], "childEPCs": [f"{URL}/00/095060001343520019"]}
    items = plain.code_items(pair)
    salts = plain.cut(plain.stream("salts", key, 16 * len(items)), 16)
    texts = [plain.disclosure(salt, *one) for salt, one in zip(salts, items, strict=True)]
    event = plain.assemble([ACT_TEXT], texts, secret=SECRET)
    return {
        "secret": SECRET.hex(),
        "subSecret": key.hex(),
        "none": {"root": none.root.hex()},
        "some": {
            "lists": pair,
            "items": [
                {**item(salt, *one), "position": event.code_places[text]}
                for salt, one, text in zip(salts, items, texts, strict=True)
            ],
            "root": event.codes.root.hex(),
            "paths": [
                {"index": at, "siblings": hex_list(event.codes.path(at))}
                for at in sorted(event.code_places.values())
            ],
        },
        "taken": taken(),
    }


def taken() -> dict[str, Any]:
    """Sixty codes, and a secret under which two of them draw the same position at first."""
    serials = [f"{URL}/01/09506000134352/21/{number}" for number in range(60)]
    for number in range(100_000):
        key = secret(f"taken {number}")
        drawn = [
            int.from_bytes(word, "big") & 0xFFFFF
            for word in plain.cut(plain.stream("positions", key, 180), 3)
        ]
        if len(set(drawn)) < len(drawn):
            break
    ordered = plain.code_items({"epcList": serials})
    salts = plain.cut(plain.stream("salts", key, 16 * 60), 16)
    spots = plain.positions(key, 60)
    leaves = {
        at: plain.leaf(plain.entry_of(plain.disclosure(salt, *one)))
        for at, salt, one in zip(spots, salts, ordered, strict=True)
    }
    return {
        "note": "the 3 bytes of one draw give a position that is taken; the next 3 are used",
        "subSecret": key.hex(),
        "epcList": serials,
        "drawn": drawn,
        "positions": spots,
        "root": SparseTree.over(leaves, key).root.hex(),
    }


def entry_lines(event: plain.Event) -> str:
    parts = (event.participant, event.size, event.fields.root.hex(), event.codes.root.hex())
    return "".join(f"{part}\n" for part in ("sealtrail/event/v1", *parts))


def events() -> dict[str, Any]:
    cases = []
    for name, event, derived in (
        ("no_codes", NO_CODES, DERIVED),
        ("two_codes", EVENT, DERIVED),
        ("scalars", EVENT | {"ex:values": SCALARS}, {}),
        ("type_alone", {"type": "ObjectEvent"}, {}),
        ("repeated_codes", EVENT | {"epcList": EVENT["epcList"] * 3}, {}),  # type: ignore[operator]
        ("declared", EVENT | {"errorDeclaration": {}, "epcList": []}, {}),
    ):
        made = plain.commit(event, derived, secret=SECRET)
        cases.append(
            {
                "name": name,
                "participant": made.participant,
                "event": event,
                "derived": derived,
                "secret": SECRET.hex(),
                "act": plain.act(event),
                "fields": {"size": made.size, "root": made.fields.root.hex()},
                "codes": {"root": made.codes.root.hex()},
                "lines": entry_lines(made),
                "entry": made.entry.hex(),
            }
        )
    return {"cases": cases, "refused": [*refused_events()]}


def refused_events() -> Iterator[dict[str, Any]]:
    """Events that cannot be committed, and why."""
    word = {"type": "ObjectEvent"}
    for code, pointer, event, derived in (
        ("act_form", "/type", {"action": "ADD"}, {}),
        ("act_form", "/type", {"type": ""}, {}),
        ("act_form", "/type", {"type": "-"}, {}),
        ("act_form", "/action", word | {"action": "-"}, {}),
        ("act_form", "/bizStep", word | {"bizStep": "two words"}, {}),
        ("act_form", "/disposition", word | {"disposition": 1}, {}),
        ("act_form", "/action", word | {"action": ""}, {}),
        ("reserved_name", "/sealtrail:act", word | {"sealtrail:act": "x"}, {}),
        ("reserved_name", "/a/0/sealtrail:", word | {"a": [{"sealtrail:": 1}]}, {}),
        ("number_range", "/a/0", word | {"a": [2**53]}, {}),
        ("number_range", "/a", word | {"a": 1e300}, {}),
        ("code_list_form", "/epcList", word | {"epcList": "x"}, {}),
        ("code_list_form", "/epcList", word | {"epcList": None}, {}),
        ("code_list_form", "/epcList", word | {"epcList": {}}, {}),
        ("code_list_form", "/inputEPCList", word | {"inputEPCList": ["x", 1]}, {}),
        ("lone_surrogate", "", word | {"a": "\ud800"}, {}),
        ("lone_surrogate", "", word | {"\udc8a": 1}, {}),
        ("lone_surrogate", "", word | {"epcList": ["\ud83d"]}, {}),
        ("item_kind", "", word, {"sealtrail:act": "ObjectEvent - - - 0"}),
        ("item_kind", "", word, {"sealtrail:month": 11}),
        ("item_kind", "", word, {"$['a']": "x"}),
        ("item_kind", "", word, {"sealtrail:Month": "x"}),
    ):
        yield {"event": event, "derived": derived, "code": code, "pointer": pointer}


def batches() -> dict[str, Any]:
    nonces = [secret(f"nonce {number}") for number in range(3)]
    entries = [plain.commit(NO_CODES, {}, secret=secret(f"batch {n}")).entry for n in range(13)]
    return {
        "decoys": [
            {
                "nonce": nonce.hex(),
                "text": f"sealtrail/decoy/v1\n{plain.b64(nonce)}\n",
                "entry": plain.decoy(nonce).hex(),
            }
            for nonce in nonces
        ],
        "padding": [
            *({"events": n, "padding": "fixed:16", "size": 16} for n in (0, 1, 16)),
            {"events": 0, "padding": "fixed:65536", "size": 65536},
            *(
                {"events": n, "padding": "pow2", "size": s}
                for n, s in ((0, 16), (16, 16), (17, 32))
            ),
            *({"events": n, "padding": "none", "size": n} for n in (0, 1, 5)),
        ],
        "refused": [
            {"events": 17, "padding": "fixed:16", "code": "batch_entries"},
            *(
                {"events": 1, "padding": padding, "code": "padding_form"}
                for padding in ("fixed:17", "fixed:016", "fixed", "fixed:", "POW2", "")
            ),
        ],
        "trees": [tree(sorted(entries[:size])) for size in (1, 2, 3, 5, 8, 13)],
    }


def tree(entries: list[bytes]) -> dict[str, Any]:
    made = Tree.over(entries)
    return {
        "entries": hex_list(entries),
        "root": made.root.hex(),
        "paths": [hex_list(made.path(index)) for index in range(len(entries))],
    }
