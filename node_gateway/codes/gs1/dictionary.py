"""The GS1 Barcode Syntax Dictionary as data: application identifiers and the rules between them.

`dictionary.json` is made by scripts/make_gs1_dictionary.py from GS1's own text and read once.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations
from types import MappingProxyType
from typing import Any, Final, Literal

CharacterSet = Literal["N", "X", "Y", "Z"]

AI_SIZE_MIN: Final = 2
AI_SIZE_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a value: `characters` N digits, X set 82, Y set 39, Z base64url."""

    characters: CharacterSet
    shortest: int
    longest: int
    optional: bool
    linters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the dictionary says of one application identifier.

    Attributes:
        ai: 2 to 4 digits.
        title: GS1's data title; may be empty.
        components: In order; only the last one varies in length.
        shortest: Least length of a value.
        longest: Greatest length of a value; the only one if not `separated`.
        separated: An FNC1 must follow unless the element is the last.
        attribute: May stand in the query of a Digital Link.
        qualifiers: None if it is no Digital Link key; else the alternative sequences of
            qualifiers that may follow it, each in order, none of them mandatory.
        required: Every one must hold: one of its groups is wholly present.
        excluded: Identifiers or patterns (`310n`) that must not be present besides.
    """

    ai: str
    title: str
    components: tuple[Component, ...]
    shortest: int
    longest: int
    separated: bool
    attribute: bool
    qualifiers: tuple[tuple[str, ...], ...] | None
    required: tuple[tuple[tuple[str, ...], ...], ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Every application identifier, by its digits, and what follows from all of them together.

    Attributes:
        release: State of the GS1 dictionary that this was made from.
        entries: By application identifier.
        paths: The sequences of identifiers that the path of a Digital Link may have.
        sizes: Length of the identifiers that begin with two digits.
    """

    release: str
    entries: Mapping[str, Entry]
    paths: frozenset[tuple[str, ...]]
    sizes: Mapping[str, int]

    def at(self, text: str, start: int = 0) -> Entry | None:
        """Return the entry whose identifier stands at `start`, or None."""
        size = self.sizes.get(text[start : start + 2])
        return None if size is None else self.entries.get(text[start : start + size])

    def sequences(self, key: str) -> list[tuple[str, ...]]:
        """Return the paths that begin with `key`, shortest first."""
        return sorted((one for one in self.paths if one[0] == key), key=lambda one: (len(one), one))


@cache
def dictionary() -> Dictionary:
    """Return the dictionary. The first call reads it (about 5 ms), later ones cost nothing."""
    text = files("node_gateway.codes.gs1").joinpath("dictionary.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    entries = {one.ai: one for line in raw["entries"] for one in _entries(line)}
    return Dictionary(
        release=raw["release"],
        entries=MappingProxyType(entries),
        paths=frozenset(path for one in entries.values() for path in _paths(one)),
        sizes=MappingProxyType({ai[:2]: len(ai) for ai in entries}),
    )


def _entries(line: Mapping[str, Any]) -> Iterator[Entry]:
    components = tuple(
        Component(characters, shortest, longest, optional, tuple(linters))
        for characters, shortest, longest, optional, linters in line["parts"]
    )
    first, last = line["ai"], line.get("last", line["ai"])
    sequences = line.get("qualifiers")
    for number in range(int(first), int(last) + 1):
        yield Entry(
            ai=str(number).zfill(len(first)),
            title=line["title"],
            components=components,
            shortest=sum(one.shortest for one in components if not one.optional),
            longest=sum(one.longest for one in components),
            separated=line["separated"],
            attribute=line["attribute"],
            qualifiers=None if sequences is None else tuple(tuple(one) for one in sequences),
            required=tuple(
                tuple(tuple(group) for group in one) for one in line.get("required", ())
            ),
            excluded=tuple(line.get("excluded", ())),
        )


def _paths(entry: Entry) -> Iterator[tuple[str, ...]]:
    for sequence in entry.qualifiers or ():
        for count in range(len(sequence) + 1):
            for chosen in combinations(sequence, count):
                yield (entry.ai, *chosen)
