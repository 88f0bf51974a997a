"""Labels over HTTP: files at once, and jobs that one scanned label unlocks."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from node_gateway.api.deps import BodyDep, GatewayDep, OperateKey, read
from node_gateway.api.issuing_wire import body_of
from node_gateway.errors import NotAcceptableError
from node_gateway.labels.jobs import Job
from node_gateway.labels.printing import Logged, Occasion, Printed
from node_gateway.labels.requests import FORMATS, Format, LabelRequest, described

router = APIRouter(tags=["labels"])

_BODY_SIZE_BYTES_MAX: Final = 2 * 1024 * 1024
_NUMBER_MAX: Final = 2**53 - 1
_TEXT_MAX: Final = 1000
_ACCEPTED: Final[dict[str, Format]] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/svg+xml": "svg",
    "application/vnd.zebra-zpl": "zpl",
    "application/zpl": "zpl",
    "text/csv": "csv",
    "application/*": "pdf",
    "image/*": "svg",
    "text/*": "csv",
    "*/*": "pdf",
}

FormatQuery = Annotated[
    Format | None, Query(alias="format", description="Of the file; else what Accept asks for.")
]
AcceptHeader = Annotated[str, Header(max_length=_TEXT_MAX, include_in_schema=False)]
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the job.")]
Before = Annotated[
    int | None, Query(ge=1, le=_NUMBER_MAX, description="`next` of the page before.")
]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=1000)]
DryRun = Annotated[bool, Query(alias="dryRun", description="Look only; print and log nothing.")]
_Text = Annotated[str, Field(max_length=_TEXT_MAX)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class LabelsIn(_In):
    """Which labels. Exactly one of `order`, `ofLot` and `codes`."""

    order: _Text | None = None
    first: Annotated[int, Field(ge=0)] = 0
    count: Annotated[int | None, Field(ge=1)] = None
    of_lot: _Text | None = None
    codes: Annotated[list[str], Field(max_length=10_000)] = []
    lot: _Text | None = None
    expiry: date | None = None
    symbol: _Text | None = None
    level: _Text | None = None
    media: _Text = "50x25"
    x_mm: float | None = None
    bar_mm: float | None = None
    dpi: int = 300
    language: Annotated[str, Field(pattern="^(zh|en)$")] = "zh"
    is_full: bool = False
    skip: int = 0
    native: bool = False
    printer_font: _Text | None = None
    read_all: bool = False
    reason: _Text | None = None
    override: _Text | None = None

    def request(self) -> LabelRequest:
        """Return the request; its members are checked by the use case."""
        values = dict(self)
        return LabelRequest(**{**values, "codes": tuple(self.codes)})


class RunIn(_In):
    """Which labels of a job: all but the first one, or those that are named."""

    first: Annotated[int | None, Field(ge=0)] = None
    count: Annotated[int | None, Field(ge=1)] = None
    reason: _Text | None = None


class ScanIn(_In):
    """What a scanner read off the first label."""

    scanned: str


@router.post("/v1/labels", operation_id="printLabels", openapi_extra=body_of(LabelsIn))
async def print_labels(
    key: OperateKey,
    gateway: GatewayDep,
    body: BodyDep,
    form: FormatQuery = None,
    accept: AcceptHeader = "*/*",
    *,
    dry_run: DryRun = False,
) -> Response:
    """Return labels as one file at once, without the lock of a job. It is logged.

    Problems: parameter, label_goods, label_count, lot_form, reason_form, label_symbol, label_level,
    label_media, label_dpi, label_font, label_skip, label_x_dimension, label_bar_height, label_kind,
    label_address, label_content, label_format, label_native, label_too_small, label_unreadable,
    label_reprint, label_lot_not_found, order_not_found, operation_refused, document_refused,
    not_acceptable.
    """
    request = _read(body)
    chosen = _format(form, accept)
    if dry_run:
        look = await gateway.labels.printing.look(request, chosen)
        count = await gateway.labels.printing.count(request)
        return JSONResponse(look_wire(look, count))
    occasion = Occasion(key.key_id)
    return file_of(await gateway.labels.printing.printed(request, chosen, occasion), chosen)


@router.post(
    "/v1/labels/jobs",
    operation_id="addLabelJob",
    status_code=201,
    openapi_extra=body_of(LabelsIn),
)
async def add_job(key: OperateKey, gateway: GatewayDep, body: BodyDep) -> Response:
    """Keep a job of labels. It is locked until its first label was printed and scanned.

    Problems: parameter, label_goods, label_count, lot_form, reason_form, label_symbol, label_level,
    label_media, label_dpi, label_font, label_skip, label_x_dimension, label_bar_height, label_kind,
    label_address, label_content, label_too_small, label_unreadable, label_reprint,
    label_lot_not_found, order_not_found, operation_refused, document_refused.
    """
    job, look = await gateway.labels.jobs.add(_read(body), key.key_id)
    made = {**job_wire(job), "look": look_wire(look, job.row.label_count)}
    where = {"Location": f"/v1/labels/jobs/{job.row.number}"}
    return JSONResponse(made, status_code=201, headers=where)


@router.get("/v1/labels/jobs", operation_id="listLabelJobs")
async def list_jobs(
    key: OperateKey, gateway: GatewayDep, before: Before = None, per_page: PerPage = 100
) -> dict[str, Any]:
    """Return jobs of labels, newest first. Problems: parameter."""
    del key
    found = await gateway.labels.jobs.jobs(before=before, limit=per_page)
    following = found[-1].row.number if len(found) == per_page else None
    return {"jobs": [job_wire(one) for one in found], "next": following}


@router.get("/v1/labels/jobs/{number}", operation_id="getLabelJob")
async def get_job(key: OperateKey, gateway: GatewayDep, number: Number) -> dict[str, Any]:
    """Return a job, and what was printed of it. Problems: label_job_not_found."""
    del key
    job = await gateway.labels.jobs.job(number)
    prints = await gateway.labels.printing.log(job=number, limit=1000)
    return {**job_wire(job), "prints": [print_wire(one) for one in prints]}


@router.post("/v1/labels/jobs/{number}/first", operation_id="printFirstLabel")
async def print_first(
    key: OperateKey,
    gateway: GatewayDep,
    number: Number,
    form: FormatQuery = None,
    accept: AcceptHeader = "*/*",
) -> Response:
    """Return the first label of a locked job, which is to be scanned. It is logged.

    Problems: label_job_not_found, label_unlocked, label_format, label_native, label_too_small,
    label_unreadable, operation_refused, not_acceptable.
    """
    chosen = _format(form, accept)
    return file_of(await gateway.labels.jobs.first(number, chosen, key.key_id), chosen)


@router.post(
    "/v1/labels/jobs/{number}/scan", operation_id="scanFirstLabel", openapi_extra=body_of(ScanIn)
)
async def scan_first(
    key: OperateKey, gateway: GatewayDep, number: Number, body: BodyDep
) -> dict[str, Any]:
    """Unlock a job by what a scanner read off its first label.

    Problems: parameter, code_too_long, label_job_not_found, label_not_printed, label_scan_differs,
    operation_refused.
    """
    scanned = read(ScanIn, body).scanned
    done = await gateway.labels.jobs.scan(number, scanned, key.key_id)
    return {**job_wire(done.job), "separatorsLost": done.lost}


@router.post(
    "/v1/labels/jobs/{number}/print", operation_id="printLabelJob", openapi_extra=body_of(RunIn)
)
async def print_job(
    key: OperateKey,
    gateway: GatewayDep,
    number: Number,
    body: BodyDep,
    form: FormatQuery = None,
    accept: AcceptHeader = "*/*",
) -> Response:
    """Return the labels of an unlocked job: all but the first one, or some again with a reason.

    Problems: parameter, label_job_not_found, label_locked, label_reprint, label_count,
    reason_form, label_format, label_native, label_too_small, label_unreadable, operation_refused,
    not_acceptable.
    """
    wanted, chosen = read(RunIn, body), _format(form, accept)
    made = await gateway.labels.jobs.run(number, chosen, key.key_id, **dict(wanted))
    return file_of(made, chosen)


@router.get("/v1/labels/prints", operation_id="listLabelPrints")
async def list_prints(
    key: OperateKey, gateway: GatewayDep, before: Before = None, per_page: PerPage = 100
) -> dict[str, Any]:
    """Return what was printed, by whom and why, newest first. Problems: parameter."""
    del key
    found = await gateway.labels.printing.log(before=before, limit=per_page)
    following = found[-1].row.number if len(found) == per_page else None
    return {"prints": [print_wire(one) for one in found], "next": following}


def _read(body: bytes) -> LabelRequest:
    return read(LabelsIn, body, size_bytes_max=_BODY_SIZE_BYTES_MAX).request()


def _format(form: Format | None, accept: str) -> Format:
    """Return the form of a file: as the query says, else the first kind that is accepted.

    Raises:
        NotAcceptableError: none of them is made here.
    """
    if form is not None:
        return form
    kinds = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
    for kind in kinds:
        if kind in _ACCEPTED:
            return _ACCEPTED[kind]
    raise NotAcceptableError(
        "no file of labels is of a kind that you take",
        hint=f"format={'|'.join(FORMATS)}, or Accept: application/pdf.",
    )


def file_of(printed: Printed, form: Format) -> Response:
    """Return a file of labels, with what was known against them in its headers."""
    made = printed.made
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="labels-{printed.number}.{form}"',
        "Sealtrail-Print": str(printed.number),
        "Sealtrail-Labels": str(made.count),
        "Sealtrail-Decoded": str(made.decoded),
        "Sealtrail-Read-Back": str(made.read),
        "Sealtrail-Printed-Before": str(printed.printed_before),
    }
    said = [f"{one.code};count={one.count}" for one in printed.warnings]
    if made.names_left_out:
        said.append(f"label_name_left_out;count={made.names_left_out}")
    if said:
        headers["Sealtrail-Warnings"] = ", ".join(said)
    return Response(made.body, media_type=made.media_type, headers=headers)


def look_wire(look: Printed, count: int) -> dict[str, Any]:
    """Return a look at labels as JSON."""
    return {
        "count": count,
        "printedBefore": look.printed_before,
        "symbols": [
            {
                "symbology": one.symbology,
                "identifier": one.identifier,
                "data": one.data,
                "hri": list(one.hri),
            }
            for one in look.made.first
        ],
        "preview": look.preview.decode("utf-8"),
        "decoded": look.made.decoded,
        "readBack": look.made.read,
        "warnings": [
            {"code": one.code, "detail": one.detail, "count": one.count} for one in look.warnings
        ],
        "overridden": [
            {"code": one.code, "detail": one.detail, "pointer": one.pointer}
            for one in look.overridden
        ],
    }


def job_wire(job: Job) -> dict[str, Any]:
    """Return a job as JSON."""
    row = job.row
    shown = {to_camel(name): value for name, value in described(job.request).items()}
    address = f"/v1/labels/jobs/{quote(str(row.number))}"
    return {
        "job": row.number,
        "state": "locked" if job.is_locked else "unlocked",
        "count": row.label_count,
        "madeBy": row.made_by,
        "createdAtMs": row.created_at_ms,
        "failedScans": row.failed_scans,
        "unlockedAtMs": row.unlocked_at_ms,
        "unlockedBy": row.unlocked_by,
        "request": {**shown, "expiry": job.request.expiry and job.request.expiry.isoformat()},
        "href": address,
    }


def print_wire(one: Logged) -> dict[str, Any]:
    """Return what was printed as JSON."""
    row = one.row
    return {
        "print": row.number,
        "job": row.job,
        "kind": row.kind,
        "format": row.format,
        "key": row.key_id,
        "atMs": row.at_ms,
        "count": row.label_count,
        "reason": row.reason,
        "override": row.override,
        "orders": [
            {"order": order, "first": first, "count": count} for order, first, count in one.spans
        ],
        "codes": list(one.codes),
    }
