"""Issuing codes: orders as streams, ranges, commissioning, void and replaced codes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from node_gateway.api.deps import BodyDep, GatewayDep, OperateKey, QueryKey, read
from node_gateway.api.issuing_wire import (
    CloseIn,
    CommissionIn,
    OrderIn,
    ReplaceIn,
    VoidIn,
    body_of,
    entry_wire,
    order_wire,
    range_wire,
    status_wire,
    withdrawn_wire,
)
from node_gateway.api.states import platform_wire
from node_gateway.codes.issuing import Code
from node_gateway.services.commissioning import CommissionRequest
from node_gateway.services.gateway import Gateway
from node_gateway.storage.issuing_rows import OrderRow

router = APIRouter(tags=["issuing"])

CSV_HEAD: Final = b"code,element_string,plain\r\n"

OrderPath = Annotated[str, Path(max_length=100, description="Id of the order.")]
Format = Annotated[Literal["csv", "json"], Query(description="csv, or one JSON document.")]
DryRun = Annotated[bool, Query(alias="dryRun", description="Check, and write nothing.")]
OrderKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=100, description="Id of the order, if not in it."),
]


@router.post("/v1/codes/issue", operation_id="issueCodes", openapi_extra=body_of(OrderIn))
async def issue_codes(
    key: OperateKey,
    gateway: GatewayDep,
    body: BodyDep,
    idempotency_key: OrderKey = None,
    format: Format = "csv",  # noqa: A002  the name of the parameter
    dry_run: DryRun = False,
) -> Response:
    """Give out codes and stream them. The same order again streams the same codes.

    Problems: parameter, what_to_issue, gtin_form, check_digit, drug_id_form, company_prefix_form,
    line_form, order_id, order_count, order_mismatch, not_our_product, range_exhausted,
    codes_exhausted, guess_rate, prefix_overlap, read_only.
    """
    del key
    request = read(OrderIn, body).request(idempotency_key)
    if dry_run:
        scheme = await gateway.issuing.preview(request)
        return JSONResponse({"dryRun": True, "kind": scheme.kind, "name": scheme.name})
    order = await gateway.issuing.issue(request)
    return _stream(gateway, order, format, first=0)


@router.get("/v1/codes/orders", operation_id="listCodeOrders")
async def list_orders(
    key: OperateKey,
    gateway: GatewayDep,
    after: Annotated[int, Query(ge=0, description="`next` of the page before.")] = 0,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Return orders, oldest first."""
    del key
    orders = await gateway.issuing.orders(after=after, limit=per_page)
    following = orders[-1].number if len(orders) == per_page else None
    return {"orders": [order_wire(one) for one in orders], "next": following}


@router.get("/v1/codes/orders/{order}", operation_id="getCodeOrder")
async def get_order(key: OperateKey, gateway: GatewayDep, order: OrderPath) -> dict[str, Any]:
    """Return an order, and what became of its codes. Problems: order_not_found."""
    del key
    found = await gateway.issuing.order(order)
    done = await gateway.commissioning.done(found)
    return {
        **order_wire(found),
        "withdrawn": await gateway.withdrawing.count(found),
        "commissioned": [
            {"first": one.first, "count": one.count, "entry": entry_wire(one.entry)} for one in done
        ],
    }


@router.get("/v1/codes/orders/{order}/codes", operation_id="getOrderedCodes")
async def get_codes(
    key: OperateKey,
    gateway: GatewayDep,
    order: OrderPath,
    after: Annotated[int, Query(ge=0, description="So many codes are here already.")] = 0,
    format: Format = "csv",  # noqa: A002  the name of the parameter
) -> Response:
    """Stream the codes of an order again, or the rest of them. Problems: order_not_found."""
    del key
    return _stream(gateway, await gateway.issuing.order(order), format, first=after)


@router.post(
    "/v1/codes/orders/{order}/commission",
    operation_id="commissionCodes",
    openapi_extra=body_of(CommissionIn),
)
async def commission_codes(
    key: OperateKey,
    gateway: GatewayDep,
    order: OrderPath,
    body: BodyDep,
    dry_run: DryRun = False,
) -> dict[str, Any]:
    """Capture the commissioning of codes; asked for again, nothing is stored twice.

    Problems: parameter, order_not_found, order_count, lot_form, day_form, time_form,
    identifier_form, codes_commissioned, event_time_future, read_only.
    """
    del key
    wanted = read(CommissionIn, body)
    request = CommissionRequest(**wanted.model_dump())
    events = await gateway.commissioning.commission(order, request, dry_run=dry_run)
    return {
        "order": order,
        "dryRun": dry_run,
        "events": [
            {
                "first": one.first,
                "count": one.count,
                "commissioned": one.commissioned,
                "entry": entry_wire(one.entry),
                "repeated": one.repeated,
            }
            for one in events
        ],
    }


