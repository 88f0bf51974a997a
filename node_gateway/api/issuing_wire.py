"""Bodies of requests and answers about issued codes, between JSON and services."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from node_gateway.errors import ParameterError
from node_gateway.services.issuing import CodeStatus
from node_gateway.services.issuing_requests import OrderRequest, order_request
from node_gateway.services.withdrawing import Withdrawn
from node_gateway.storage.issuing_rows import OrderRow, RangeRow


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class OrderIn(_In):
    """Which codes, and how many. Exactly one of gtin, drug and sscc."""

    gtin: str | None = None
    drug: str | None = None
    sscc: str | None = None
    count: Annotated[int, Field(ge=1)]
    line: str = ""
    order: str | None = None

    def request(self, key: str | None = None) -> OrderRequest:
        """Return the checked request; errors as `order_request`."""
        if None not in (key, self.order) and key != self.order:
            raise ParameterError("order and Idempotency-Key are two names", code="order_id")
        return order_request(
            gtin=self.gtin,
            drug=self.drug,
            sscc=self.sscc,
            count=self.count,
            line=self.line,
            order_id=self.order or key,
        )


class CloseIn(_In):
    """Which ranges to close; none named: all of them."""

    gtin: str | None = None
    drug: str | None = None
    sscc: str | None = None
    skip: Annotated[int, Field(ge=0)] = 0

    def request(self) -> OrderRequest | None:
        """Return whose ranges, None for all; errors as `order_request`."""
        if self.gtin is self.drug is self.sscc is None:
            return None
        return order_request(gtin=self.gtin, drug=self.drug, sscc=self.sscc, count=1)


class CommissionIn(_In):
    """What is said of the codes. Dates as YYYY-MM-DD, the time with its offset."""

    lot: str
    expiry: str
    first: Annotated[int, Field(ge=0)] = 0
    count: Annotated[int | None, Field(ge=1)] = None
    location: str | None = None
    made_on: str | None = None
    event_time: str | None = None


class VoidIn(_In):
    """A code, and why it is void."""

    code: str
    reason: str


class ReplaceIn(_In):
    """A code, the one that takes its place, and why."""

    code: str
    replacement: str
    reason: str


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the description of a request's body."""
    schema = {"schema": model.model_json_schema()}
    return {"requestBody": {"required": True, "content": {"application/json": schema}}}


def entry_wire(entry: bytes | None) -> str | None:
    """Return an entry as answers have it."""
    return None if entry is None else entry.hex()


def order_wire(order: OrderRow) -> dict[str, Any]:
    """Return the JSON form of an order."""
    return {
        "order": order.order_id,
        "kind": order.scheme.kind,
        "name": order.scheme.name,
        "line": order.line,
        "count": order.count,
        "createdAtMs": order.created_at_ms,
        "codes": f"/v1/codes/orders/{quote(order.order_id, safe='')}/codes",
    }


def range_wire(row: RangeRow) -> dict[str, Any]:
    """Return the JSON form of a range."""
    return {
        "range": row.number,
        "kind": row.kind,
        "name": row.name,
        "line": row.line,
        "first": row.first,
        "size": row.size,
        "used": row.used,
        "left": 0 if row.closed else row.size - row.used,
        "fixed": row.fixed,
        "closed": row.closed,
        "createdAtMs": row.created_at_ms,
    }


def withdrawn_wire(done: Withdrawn, *, dry_run: bool) -> dict[str, Any]:
    """Return the JSON form of what was declared of a code."""
    mark = done.mark
    return {
        "code": mark.code,
        "status": mark.kind,
        "reason": mark.reason,
        "replacement": mark.replacement,
        "declaredAtMs": mark.marked_at_ms,
        "entry": entry_wire(done.entry),
        "repeated": done.repeated,
        "dryRun": dry_run,
    }


def status_wire(found: CodeStatus) -> dict[str, Any]:
    """Return the JSON form of what a code is."""
    place, mark = found.place, found.mark
    declared = mark and {
        "reason": mark.reason,
        "replacement": mark.replacement,
        "declaredAtMs": mark.marked_at_ms,
        "entry": entry_wire(mark.entry),
    }
    return {
        "code": found.code,
        "status": found.status.value,
        "productKnown": found.product_known,
        "order": None if place is None else place.order_id,
        "index": None if place is None else place.index,
        "line": None if place is None else place.line,
        "declared": declared,
        "replaces": list(found.replaces),
    }
