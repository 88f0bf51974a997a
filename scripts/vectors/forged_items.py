"""Refused in steps 4 to 6: single disclosures, the set of them, what they mean together.

Every forged text is committed to honestly, so that the trees hold and nothing else is wrong.
"""

from collections.abc import Callable, Iterator
from typing import Any

from . import plain
from .cases import EVENT, Case, Sealed, refused, seal, secret

SALT = secret("salt")[:16]
SALT_TEXT = plain.b64(SALT)
ACT = "ObjectEvent OBSERVE shipping - 0"
ACT_TEXT = plain.disclosure(secret("act")[:16], "sealtrail:act", ACT)
CODE = EVENT["epcList"][0]  # type: ignore[index]


def sealed_with(*fields: str, codes: tuple[str, ...] = (), act: str = ACT_TEXT) -> Sealed:
    """A sealed event that consists of an act and the given texts."""
    texts = [one for one in (act, *fields) if one]
    return seal(plain.assemble(texts, codes, secret=secret("forged items")), size=1, index=0)


def field_text(code: str, name: str, note: str, text: str) -> Case:
    return refused(code, name, note, sealed_with(text))


def field(code: str, name: str, note: str, path: str, value: Any = "x") -> Case:
    return field_text(code, name, note, plain.disclosure(SALT, path, value))


def raw_field(code: str, name: str, note: str, raw: bytes) -> Case:
    return field_text(code, name, note, plain.b64(raw))


def token_field(code: str, name: str, note: str, token: str) -> Case:
    """A field whose value is spelled as `token`."""
    return raw_field(code, name, note, f'["{SALT_TEXT}","$[\'ex:n\']",{token}]'.encode())


def disclosure_cases() -> Iterator[Case]:
    """Step 4, the text of a disclosure."""
    long = plain.disclosure(SALT, "$['a']", "x" * 12_250)
    long = plain.disclosure(SALT, "$['a']", "x" * (12_250 + (16_384 - len(long)) * 3 // 4 + 1))
    note = f"{len(long)} characters"
    yield field_text("disclosure_too_long", "disclosure_16385", note, long)
    yield from encoding_cases("field", lambda text: sealed_with(text))
    yield from encoding_cases("code", lambda text: sealed_with(codes=(text,)))
    head = f'["{SALT_TEXT}","$[\'a\']","'.encode()
    for name, raw in (
        ("bom", b"\xef\xbb\xbf" + head + b'x"]'),
        ("latin1", head + b'caf\xe9"]'),
        ("overlong", head + b'\xc0\xaf"]'),
        ("surrogate", head + b'\xed\xa0\x80"]'),
        ("utf16", (head + b'x"]').decode().encode("utf-16-le")),
        ("cut", head + b'\xf0\x9f\x92"]'),
    ):
        if name == "utf16":
            yield raw_field("disclosure_json", "disclosure_utf16", "UTF-8 with zero bytes", raw)
        else:
            yield raw_field("disclosure_not_utf8", f"disclosure_{name}", "not UTF-8", raw)
    yield from json_cases(head)
    yield from shape_cases()
    yield from salt_cases()
    yield from spelling_cases()


def encoding_cases(kind: str, seal_text: Callable[[str], Sealed]) -> Iterator[Case]:
    path = "$['ex:a']" if kind == "field" else "$['epcList'][*]"
    # Chosen so that the text holds - and _ and ends with unused bits.
    good = next(
        text
        for text in (plain.disclosure(SALT, path, "~~~~~?????" + "." * n) for n in range(9))
        if "-" in text and "_" in text and len(text) % 4 == 3
    )
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(good[-1]) + 1]
    for name, text in (
        ("padding", good + "="),
        ("plus", good.replace("-", "+")),
        ("slash", good.replace("_", "/")),
        ("trailing_bits", good[:-1] + last),
        ("length_1_mod_4", good + "AA"),
        ("line_feed", good + "\n"),
        ("space", " " + good),
        ("not_ascii", good[:-1] + "\uff21"),
    ):
        name = f"{kind}_encoding_{name}"
        yield refused("disclosure_encoding", name, "not canonical base64url", seal_text(text))


def json_cases(head: bytes) -> Iterator[Case]:
    for name, raw in (
        ("cut", head + b"x"),
        ("trailing_comma", head + b'x",]'),
        ("trailing_text", head + b'x"] x'),
        ("control_character", head + b'\n"]'),
        ("word", b"x"),
    ):
        yield raw_field("disclosure_json", f"disclosure_json_{name}", "not JSON", raw)
    for token in ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "01", "+1", ".5", "1."):
        yield token_field("disclosure_json", f"value_{token}", "no JSON number", token)
    for name, token in (
        ("high", '"\\ud800"'),
        ("low", '"x\\udc8a"'),
        ("turned", '"\\udc8a\\ud83d"'),
    ):
        yield token_field("lone_surrogate", f"value_surrogate_{name}", "", token)
    raw = f'["{SALT_TEXT}","$[\'\\ud800\']",1]'.encode()
    yield raw_field("lone_surrogate", "path_surrogate", "", raw)
    for token in ("9007199254740992", "-9007199254740992", "1e16", "1e21", "9" * 40):
        note = "integral values lie within +-(2^53 - 1)"
        yield token_field("number_range", f"value_{token}", note, token)