@router.get("/v1/codes/ranges", operation_id="listCodeRanges")
async def list_ranges(key: OperateKey, gateway: GatewayDep) -> dict[str, Any]:
    """Return the ranges of all lines, oldest first."""
    del key
    return {"ranges": [range_wire(one) for one in await gateway.issuing.ranges()]}


@router.post(
    "/v1/codes/ranges",
    operation_id="addCodeRange",
    status_code=201,
    openapi_extra=body_of(OrderIn),
)
async def add_range(key: OperateKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Set aside codes for a line, which then gets no others. Refused as an order is."""
    del key
    return range_wire(await gateway.issuing.add_range(read(OrderIn, body).request()))


@router.post(
    "/v1/codes/ranges/close", operation_id="closeCodeRanges", openapi_extra=body_of(CloseIn)
)
async def close_ranges(key: OperateKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Give out nothing more from the ranges there are; the next ones have new keys.

    Problems: parameter, what_to_issue, gtin_form, check_digit, read_only.
    """
    del key
    wanted = read(CloseIn, body)
    closed = await gateway.issuing.close_ranges(wanted.request(), skip=wanted.skip)
    return {"ranges": [range_wire(one) for one in closed]}


@router.post("/v1/codes/void", operation_id="voidCode", openapi_extra=body_of(VoidIn))
async def void_code(
    key: OperateKey, gateway: GatewayDep, body: BodyDep, dry_run: DryRun = False
) -> dict[str, Any]:
    """Declare a code void; a commissioned one is decommissioned by an event.

    Problems: parameter, reason_form, code_not_issued, code_withdrawn, commission_unfinished,
    identifier_form, read_only.
    """
    del key
    wanted = read(VoidIn, body)
    code = gateway.canonical_code(wanted.code)
    done = await gateway.withdrawing.void(code, wanted.reason, dry_run=dry_run)
    return withdrawn_wire(done, dry_run=dry_run)


@router.post("/v1/codes/replace", operation_id="replaceCode", openapi_extra=body_of(ReplaceIn))
async def replace_code(
    key: OperateKey, gateway: GatewayDep, body: BodyDep, dry_run: DryRun = False
) -> dict[str, Any]:
    """Put one code in the place of another; if that is commissioned, by an event.

    Problems: parameter, reason_form, replacement, code_not_issued, code_withdrawn,
    commission_unfinished, identifier_form, read_only.
    """
    del key
    wanted = read(ReplaceIn, body)
    old, new = gateway.canonical_code(wanted.code), gateway.canonical_code(wanted.replacement)
    done = await gateway.withdrawing.replace(old, new, wanted.reason, dry_run=dry_run)
    return withdrawn_wire(done, dry_run=dry_run)


@router.get("/v1/codes/{code:path}/status", operation_id="getCodeStatus")
async def code_status(key: QueryKey, gateway: GatewayDep, code: str) -> dict[str, Any]:
    """Say what a code is: never issued, check wrong, not commissioned, commissioned, withdrawn.

    Problems: identifier_form, check_digit, code_too_long.
    """
    del key
    canonical = gateway.canonical_code(code)
    status = status_wire(await gateway.issuing.status(canonical))
    return {**status, **platform_wire(await gateway.drug_codes.view(canonical))}


def _stream(gateway: Gateway, order: OrderRow, form: str, *, first: int) -> Response:
    write = csv_lines if form == "csv" else _json
    media = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    address = f"/v1/codes/orders/{quote(order.order_id, safe='')}"
    headers = {
        "Location": address,
        "Sealtrail-Order": order.order_id,
        "Sealtrail-Codes": str(order.count),
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="codes.{form}"',
    }
    if order.replayed:
        headers["Idempotency-Replayed"] = "true"

    async def body() -> AsyncIterator[bytes]:
        if form == "json":
            yield b'{"order":' + orjson.dumps(order.order_id) + b',"codes":[\n'
        elif first == 0:
            yield CSV_HEAD
        between = b""
        async for piece in gateway.issuing.written(order, write, first=first):
            yield between + piece
            between = b",\n" if form == "json" else b""
        if form == "json":
            yield b"\n]}\n"

    return StreamingResponse(body(), headers=headers, media_type=media)


def csv_lines(codes: Sequence[Code]) -> bytes:
    """Return codes as lines of CSV: nothing in a code needs quoting."""
    lines = [f"{one.uri},{one.element_string},{one.plain}\r\n" for one in codes]
    return "".join(lines).encode("ascii")


def _json(codes: Sequence[Code]) -> bytes:
    return b",\n".join(
        [
            orjson.dumps({"code": one.uri, "elementString": one.element_string, "plain": one.plain})
            for one in codes
        ]
    )
