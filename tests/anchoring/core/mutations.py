"""Every small change of a JSON value, one place at a time."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from scripts.vectors.plain import cut, entry_of, leaf, node

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
Place = tuple[str | int, ...]


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values: unlike in Python, true is not 1, and members have no order."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def places(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every place of a document with its value, `hints` left out."""
    yield place, value
    parts: Any = ()
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in parts:
        if name != "hints":
            yield from places(inner, (*place, name))


def changed(document: Any, place: Place, value: Any) -> Any:
    """The document with another value at one place; what is not changed is shared."""
    if not place:
        return value
    made = copy.copy(document)
    made[place[0]] = changed(document[place[0]], place[1:], value)
    return made


def others(value: Any) -> Iterator[Any]:
    """Values that might stand where `value` stands."""
    yield from (None, True, False, 0, 1, "", "x", [], {}, [value], {"x": value}, str(value))
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield from (value + 1, value - 1, -value, value + 0.5, value + 2**16, value ^ 2**20)
        yield from (2 * value, 2**32 + value, 2**53 - 1, 2**53, 2**64 + value)
    elif isinstance(value, str):
        yield from other_texts(value)
    elif isinstance(value, list):
        yield from other_lists(value)
    elif isinstance(value, dict):
        yield {**value, "extra": 1}
        yield {**value, "": {}}
        for name in value:
            rest = {member: inner for member, inner in value.items() if member != name}
            yield rest
            yield {**rest, name.upper(): value[name]}


def other_texts(text: str) -> Iterator[str]:
    yield from (
        text + "0",
        text[:-1],
        text + "=",
        "0x" + text,
        text.upper(),
        text[::-1],
        text + "\n",
    )
    yield " " + text
    for at, character in enumerate(text):
        spare = "0123456789abcdef" if len(text) == 64 else ALPHABET
        step = 1 + at % (len(spare) - 1)  # some other character each time, never the same
        if character in spare:
            other = spare[(spare.index(character) + step) % len(spare)]
            yield text[:at] + other + text[at + 1 :]


def other_lists(values: list[Any]) -> Iterator[list[Any]]:
    for at, value in enumerate(values):
        yield values[:at] + values[at + 1 :]
        yield values[: at + 1] + values[at:]
        yield [*values, value]
        yield values[:at] + values[at + 1 :][:1] + [value] + values[at + 2 :]
    yield [*values, "00" * 32]
    yield [*values, 0]
    yield values[::-1]
    yield values * 2


def edits(document: Any) -> Iterator[tuple[Place, Any]]:
    """Every (place, other value) that makes another JSON value."""
    for place, value in places(document):
        for other in others(value):
            if not same(other, value):
                yield place, other


def mutations(document: Any) -> Iterator[tuple[Place, Any]]:
    """Every (place, changed document)."""
    for place, other in edits(document):
        yield place, changed(document, place, other)


def fewer_items(document: Any, kept: list[int]) -> Any:
    """Re-form the fields proof for some of its items, from nothing but the bundle itself."""
    fields = document["fields"]
    known = {
        i: leaf(entry_of(t)) for i, t in zip(fields["indices"], fields["disclosures"], strict=True)
    }
    rest = iter(cut(bytes.fromhex("".join(fields["siblings"])), 32))
    chosen = {fields["indices"][number] for number in kept}
    wanted, siblings, size = set(chosen), [], fields["size"]
    while size > 1:
        for index in sorted(known):
            if index ^ 1 not in known:
                known[index ^ 1] = next(rest)
        siblings += [known[index ^ 1].hex() for index in sorted(wanted) if index ^ 1 not in wanted]
        known = {i // 2: node(known[i], known[i + 1]) for i in known if i % 2 == 0}
        wanted, size = {index // 2 for index in wanted}, size // 2
    pairs = zip(fields["indices"], fields["disclosures"], strict=True)
    texts = [text for index, text in pairs if index in chosen]
    made = {**fields, "indices": sorted(chosen), "disclosures": texts, "siblings": siblings}
    return {**document, "fields": made}
