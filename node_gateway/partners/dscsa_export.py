"""State our cases as DSCSA exception messages: a case of ours as report, our answer as response.

Pure. A message is made from what is known when it is asked for, without drawing anything: its
UUIDs follow from what it says, so asked again it is the same message as long as nothing has
changed. It never quotes a case's detail, which is for our own people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import rfc8785

from node_gateway.epcis.identifiers import IdentifierError, parse_identifier
from node_gateway.partners import exception_words as words
from node_gateway.partners.dscsa import Document, Item
from node_gateway.partners.dscsa_schema import ACCEPT, ITEMS_MAX, REJECT, TEXT_LENGTH_MAX
from node_gateway.partners.ports import ExceptionKind
from node_gateway.storage.exceptions import CaseRow, MessageRow

_ALIKE: Final[Mapping[str, frozenset[str]]] = {
    "Send new data": frozenset({"send_data", "correct_data"}),
    "Send product": frozenset({"send_product", "replace"}),
    "Return product": frozenset({"return"}),
    "Send back product": frozenset({"return"}),
    "Credit account": frozenset({"credit", "accept_shortage"}),
    "Debit account": frozenset({"debit", "accept_overage", "keep"}),
}
"""What we may have done where a resolution was asked for."""
_REQUEST: Final[Mapping[str, str]] = {
    ExceptionKind.OVERAGE: "Debit account",
    ExceptionKind.SHORTAGE: "Send product",
    ExceptionKind.DATA_NO_PRODUCT: "Send product",
}
"""What is asked for where nobody has proposed anything; new data in all other cases."""
_NO_PRODUCT: Final = frozenset({ExceptionKind.SHORTAGE, ExceptionKind.DATA_NO_PRODUCT})


@dataclass(frozen=True, slots=True)
class Contact:
    """Who sends a message.

    Attributes:
        gln: 13 digits, None if the settings name no party of ours.
        email: Whom the receiver writes to.
    """

    email: str
    gln: str | None = None
    phone: str | None = None

    @property
    def wire(self) -> dict[str, Any]:
        """As messages have it."""
        return {"vp": None, "gln": self.gln, "email": self.email, "phone": self.phone}


@dataclass(frozen=True, slots=True)
class Known:
    """What a message is made from.

    Attributes:
        codes: Those that the receiver may know.
        messages: What was said; only what we said goes into a message of ours.
        participant: We.
        reports: Reports that came, oldest first.
        changed_s: When the case was last changed, Unix seconds.
        po_number: Of the order, empty if it is not known.
    """

    row: CaseRow
    codes: Sequence[str]
    messages: Sequence[MessageRow]
    participant: int
    reports: Sequence[Document]
    changed_s: int
    po_number: str


def report(known: Known, contact: Contact) -> dict[str, Any]:
    """Return a case of ours as a report."""
    row = known.row
    kind = ExceptionKind(row.kind)
    exceptions = {} if row.resolved else _exceptions(known, kind)
    texts = _texts(known)
    if not exceptions and not row.resolved:
        texts = [f"{kind.value.replace('_', ' ')}: {row.code_count} codes", *texts]
    return _named_by_content(
        known,
        {
            "sender_information": contact.wire,
            "exceptions": exceptions,
            "other_errors": texts or None,
            "case_resolved": row.resolved,
        },
    )


def response(known: Known, contact: Contact) -> dict[str, Any]:
    """Return what we say to the reports of a case."""
    items = {one.uuid: one for read in known.reports for one in read.items if one.uuid is not None}
    position = _position(known)
    answers = [] if position is None else [_answer(one, position) for one in items.values()]
    return _named_by_content(
        known,
        {
            "sender_information": contact.wire,
            "response_items": answers[:ITEMS_MAX],
            "additional_notes": "\n".join(_texts(known))[:TEXT_LENGTH_MAX] or None,
        },
    )


@dataclass(frozen=True, slots=True)
class _Position:
    """What we say to what was asked for: `action` in place of it, or simply yes."""

    action: str | None
    text: str | None


def _position(known: Known) -> _Position | None:
    row = known.row
    if row.resolved:
        return _Position(row.action, row.resolution)
    ours = [one for one in known.messages if one.participant == known.participant]
    decided = [one for one in ours if one.act in (words.AGREE, words.PROPOSE)]
    return _Position(decided[-1].action, decided[-1].text) if decided else None


def _answer(item: Item, position: _Position) -> dict[str, Any]:
    request, action = item.request, position.action
    agrees = action is None or (request is not None and action in _ALIKE.get(request, ()))
    answer: dict[str, Any] = {
        "exception_item_uuid": item.uuid,
        "resolution_response": ACCEPT if agrees else REJECT,
        "comments": (position.text or "")[:TEXT_LENGTH_MAX] or None,
        "alternative_resolution": None,
    }
    other = next((asked for asked, like in _ALIKE.items() if action in like), None)
    if not agrees and other is not None:
        answer["alternative_resolution"] = {
            "alternative_resolution": other,
            "follow_up": "Email",
            "follow_up_details": None,
        }
    return answer


def _exceptions(known: Known, kind: ExceptionKind) -> dict[str, Any]:
    row, request = known.row, _request(known, kind)
    gtins = {_product(code)[0] for code in known.codes}
    counted = row.expected is not None and row.found is not None
    if kind in (ExceptionKind.OVERAGE, ExceptionKind.SHORTAGE) and counted and len(gtins) == 1:
        member = "overages" if kind is ExceptionKind.OVERAGE else "underages"
        amount = {
            "exception_item_uuid": _uuid(row, member),
            "gtin": gtins.pop(),
            "quantity_ordered": row.expected,
            "quantity_received": row.found,
            "resolution_request": request,
        }
        return {member: [amount]}
    items = [_item(row, kind, code, request) for code in known.codes[:ITEMS_MAX]]
    if not items or kind not in _NO_PRODUCT | words.FOUND:
        return {}
    return {"missing_product" if kind in _NO_PRODUCT else "missing_product_data": items}


def _item(row: CaseRow, kind: ExceptionKind, code: str, request: str) -> dict[str, Any]:
    gtin, serial = _product(code)
    item: dict[str, Any] = {"exception_item_uuid": _uuid(row, code), "product_gtin": gtin}
    if kind in _NO_PRODUCT:
        item["file_id"] = row.subject.hex()
    else:
        item["observation_source"] = "Scan"
    return {**item, "product_serial": serial, "resolution_request": request}


def _product(code: str) -> tuple[str, str]:
    """Return GTIN and serial of a code; what has no GTIN is a serial as a whole."""
    try:
        found = parse_identifier(code)
    except IdentifierError:
        found = None
    if found is None or found.ai != "01" or found.qualifier != "21":
        return "", code
    return found.value, found.qualifier_value


def _request(known: Known, kind: ExceptionKind) -> str:
    """Return what we ask for: our last proposal, else what is usual."""
    for one in reversed(known.messages):
        if one.participant == known.participant and one.act == words.PROPOSE:
            said = next((asked for asked, like in _ALIKE.items() if one.action in like), None)
            if said is not None:
                return said
    return _REQUEST.get(kind, "Send new data")


def _texts(known: Known) -> list[str]:
    """Return what we have said to the partner, and nothing else."""
    return [
        one.text[:TEXT_LENGTH_MAX]
        for one in known.messages
        if one.participant == known.participant and one.text
    ]


def _named_by_content(known: Known, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message whose UUID follows from its content."""
    rest = {
        "exception_case_uuid": known.row.uuid,
        "timestamp": known.changed_s,
        "po_number": known.po_number,
        **members,
    }
    return {"message_uuid": _uuid(known.row, rfc8785.dumps(rest).decode()), **rest}


def _uuid(row: CaseRow, name: str) -> str:
    try:
        space = UUID(row.uuid)
    except ValueError:  # a file's UUID may be any text
        space = uuid5(NAMESPACE_URL, row.uuid)
    return str(uuid5(space, name))
