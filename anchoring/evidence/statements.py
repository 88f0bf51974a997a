"""Two statements about events: two values in one entry, two contents under one eventID."""

from __future__ import annotations

import json

from anchoring.audit_statements import (
    EVENT_ID_PATH,
    Statement,
    differing_paths,
    statement_of_bundle,
    statement_of_opening,
)
from anchoring.core.canonical import scalar
from anchoring.core.opening import parse_opening
from anchoring.core.verify import CheckedBundle, check_bundle
from anchoring.evidence.inquiry import Inquiry
from anchoring.evidence.model import Content, EvidenceRefusedError, TwoContents, TwoValues


def check_two_values(shown: TwoValues, inquiry: Inquiry) -> tuple[int, ...]:
    """Check that one entry discloses two values at one path.

    A gateway makes one item per path, and only the participant can anchor the entry under its own
    number; a disclosure cannot be made for an entry or a decoy that exists. Code items are left
    out: several at one path are no contradiction.

    Returns:
        The participant that made the entry.

    Raises:
        FormatError, VerificationError: it is not shown.
    """
    first, second = (check_bundle(one) for one in shown.bundles)
    if first.entry != second.entry:
        raise EvidenceRefusedError("the two disclosures are of two events", "entries_differ")
    values, others = first.values, second.values
    paths = sorted(
        path
        for path in values.keys() & others.keys()
        if scalar(values[path]) != scalar(others[path])
    )
    if not paths:
        raise EvidenceRefusedError("no path is disclosed with two values", "no_contradiction")
    participant = first.bundle.participant
    inquiry.said.append(f"participant {participant} committed to entry {first.entry.hex()}")
    for path in paths:
        both = f"{json.dumps(values[path])} and {json.dumps(others[path])}"
        inquiry.said.append(f"in it stand two values at {path}: {both}")
    for one in (first, second):
        inquiry.own_anchor(one.bundle.anchor, one.bundle.anchored_at)
    return (participant,)


def check_two_contents(shown: TwoContents, inquiry: Inquiry) -> tuple[int, ...]:
    """Check that two anchored entries of a participant have one identity and differ in content.

    The identity of an event is (eventID, has errorDeclaration): that an event is declared an
    error under its own eventID is no second content.

    Returns:
        The participant that made both.

    Raises:
        FormatError, VerificationError: it is not shown.
    """
    (first, one), (second, other) = (_stated(content) for content in shown.contents)
    if first.entry == second.entry:
        raise EvidenceRefusedError("both are one event", "entry_repeated")
    if one.identity != other.identity:
        names = ("participants", "eventIDs", "kinds of statement (one declares an error)")
        pairs = zip(names, one.identity, other.identity, strict=True)
        what = next(name for name, left, right in pairs if left != right)
        raise EvidenceRefusedError(f"the two events have two {what}", "identities_differ")
    paths = differing_paths(one, other)
    if not paths:
        raise EvidenceRefusedError("no difference is disclosed", "no_contradiction")
    participant, event_id, _ = one.identity
    inquiry.said.append(f"participant {participant} anchored two events with eventID {event_id}")
    inquiry.said.append(f"entries {first.entry.hex()} and {second.entry.hex()}")
    inquiry.said.append(f"they differ at {', '.join(paths)}")
    for bundle in (first.bundle, second.bundle):
        inquiry.own_anchor(bundle.anchor, bundle.anchored_at)
    return (participant,)


def _stated(content: Content) -> tuple[CheckedBundle, Statement]:
    checked = check_bundle(content.bundle)
    if content.opening:
        opening = parse_opening(content.opening.encode())
        if opening.commitment().entry != checked.entry:
            raise EvidenceRefusedError("an opening is of another event", "opening_mismatch")
        statement = statement_of_opening(opening, checked.entry)
    else:
        statement = statement_of_bundle(checked)
    if statement is None:
        raise EvidenceRefusedError(f"{EVENT_ID_PATH} is not disclosed", "event_id_not_disclosed")
    return checked, statement
