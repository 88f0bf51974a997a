"""Pictures from what the gateway answers: the same ones for a page, a PDF and a command.

Each is a pure function from an answer and a language to a `Picture`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from anchoring.core import merkle
from anchoring.core.bundle import Bundle
from anchoring.core.commit import event_entry
from anchoring.core.items import decode_disclosure
from node_gateway.pictures.heartbeat import heartbeat
from node_gateway.pictures.merkle_path import Level, PathWords, merkle_path
from node_gateway.pictures.packing import Unit, packing
from node_gateway.pictures.shapes import Line, Picture, Shape
from node_gateway.web.words import catalogue, say

HOURS: Final = 24
"""How far back a heartbeat shows, a bar for each hour."""
HOUR_S: Final = 3600
_BETWEEN: Final = 24.0


def packed(
    code: str,
    status: str,
    *,
    parents: Sequence[str],
    children: Sequence[Mapping[str, Any]],
    child_count: int | None,
    language: str,
) -> Picture | None:
    """Draw what a unit is in and what is in it; None where it stands alone.

    Args:
        code: Of the unit.
        status: Of it, one word of the state machine.
        parents: What it is in, the nearest first.
        children: Some of what is in it, each with `code` and `status`.
        child_count: How much is in it.
        language: Of the words.
    """
    if not parents and not children:
        return None
    inside = [Unit(short(one["code"]), _word(language, one["status"])) for one in children]
    left_out = max(0, int(child_count or 0) - len(inside))
    drawn = Unit(short(code), _word(language, status), inside, left_out, is_meant=True)
    for parent in parents:
        drawn = Unit(short(parent), contents=[drawn])
    more = catalogue(language)["unit.more"]
    return packing(drawn, title=say(language, "unit.packing"), more=more)


def beat(counts: Sequence[int], *, now: float, language: str, began: float = 0.0) -> Picture:
    """Draw how many batches were made in each hour before `now`, the oldest hour first.

    Args:
        counts: Of each hour.
        now: Unix seconds.
        language: Of the words.
        began: When the first batch ever was made; infinity: there was none. Hours before it are no
            silence.
    """
    begins, ends = (
        datetime.fromtimestamp(at, UTC).strftime("%H:%M")
        for at in (now - len(counts) * HOUR_S, now)
    )
    ends_at = [now - (len(counts) - 1 - place) * HOUR_S for place in range(len(counts))]
    known = [one if one or began < end else None for one, end in zip(counts, ends_at, strict=True)]
    text = say(
        language,
        "today.heartbeat_text",
        batches=sum(counts),
        hours=len(counts),
        silent=known.count(0),
    )
    if before := known.count(None):
        text += say(language, "today.heartbeat_before", hours=before)
    title = say(language, "today.heartbeat")
    return heartbeat(known, title=title, description=text, begins=begins, ends=ends)


def hours_of(times: Iterable[int], *, now: float) -> tuple[int, ...]:
    """Count Unix times by the hour before `now` in which they lie, the oldest hour first."""
    hours = [0] * HOURS
    for at in times:
        ago = max(0, int(now) - at) // HOUR_S
        if ago < HOURS:
            hours[HOURS - 1 - ago] += 1
    return tuple(hours)


def proven(bundle: Bundle, entry: bytes, language: str) -> Picture:
    """Draw the way from an event entry to the root that its bundle names.

    Args:
        bundle: Parsed; its path has the only length that its place allows (`path_length`).
        entry: As recomputed from what the bundle discloses, never as somebody gives it.
        language: Of the words.
    """
    words = {
        name: say(language, f"picture.path.{name}")
        for name in ("leaf", "root", "agrees", "differs", "expected")
    }
    title = say(language, "picture.path")
    return merkle_path(
        levels_of(bundle, entry),
        sealed_root=bundle.anchor.root.hex(),
        words=PathWords(title=title, **words),
    )


def entry_of(bundle: Bundle) -> bytes:
    """Recompute the event entry from what a bundle discloses, whatever its path leads to.

    Raises:
        FormatError, VerificationError: it discloses nothing that can be hashed, or its path does
            not fit its place.
    """
    opened = [decode_disclosure(text, is_code=False) for text in bundle.fields.disclosures]
    leaves = [merkle.leaf_hash(one.entry) for one in opened]
    fields = bundle.fields
    root = merkle.root_from_multiproof(leaves, fields.indices, fields.siblings, size=fields.size)
    entry = event_entry(
        participant=bundle.participant,
        fields_size=fields.size,
        fields_root=root,
        codes_root=bundle.codes_root,
    )
    merkle.root_from_path(
        merkle.leaf_hash(entry),
        bundle.event_siblings,
        index=bundle.event_index,
        size=bundle.anchor.size,
    )
    return entry


def levels_of(bundle: Bundle, entry: bytes) -> list[Level]:
    """Return every node on the way, leaf first (RFC 9162 section 2.1.3.2)."""
    index, last = bundle.event_index, bundle.anchor.size - 1
    node, levels = merkle.leaf_hash(entry), []
    for sibling in bundle.event_siblings:
        while last and not index & 1 and index == last:  # an odd last node goes up alone
            levels.append(Level(node.hex()))
            index, last = index >> 1, last >> 1
        is_left = bool(index & 1)
        levels.append(Level(node.hex(), sibling.hex(), is_left))
        node = merkle.node_hash(sibling, node) if is_left else merkle.node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return [*levels, Level(node.hex())]


def stacked(pictures: Sequence[Picture]) -> Picture:
    """Put pictures below each other; one stays as it is."""
    if len(pictures) == 1:
        return pictures[0]
    shapes: list[Shape] = []
    top = 0.0
    for one in pictures:
        shapes += [_lowered(shape, top) for shape in one.shapes]
        top += one.height + _BETWEEN
    width = max((one.width for one in pictures), default=0.0)
    said = "; ".join(one.description for one in pictures)
    title = pictures[0].title if pictures else ""
    return Picture(width, max(0.0, top - _BETWEEN), title, said, tuple(shapes))


def short(code: str) -> str:
    """Return a code without the part that all have: what people compare with a label."""
    return code.removeprefix("https://id.gs1.org/").removeprefix("urn:x-cn-drug:")


def _lowered(shape: Shape, by: float) -> Shape:
    if isinstance(shape, Line):
        return replace(shape, y1=shape.y1 + by, y2=shape.y2 + by)
    return replace(shape, y=shape.y + by)


def _word(language: str, status: str) -> str:
    return say(language, f"unit.status.{status}")


__all__ = [
    "HOURS",
    "HOUR_S",
    "beat",
    "entry_of",
    "hours_of",
    "levels_of",
    "packed",
    "proven",
    "short",
    "stacked",
]
