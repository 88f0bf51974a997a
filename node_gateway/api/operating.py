"""Operations on goods: ship, receive, pack, dispense, ... These may refuse, unlike `/epcis`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from node_gateway.api.deps import BodyDep, GatewayDep, OperateKey, read
from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.operations import OPERATIONS, Order
from node_gateway.epcis.times import offset_of
from node_gateway.errors import DocumentRefusedError, Spot
from node_gateway.services.gateway import Gateway
from node_gateway.services.merging import MERGE
from node_gateway.services.operating import OperationReport

router = APIRouter(tags=["operations"])

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
CODES_MAX = 2**18
UNITS_MAX = 1000
TEXT_LENGTH_MAX = 1000
LOT_LENGTH_MAX = 64
Text = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)]


class OperationIn(BaseModel):
    """What is being done. Identifiers in any spelling; a party or place also as a bare GLN."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    codes: Annotated[list[Text], Field(max_length=CODES_MAX)] = []
    parent: Text | None = None
    document: Text | None = None
    document_type: Annotated[Text | None, Field(alias="documentType")] = None
    to: Text | None = None
    sender: Annotated[Text | None, Field(alias="from")] = None
    place: Text | None = None
    event_time: Annotated[Text | None, Field(alias="eventTime")] = None
    reason: Text | None = None
    override: Text | None = None
    lot: Annotated[str | None, Field(min_length=1, max_length=LOT_LENGTH_MAX)] = None


class MergeIn(BaseModel):
    """Which units are emptied into which one."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    parent: Text
    units: Annotated[list[Text], Field(min_length=1, max_length=UNITS_MAX)]
    document: Text | None = None
    document_type: Annotated[Text | None, Field(alias="documentType")] = None
    place: Text | None = None
    event_time: Annotated[Text | None, Field(alias="eventTime")] = None
    reason: Text | None = None
    override: Text | None = None


class UndoIn(BaseModel):
    """Whose latest statement is taken back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Text


@router.get("/v1/operations", operation_id="listOperations")
async def list_operations(key: OperateKey, gateway: GatewayDep) -> dict[str, Any]:
    """List the operations, what each one needs and which event it states."""
    del key, gateway
    return {
        "operations": [
            {
                "name": one.name,
                "what": one.what,
                "needs": sorted(one.needs),
                "action": one.action,
                "bizStep": one.step,
                "disposition": one.disposition,
                "document": one.document,
            }
            for one in OPERATIONS.values()
        ]
    }


