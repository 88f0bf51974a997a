"""DSCSA exception messages: read, and what they say in our words. Pure.

A `report` says what is wrong with a delivery, a `response` what its sender makes of that. What was
read is kept as it came (`raw`), with members that nobody knows here; these count as exceptions of
kind `other`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jsonschema_rs

from node_gateway.epcis.errors import pointer_to
from node_gateway.epcis.identifiers import IdentifierError, canonical_identifier
from node_gateway.epcis.parse import parse_json
from node_gateway.errors import DocumentRefusedError, Spot
from node_gateway.partners.dscsa_schema import ACCEPT, REPORT_SCHEMA, RESPONSE_SCHEMA
from node_gateway.partners.ports import ExceptionKind

SIZE_BYTES_MAX: Final = 8 * 1024 * 1024
DEPTH_MAX: Final = 16
REPORT, RESPONSE = "report", "response"
_NAMES: Final = ("message_uuid", "exception_case_uuid")
_COUNT_MAX: Final = 2**53 - 1
_PROBLEMS_MAX: Final = 20
_LISTED_NODES_MAX: Final = 2_000
_KINDS: Final[Mapping[str, ExceptionKind]] = {
    "missing_product_data": ExceptionKind.PRODUCT_NO_DATA,
    "missing_product": ExceptionKind.DATA_NO_PRODUCT,
    "overages": ExceptionKind.OVERAGE,
    "underages": ExceptionKind.SHORTAGE,
}
_MISALIGNED: Final = (
    ("gtin", ExceptionKind.UNKNOWN_CODE),
    ("serial", ExceptionKind.UNKNOWN_CODE),
    ("lot", ExceptionKind.WRONG_LOT),
    ("expiry", ExceptionKind.WRONG_EXPIRY),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One exception of a report.

    Attributes:
        uuid: Names it in the answer; None where the report gives none.
        where: Member of the report that holds it, `overages` for example.
        raw: As it came.
    """

    uuid: str | None
    where: str
    kind: ExceptionKind
    raw: Any

    @property
    def request(self) -> str | None:
        """What the sender asks for."""
        return _text(self.raw, "resolution_request")

    @property
    def code(self) -> str | None:
        """The canonical code of its serialised product, None if it names none that is valid."""
        gtin = _text(self.raw, "product_gtin") or _text(self.raw, "product_data_gtin")
        serial = _text(self.raw, "product_serial") or _text(self.raw, "product_data_serial")
        if not gtin or not serial:
            return None
        return code_of(gtin, serial)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a response says to one item."""

    uuid: str
    accepted: bool
    comments: str | None
    alternative: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """A report or a response.

    Attributes:
        uuid: Of this message; `case`: of the case, the same in all messages about it.
        timestamp: Unix seconds, as its sender says.
        gln: Of the sender, if given; not checked.
        resolved: A report that says that the case is resolved.
        items: Of a report; `answers`: of a response.
        notes: Free text: other errors of a report, notes of a response.
        raw: As it came.
    """

    kind: str
    uuid: str
    case: str
    timestamp: int
    po_number: str
    gln: str | None
    email: str
    resolved: bool
    items: tuple[Item, ...]
    answers: tuple[Answer, ...]
    notes: tuple[str, ...]
    raw: Mapping[str, Any]

    @property
    def expected(self) -> int | None:
        """How many pieces were ordered, over all items that say so."""
        return _total(self.items, "quantity_ordered")

    @property
    def found(self) -> int | None:
        """How many were received, over all items that say so."""
        return _total(self.items, "quantity_received")


class DscsaReader:
    """Compiled validators; build one and share it."""

    __slots__ = ("_report", "_response")

    def __init__(self) -> None:
        self._report, self._response = _compile(REPORT_SCHEMA), _compile(RESPONSE_SCHEMA)

    def read(self, raw: bytes) -> Document:
        """Read a message.

        Raises:
            EpcisError: no JSON, or more than 8 MiB.
            DocumentRefusedError: it is neither a report nor a response, with pointers.
        """
        wire = parse_json(raw, size_bytes_max=SIZE_BYTES_MAX, depth_max=DEPTH_MAX)
        kind = kind_of(wire)
        validator = self._report if kind == REPORT else self._response
        spots = _problems(validator, wire)
        if spots or not isinstance(wire, dict):
            raise DocumentRefusedError(spots or [_no_object()])
        if any("\0" in wire[name] for name in _NAMES):
            raise DocumentRefusedError([Spot("dscsa_form", "a name has the character U+0000")])
        return _report(wire) if kind == REPORT else _response(wire)


def kind_of(wire: object) -> str:
    """Return what a message is meant to be, by the members that only a report has."""
    is_report = isinstance(wire, dict) and {"case_resolved", "exceptions", "other_errors"} & set(
        wire
    )
    return REPORT if is_report else RESPONSE


def code_of(gtin: str, serial: str) -> str | None:
    """Return the canonical code of a serialised product, None if it is none."""
    try:
        return canonical_identifier(f"https://id.gs1.org/01/{gtin.zfill(14)}/21/{serial}")
    except IdentifierError:
        return None


def _report(wire: Mapping[str, Any]) -> Document:
    other = wire.get("other_errors") or ()
    items = tuple(_items(wire.get("exceptions") or {}))
    return _document(REPORT, wire, items=items, notes=tuple(other))


def _response(wire: Mapping[str, Any]) -> Document:
    answers = tuple(
        Answer(
            uuid=one["exception_item_uuid"],
            accepted=one["resolution_response"] == ACCEPT,
            comments=one.get("comments"),
            alternative=(one.get("alternative_resolution") or {}).get("alternative_resolution"),
        )
        for one in wire.get("response_items") or ()
    )
    notes = wire.get("additional_notes")
    return _document(RESPONSE, wire, answers=answers, notes=(notes,) if notes else ())


def _document(
    kind: str,
    wire: Mapping[str, Any],
    *,
    items: tuple[Item, ...] = (),
    answers: tuple[Answer, ...] = (),
    notes: tuple[str, ...],
) -> Document:
    sender = wire["sender_information"]
    return Document(
        kind=kind,
        uuid=wire["message_uuid"],
        case=wire["exception_case_uuid"],
        timestamp=int(wire["timestamp"]),
        po_number=wire["po_number"],
        gln=sender.get("gln"),
        email=sender["email"],
        resolved=bool(wire.get("case_resolved")),
        items=items,
        answers=answers,
        notes=notes,
        raw=wire,
    )


def _items(exceptions: Mapping[str, Any]) -> Iterator[Item]:
    for where, listed in exceptions.items():
        if where == "master_data_errors" and isinstance(listed, dict):
            for inner, errors in listed.items():
                yield from _listed(f"{where}/{inner}", errors)
        else:
            yield from _listed(where, listed)


def _listed(where: str, listed: Any) -> Iterator[Item]:
    if listed is None:
        return
    for one in listed if isinstance(listed, list) else [listed]:
        yield Item(_text(one, "exception_item_uuid"), where, _kind(where, one), one)


def _kind(where: str, raw: Any) -> ExceptionKind:
    if where != "data_misalignment":
        return _KINDS.get(where, ExceptionKind.OTHER)
    for what, kind in _MISALIGNED:
        if raw[f"received_product_{what}"] != raw[f"product_data_{what}"]:
            return kind
    return ExceptionKind.OTHER


def _text(raw: Any, name: str) -> str | None:
    value = raw.get(name) if isinstance(raw, dict) else None
    return value if isinstance(value, str) else None


def _total(items: tuple[Item, ...], name: str) -> int | None:
    stated = [int(one.raw[name]) for one in items if _has_number(one.raw, name)]
    total = sum(stated)
    return total if stated and abs(total) <= _COUNT_MAX else None


def _has_number(raw: Any, name: str) -> bool:
    return isinstance(raw, dict) and type(raw.get(name)) in (int, float)


def _compile(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(
        schema, validate_formats=True, offline=True, mask="the value"
    )


def _problems(validator: jsonschema_rs.Validator, wire: object) -> list[Spot]:
    """Return what speaks against a message. Of a large one only the first problem is looked for.

    The validator builds all problems before it hands out the first.
    """
    if validator.is_valid(wire):
        return []
    if _nodes(wire, _LISTED_NODES_MAX) <= _LISTED_NODES_MAX:
        errors = list(validator.iter_errors(wire))[:_PROBLEMS_MAX]
    else:
        errors = []
        try:
            validator.validate(wire)
        except jsonschema_rs.ValidationError as error:
            errors = [error]
    return [
        Spot(
            "dscsa_form",
            error.message,
            pointer_to(*error.instance_path),
            "docs/reference/dscsa.md shows the members.",
        )
        for error in errors
    ]


def _nodes(value: object, most: int) -> int:
    count, waiting = 0, [value]
    while waiting and count <= most:
        one = waiting.pop()
        count += 1
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return count


def _no_object() -> Spot:
    return Spot("dscsa_form", "a message is an object")