def shape_cases() -> Iterator[Case]:
    path = "\"$['a']\""
    for name, raw in (
        ("string", '"x"'),
        ("object", f'{{"salt":"{SALT_TEXT}"}}'),
        ("two_parts", f'["{SALT_TEXT}",{path}]'),
        ("four_parts", f'["{SALT_TEXT}",{path},1,1]'),
        ("salt_number", f"[1,{path},1]"),
        ("path_null", f'["{SALT_TEXT}",null,1]'),
        ("value_array", f'["{SALT_TEXT}",{path},[1]]'),
        ("value_object", f'["{SALT_TEXT}",{path},{{"a":1}}]'),
        ("value_nested", f'["{SALT_TEXT}",{path},[[]]]'),
        ("value_deep", f'["{SALT_TEXT}",{path},{"[" * 2000 + "]" * 2000}]'),
    ):
        yield raw_field("disclosure_shape", f"item_{name}", "not [salt, path, value]", raw.encode())


def salt_cases() -> Iterator[Case]:
    for name, salt in (
        ("empty", ""),
        ("15_bytes", plain.b64(SALT[:15])),
        ("17_bytes", plain.b64(SALT + b"x")),
        ("21_characters", SALT_TEXT[:-1]),
        ("trailing_bits", SALT_TEXT[:-1] + "B"),
        ("padding", SALT_TEXT + "=="),
        ("plus", "+" + SALT_TEXT[1:]),
        ("line_feed", SALT_TEXT + "\n"),
        ("hex", SALT.hex()),
    ):
        raw = plain.canonical([salt, "$['a']", 1])
        yield raw_field("salt_form", f"salt_{name}", "16 bytes are 22 characters", raw)


def spelling_cases() -> Iterator[Case]:
    for token in (
        "1.0",
        "-0",
        "-0.0",
        "1E5",
        "1e5",
        "0.10",
        "1e-07",
        "1E-7",
        "0.0000001",
        "1e-400",
    ):
        note = "another spelling of a number"
        yield token_field("disclosure_not_canonical", f"value_{token}", note, token)
    for name, token in (
        ("letter", '"\\u0041"'),
        ("slash", '"\\/"'),
        ("long_line_feed", '"\\u000a"'),
        ("upper_hex", '"\\u001F"'),
        ("delete", '"\\u007f"'),
        ("pair", '"\\ud83d\\udc8a"'),
        ("separator", '"\\u2028"'),
        ("space_before", ' "x"'),
        ("space_after", '"x" '),
        ("line_feed", '"x"\n'),
        ("empty_object", "{ }"),
        ("empty_array", "[ ]"),
    ):
        name, note = f"spelling_{name}", "not the RFC 8785 text"
        yield token_field("disclosure_not_canonical", name, note, token)
    raw = plain.canonical([SALT_TEXT, "$['a']", "x"]) + b"\n"
    yield raw_field("disclosure_not_canonical", "spelling_final_line_feed", "", raw)


PATHS = (
    *(
        "",
        "$",
        "a",
        "$.a",
        "$['a'",
        "$['a']x",
        "$['a'] ",
        "@['a']",
        "$['a']['b'",
        "$[a]",
        "$['a']]",
    ),
    *("$[0]", "$['a'][01]", "$['a'][-1]", "$['a'][1.0]", "$['a'][]", "$['a'][12345678901234567]"),
    *('$["a"]', "$['a'b']", "$['a\\']", "$['\\u0041']", "$['\\u000B']", "$['\\u0008']", "$['\\/']"),
    *(
        "$['a\nb']",
        "$['\\x41']",
        "$['\\u00e9']",
        "$['a'][?@.b]",
        "$..a",
        "$['a','b']",
        "$['a'][0:1]",
    ),
    *(
        "$[*]",
        "$['a'][*]['b']",
        "$['a']['b'][*]",
        "$['epcList'][*][*]",
        "$['epcList'][*][0]",
    ),
    *(
        "sealtrail:",
        "sealtrail:Act",
        "sealtrail:1",
        "sealtrail:a_b",
        "sealtrail:act ",
        "SEALTRAIL:act",
    ),
    "sealtrail:month\n",
)
RESERVED = ("$['sealtrail:act']", "$['a']['sealtrail:x']", "$['a'][0]['sealtrail:']")


