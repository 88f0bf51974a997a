"""What events say, compared: two anchored events with one eventID and different content.

The same content anchored twice is no breach: a sender repeats it after a gateway was restored
from an old copy, and it gets another secret and so another entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from anchoring.core.act import act_of
from anchoring.core.canonical import quote, scalar
from anchoring.core.items import ACT_PATH, code_items, code_path, field_items
from anchoring.core.opening import FullOpening
from anchoring.core.paths import is_derived
from anchoring.core.verify import CheckedBundle

EVENT_ID_PATH = "$['eventID']"
Key = tuple[str, str]
"""(path, code); the code is empty except for code items, whose path says nothing of which."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One event as far as it is known.

    Attributes:
        identity: (participant, eventID, has errorDeclaration).
        values: RFC 8785 values; derived items but `sealtrail:act` are left out, since they tell
            of the document and the master data, not of what happened.
        is_whole: True if nothing of the event is missing.
    """

    identity: tuple[int, str, bool]
    entry: bytes
    values: Mapping[Key, str]
    is_whole: bool


def statement_of_opening(opening: FullOpening, entry: bytes) -> Statement | None:
    """Return what an opened event says, None if it has no eventID."""
    event_id = opening.event.get("eventID")
    if not isinstance(event_id, str):
        return None
    act = act_of(opening.event)
    values = {(path, ""): value for path, value in field_items(opening.event)}
    values[ACT_PATH, ""] = quote(act.text)
    values |= {(code_path(name), code): "" for name, code in code_items(opening.event)}
    identity = (opening.participant, event_id, act.has_error_declaration)
    return Statement(identity, entry, values, is_whole=True)


def statement_of_bundle(checked: CheckedBundle) -> Statement | None:
    """Return what a bundle discloses, None if the eventID is not among it."""
    event_id = checked.values.get(EVENT_ID_PATH)
    if not isinstance(event_id, str):
        return None
    values = {
        (path, ""): scalar(value)
        for path, value in checked.values.items()
        if path == ACT_PATH or not is_derived(path)
    }
    values |= {(one.item.path, str(one.item.value)): "" for one in checked.codes}
    identity = (checked.bundle.participant, event_id, checked.act.has_error_declaration)
    return Statement(identity, checked.entry, values, is_whole=False)


def differing_paths(one: Statement, other: Statement) -> list[str]:
    """Return the paths at which two statements cannot both be of the same content, ascending."""
    shared = one.values.keys() & other.values.keys()
    differing = {key for key in shared if one.values[key] != other.values[key]}
    if other.is_whole:
        differing |= one.values.keys() - other.values.keys()
    if one.is_whole:
        differing |= other.values.keys() - one.values.keys()
    return sorted({path for path, _ in differing})
