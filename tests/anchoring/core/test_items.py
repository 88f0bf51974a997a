"""Items and disclosures: one text per item, and every other text refused."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core import items
from anchoring.core.items import Item, decode_base64url, decode_disclosure, encode_disclosure
from anchoring.errors import AnchoringError, DisclosureError, EventFormError
from scripts.vectors import plain
from tests.anchoring.core.published import load
from tests.anchoring.core.strategies import DERIVED, EVENT, NAME, SCALAR

DISCLOSURES = load("disclosures.json")
SALT = st.binary(min_size=16, max_size=16)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("case", DISCLOSURES["valid"], ids=lambda case: ascii(case["path"]))
def test_a_published_disclosure(case: dict[str, Any]) -> None:
    item = Item(bytes.fromhex(case["salt"]), case["path"], case["value"])
    assert encode_disclosure(item) == case["disclosure"]
    opened = decode_disclosure(case["disclosure"], is_code=False)
    assert opened.item == item
    assert opened.entry.hex() == case["entry"]
    assert decode_base64url(case["disclosure"]) == case["text"].encode()


@pytest.mark.parametrize("case", DISCLOSURES["invalid"], ids=lambda case: case["code"])
def test_an_invalid_disclosure(case: dict[str, Any]) -> None:
    with pytest.raises(DisclosureError) as refusal:
        decode_disclosure(case["disclosure"], is_code=False)
    assert refusal.value.code == case["code"]


@given(SALT, NAME, SCALAR)
def test_a_disclosure_is_base64url_of_rfc_8785(salt: bytes, name: str, value: Any) -> None:
    item = Item(salt, f"${plain.segment('ex:a')}{plain.segment(name)}", value)
    text = encode_disclosure(item)
    salt_text = urlsafe_b64encode(salt).rstrip(b"=").decode()
    assert decode_base64url(text) == rfc8785.dumps([salt_text, item.path, value])
    opened = decode_disclosure(text, is_code=False)
    assert (opened.item, opened.segments) == (item, ("ex:a", name))


def code_or_item(text: str) -> str | Item:
    try:
        return decode_disclosure(text, is_code=False).item
    except AnchoringError as refusal:
        return refusal.code


@given(SALT, SCALAR, st.data())
def test_every_changed_character_is_refused_or_another_item(
    salt: bytes, value: Any, data: st.DataObject
) -> None:
    item = Item(salt, "$['ex:a']", value)
    text = encode_disclosure(item)
    at = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.sampled_from([*ALPHABET, "", "=", "+", " ", "AA"]))
    changed = text[:at] + put + text[at + 1 :]
    if changed != text:
        assert code_or_item(changed) != item


@given(SALT, SCALAR, st.data())
def test_white_space_anywhere_in_the_json_is_refused(
    salt: bytes, value: Any, data: st.DataObject
) -> None:
    raw = rfc8785.dumps([plain.b64(salt), "$['ex:a']", value])
    at = data.draw(st.integers(0, len(raw)))
    spaced = raw[:at] + data.draw(st.sampled_from([b" ", b"\n", b"\t"])) + raw[at:]
    item = Item(salt, "$['ex:a']", value)
    assert code_or_item(plain.b64(raw)) == item
    assert code_or_item(plain.b64(spaced)) != item


@given(st.binary(max_size=60))
def test_base64url_has_one_text(raw: bytes) -> None:
    text = plain.b64(raw)
    assert decode_base64url(text) == raw
    assert decode_base64url(text + "=") is None
    spare = -len(raw) * 8 % 6
    if spare:
        for last in range(1, 1 << spare):
            other = ALPHABET[ALPHABET.index(text[-1]) | last]
            assert decode_base64url(text[:-1] + other) is None


@pytest.mark.parametrize("text", ["A", "AAAAA", "+A", "/A", "A A", "AA\n", "\uff21A", "AA=="])
def test_what_is_no_base64url(text: str) -> None:
    assert decode_base64url(text) is None


def test_the_longest_disclosure() -> None:
    room = 12_288 - len('["","$[\'a\']",""]') - 22
    longest = encode_disclosure(Item(bytes(16), "$['a']", "x" * room))
    assert len(longest) == items.DISCLOSURE_CHARACTERS_MAX == 16_384
    assert decode_disclosure(longest, is_code=False).item.value == "x" * room
    with pytest.raises(DisclosureError) as refusal:
        encode_disclosure(Item(bytes(16), "$['a']", "x" * (room + 1)))
    assert refusal.value.code == "disclosure_too_long"
    with pytest.raises(DisclosureError) as refusal:
        decode_disclosure(longest + "A", is_code=False)
    assert refusal.value.code == "disclosure_too_long"


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17)])
def test_a_salt_of_another_length_is_not_encoded(salt: bytes) -> None:
    with pytest.raises(EventFormError) as refusal:
        encode_disclosure(Item(salt, "$['a']", 1))
    assert refusal.value.code == "salt_form"


@given(EVENT, DERIVED)
def test_the_items_of_an_event_are_those_of_the_plain_walk(
    event: dict[str, Any], derived: dict[str, str]
) -> None:
    ours = sorted(items.field_items(event))
    theirs = [item for item in plain.field_items(event, derived) if item[0].startswith("$")]
    assert ours == sorted((path, plain.canonical(value).decode()) for path, value in theirs)
    codes = [(items.code_path(name), code) for name, code in items.code_items(event)]
    assert codes == plain.code_items(event)


@given(EVENT)
def test_the_items_make_the_event_again(event: dict[str, Any]) -> None:
    """Nothing of an event is left uncommitted but the order and repetition of codes."""
    made: dict[str, Any] = {}
    for path, text in items.field_items(event):
        _put(made, decode_path(path), json.loads(text))
    for name, code in items.code_items(event):
        made.setdefault(name, []).append(code)
    wanted = dict(event)
    for name in items.CODE_LISTS:
        if name in wanted:
            wanted[name] = sorted(set(wanted[name]))
            made[name] = sorted(made[name])
    assert plain.canonical(made) == plain.canonical(wanted)


def decode_path(path: str) -> tuple[str | int, ...]:
    return items.parse_path(path)[0]


def _put(target: Any, segments: tuple[str | int, ...], value: Any) -> None:
    """Lay a value at its place; array indices come in any order."""
    first, *rest = segments
    if isinstance(target, list):
        target.extend([None] * (int(first) + 1 - len(target)))
    if not rest:
        target[first] = value
        return
    empty: Any = [] if isinstance(rest[0], int) else {}
    if isinstance(target, list):
        target[first] = empty if target[first] is None else target[first]
    else:
        target.setdefault(first, empty)
    _put(target[first], tuple(rest), value)
