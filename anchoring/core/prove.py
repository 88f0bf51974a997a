"""Prove: put disclosures, paths and the anchor together into a bundle."""

from collections.abc import Mapping, Sequence
from typing import Any

from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.bundle import Bundle, CodePath, FieldsProof
from anchoring.core.codes import Code, CodesTree
from anchoring.core.fields import FieldsTree
from anchoring.core.items import ACT_PATH


def fields_proof(fields: FieldsTree, paths: Sequence[str]) -> FieldsProof:
    """Return the proof of chosen fields; `sealtrail:act` is always among them.

    Args:
        fields: The event's fields tree.
        paths: Paths to disclose; those that the event lacks are left out.
    """
    known = set(fields.paths)
    chosen = [ACT_PATH, *(path for path in paths if path in known)]
    indices, disclosures, siblings = fields.select(chosen)
    return FieldsProof(fields.size, tuple(indices), tuple(disclosures), tuple(siblings))


def code_paths(codes: CodesTree, chosen: Sequence[Code]) -> tuple[CodePath, ...]:
    """Return the paths of chosen codes, ascending by position.

    Raises:
        KeyError: a code that the event does not name.
    """
    made = [
        CodePath(codes.disclosure(code), codes.position(code), tuple(codes.path(position)))
        for code in dict.fromkeys(chosen)
        for position in (codes.position(code),)
    ]
    return tuple(sorted(made, key=lambda path: path.index))


def make_bundle(
    *,
    fields: FieldsProof,
    codes_root: bytes,
    paths: Sequence[CodePath],
    event_index: int,
    event_siblings: Sequence[bytes],
    anchor: Anchor,
    anchored_at: AnchoredAt,
    hints: Mapping[str, Any] | None = None,
) -> Bundle:
    """Return the bundle of one event, from parts that may come from storage."""
    return Bundle(
        participant=anchor.participant,
        fields=fields,
        codes_root=codes_root,
        code_paths=tuple(paths),
        event_index=event_index,
        event_siblings=tuple(event_siblings),
        anchor=anchor,
        anchored_at=anchored_at,
        hints=hints,
    )
