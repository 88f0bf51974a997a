"""The fields tree: field items, derived items and decoys, sorted together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from anchoring.core import merkle, streams
from anchoring.core.act import act_of
from anchoring.core.canonical import quote
from anchoring.core.items import (
    ACT_PATH,
    DISCLOSURE_CHARACTERS_MAX,
    disclosures_of,
    field_items,
)
from anchoring.core.paths import is_derived
from anchoring.errors import EventFormError

FIELDS_SIZE_MIN = 16
FIELDS_SIZE_MAX = 65_536


@dataclass(frozen=True)
class FieldsTree:
    """Fields of one event, ready to be disclosed.

    `disclosures` and `paths` are in item order (by path, then value); `size` counts leaves.
    """

    size: int
    levels: Sequence[bytes]
    paths: Sequence[str]
    disclosures: Sequence[str]
    entries: Sequence[bytes]  # of the items, in item order; decoys are not among them

    @property
    def root(self) -> bytes:
        """The root (32 bytes)."""
        return merkle.tree_root(self.levels)

    @cached_property
    def _place(self) -> dict[str, tuple[int, int]]:
        leaves = self.levels[0]
        ranks = {leaves[at : at + 32]: at // 32 for at in range(0, len(leaves), 32)}
        return {
            path: (ordinal, ranks[merkle.leaf_hash(entry)])
            for ordinal, (path, entry) in enumerate(zip(self.paths, self.entries, strict=True))
        }

    def select(self, paths: Sequence[str]) -> tuple[list[int], list[str], list[bytes]]:
        """Return (indices, disclosures, siblings) of a multiproof for some paths.

        Args:
            paths: At least one, each of `self.paths`.

        Raises:
            KeyError: a path that the event does not have.
        """
        chosen = sorted((self._place[path][1], self._place[path][0]) for path in set(paths))
        indices = [index for index, _ in chosen]
        disclosures = [self.disclosures[ordinal] for _, ordinal in chosen]
        return indices, disclosures, merkle.multiproof(self.levels, indices)


def sorted_fields(event: Mapping[str, Any], derived: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (path, RFC 8785 value) of all field and derived items, in item order.

    Args:
        event: Normalised event.
        derived: Derived items but `sealtrail:act`, which is made here.

    Raises:
        EventFormError: the event or a derived item cannot be committed.
    """
    items = field_items(event)
    for path, value in derived.items():
        if path == ACT_PATH or not is_derived(path) or not isinstance(value, str):
            raise EventFormError(f"{path} is no derived item", code="item_kind")
        items.append((path, quote(value)))
    items.append((ACT_PATH, quote(act_of(event).text)))
    items.sort()  # code point order is UTF-8 byte order
    return items


def fields_size(count: int) -> int:
    """Return the number of leaves for `count` items.

    Raises:
        EventFormError: `too_many_fields`.
    """
    if count > FIELDS_SIZE_MAX:
        raise EventFormError(
            f"an event has at most {FIELDS_SIZE_MAX} fields", code="too_many_fields"
        )
    return max(FIELDS_SIZE_MIN, 1 << (count - 1).bit_length())


def build_fields(
    event: Mapping[str, Any], derived: Mapping[str, str], *, sub_secret: bytes
) -> FieldsTree:
    """Return the fields tree of a normalised event.

    Args:
        event: Normalised event.
        derived: Derived items but `sealtrail:act`.
        sub_secret: 32 bytes from `streams.fields_secret`.

    Raises:
        EventFormError: the event cannot be committed; `.pointer` says where.

    Cost: about four hash calls per leaf.
    """
    items = sorted_fields(event, derived)
    size = fields_size(len(items))
    salts, decoys = streams.salts_and_decoys(sub_secret, len(items), size - len(items))
    paths, values = zip(*items, strict=True)  # there is at least `sealtrail:act`
    try:
        disclosures = disclosures_of(salts, list(map(quote, paths)), values)
    except UnicodeEncodeError as error:
        raise EventFormError("a lone surrogate is no text", code="lone_surrogate") from error
    longest = max(disclosures, key=len)
    if len(longest) > DISCLOSURE_CHARACTERS_MAX:
        path = paths[disclosures.index(longest)]
        raise EventFormError(f"the value at {path} is too long", code="disclosure_too_long")
    entries = [sha256(disclosure).digest() for disclosure in disclosures]
    leaves = merkle.leaf_hashes(sorted([*entries, *decoys]))
    return FieldsTree(
        size=size,
        levels=merkle.build_levels(leaves),
        paths=paths,
        disclosures=b"\n".join(disclosures).decode("ascii").split("\n"),
        entries=entries,
    )
