"""Openings: secrets handed over on purpose, from which roots and entries are recomputed.

A codes opening lets the receiver of a whole shipment recompute the codes root without paths; a
full opening lets an auditor recompute the event entry from the event itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anchoring.core import shape
from anchoring.core.codes import CodesTree, build_codes_tree
from anchoring.core.commit import EventCommitment, commit_event
from anchoring.core.items import CODE_LISTS, code_items
from anchoring.core.streams import SECRET_SIZE_BYTES
from anchoring.core.strict_json import LEVELS_MAX, parse_exact
from anchoring.errors import BundleFormatError

CODES_OPENING_FORMAT = "sealtrail/codes-opening/v1"
OPENING_FORMAT = "sealtrail/opening/v1"
OPENING_SIZE_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CodesOpening:
    """The codes sub-secret (32 bytes) with every code, by list name."""

    secret: bytes
    lists: Mapping[str, tuple[str, ...]]

    def tree(self) -> CodesTree:
        """Return the codes tree; the caller compares its root with `codes.root` of a bundle.

        Raises:
            EventFormError: a list is malformed or too long.
        """
        event = {name: list(codes) for name, codes in self.lists.items()}
        return build_codes_tree(code_items(event), sub_secret=self.secret)

    def to_json(self) -> bytes:
        """Return the opening as UTF-8 JSON text."""
        wire = {
            "format": CODES_OPENING_FORMAT,
            "secret": self.secret.hex(),
            "lists": {name: list(codes) for name, codes in self.lists.items()},
        }
        return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class FullOpening:
    """Everything that an event entry is made of. Handing it over discloses the whole event."""

    participant: int
    event: Mapping[str, Any]
    derived: Mapping[str, str]  # all but sealtrail:act
    secret: bytes

    def commitment(self) -> EventCommitment:
        """Return the commitment; the caller compares its entry.

        Raises:
            EventFormError: these parts cannot be committed.
        """
        return commit_event(
            self.event, self.derived, participant=self.participant, secret=self.secret
        )

    def to_json(self) -> bytes:
        """Return the opening as UTF-8 JSON text."""
        wire = {
            "format": OPENING_FORMAT,
            "participant": self.participant,
            "event": dict(self.event),
            "derived": dict(self.derived),
            "secret": self.secret.hex(),
        }
        return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()


def parse_codes_opening(raw: bytes) -> CodesOpening:
    """Return the opening of a `sealtrail/codes-opening/v1` text.

    Raises:
        FormatError: text or shape are not an opening's.
    """
    wire = _read(raw, CODES_OPENING_FORMAT, ("format", "secret", "lists"))
    lists = shape.members(wire["lists"], (), optional=CODE_LISTS, pointer="/lists")
    read = {
        name: tuple(
            shape.string(code, pointer=f"/lists/{name}/{at}")
            for at, code in enumerate(shape.array(codes, pointer=f"/lists/{name}"))
        )
        for name, codes in lists.items()
    }
    return CodesOpening(_secret(wire["secret"]), read)


def parse_opening(raw: bytes) -> FullOpening:
    """Return the opening of a `sealtrail/opening/v1` text.

    Raises:
        FormatError: text or shape are not an opening's.
    """
    members = ("format", "participant", "event", "derived", "secret")
    wire = _read(raw, OPENING_FORMAT, members)
    if not isinstance(wire["event"], dict) or not isinstance(wire["derived"], dict):
        raise BundleFormatError("event and derived are objects")
    derived = {
        path: shape.string(value, pointer=f"/derived/{path}")
        for path, value in wire["derived"].items()
    }
    return FullOpening(
        participant=shape.integer(wire["participant"], pointer="/participant"),
        event=wire["event"],
        derived=derived,
        secret=_secret(wire["secret"]),
    )


def _read(raw: bytes, form: str, members: tuple[str, ...]) -> dict[str, Any]:
    # An event has 64 levels of its own, and the opening is one more around it.
    document = parse_exact(raw, size_bytes_max=OPENING_SIZE_BYTES_MAX, levels_max=LEVELS_MAX + 1)
    if isinstance(document, dict) and document.get("format") != form:
        raise BundleFormatError(f"the format is not {form}", "format_unknown")
    return shape.members(document, members)


def _secret(value: Any) -> bytes:
    return shape.hex_bytes(value, size_bytes=SECRET_SIZE_BYTES, pointer="/secret")
