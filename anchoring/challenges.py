"""Challenges: leaves that nobody could choose, each of which its gateway must open.

Which leaves are asked for follows from the hash of a block that came after the anchors: neither
the gateway nor the auditor picks them, and anybody draws the same ones again. An answer is checked
against the anchor alone: the entry is recomputed from what was opened, and its path must lead to
the anchored root. Pure: no I/O, clock or randomness.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate
from typing import Any, Final

from anchoring.answer_signature import AnswerSignature, parse_signature
from anchoring.core import merkle, shape
from anchoring.core.anchor import STREAM_BITS, Anchor
from anchoring.core.batch import NONCE_SIZE_BYTES, decoy_entry
from anchoring.core.commit import event_entry
from anchoring.core.items import decode_base64url, encode_base64url
from anchoring.core.opening import OPENING_SIZE_BYTES_MAX, parse_opening
from anchoring.core.strict_json import parse_plain
from anchoring.errors import AnchoringError, BundleFormatError, FormatError, VerificationError

CHALLENGE_FORMAT: Final = "sealtrail/challenge/v1"
ANSWER_FORMAT: Final = "sealtrail/challenge-answer/v1"
LEAVES_MAX: Final = 64
"""Most leaves of one request; more are asked for in several."""
DRAWN_MAX: Final = 10_000
"""Most leaves that are drawn from one stream."""
CHALLENGE_SIZE_BYTES_MAX: Final = 64 * 1024
ANSWER_SIZE_BYTES_MAX: Final = 2 * OPENING_SIZE_BYTES_MAX

_LABEL: Final = b"sealtrail/challenge/v1\n"
_HASH_SIZE: Final = merkle.HASH_SIZE
_SIBLINGS_MAX: Final = 20


class OpenedKind(StrEnum):
    """What a leaf turned out to be."""

    DECOY = "decoy"
    EVENT = "event"
    ERASED = "erased"


class ChallengeFailedError(VerificationError):
    """What was opened is not what was anchored there."""

    code = "challenge_wrong"


@dataclass(frozen=True, slots=True, order=True)
class Leaf:
    """One place in one anchored batch; `index` is zero-based."""

    stream: int
    sequence: int
    index: int

    @property
    def participant(self) -> int:
        """Who must open it."""
        return self.stream >> STREAM_BITS

    def to_wire(self) -> dict[str, int]:
        """Return the JSON form."""
        return {"stream": self.stream, "sequence": self.sequence, "index": self.index}


@dataclass(frozen=True, slots=True)
class Seed:
    """The block whose hash (32 bytes) decides; it comes after every anchor that is drawn from."""

    block_number: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class OpenedLeaf:
    """A leaf as its gateway opens it: exactly one of the three is set.

    Attributes:
        siblings: The path of the leaf in its batch, 32 bytes each.
        nonce: Of a decoy, 32 bytes.
        opening: Of an event, the text of its full opening (`sealtrail/opening/v1`).
        erased: Of an erased event: size and root of its fields tree, root of its codes tree.
    """

    leaf: Leaf
    siblings: tuple[bytes, ...]
    nonce: bytes | None = None
    opening: bytes | None = None
    erased: tuple[int, bytes, bytes] | None = None

    @property
    def kind(self) -> OpenedKind:
        """What it is opened as."""
        if self.nonce is not None:
            return OpenedKind.DECOY
        return OpenedKind.EVENT if self.opening is not None else OpenedKind.ERASED

    def entry(self) -> bytes:
        """Recompute the entry, 32 bytes.

        Raises:
            AnchoringError: what was opened gives none.
        """
        if self.nonce is not None:
            return decoy_entry(self.nonce)
        if self.opening is not None:
            opening = parse_opening(self.opening)
            if opening.participant != self.leaf.participant:
                raise ChallengeFailedError("the opened event is another participant's")
            return opening.commitment().entry
        if self.erased is None:
            raise ChallengeFailedError("nothing is opened")
        size, fields_root, codes_root = self.erased
        return event_entry(
            participant=self.leaf.participant,
            fields_size=size,
            fields_root=fields_root,
            codes_root=codes_root,
        )

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON form."""
        wire: dict[str, Any] = self.leaf.to_wire()
        wire["siblings"] = [one.hex() for one in self.siblings]
        if self.nonce is not None:
            wire["decoy"] = encode_base64url(self.nonce)
        elif self.opening is not None:
            wire["opening"] = self.opening.decode()
        elif self.erased is not None:
            size, fields_root, codes_root = self.erased
            parts = {"fieldsSize": size, "fieldsRoot": fields_root.hex()}
            wire["erased"] = {**parts, "codesRoot": codes_root.hex()}
        return wire


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came: what it opens, in its order; the signature is None if it has none."""

    opened: Mapping[Leaf, OpenedLeaf]
    signature: AnswerSignature | None


def leaves_needed(share: Decimal, confidence: Decimal) -> int:
    """Return how many leaves find, with `confidence`, at least one of a bad `share`.

    The smallest n with (1 - share)^n <= 1 - confidence: drawing without putting back needs no more.

    Args:
        share: Of all leaves, above 0 and at most 1: 0.04 for one in 25.
        confidence: Above 0 and below 1.

    Raises:
        ValueError: one of them is outside, or more than `DRAWN_MAX` leaves were needed.
    """
    if not 0 < share <= 1 or not 0 < confidence < 1:
        raise ValueError("a share is above 0 and at most 1, a confidence above 0 and below 1")
    missed, count = Decimal(1), 0
    while missed > 1 - confidence:
        missed, count = missed * (1 - share), count + 1
        if count > DRAWN_MAX:
            raise ValueError(f"this needs more than {DRAWN_MAX} leaves of each stream")
    return count


def draw(seed: Seed, stream: int, sizes: Sequence[tuple[int, int]], count: int) -> list[Leaf]:
    r"""Draw leaves of one stream; anybody who has the same anchors draws the same ones.

    Draw number k (from 0) is SHA-256 of `sealtrail/challenge/v1\n`, the seed block's hash, the
    stream and k (8 bytes big-endian each), as a big-endian number modulo the number of all leaves:
    a place in the batches laid one behind the other. A place that was drawn before is passed over.

    Args:
        seed: The block that decides.
        stream: Whose leaves.
        sizes: (sequence, size) of every anchor in a block before the seed's, ascending.
        count: How many; never more than there are leaves.

    Returns:
        Distinct leaves in the order of being drawn.
    """
    ends = list(accumulate(size for _, size in sizes))
    total = ends[-1] if ends else 0
    drawn: dict[int, Leaf] = {}
    counter = 0
    while len(drawn) < min(count, total, DRAWN_MAX):
        text = _LABEL + seed.block_hash + stream.to_bytes(8) + counter.to_bytes(8)
        place = int.from_bytes(sha256(text).digest()) % total
        if place not in drawn:
            at = bisect_right(ends, place)
            sequence, size = sizes[at]
            drawn[place] = Leaf(stream, sequence, place - (ends[at] - size))
        counter += 1
    return list(drawn.values())


def check_opened(opened: OpenedLeaf, anchor: Anchor) -> OpenedKind:
    """Check one opened leaf against the anchor of its batch.

    Args:
        opened: As the gateway answered.
        anchor: From the chain, never from the answer.

    Raises:
        ChallengeFailedError: it opens something else, or another place.
    """
    leaf = opened.leaf
    if (anchor.stream, anchor.sequence) != (leaf.stream, leaf.sequence):
        raise ValueError("the anchor is another one")
    try:
        computed = opened.entry()
        node = merkle.leaf_hash(computed)
        root = merkle.root_from_path(node, opened.siblings, index=leaf.index, size=anchor.size)
    except ChallengeFailedError:
        raise
    except AnchoringError as error:
        raise ChallengeFailedError(f"what was opened gives no entry there: {error}") from error
    if root != anchor.root:
        raise ChallengeFailedError(
            f"the opened {opened.kind} has the entry {computed.hex()}, which is not anchored there"
        )
    return opened.kind


def challenge_text(seed: Seed, leaves: Sequence[Leaf]) -> bytes:
    """Return a challenge as UTF-8 JSON text."""
    wire = {
        "format": CHALLENGE_FORMAT,
        "seed": {"blockNumber": seed.block_number, "blockHash": seed.block_hash.hex()},
        "leaves": [one.to_wire() for one in leaves],
    }
    return json.dumps(wire, separators=(",", ":")).encode()


def parse_challenge(raw: bytes) -> tuple[Seed, tuple[Leaf, ...]]:
    """Return what a challenge asks for.

    Raises:
        FormatError: it is none, asks for no leaf or too many, or for one twice.
    """
    document = parse_plain(raw, size_bytes_max=CHALLENGE_SIZE_BYTES_MAX)
    wire = _document(document, CHALLENGE_FORMAT, ("format", "seed", "leaves"))
    seed = shape.members(wire["seed"], ("blockNumber", "blockHash"), pointer="/seed")
    listed = shape.array(wire["leaves"], pointer="/leaves")
    leaves = tuple(parse_leaf(one, f"/leaves/{at}") for at, one in enumerate(listed))
    if not 1 <= len(leaves) <= LEAVES_MAX or len(set(leaves)) != len(leaves):
        raise FormatError(f"a challenge names 1 to {LEAVES_MAX} leaves, each once", "leaf_count")
    number = shape.integer(seed["blockNumber"], pointer="/seed/blockNumber")
    block = shape.hex_bytes(seed["blockHash"], size_bytes=_HASH_SIZE, pointer="/seed/blockHash")
    return Seed(number, block), leaves


def answer_text(
    participant: int, opened: Sequence[OpenedLeaf], signature: AnswerSignature | None = None
) -> bytes:
    """Return an answer as UTF-8 JSON text."""
    wire: dict[str, Any] = {
        "format": ANSWER_FORMAT,
        "participant": participant,
        "openings": [one.to_wire() for one in opened],
    }
    if signature is not None:
        wire["signature"] = signature.to_wire()
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()


def parse_answer(raw: bytes, *, participant: int) -> dict[Leaf, OpenedLeaf]:
    """Return what an answer opens, by leaf; nothing is believed of it yet.

    Raises:
        FormatError: as `read_answer`.
    """
    return dict(read_answer(raw, participant=participant).opened)


def read_answer(raw: bytes, *, participant: int) -> Answered:
    """Return what an answer opens, and its signature; nothing is believed of it yet.

    Raises:
        FormatError: it is no answer, another participant's, or opens one leaf twice.
    """
    document = parse_plain(raw, size_bytes_max=ANSWER_SIZE_BYTES_MAX)
    members = ("format", "participant", "openings")
    wire = _document(document, ANSWER_FORMAT, members, optional=("signature",))
    if shape.integer(wire["participant"], pointer="/participant") != participant:
        raise FormatError("the answer is another participant's", "challenge_answer")
    found: dict[Leaf, OpenedLeaf] = {}
    for at, one in enumerate(shape.array(wire["openings"], pointer="/openings")):
        opened = parse_opened(one, f"/openings/{at}")
        if opened.leaf in found or len(found) >= LEAVES_MAX:
            raise FormatError("the answer opens a leaf twice, or too many", "challenge_answer")
        found[opened.leaf] = opened
    signed = "signature" in wire
    return Answered(found, parse_signature(wire["signature"], "/signature") if signed else None)


def parse_opened(value: Any, pointer: str = "") -> OpenedLeaf:
    """Return one opened leaf of its JSON value.

    Raises:
        FormatError: it is none.
    """
    kinds = ("decoy", "opening", "erased")
    place = ("stream", "sequence", "index")
    wire = shape.members(value, (*place, "siblings"), optional=kinds, pointer=pointer)
    if sum(kind in wire for kind in kinds) != 1:
        raise BundleFormatError("a leaf is opened in exactly one way", pointer=pointer)
    siblings = shape.hashes(wire["siblings"], pointer=f"{pointer}/siblings")
    if len(siblings) > _SIBLINGS_MAX:
        raise BundleFormatError("a path has at most 20 hashes", pointer=pointer)
    leaf = parse_leaf({name: wire[name] for name in place}, pointer)
    if "decoy" in wire:
        text = shape.string(wire["decoy"], pointer=f"{pointer}/decoy")
        nonce = decode_base64url(text)
        if nonce is None or len(nonce) != NONCE_SIZE_BYTES:
            raise BundleFormatError("a nonce is 32 bytes in base64url", pointer=pointer)
        return OpenedLeaf(leaf, siblings, nonce=nonce)
    if "opening" in wire:
        opening = shape.string(wire["opening"], pointer=f"{pointer}/opening").encode()
        return OpenedLeaf(leaf, siblings, opening=opening)
    return OpenedLeaf(leaf, siblings, erased=_erased(wire["erased"], f"{pointer}/erased"))


def _erased(value: Any, pointer: str) -> tuple[int, bytes, bytes]:
    wire = shape.members(value, ("fieldsSize", "fieldsRoot", "codesRoot"), pointer=pointer)
    size = shape.integer(wire["fieldsSize"], pointer=f"{pointer}/fieldsSize")
    fields, codes = (
        shape.hex_bytes(wire[name], size_bytes=_HASH_SIZE, pointer=f"{pointer}/{name}")
        for name in ("fieldsRoot", "codesRoot")
    )
    return size, fields, codes


def parse_leaf(value: Any, pointer: str) -> Leaf:
    """Return a place of its JSON value.

    Raises:
        FormatError: it is none.
    """
    wire = shape.members(value, ("stream", "sequence", "index"), pointer=pointer)
    stream, sequence, index = (
        shape.integer(wire[name], pointer=f"{pointer}/{name}")
        for name in ("stream", "sequence", "index")
    )
    if not 1 << STREAM_BITS <= stream < 1 << 48 or sequence < 1:
        raise FormatError("no such leaf can be", "leaf_form", pointer=pointer)
    return Leaf(stream, sequence, index)


def _document(
    value: Any, form: str, members: tuple[str, ...], *, optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    if isinstance(value, dict) and value.get("format") != form:
        raise BundleFormatError(f"the format is not {form}", "format_unknown")
    return shape.members(value, members, optional=optional)
