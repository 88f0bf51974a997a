"""Corrections: take an event back, with or without saying what is right instead."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from node_gateway.api.deps import BodyDep, EntryPath, GatewayDep, read, requires
from node_gateway.services.correcting import CorrectionReport
from node_gateway.storage.ports import ApiKey

router = APIRouter(tags=["corrections"])

CorrectKey = Annotated[ApiKey, Depends(requires("capture", "operate"))]


class CorrectionIn(BaseModel):
    """What is wrong with an event, and what is right instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Literal["incorrect_data", "did_not_occur"]
    event: dict[str, Any] | None = None


@router.post("/v1/events/{entry}/correction", operation_id="correctEvent", status_code=201)
async def correct_event(
    key: CorrectKey, gateway: GatewayDep, entry: EntryPath, body: BodyDep
) -> Response:
    """Declare an event an error; with `event`, also capture what is right instead.

    Both versions stay provable. Without `event` it is void without replacement. 200 if the same
    correction was made before. Problems: event_not_found, event_erased, not_correctable,
    reason_contradicts, already_corrected, document_refused, event_conflict, read_only.
    """
    del key
    limit = gateway.settings.limits.body_size_bytes_max
    wanted = read(CorrectionIn, body, size_bytes_max=limit)
    report = await gateway.correcting.correct(
        bytes.fromhex(entry), reason=wanted.reason, replacement=wanted.event
    )
    return JSONResponse(_wire(report), 200 if report.repeated else 201)


def _wire(report: CorrectionReport) -> dict[str, Any]:
    return {
        "entry": report.original.hex(),
        "status": "voided" if report.corrective is None else "replaced",
        "declaration": report.declaration.hex(),
        "corrective": report.corrective.hex() if report.corrective else None,
    }
