"""Exceptions as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from node_gateway.partners.evidence_names import KeptEvidence
from node_gateway.partners.exception_desk import CODES_SHOWN, Detail, Suggestion
from node_gateway.storage.exception_documents import DocumentRow
from node_gateway.storage.exceptions import CaseRow, ChangeRow, MessageRow
from node_gateway.storage.exceptions_reading import Place

NameOf = Callable[[int], str | None]


def case_wire(row: CaseRow, *, now_ms: int, name_of: NameOf) -> dict[str, Any]:
    """Return a case as lists show it."""
    return {
        "number": row.number,
        "case": row.uuid,
        "kind": row.kind,
        "state": row.state,
        "overdue": row.overdue(now_ms),
        "owner": row.owner,
        "partner": None if row.partner is None else participant_wire(row.partner, name_of),
        "origin": row.origin,
        "subject": row.subject.hex(),
        "detail": row.detail,
        "codeCount": row.code_count,
        "expected": row.expected,
        "found": row.found,
        "openedAt": time_text(row.opened_at_ms),
        "dueAt": time_text(row.due_at_ms),
        "partnerKnows": row.told,
        "resolution": _resolution(row),
        "partnerResolution": _partner_resolution(row),
    }


def detail_wire(
    detail: Detail,
    documents: Sequence[DocumentRow],
    evidence: Sequence[KeptEvidence],
    *,
    now_ms: int,
    name_of: NameOf,
) -> dict[str, Any]:
    """Return a case with all that is known of it here."""
    more = len(detail.codes) == CODES_SHOWN and detail.row.code_count > CODES_SHOWN
    return {
        **case_wire(detail.row, now_ms=now_ms, name_of=name_of),
        "codes": list(detail.codes),
        "codesNext": detail.codes[-1] if more else None,
        "messages": [
            _message(one, detail.refusals.get(one.digest or b""), name_of)
            for one in detail.messages
        ],
        "history": [_change(one) for one in detail.changes],
        "documents": [_document(one) for one in documents],
        "evidence": [
            {"name": one.name, "kind": str(one.kind), "href": one.href} for one in evidence
        ],
        "suggestion": _suggestion(detail.suggestion, name_of),
    }


def participant_wire(number: int, name_of: NameOf) -> dict[str, Any]:
    """Return a participant with its name on the chain."""
    return {"participant": number, "name": name_of(number)}


def place_text(place: Place) -> str:
    """Return where a page goes on, as `after` takes it."""
    return f"{place.closed}.{place.due_at_ms}.{place.number}"


def place_read(text: str) -> Place:
    """Return what `place_text` wrote; its form was checked before."""
    closed, due, number = text.split(".")
    return Place(int(closed), int(due), int(number))


def time_text(at_ms: int) -> str:
    """Return a time as RFC 3339, to the second; a partner's time may be no time at all."""
    try:
        moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        moment = datetime.max.replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _resolution(row: CaseRow) -> dict[str, Any] | None:
    if not row.resolved or row.entry is None or row.resolved_at_ms is None:
        return None
    return {
        "cause": row.cause,
        "action": row.action,
        "text": row.resolution or "",
        "at": time_text(row.resolved_at_ms),
        "event": row.entry.hex(),
    }


def _partner_resolution(row: CaseRow) -> dict[str, Any] | None:
    if row.entry_there is None:
        return None
    return {"event": row.entry_there.hex(), "proven": row.proof_there is not None}


def _message(one: MessageRow, refused: str | None, name_of: NameOf) -> dict[str, Any]:
    return {
        "number": one.number,
        "by": participant_wire(one.participant, name_of) if one.participant else None,
        "who": one.who,
        "at": time_text(one.at_ms),
        "act": one.act,
        "action": one.action,
        "text": one.text,
        "message": None if one.digest is None else one.digest.hex(),
        "refused": refused,
    }


def _change(one: ChangeRow) -> dict[str, Any]:
    return {"at": time_text(one.at_ms), "who": one.who, "what": one.what, "value": one.value}


def _document(one: DocumentRow) -> dict[str, Any]:
    return {"message": one.uuid, "kind": one.kind, "at": time_text(one.at_ms)}


def _suggestion(found: Suggestion | None, name_of: NameOf) -> dict[str, Any] | None:
    if found is None:
        return None
    partner = None if found.partner is None else participant_wire(found.partner, name_of)
    first, scope = found.causes[0], "with anybody" if partner is None else "with this partner"
    return {
        "text": f"{first.cases} of {found.resolved} resolved exceptions of this kind {scope} "
        f"were {first.cause.replace('_', ' ')}",
        "partner": partner,
        "resolved": found.resolved,
        "causes": [{"cause": one.cause, "count": one.cases} for one in found.causes],
    }
