"""Refused in steps 1 to 3: the text, its shape, its numbers."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from . import plain
from .cases import EVENT, Case, Sealed, chain_of, json_text, refused, seal, secret
from .valid import nested, together

Edit = Callable[[dict[str, Any]], None]


def base() -> Sealed:
    return seal(plain.commit(EVENT, {}, secret=secret("forged text")))


def small(sealed: Sealed) -> dict[str, Any]:
    """The act and one code: enough for every member of the format."""
    act = plain.texts_of(EVENT, {}, secret("forged text")).fields["sealtrail:act"]
    return sealed.document([act], [*sealed.event.code_places][:1])


def text_cases() -> Iterator[Case]:
    """Step 1."""
    sealed = base()
    document = small(sealed)
    text = json_text(document | {"codes": {**document["codes"], "paths": []}})

    def with_hint(token: bytes) -> bytes:
        return text[:-1] + b',"hints":{"x":' + token + b"}}"

    yield refused("bom", "bom", "UTF-8 byte order mark", sealed, b"\xef\xbb\xbf" + text)
    for name, raw in (
        ("utf16", text.decode().encode("utf-16")),
        ("latin1", with_hint(b'"caf\xe9"')),
        ("overlong", with_hint(b'"\xc0\x80"')),
        ("utf8_surrogate", with_hint(b'"\xed\xa0\x80"')),
        ("cut_character", with_hint(b'"\xf0\x9f\x92"')),
    ):
        yield refused("not_utf8", f"not_utf8_{name}", "", sealed, raw)
    deep = with_hint(json.dumps(nested(63)).encode())
    yield refused("too_deep", "levels_65", "the document is level 1, hints 2", sealed, deep)
    yield refused("too_deep", "levels_unclosed", "1000 open brackets", sealed, b"[" * 1000)
    yield from syntax_cases(sealed, text, with_hint)
    yield from duplicate_cases(sealed, json_text(document))
    for name, token in (
        ("1.0", b"1.0"),
        ("1e0", b"1e0"),
        ("1E2", b"1E2"),
        ("minus_zero", b"-0"),
        ("minus_one", b"-1"),
        ("2^53", b"9007199254740992"),
        ("400_digits", b"9" * 400),
        ("1e400", b"1e400"),
    ):
        raw = text.replace(b'"sequence":1,', b'"sequence":' + token + b",")
        yield refused("number_form", f"number_{name}", "no plain integer", sealed, raw)
    raw = with_hint(b"[1.5]")
    yield refused("number_form", "number_in_hints", "the rule holds in hints too", sealed, raw)
    for name, token in (
        ("high", b'"\\ud800"'),
        ("low", b'"\\uDC8A"'),
        ("turned", b'"\\udc8a\\ud83d"'),
        ("name", b'{"\\ud83d":1}'),
    ):
        note = "a surrogate escape without its pair"
        yield refused("lone_surrogate", f"surrogate_{name}", note, sealed, with_hint(token))


def syntax_cases(
    sealed: Sealed, text: bytes, with_hint: Callable[[bytes], bytes]
) -> Iterator[Case]:
    for name, raw in (
        ("empty", b""),
        ("cut", text[:-1]),
        ("two_texts", text + text),
        ("trailing_comma", text[:-1] + b",}"),
        ("comment", text + b"//"),
        ("single_quotes", text.replace(b'"format"', b"'format'")),
        ("control_character", with_hint(b'"a\nb"')),
        ("bad_escape", with_hint(b'"\\x41"')),
        ("short_escape", with_hint(b'"\\u004"')),
        ("nan", with_hint(b"NaN")),
        ("infinity", with_hint(b"-Infinity")),
        ("leading_zero", with_hint(b"01")),
        ("plus", with_hint(b"+1")),
        ("bare_point", with_hint(b"1.")),
        ("capital_literal", with_hint(b"True")),
        ("form_feed", text + b"\x0c"),
    ):
        yield refused("not_json", f"not_json_{name}", "", sealed, raw)


def duplicate_cases(sealed: Sealed, text: bytes) -> Iterator[Case]:
    for name, old, new in (
        ("same_value", b'"participant":7,', b'"participant":7,"participant":7,'),
        ("other_value", b'"sequence":1,', b'"sequence":1,"sequence":2,'),
        ("escaped", b'"format":', b'"\\u0066ormat":"sealtrail/proof/v1","format":'),
        ("in_code_path", b'"paths":[{', b'"paths":[{"index":0,'),
    ):
        raw = text.replace(old, new)
        assert raw != text, name
        yield refused("duplicate_member", f"duplicate_{name}", "", sealed, raw)
    raw = text[:-1] + b',"hints":{"a":{"b":1,"b":1}}}'
    yield refused("duplicate_member", "duplicate_in_hints", "", sealed, raw)


def edited(code: str, name: str, note: str, sealed: Sealed, edit: Edit) -> Case:
    document = copy.deepcopy(small(sealed))
    edit(document)
    return refused(code, name, note, sealed, document)


def put(*path: Any) -> Edit:
    """An edit that puts the last argument where the others lead."""
    *way, last, value = path

    def edit(document: Any) -> None:
        for step in way:
            document = document[step]
        document[last] = value

    return edit


def drop(*path: Any) -> Edit:
    *way, last = path

    def edit(document: Any) -> None:
        for step in way:
            document = document[step]
        del document[last]

    return edit


OBJECTS: tuple[tuple[str, tuple[Any, ...], str], ...] = (
    ("top", (), "participant"),
    ("fields", ("fields",), "siblings"),
    ("codes", ("codes",), "root"),
    ("path", ("codes", "paths", 0), "index"),
    ("event", ("event",), "index"),
    ("anchor", ("anchor",), "previousTip"),
)
TYPES: tuple[tuple[str, tuple[Any, ...], Any], ...] = (
    ("participant_string", ("participant",), "7"),
    ("participant_true", ("participant",), True),
    ("format_number", ("format",), 1),
    ("fields_array", ("fields",), []),
    ("size_null", ("fields", "size"), None),
    ("indices_object", ("fields", "indices"), {}),
    ("index_string", ("fields", "indices", 0), "0"),
    ("disclosures_string", ("fields", "disclosures"), "x"),
    ("disclosure_number", ("fields", "disclosures", 0), 1),
    ("siblings_null", ("fields", "siblings"), None),
    ("sibling_number", ("fields", "siblings", 0), 1),
    ("paths_object", ("codes", "paths"), {}),
    ("path_string", ("codes", "paths", 0), "x"),
    ("event_array", ("event",), [0, []]),
    ("root_null", ("anchor", "root"), None),
    ("hints_array", ("hints",), []),
    ("hints_null", ("hints",), None),
    ("fewer_indices", ("fields", "indices"), []),
    ("fewer_disclosures", ("fields", "disclosures"), []),
    ("more_indices", ("fields", "indices"), [0, 1]),
)


def shape_cases() -> Iterator[Case]:
    """Step 2."""
    sealed = base()
    for name, way, member in OBJECTS:
        gone = edited("bundle_shape", f"missing_{name}", member, sealed, drop(*way, member))
        yield gone
        extra = put(*way, "extra", 1)
        yield edited("bundle_shape", f"unknown_{name}", "only hints is free", sealed, extra)
    yield edited("bundle_shape", "missing_format", "", sealed, drop("format"))
    hidden = put("fields", "hints", {})
    yield edited("bundle_shape", "hints_elsewhere", "hints stands at the top", sealed, hidden)
    for name, way, value in TYPES:
        yield edited("bundle_shape", f"type_{name}", "", sealed, put(*way, value))
    for name, value in (("array", [small(sealed)]), ("string", "x"), ("null", None), ("number", 1)):
        yield refused("bundle_shape", f"document_{name}", "no object", sealed, json_text(value))
    for form in ("sealtrail/proof/v2", "", "SEALTRAIL/PROOF/V1", "sealtrail/receipt/v1"):
        name = form.replace("/", "_") or "empty"
        yield edited("format_unknown", f"format_{name}", "", sealed, put("format", form))
    yield from set_shapes(sealed)
    yield from hash_cases(sealed)


def set_shapes(sealed: Sealed) -> Iterator[Case]:
    one, form = small(sealed), "sealtrail/proofs/v1"
    for name, note, value in (
        ("empty", "at least one bundle", {"format": form, "bundles": []}),
        ("missing", "", {"format": form}),
        ("object", "", {"format": form, "bundles": {"0": one}}),
        ("hints", "hints stand in a bundle", {"format": form, "bundles": [one], "hints": {}}),
        ("number", "", {"format": form, "bundles": [one, 1]}),
    ):
        yield refused("bundle_shape", f"bundles_{name}", note, sealed, value)
    inner = {"format": form, "bundles": [one]}
    yield refused("format_unknown", "bundles_nested", "no set in a set", sealed, together(inner))


PLACES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("root", ("anchor", "root")),
    ("previous_tip", ("anchor", "previousTip")),
    ("codes_root", ("codes", "root")),
    ("code_sibling", ("codes", "paths", 0, "siblings", 3)),
    ("field_sibling", ("fields", "siblings", 0)),
    ("event_sibling", ("event", "siblings", 0)),
)
SPELLINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("upper", lambda text: text.upper().replace("0", "A", 1)),
    ("0x", lambda text: "0x" + text),
    ("empty", lambda _: ""),
    ("1_byte", lambda text: text[:2]),
    ("31_bytes", lambda text: text[:-2]),
    ("33_bytes", lambda text: text + "00"),
    ("half_byte", lambda text: text[:-1]),
    ("space", lambda text: text[:-1] + " "),
    ("line_feed", lambda text: text + "\n"),
    ("letter", lambda text: "g" + text[1:]),
    ("full_width", lambda text: "\uff10" + text[1:]),
)


def hash_cases(sealed: Sealed) -> Iterator[Case]:
    for where, way in PLACES:
        few = SPELLINGS if where == "field_sibling" else SPELLINGS[:2] + SPELLINGS[5:6]
        for name, spell in few:
            value: Any = small(sealed)
            for step in way:
                value = value[step]
            edit = put(*way, spell(value))
            yield edited("hash_form", f"hash_{where}_{name}", "64 of 0-9a-f", sealed, edit)


def number_cases() -> Iterator[Case]:
    """Step 3."""
    sealed = base()
    some = secret("some hash").hex()
    for name, edits in (
        ("participant_0", [put("participant", 0), put("anchor", "stream", 0)]),
        ("participant_2^32", [put("participant", 2**32), put("anchor", "stream", 2**48)]),
        ("sequence_0", [put("anchor", "sequence", 0), put("anchor", "previousTip", some)]),
        ("size_0", [put("anchor", "size", 0)]),
        ("sequence_2_tip_zero", [put("anchor", "sequence", 2)]),
        ("sequence_1_tip_not_zero", [put("anchor", "previousTip", some)]),
    ):
        document = copy.deepcopy(small(sealed))
        for edit in edits:
            edit(document)
        yield refused("anchor_values", f"anchor_{name}", "", sealed, document)
    code = "participant_stream_mismatch"
    yield edited(code, "participant_8", "the stream is 7's", sealed, put("participant", 8))
    yield edited(code, "stream_8", "", sealed, put("anchor", "stream", 8 << 16))
    yield edited(code, "stream_2^53", "", sealed, put("anchor", "stream", 2**53 - 1))
    for size in (0, 1, 8, 15, 17, 24, 65_535, 131_072):
        name, note = f"fields_size_{size}", "16, 32, ... 65,536"
        yield edited("fields_size", name, note, sealed, put("fields", "size", size))
    yield from index_cases(sealed)


def index_cases(sealed: Sealed) -> Iterator[Case]:
    whole = sealed.document()

    def turn(document: Any) -> None:
        for name in ("indices", "disclosures"):
            items = document["fields"][name]
            items[0], items[1] = items[1], items[0]

    def twice(document: Any) -> None:
        for name in ("indices", "disclosures"):
            document["fields"][name].insert(0, document["fields"][name][0])

    for name, note, edit in (
        ("fields_turned", "two disclosures in the other order", turn),
        ("fields_twice", "one disclosure twice", twice),
        ("codes_turned", "", lambda document: document["codes"]["paths"].reverse()),
        (
            "codes_twice",
            "",
            lambda document: document["codes"]["paths"].insert(0, document["codes"]["paths"][0]),
        ),
    ):
        document = copy.deepcopy(whole)
        edit(document)
        yield refused("index_order", f"order_{name}", note, sealed, document)
    for name, way, value in (
        ("field_16", ("fields", "indices", 0), 16),
        ("code_2^20", ("codes", "paths", 0, "index"), 2**20),
        ("event_2", ("event", "index"), 2),
        ("event_2^53", ("event", "index"), 2**53 - 1),
    ):
        yield edited("index_range", f"range_{name}", "not below the size", sealed, put(*way, value))


def second_is_refused() -> Case:
    """One refused bundle refuses all."""
    sealed = base()
    good, bad = small(sealed), copy.deepcopy(small(sealed))
    bad["anchor"]["root"] = bad["anchor"]["root"].upper()
    text = together(good, bad)
    note = "one refused bundle refuses all"
    return Case("set_second_refused", note, text, chain_of(sealed.anchor), {"code": "hash_form"})
