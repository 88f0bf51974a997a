"""What a bundle proves: everything is recomputed, nothing in it is taken for granted.

A pass proves that participant P stated this before block time T and that it was not changed
since. It does not prove that the statement is true, the only one or the latest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from anchoring.core import merkle
from anchoring.core.act import Act, act_from_items
from anchoring.core.anchor import record
from anchoring.core.bundle import Bundle, parse_bundles
from anchoring.core.codes import root_from_code_path
from anchoring.core.commit import event_entry
from anchoring.core.items import OpenedItem, Value, decode_disclosure
from anchoring.errors import (
    AnchorNotFoundError,
    DisclosedSetError,
    FormatError,
    RecordMismatchError,
    RootMismatchError,
    VerificationError,
)


@dataclass(frozen=True, slots=True)
class CheckedBundle:
    """A bundle that holds in itself; only the chain has not been asked yet."""

    bundle: Bundle
    entry: bytes
    act: Act
    fields: tuple[OpenedItem, ...]
    codes: tuple[OpenedItem, ...]

    @property
    def code_values(self) -> frozenset[str]:
        """The disclosed codes."""
        return frozenset(str(one.item.value) for one in self.codes)

    @property
    def values(self) -> dict[str, Value]:
        """Disclosed fields and derived items by path."""
        return {one.item.path: one.item.value for one in self.fields}

    def tip(self, *, chain_id: int, registry: bytes) -> bytes:
        """Return the tip that the anchor implies on a chain and registry."""
        return self.bundle.anchor.tip(chain_id=chain_id, registry=registry)

    def record(self, *, chain_id: int, registry: bytes) -> bytes:
        """Return the record that the registry must hold."""
        at = self.bundle.anchored_at
        return record(
            self.tip(chain_id=chain_id, registry=registry), at.block_number, at.block_time
        )


def check_bundles(raw: bytes) -> tuple[CheckedBundle, ...]:
    """Check a `proof/v1` or `proofs/v1` text in everything but the chain.

    Args:
        raw: The text as received, at most 8 MiB.

    Raises:
        FormatError, VerificationError: the first refusal; `.code` is stable and the same in
            every verifier. One refused bundle refuses all.
    """
    checked = tuple(check_bundle(bundle) for bundle in parse_bundles(raw))
    seen: dict[bytes, frozenset[str]] = {}
    for one in checked:
        codes = one.code_values  # of either list: an event must not count twice for one code
        earlier = seen.get(one.entry)
        if earlier is not None and (not codes or not earlier or codes & earlier):
            raise DisclosedSetError("one event stands twice", "entry_repeated")
        seen[one.entry] = codes | (earlier or frozenset())
    return checked


def check_bundle(bundle: Bundle) -> CheckedBundle:
    """Check one parsed bundle in everything but the chain (formats page, steps 4 to 7).

    Raises:
        FormatError, VerificationError: the first refusal.
    """
    fields = tuple(decode_disclosure(text, is_code=False) for text in bundle.fields.disclosures)
    codes = tuple(decode_disclosure(path.disclosure, is_code=True) for path in bundle.code_paths)
    check_set(fields, codes)
    act = act_from_items(fields)
    entry = _check_trees(bundle, fields, codes)
    return CheckedBundle(bundle, entry, act, fields, codes)


def check_set(fields: Sequence[OpenedItem], codes: Sequence[OpenedItem]) -> None:
    """Check that disclosures can belong to one event.

    Raises:
        DisclosedSetError: `duplicate_path`, `duplicate_code`, `duplicate_entry`, `path_prefix`
            or `path_conflict`.
    """
    paths = [one.item.path for one in fields]
    if len(set(paths)) != len(paths):
        raise DisclosedSetError("a path is disclosed twice", "duplicate_path")
    pairs = [(one.item.path, one.item.value) for one in codes]
    if len(set(pairs)) != len(pairs):
        raise DisclosedSetError("a code is disclosed twice", "duplicate_code")
    entries = [one.entry for one in (*fields, *codes)]
    if len(set(entries)) != len(entries):
        raise DisclosedSetError("an item is disclosed twice", "duplicate_entry")
    _check_fit([*fields, *codes])


def _check_fit(opened: Sequence[OpenedItem]) -> None:
    """Check that the paths fit into one JSON value: no prefix, no mix of names and indices.

    Sorted by text, all paths below one path stand together, names before indices, and a prefix
    directly before what it is a prefix of; so neighbours tell all, in memory linear in the text.
    """
    paths = {one.item.path: (*one.segments, 0) if one.is_code else one.segments for one in opened}
    ordered = [paths[text] for text in sorted(paths) if paths[text]]
    for upper, lower in pairwise(ordered):
        both = zip(upper, lower, strict=False)
        parting = next((pair for pair in both if pair[0] != pair[1]), None)
        if parting is None:
            raise DisclosedSetError("a path is a prefix of another", "path_prefix")
        if isinstance(parting[0], str) != isinstance(parting[1], str):
            raise DisclosedSetError("names and indices below one path", "path_conflict")


def _check_trees(
    bundle: Bundle, fields: Sequence[OpenedItem], codes: Sequence[OpenedItem]
) -> bytes:
    """Recompute every root from the disclosures up; return the event entry."""
    fields_root = merkle.root_from_multiproof(
        [merkle.leaf_hash(one.entry) for one in fields],
        bundle.fields.indices,
        bundle.fields.siblings,
        size=bundle.fields.size,
    )
    for one, path in zip(codes, bundle.code_paths, strict=True):
        root = root_from_code_path(one.entry, path.index, path.siblings)
        if root != bundle.codes_root:
            raise RootMismatchError(
                computed=root, expected=bundle.codes_root, code="codes_root_mismatch"
            )
    entry = event_entry(
        participant=bundle.participant,
        fields_size=bundle.fields.size,
        fields_root=fields_root,
        codes_root=bundle.codes_root,
    )
    root = merkle.root_from_path(
        merkle.leaf_hash(entry),
        bundle.event_siblings,
        index=bundle.event_index,
        size=bundle.anchor.size,
    )
    if root != bundle.anchor.root:
        raise RootMismatchError(computed=root, expected=bundle.anchor.root)
    return entry


def check_record(checked: CheckedBundle, *, chain_id: int, registry: bytes, slot: bytes) -> None:
    """Compare the recomputed record with the slot that the registry holds.

    Args:
        checked: From `check_bundle`.
        chain_id: From the viewer's own network file, never from a bundle.
        registry: Address, 20 bytes, likewise.
        slot: The registry's word for (stream, sequence), 32 bytes; zero if it has none.

    Raises:
        AnchorNotFoundError: the slot is zero.
        RecordMismatchError: the slot holds another record.
    """
    if len(slot) != merkle.HASH_SIZE or len(registry) != 20:
        raise FormatError("a slot is 32 bytes, an address 20", "record_form")
    if slot == bytes(merkle.HASH_SIZE):
        raise AnchorNotFoundError("the registry holds no such anchor")
    computed = checked.record(chain_id=chain_id, registry=registry)
    if computed != slot:
        raise RecordMismatchError(computed=computed, stored=slot)


def check_anchored(
    checked: CheckedBundle, *, chain_id: int, slots: Sequence[tuple[bytes, bytes]]
) -> bytes:
    """Check a bundle against the slots of every listed registry.

    Args:
        checked: From `check_bundle`.
        chain_id: From the viewer's own network file.
        slots: (registry, slot) for every registry of the network file.

    Returns:
        The address of the one registry that holds the anchor.

    Raises:
        AnchorNotFoundError: `anchor_not_found`, or `anchor_ambiguous` if several hold one.
        RecordMismatchError: the one slot holds another record.
    """
    holding = [(registry, slot) for registry, slot in slots if slot != bytes(merkle.HASH_SIZE)]
    if len(holding) > 1:
        raise AnchorNotFoundError("several registries hold this place", "anchor_ambiguous")
    if not holding:
        raise AnchorNotFoundError("no listed registry holds such an anchor")
    registry, slot = holding[0]
    check_record(checked, chain_id=chain_id, registry=registry, slot=slot)
    return registry


def about_code(checked: Sequence[CheckedBundle], code: str) -> tuple[CheckedBundle, ...]:
    """Return the bundles that disclose `code`; a verifier asked about it answers from no other.

    Raises:
        VerificationError: `code_not_disclosed`: none does.
    """
    naming = tuple(one for one in checked if code in one.code_values)
    if not naming:
        raise VerificationError("no bundle discloses this code", "code_not_disclosed")
    return naming
