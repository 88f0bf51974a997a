"""Mappings of CSV files, and looking at files before they are captured."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from node_gateway.api.deps import CaptureKey, GatewayDep, limited_body
from node_gateway.codes.csv.mapping import needed_columns
from node_gateway.services.linting import report_wire

router = APIRouter(tags=["files"])

MappingQuery = Annotated[
    str | None, Query(max_length=100, description="CSV: the mapping, as /v1/csv-mappings named it.")
]


async def _whole(request: Request) -> bytes:
    return await limited_body(request)


WholeBody = Annotated[bytes, Depends(_whole)]
_ANY = {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}


@router.post("/v1/csv-mappings", operation_id="keepCsvMapping", openapi_extra={"requestBody": _ANY})
async def keep_mapping(key: CaptureKey, gateway: GatewayDep, body: WholeBody) -> Response:
    """Keep a mapping of CSV files, TOML or JSON, under its digest; the same again is the same.

    Problems: mapping_form, template_form, rule_form, goods_form, time_zone_unknown,
    too_many_mappings.
    """
    del key
    digest, mapping = await gateway.mappings.put(body)
    return JSONResponse({"mapping": digest, "columns": sorted(needed_columns(mapping))})


@router.post("/v1/lint", operation_id="lintFile", openapi_extra={"requestBody": _ANY})
async def lint_file(
    key: CaptureKey, gateway: GatewayDep, body: WholeBody, mapping: MappingQuery = None
) -> Response:
    """Say what a file would do if it were captured; nothing of it is stored.

    Problems: import_kind, mapping_not_found.
    """
    del key
    known = None if mapping is None else await gateway.mappings.get(mapping)
    return JSONResponse(report_wire(await gateway.linting.lint(body, known)))
