"""Why codes were not given out, in words for people."""

from __future__ import annotations

from node_gateway.errors import NotPossibleError
from node_gateway.services.issuing_requests import OrderRequest
from node_gateway.storage.issuing_rows import Refusal


def refused(refusal: Refusal, request: OrderRequest) -> NotPossibleError:
    """Return the error for a refusal of the store; its code is the refusal's."""
    line = f"line {request.line}" if request.line else "orders without a line"
    detail, hint = {
        "order_mismatch": (
            "this order was made with another product, line or count",
            "Another order needs another id.",
        ),
        "range_exhausted": (
            f"{refusal.left} codes are left in the ranges of {line}",
            "Ask for fewer, or set aside another range: sealtrail code range add",
        ),
        "codes_exhausted": (
            f"{refusal.left} codes are left of {request.name}",
            "Ask for fewer; a new product, prefix or identification code has its own.",
        ),
        "guess_rate": (
            f"more than {refusal.left} further codes of {request.name} would be guessed too often",
            "issuing.guess_rate_max is the limit; longer serials take a new GTIN.",
        ),
        "prefix_overlap": (
            f"{request.name} overlaps a company prefix that is issued from already",
            "Use the prefix that sealtrail code range list shows.",
        ),
    }[refusal.code]
    return NotPossibleError(detail, code=refusal.code, hint=hint)
