"""Imports of files, and exports of what was imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from node_gateway.api.deps import CaptureKey, GatewayDep, QueryKey
from node_gateway.api.epcis_protocol import XML, time_text
from node_gateway.api.linting import MappingQuery
from node_gateway.codes.china.bill_types import BILL_TYPES
from node_gateway.errors import ParameterError
from node_gateway.services.importing import ImportProgress
from node_gateway.services.importing_csv import CSV
from node_gateway.storage.importing import OPEN

router = APIRouter(tags=["files"])

BillTypeQuery = Annotated[
    int | None,
    Query(alias="billType", description="Type of the bills, where the file does not say it."),
]
EncodingQuery = Annotated[
    Literal["utf-8", "gb18030"], Query(description="Encoding of the file that is answered.")
]
DialectQuery = Annotated[
    Literal["upper", "lower"], Query(description="Spelling of the attributes of Events and Event.")
]


@router.post("/v1/imports", operation_id="importFile", status_code=202)
async def import_file(
    key: CaptureKey,
    gateway: GatewayDep,
    request: Request,
    bill_type: BillTypeQuery = None,
    mapping: MappingQuery = None,
) -> Response:
    """Take a file in and import it in the background; the same file again is the same import.

    Problems: body_too_large, import_kind, mapping_not_found, parameter, database_full, read_only.
    """
    del key
    if bill_type is not None and bill_type not in BILL_TYPES:
        raise ParameterError("billType is none of the platform's types", hint="Such as 107.")
    gateway.gate.require_capture()
    if mapping is not None:
        await gateway.mappings.get(mapping)
    received = await gateway.intake.receive(request.stream())
    options = mapping or ("" if bill_type is None else str(bill_type))
    kind = None if mapping is None else CSV
    job = await gateway.intake.start(received, kind=kind, options=options)
    progress = await gateway.importing.job(job.number)
    headers = {"Location": f"/v1/imports/{job.number}"}
    return JSONResponse(import_wire(progress), 202, headers)


@router.get("/v1/imports/{number}", operation_id="getImport")
async def get_import(key: CaptureKey, gateway: GatewayDep, number: int) -> Response:
    """Return how far an import is, and what was found in its file. Problems: import_not_found."""
    del key
    return JSONResponse(import_wire(await gateway.importing.job(number)))


@router.get("/v1/exports/bills/{number:path}", operation_id="exportBill")
async def export_bill(
    key: QueryKey, gateway: GatewayDep, number: str, encoding: EncodingQuery = "utf-8"
) -> Response:
    """Return a bill as a file of the platform. Problems: bill_not_found, index_behind."""
    del key
    return _file(await gateway.exports.bill(number, encoding=encoding), encoding)


@router.get("/v1/exports/relations", operation_id="exportRelation")
async def export_relation(
    key: QueryKey,
    gateway: GatewayDep,
    lot: Annotated[str, Query(max_length=300, description="Lot number (batchNo).")],
    product: Annotated[str, Query(max_length=300, description="Product code.")] = "",
    dialect: DialectQuery = "upper",
    encoding: EncodingQuery = "utf-8",
) -> Response:
    """Return an imported lot as a relation file. Problems: lot_not_found."""
    del key
    parts = await gateway.exports.relation(product, lot, dialect=dialect, encoding=encoding)
    return _file(parts, encoding)


def import_wire(progress: ImportProgress) -> dict[str, Any]:
    """Return an import as its answer has it."""
    job = progress.job
    state = job.state
    if state == OPEN:
        state = "running" if progress.is_running else "interrupted"
    wire: dict[str, Any] = {
        "id": str(job.number),
        "kind": job.kind,
        "state": state,
        "digest": job.digest.hex(),
        "sizeBytes": job.size_bytes,
        "createdAt": time_text(job.created_at_ms),
        "codesToCapture": job.code_count,
        "codesCaptured": job.captured_code_count,
        "events": job.event_count,
        "duplicates": job.duplicate_count,
        "parts": job.part_count,
    }
    if job.finished_at_ms is not None and state != "running":
        wire["finishedAt"] = time_text(job.finished_at_ms)
    if job.report is not None:
        wire["report"] = orjson.loads(job.report)
    return wire


def _file(parts: Iterator[bytes], encoding: str) -> StreamingResponse:
    return StreamingResponse(parts, media_type=f"{XML}; charset={encoding}")
