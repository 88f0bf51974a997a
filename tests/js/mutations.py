"""Every small change of a JSON value: what a thief, a bug or a bad wire would leave of a bundle."""

import copy
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value of a document with its place, except below `hints`."""
    yield place, value
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "hints":
                yield from places(inner, (*place, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*place, index))


def variants(value: Any) -> Iterator[tuple[str, Any]]:
    """Changed forms of one value, each different from it."""
    if isinstance(value, str):
        for at in sorted({0, len(value) // 2, len(value) - 1}):
            other = "1" if value[at] != "1" else "2"
            yield f"character {at}", value[:at] + other + value[at + 1 :]
        yield "cut", value[:-1]
        yield "longer", value + "0"
        yield "upper case", value.upper() if value != value.upper() else value + "A"
    elif isinstance(value, int):
        yield "one more", value + 1
        yield "one less", value - 1
        yield "as text", str(value)
        yield "as a fraction", value + 0.5
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield f"without {at}", value[:at] + value[at + 1 :]
            yield f"{at} twice", [*value[: at + 1], one, *value[at + 1 :]]
        for at in range(len(value) - 1):
            yield f"{at} swapped", [*value[:at], value[at + 1], value[at], *value[at + 2 :]]
        yield "null more", [*value, None]
    elif isinstance(value, dict):
        for name, one in value.items():
            rest = {key: kept for key, kept in value.items() if key != name}
            if name != "hints":
                yield f"without {name}", rest
                yield f"{name} renamed", {**rest, name + "_": one}
        yield "one more member", {**value, "more": 1}
    if value is not None:
        yield "null", None


def replaced(document: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return changed


def mutations(document: Any) -> Iterator[tuple[str, Any]]:
    """Every variant of every value of `document`, by a name that says where and what."""
    for place, value in places(document):
        for what, variant in variants(value):
            yield f"/{'/'.join(map(str, place))}: {what}", replaced(document, place, variant)
