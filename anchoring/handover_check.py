"""What a handover says: every event entry is recomputed, then the shipment is put together.

A pass proves what the sender's signature over the manifest covers: these events, these codes, this
packing. Whether the events are anchored is another question, see `handover.bundle_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anchoring.core import merkle
from anchoring.core.act import Act, act_from_items
from anchoring.core.bundle import FieldsProof
from anchoring.core.codes import Code, root_from_code_path
from anchoring.core.commit import event_entry
from anchoring.core.items import OpenedItem, Value, decode_disclosure
from anchoring.core.verify import check_set
from anchoring.errors import RootMismatchError, VerificationError
from anchoring.handover import HandedEvent, Manifest, Part

SHIPPING_STEPS: Final = frozenset({"shipping"})
PARENT_PATH: Final = "$['parentID']"
LOT_PATH: Final = "$['ilmd']['cbvmda:lotNumber']"
EXPIRY_PATH: Final = "$['ilmd']['cbvmda:itemExpirationDate']"
DEPTH_MAX: Final = 32
"""How many units may be around a code."""
CODES_MAX: Final = 1 << 20
"""Most codes of a handover, and most events: whoever takes it holds them all in memory."""
_COMMISSIONED: Final[Mapping[str, str]] = {
    "ObjectEvent": "epcList",
    "TransformationEvent": "outputEPCList",
}


class HandoverError(VerificationError):
    """A handover that is well formed and does not hold together."""

    code = "handover_invalid"


@dataclass(frozen=True, slots=True)
class CheckedEvent:
    """An event of a handover that holds in itself.

    Attributes:
        entry: Recomputed, 32 bytes.
        values: Disclosed fields and derived items by path.
        codes: Disclosed (list name, code), all of them if `is_open`.
    """

    participant: int
    entry: bytes
    act: Act
    values: Mapping[str, Value]
    codes: tuple[Code, ...]
    is_open: bool

    def named(self, *lists: str) -> Iterable[str]:
        """Yield the disclosed codes of some lists."""
        return (code for name, code in self.codes if name in lists)

    @property
    def commissioned(self) -> tuple[str, ...]:
        """The disclosed codes that begin with this event; none if it commissions nothing."""
        return tuple(self.named(_COMMISSIONED[self.act.type])) if self.commissions else ()

    @property
    def commissions(self) -> bool:
        """Whether it brings codes into being."""
        if self.act.type == "TransformationEvent":
            return True
        tokens = (self.act.type, self.act.action, self.act.biz_step)
        return tokens == ("ObjectEvent", "ADD", "commissioning")

    def text(self, path: str) -> str | None:
        """Return a disclosed value that is a string."""
        value = self.values.get(path)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Shipment:
    """What a handover comes to.

    Attributes:
        parents: Every code with what it is packed in, None for those that stand on their own.
        made: By code, the entry of the event that commissioned it, where one is disclosed.
        event_count: How many different events.
    """

    entry: bytes
    parents: Mapping[str, str | None]
    made: Mapping[str, bytes]
    event_count: int


def check_event(event: HandedEvent) -> CheckedEvent:
    """Recompute an event's roots and entry from what is disclosed.

    Raises:
        FormatError, VerificationError: as `check_bundle`, and the errors of a codes opening.
    """
    fields = tuple(decode_disclosure(text, is_code=False) for text in event.fields.disclosures)
    opened = tuple(decode_disclosure(path.disclosure, is_code=True) for path in event.code_paths)
    check_set(fields, opened)
    act = act_from_items(fields)
    codes = _check_opening(event) if event.opening is not None else _check_paths(event, opened)
    entry = event_entry(
        participant=event.participant,
        fields_size=event.fields.size,
        fields_root=_fields_root(event.fields, fields),
        codes_root=event.codes_root,
    )
    values = {one.item.path: one.item.value for one in fields}
    return CheckedEvent(
        event.participant, entry, act, values, codes, is_open=event.opening is not None
    )


def fewer_fields(fields: FieldsProof, paths: Iterable[str]) -> FieldsProof:
    """Re-form a proof of fields for some of them; `sealtrail:act` always stays.

    Args:
        fields: A proof that holds.
        paths: What shall stay; those that are not disclosed are left out.
    """
    wanted = {"sealtrail:act", *paths}
    opened = [decode_disclosure(text, is_code=False) for text in fields.disclosures]
    leaves = [merkle.leaf_hash(one.entry) for one in opened]
    kept = [at for at, one in enumerate(opened) if one.item.path in wanted]
    levels = _known_levels(fields, leaves)
    indices = tuple(fields.indices[at] for at in kept)
    siblings, known = [], list(indices)
    for level in levels:
        present = set(known)
        siblings += [level[one ^ 1] for one in known if one ^ 1 not in present]
        known = sorted({one >> 1 for one in known})
    disclosures = tuple(fields.disclosures[at] for at in kept)
    return FieldsProof(fields.size, indices, disclosures, tuple(siblings))


def check_counts(shipment: Shipment, manifest: Manifest) -> None:
    """Compare what came with what the manifest says.

    Raises:
        HandoverError: `handover_count`.
    """
    counts = (shipment.event_count, len(shipment.parents))
    if counts != (manifest.event_count, manifest.code_count):
        raise HandoverError("the manifest counts otherwise", "handover_count")


class ShipmentCheck:
    """Puts a shipment together from the parts of a handover, one after the other.

    Args:
        sender: The participant that says it.
        shipment: Entry of the shipping event, as the manifest has it.
        replaces: Likewise.
    """

    def __init__(self, sender: int, shipment: bytes, replaces: bytes | None = None) -> None:
        self._sender, self._shipment, self._replaces = sender, shipment, replaces
        self._parents: dict[str, str] = {}
        self._named: dict[str, None] = {}
        self._made: dict[str, bytes] = {}
        self._goods: tuple[str, ...] | None = None
        self._entries: dict[bytes, bool] = {}
        self._ordinal = 0

    def add(self, part: Part, events: Sequence[CheckedEvent]) -> None:
        """Take the next part and what `check_event` made of its events.

        Raises:
            HandoverError: with a stable code.
        """
        same = (part.shipment, part.replaces) == (self._shipment, self._replaces)
        if not same or part.ordinal != self._ordinal:
            raise HandoverError("a part belongs to another handover", "handover_parts")
        self._ordinal += 1
        for one in events:
            self._take(one)
        for packing in part.packing:
            self._pack(packing.parent, packing.children)
        if max(len(self._named), len(self._entries)) > CODES_MAX:
            raise HandoverError("too many codes or events for one handover", "handover_too_large")

    def finish(self) -> Shipment:
        """Return the shipment, when every part was taken.

        Raises:
            HandoverError: with a stable code.
        """
        if self._goods is None:
            raise HandoverError("the shipping event is missing", "handover_shipment")
        parents = self._tree(self._goods)
        if not self._named.keys() <= parents.keys():
            raise HandoverError("a code that is not in the shipment", "handover_stray_code")
        return Shipment(self._shipment, parents, self._made, len(self._entries))

    def _take(self, one: CheckedEvent) -> None:
        known = self._entries.get(one.entry)
        if known is not None and (known or one.is_open):
            raise HandoverError("one event stands twice", "entry_repeated")
        self._entries[one.entry] = one.is_open
        if one.act.has_error_declaration:
            raise HandoverError("an event declares an error", "handover_event_void")
        if one.participant != self._sender and not one.commissions:
            raise HandoverError("an event of somebody else", "handover_foreign_event")
        self._named.update(dict.fromkeys(code for _, code in one.codes))
        if one.entry == self._shipment:
            self._ship(one)
        elif one.commissions:
            self._commission(one)
        elif (one.act.type, one.act.action) == ("AggregationEvent", "ADD"):
            self._pack(self._parent_of(one), tuple(one.named("childEPCs")))
        else:
            raise HandoverError("an event that no receiver needs", "handover_stray_event")

    def _ship(self, one: CheckedEvent) -> None:
        if one.participant != self._sender or one.act.biz_step not in SHIPPING_STEPS:
            raise HandoverError("the shipping event is none", "handover_shipment")
        if not one.is_open:
            raise HandoverError("the shipping event is not opened", "handover_shipment")
        if one.act.type == "AggregationEvent":
            parent = self._parent_of(one)
            self._pack(parent, tuple(one.named("childEPCs")))
            self._goods = (parent,)
            return
        self._goods = tuple(one.named("epcList"))

    def _commission(self, one: CheckedEvent) -> None:
        for code in one.commissioned:
            if self._made.setdefault(code, one.entry) != one.entry:
                raise HandoverError("a code is commissioned twice", "handover_commissioning")

    def _parent_of(self, one: CheckedEvent) -> str:
        parent = one.text(PARENT_PATH)
        if parent is None:
            raise HandoverError("a packing without its unit", "handover_packing")
        self._named[parent] = None
        return parent

    def _pack(self, parent: str, children: Iterable[str]) -> None:
        self._named[parent] = None
        for child in children:
            self._named[child] = None
            if self._parents.setdefault(child, parent) != parent or child == parent:
                raise HandoverError("a code is in two units", "handover_packing")

    def _tree(self, goods: Iterable[str]) -> dict[str, str | None]:
        """Return the parent of every code that hangs below the goods; refuses a cycle."""
        inside: dict[str, list[str]] = {}
        for child, parent in self._parents.items():
            inside.setdefault(parent, []).append(child)
        given = frozenset(goods)
        waiting = sorted(code for code in given if not self._is_inside(code, given))
        found: dict[str, str | None] = dict.fromkeys(waiting)
        while waiting:
            code = waiting.pop()
            for child in inside.get(code, ()):
                found[child] = code
                waiting.append(child)
        return found

    def _is_inside(self, code: str, others: frozenset[str]) -> bool:
        """Tell whether a code is in one of `others`, at any depth."""
        unit, is_inside = self._parents.get(code), False
        for _ in range(DEPTH_MAX):
            if unit is None:
                return is_inside
            is_inside = is_inside or unit in others
            unit = self._parents.get(unit)
        raise HandoverError("units are in each other, or too deep", "handover_packing")


def _check_opening(event: HandedEvent) -> tuple[Code, ...]:
    assert event.opening is not None  # noqa: S101 - the caller has looked
    tree = event.opening.tree()
    if tree.root != event.codes_root:
        raise RootMismatchError(
            computed=tree.root, expected=event.codes_root, code="codes_root_mismatch"
        )
    return tuple(tree.codes)


def _check_paths(event: HandedEvent, opened: Sequence[OpenedItem]) -> tuple[Code, ...]:
    for one, path in zip(opened, event.code_paths, strict=True):
        root = root_from_code_path(one.entry, path.index, path.siblings)
        if root != event.codes_root:
            raise RootMismatchError(
                computed=root, expected=event.codes_root, code="codes_root_mismatch"
            )
    return tuple((str(one.segments[0]), str(one.item.value)) for one in opened)


def _fields_root(proof: FieldsProof, fields: Sequence[OpenedItem]) -> bytes:
    leaves = [merkle.leaf_hash(one.entry) for one in fields]
    return merkle.root_from_multiproof(leaves, proof.indices, proof.siblings, size=proof.size)


def _known_levels(fields: FieldsProof, leaves: Sequence[bytes]) -> list[dict[int, bytes]]:
    """Return what a multiproof lets know of each level below the root, by index."""
    rest = iter(fields.siblings)
    known = dict(zip(fields.indices, leaves, strict=True))
    levels = []
    for _ in range(fields.size.bit_length() - 1):
        whole = dict(known)
        for index in sorted(known):
            if index ^ 1 not in known:
                whole[index ^ 1] = next(rest)
        levels.append(whole)
        known = {
            index >> 1: merkle.node_hash(whole[index & ~1], whole[index | 1]) for index in known
        }
    return levels