@router.post("/v1/operations/merge", operation_id="mergeUnits", status_code=201)
async def merge(
    key: OperateKey,
    gateway: GatewayDep,
    body: BodyDep,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Take everything out of some units and pack it into another: in one document, or not at all.

    200 if the same request was answered before. Problems: packing_form, operation_refused,
    idempotency_mismatch, document_refused, identifier_form, check_digit, read_only.
    """
    del key
    wanted = read(MergeIn, body, size_bytes_max=gateway.settings.limits.body_size_bytes_max)
    report = await gateway.merging.merge(
        _merge_order(gateway, wanted), idempotency_key=idempotency_key
    )
    wire = {
        "operation": MERGE,
        "events": [
            {"eventID": event_id, "entry": entry.hex()} for event_id, entry in report.events
        ],
        "captureID": report.capture_id,
        "repeated": report.repeated,
        "overridden": [_spot(one) for one in report.overridden],
    }
    return JSONResponse(wire, 200 if report.repeated else 201)


@router.post("/v1/operations/{operation}", operation_id="operate", status_code=201)
async def operate(
    key: OperateKey,
    gateway: GatewayDep,
    operation: str,
    body: BodyDep,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Capture what is being done to goods, unless the state rules forbid it.

    An `override` says why it is done nevertheless; the reason becomes part of the event. 200 if
    the same request was answered before. Problems: operation_not_found, operation_incomplete,
    operation_refused, document_refused, identifier_form, check_digit, read_only.
    """
    del key
    wanted = read(OperationIn, body, size_bytes_max=gateway.settings.limits.body_size_bytes_max)
    report = await gateway.operating.do(
        operation, order_of(gateway, wanted), idempotency_key=idempotency_key
    )
    return JSONResponse(_wire(report), 200 if report.repeated else 201)


@router.post("/v1/operations/{operation}/undo", operation_id="undoOperation", status_code=201)
async def undo(key: OperateKey, gateway: GatewayDep, operation: str, body: BodyDep) -> Response:
    """Take back the latest statement of an operation about a code: it did not occur.

    Problems: operation_not_found, nothing_to_undo, identifier_form, check_digit, read_only.
    """
    del key
    wanted = read(UndoIn, body, size_bytes_max=gateway.settings.limits.body_size_bytes_max)
    report = await gateway.operating.undo(operation, gateway.canonical_code(wanted.code))
    return JSONResponse(_wire(report), 200 if report.repeated else 201)


def order_of(gateway: Gateway, wanted: OperationIn) -> Order:
    """Return what is asked for, with identifiers in canonical form.

    Raises:
        EpcisError, DocumentRefusedError, ParameterError: an identifier or name is not usable.
    """
    scanned = [_scanned(gateway, one, f"/codes/{at}") for at, one in enumerate(wanted.codes)]
    return Order(
        codes=tuple(dict.fromkeys(code for code, _ in scanned)),
        lots={code: stated for code, lot in scanned if (stated := lot or wanted.lot)},
        parent=_code(gateway, wanted.parent, "/parent") if wanted.parent else None,
        document=wanted.document,
        document_type=wanted.document_type,
        sender=gateway.naming.party(wanted.sender) if wanted.sender else None,
        receiver=gateway.naming.party(wanted.to) if wanted.to else None,
        place=gateway.naming.place(wanted.place) if wanted.place else None,
        event_time=wanted.event_time or "",
        offset=offset_of(wanted.event_time) if wanted.event_time else "",
        reason=wanted.reason,
        override=wanted.override,
    )


def _merge_order(gateway: Gateway, wanted: MergeIn) -> Order:
    units = [_code(gateway, one, f"/units/{index}") for index, one in enumerate(wanted.units)]
    return Order(
        codes=tuple(dict.fromkeys(units)),
        parent=_code(gateway, wanted.parent, "/parent"),
        document=wanted.document,
        document_type=wanted.document_type,
        place=gateway.naming.place(wanted.place) if wanted.place else None,
        event_time=wanted.event_time or "",
        offset=offset_of(wanted.event_time) if wanted.event_time else "",
        reason=wanted.reason,
        override=wanted.override,
    )


def _code(gateway: Gateway, text: str, pointer: str) -> str:
    return _scanned(gateway, text, pointer)[0]


def _scanned(gateway: Gateway, text: str, pointer: str) -> tuple[str, str | None]:
    """Return a code in its canonical form and its lot; a mistake is told with its place."""
    try:
        found, lot = gateway.scanned(text)
    except EpcisError as error:
        spot = Spot(error.code, error.detail, pointer, error.hint)
        raise DocumentRefusedError([spot]) from None
    if not _URI.match(found):
        hint = "Scan it, or write (01)...(21)..., GTIN and serial, SSCC, URN or Digital Link."
        spot = Spot("identifier_form", "no spelling of a code that is known here", pointer, hint)
        raise DocumentRefusedError([spot])
    return found, lot


def _wire(report: OperationReport) -> dict[str, Any]:
    return {
        "operation": report.operation,
        "eventID": report.event_id,
        "entry": report.entry.hex(),
        "captureID": report.capture_id,
        "repeated": report.repeated,
        "overridden": [_spot(one) for one in report.overridden],
    }


def _spot(spot: Spot) -> dict[str, str]:
    return {"rule": spot.code, "detail": spot.detail}