def place_cases() -> Iterator[Case]:
    """Step 4, where an item may stand."""
    for number, path in enumerate(PATHS):
        yield field("path_form", f"path_{number:02}", f"{path!r} is no normalized path", path)
    for number, path in enumerate(RESERVED):
        yield field("reserved_name", f"reserved_{number}", f"{path!r}", path)
    for value in (1, None, True, [], {}):
        note = "a derived value is a string"
        yield field("item_kind", f"derived_{value!r}", note, "sealtrail:month", value)
    for name, path, value in (
        ("code_among_fields", "$['epcList'][*]", CODE),
        ("wildcard_elsewhere", "$['ex:list'][*]", CODE),
        ("code_with_index", "$['epcList'][0]", CODE),
        ("below_code_list", "$['childEPCs']['a']", 1),
        ("deep_below_code_list", "$['inputEPCList'][0]['b']", 1),
        ("code_list_string", "$['outputEPCList']", "x"),
        ("code_list_object", "$['epcList']", {}),
        ("code_list_null", "$['epcList']", None),
    ):
        yield field("item_kind", name, "", path, value)
    for name, path, value in (
        ("field_among_codes", "$['bizStep']", "shipping"),
        ("derived_among_codes", "sealtrail:month", "2026-11"),
        ("wildcard_elsewhere_among_codes", "$['ex:list'][*]", CODE),
        ("index_among_codes", "$['epcList'][0]", CODE),
        ("empty_list_among_codes", "$['epcList']", []),
        ("code_number", "$['epcList'][*]", 5),
        ("code_null", "$['epcList'][*]", None),
        ("code_empty_list", "$['epcList'][*]", []),
    ):
        text = plain.disclosure(SALT, path, value)
        yield refused("item_kind", name, "", sealed_with(codes=(text,)))


def made(number: int, path: str, value: Any = "x") -> str:
    return plain.disclosure(secret(f"item {number}")[:16], path, value)


def set_cases() -> Iterator[Case]:
    """Step 5."""
    for code, name, items in (
        ("duplicate_path", "two_values", [("$['a']", 1), ("$['a']", 2)]),
        ("duplicate_path", "two_salts", [("$['a']", 1), ("$['a']", 1)]),
        ("duplicate_path", "two_acts", [("sealtrail:act", "ObjectEvent DELETE - - 0")]),
        ("duplicate_path", "two_months", [("sealtrail:m", "1"), ("sealtrail:m", "2")]),
        ("path_prefix", "prefix", [("$['a']", 1), ("$['a']['b']", 1)]),
        ("path_prefix", "prefix_far", [("$['a']", 1), ("$['a'][0][1]['b']", 1), ("$['aa']", 1)]),
        ("path_prefix", "prefix_empty", [("$['a']['b']", []), ("$['a']['b'][0]", 1)]),
        ("path_conflict", "conflict", [("$['a'][0]", 1), ("$['a']['b']", 1)]),
        ("path_conflict", "conflict_deep", [("$['a'][0]['b']", 1), ("$['a'][0][1]", 1)]),
        ("path_conflict", "conflict_digit", [("$['a'][0]", 1), ("$['a']['0']", 1)]),
    ):
        texts = [made(number, *item) for number, item in enumerate(items)]
        yield refused(code, f"set_{name}", "", sealed_with(*texts))
    twice = tuple(made(number, "$['epcList'][*]", CODE) for number in range(2))
    note = "one code under two salts"
    yield refused("duplicate_code", "code_two_salts", note, sealed_with(codes=twice))
    empty, one = made(0, "$['epcList']", []), made(1, "$['epcList'][*]", CODE)
    note = "the list is empty and is not"
    yield refused("path_prefix", "empty_list_with_code", note, sealed_with(empty, codes=(one,)))


def meaning_cases() -> Iterator[Case]:
    """Step 6."""
    bare = sealed_with(made(0, "$['ex:a']"), act="")
    yield refused("act_missing", "act_missing", "", bare)
    document = sealed_with().document([])
    yield refused("act_missing", "nothing_disclosed", "", sealed_with(), document)
    for number, act in enumerate(
        (
            *("", "ObjectEvent", "ObjectEvent OBSERVE - -", "ObjectEvent OBSERVE - - 0 0"),
            *("ObjectEvent  OBSERVE - 0", " ObjectEvent OBSERVE - - 0", "ObjectEvent - - - 0 "),
            *("- OBSERVE shipping - 0", "ObjectEvent OBSERVE shipping - 2"),
            *("ObjectEvent OBSERVE - - -", "ObjectEvent OBSERVE - - 00", "ObjectEvent\t- - - 0"),
            "ObjectEvent - - - true",
        )
    ):
        text = plain.disclosure(SALT, "sealtrail:act", act)
        yield refused("act_form", f"act_{number:02}", f"{act!r}", sealed_with(act=text))
    for name, path, value in (
        ("type", "$['type']", "AggregationEvent"),
        ("action", "$['action']", "DELETE"),
        ("biz_step", "$['bizStep']", "receiving"),
        ("biz_step_uri", "$['bizStep']", "https://ref.gs1.org/cbv/BizStep-shipping"),
        ("absent", "$['disposition']", "in_transit"),
        ("dash", "$['disposition']", "-"),
        ("number", "$['type']", 1),
        ("null", "$['bizStep']", None),
        ("empty", "$['action']", []),
        ("below", "$['type']['a']", "ObjectEvent"),
        ("index_below", "$['bizStep'][0]", "shipping"),
        ("declaration", "$['errorDeclaration']['reason']", "did_not_occur"),
        ("declaration_empty", "$['errorDeclaration']", {}),
    ):
        note = "the act says otherwise"
        yield field("inconsistent", f"inconsistent_{name}", note, path, value)
