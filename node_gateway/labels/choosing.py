"""Which codes labels are for: those of an order, of a lot, or those that are named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from node_gateway.codes.china.drug_code import parse_drug_code
from node_gateway.codes.identity import code_and_lot
from node_gateway.codes.issuing import Status
from node_gateway.epcis.errors import EpcisError
from node_gateway.errors import (
    DocumentRefusedError,
    GatewayError,
    NotFoundError,
    ParameterError,
    Spot,
)
from node_gateway.labels.contents import Unit
from node_gateway.labels.requests import LABELS_MAX, LabelRequest
from node_gateway.services.issuing import Issuing
from node_gateway.storage.labels import LabelStore, Span

_TEXT_LENGTH_MAX: Final = 1000
_LIKE_A_DRUG_CODE: Final = re.compile(r"8[0-9 -]{15,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Goods:
    """Codes that are to be labelled, in their order.

    Attributes:
        codes: Canonical, each once.
        spans: The places in orders of those that were issued here.
        loose: Codes that were not issued here.
        refused: What is known against codes already, by code: a status of issuing.
        lots: Lots that were stated beside codes.
    """

    codes: tuple[str, ...]
    spans: tuple[Span, ...]
    loose: tuple[str, ...]
    refused: dict[str, Status]
    lots: dict[str, str]


class Choosing:
    """Finds the codes of a request."""

    def __init__(self, issuing: Issuing, store: LabelStore) -> None:
        self._issuing, self._store = issuing, store

    async def goods(self, request: LabelRequest, first: int = 0, count: int | None = None) -> Goods:
        """Return the codes of a request, or some of them.

        Args:
            request: Checked.
            first: So many of its labels are left out.
            count: So many labels; None: all that follow.

        Raises:
            NotFoundError: `order_not_found`, `label_lot_not_found`.
            ParameterError: `label_count`, or what is wrong with a code.
            DocumentRefusedError: several codes are malformed.
        """
        if request.codes:
            some = request.codes[first:] if count is None else request.codes[first : first + count]
            return await self._named(some, first)
        parts = await self._parts(request)
        total = sum(size for _, _, size in parts)
        last = total if count is None else first + count
        if not 0 <= first < last <= total:
            raise ParameterError(f"there are {total} labels, counted from 0", code="label_count")
        return await self._ordered(_between(parts, first, last))

    async def count(self, request: LabelRequest) -> int:
        """Return how many labels a request is for; errors as `goods`."""
        if request.codes:
            return len(request.codes)
        return sum(size for _, _, size in await self._parts(request))

    async def _parts(self, request: LabelRequest) -> list[tuple[str, int, int]]:
        """Return what a request is of, as (order id, first, count)."""
        if request.order is not None:
            order = await self._issuing.order(request.order)
            count = order.count - request.first if request.count is None else request.count
            if not 0 < count <= order.count - request.first:
                raise ParameterError(
                    f"the order has {order.count} codes, counted from 0", code="label_count"
                )
            parts = [(order.order_id, request.first, count)]
        else:
            parts = await self._store.of_lot(request.of_lot or "")
            if not parts:
                raise NotFoundError(
                    "nothing that was issued here was commissioned with this lot",
                    code="label_lot_not_found",
                    hint="Before they are commissioned: name their order, state lot and expiry.",
                )
            total = sum(size for _, _, size in parts)
            last = total if request.count is None else request.first + request.count
            parts = _between(parts, request.first, last)
        total = sum(size for _, _, size in parts)
        if not 0 < total <= LABELS_MAX:
            raise ParameterError(
                f"at most {LABELS_MAX} labels at once, these are {total}",
                code="label_count",
                hint="Ask for some after the other: first and count.",
            )
        return parts

    async def _ordered(self, parts: Sequence[tuple[str, int, int]]) -> Goods:
        codes: list[str] = []
        spans: list[Span] = []
        refused: dict[str, Status] = {}
        for order_id, first, count in parts:
            order = await self._issuing.order(order_id)
            codes += [one.uri for one in await self._issuing.codes(order, first, count)]
            spans.append(Span(order.number, first, count))
            marks = await self._store.marked(order.number, first, first + count)
            refused |= {code: Status(kind) for code, kind in marks.items()}
        return Goods(tuple(codes), tuple(spans), (), refused, {})

    async def _named(self, texts: Sequence[str], first: int) -> Goods:
        codes, lots = _read(texts, first)
        spans: list[Span] = []
        loose: list[str] = []
        refused: dict[str, Status] = {}
        for code in codes:
            found = await self._issuing.status(code)
            if found.place is None:
                loose.append(code)
            else:
                spans.append(Span(found.place.order_number, found.place.index, 1))
            if found.status not in (Status.COMMISSIONED, Status.ISSUED_NOT_COMMISSIONED):
                refused[code] = found.status
        return Goods(tuple(codes), _joined(spans), tuple(loose), refused, lots)


def _read(texts: Sequence[str], first: int) -> tuple[list[str], dict[str, str]]:
    """Return codes in their canonical form, and the lots that were stated beside them."""
    codes: dict[str, None] = {}
    lots: dict[str, str] = {}
    spots = []
    for index, text in enumerate(texts, first):
        pointer = f"/codes/{index}"
        if len(text) > _TEXT_LENGTH_MAX:
            spots.append(Spot("code_too_long", "a code has at most 1000 characters", pointer))
            continue
        try:
            code, lot = code_and_lot(text)
            if code == text and _LIKE_A_DRUG_CODE.fullmatch(text):
                parse_drug_code(text)  # says which digit is missing, or is one too many
            Unit(code).parts  # noqa: B018  refuses what no label is for
        except (EpcisError, GatewayError) as error:
            hint = getattr(error, "hint", None)
            spots.append(Spot(error.code, str(error), pointer, hint))
            continue
        if code in codes:
            spots.append(Spot("label_twice", "one label for a code", pointer))
        codes[code] = None
        if lot is not None:
            lots[code] = lot
    if spots:
        raise DocumentRefusedError(spots)
    if not codes:
        raise ParameterError("at least one label, counted from 0", code="label_count")
    return list(codes), lots


def _between(
    parts: Sequence[tuple[str, int, int]], first: int, last: int
) -> list[tuple[str, int, int]]:
    """Return the part of some spans that lies between two places of all of them together."""
    found = []
    start = 0
    for order_id, at, size in parts:
        low, high = max(first - start, 0), min(last - start, size)
        if low < high:
            found.append((order_id, at + low, high - low))
        start += size
    return found


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans with those that follow each other made one; none of them overlap."""
    found: list[Span] = []
    for one in sorted(spans, key=lambda span: (span.order_number, span.first)):
        last = found[-1] if found else None
        if (
            last is not None
            and last.order_number == one.order_number
            and last.first + last.count == one.first
        ):
            found[-1] = Span(last.order_number, last.first, last.count + one.count)
        else:
            found.append(one)
    return tuple(found)
