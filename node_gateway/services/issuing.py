"""Issue codes: orders, ranges, the codes of an order again and again, and what a code is.

An order is one small transaction; its codes are computed from it each time they are asked for. So
a connection that breaks loses none and doubles none, and a million codes take no more room in the
database than one. Keys are drawn here, when a product or a range is new.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from node_gateway.codes.issuing import (
    DIGITS,
    DRUG_CHECKS_LENGTH,
    DRUG_SERIAL_LENGTH,
    NUMBERS_MAX,
    Code,
    Kind,
    Scheme,
    SchemeError,
    Status,
    company_prefixes,
    decide,
    taken_apart,
)
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.errors import NotFoundError, NotPossibleError, ParameterError
from node_gateway.services.commissioned import commissioning_of
from node_gateway.services.gate import Gate
from node_gateway.services.issuing_refusals import refused
from node_gateway.services.issuing_requests import OrderRequest
from node_gateway.settings import IssuingSection
from node_gateway.storage.issuing import IssuingStore
from node_gateway.storage.issuing_marks import Mark, MarkStore
from node_gateway.storage.issuing_rows import (
    OrderRow,
    Place,
    RangeRow,
    Refusal,
    SchemeRow,
    Wanted,
)
from node_gateway.storage.ports import EventStore, MetaStore

T = TypeVar("T")

CHUNK_CODES: Final = 4096
ORDER_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
RANGE_SIZE_MAX: Final = 1_000_000
REPLACED_SHOWN_MAX: Final = 100
STEM_CODES_MAX: Final = 10
"""So many codes of one stem are looked at: more than one is an error already."""
META_RESTORED: Final = "issuing_restored"
"""Set when an old copy of the database was taken over: it may lack orders that were answered."""
_KEY_SIZE_BYTES: Final = 32


class Register(Protocol):
    """Who knows the products that are ours."""

    async def issues(self, kind: Kind, name: str) -> bool | None:
        """Tell whether a product or prefix is ours; None if nothing was entered to tell by."""
        ...


@dataclass(frozen=True, slots=True)
class CodeStatus:
    """What a code is to this gateway.

    Attributes:
        code: In its canonical form.
        product_known: Codes of this product, or of this company prefix, are issued here.
        place: Where it was given out; None if it was not.
        mark: What an operator declared of it.
        replaces: Codes that this one came in place of.
    """

    code: str
    status: Status
    product_known: bool
    place: Place | None = None
    mark: Mark | None = None
    replaces: tuple[str, ...] = ()


class Issuing:
    """The use case of issuing codes."""

    def __init__(
        self,
        *,
        orders: IssuingStore,
        marks: MarkStore,
        events: EventStore,
        meta: MetaStore,
        gate: Gate,
        settings: IssuingSection,
        clock: Callable[[], float],
        register: Register | None = None,
    ) -> None:
        self._orders, self._marks, self._events, self._meta = orders, marks, events, meta
        self._gate, self._settings, self._clock = gate, settings, clock
        self._register = register

    async def issue(self, request: OrderRequest) -> OrderRow:
        """Give out codes. The same order again gives the same codes.

        Raises:
            NotReadyError: nothing may be written now.
            ParameterError: a part of the request is malformed.
            NotPossibleError: not our product, no codes left, or the order is known otherwise.
        """
        order_id = request.order_id or secrets.token_hex(8)
        if not ORDER_ID.fullmatch(order_id):
            raise ParameterError(
                "an order's id has 1 to 100 letters, digits and . _ : -", code="order_id"
            )
        most = self._settings.order_codes_max
        if not 1 <= request.count <= most:
            raise ParameterError(f"an order has 1 to {most} codes", code="order_count")
        return await self._allocated(request, order_id, self._orders.allocate)

    async def add_range(self, request: OrderRequest) -> RangeRow:
        """Set aside numbers for one line, which then takes no others. Errors as `issue`."""
        if not 1 <= request.count <= NUMBERS_MAX:
            raise ParameterError("a range has at least one code", code="order_count")
        return await self._allocated(request, "", self._orders.add_range)

    async def close_ranges(self, request: OrderRequest | None, *, skip: int = 0) -> list[RangeRow]:
        """Give out nothing more from the ranges there are; the next ones have new keys.

        Args:
            request: Whose ranges; None for all.
            skip: So many numbers of each are never given out.
        """
        self._gate.require_capture()
        if not 0 <= skip < NUMBERS_MAX:
            raise ParameterError("skip is a number of codes", code="order_count")
        name = None if request is None else (request.kind, request.name)
        closed = await self._orders.close_ranges(skip=skip, name=name)
        if name is None and skip:  # a crash before this: it is asked for again, and skips again
            await self._meta.set_meta(META_RESTORED, None)
        return closed

    async def preview(self, request: OrderRequest) -> Scheme:
        """Check a request and return how its codes are made; writes nothing. Errors as `issue`."""
        self._gate.require_capture()
        await self._require_ours(request)
        return scheme_of(await self._scheme_row(request))

    async def order(self, order_id: str) -> OrderRow:
        """Return an order.

        Raises:
            NotFoundError: there is none of this id.
        """
        found = await self._orders.order(order_id)
        if found is None:
            raise NotFoundError("no such order of codes", code="order_not_found")
        return found

    async def orders(self, *, after: int, limit: int) -> list[OrderRow]:
        """Return orders, oldest first; `after` is the number of one."""
        return await self._orders.orders(after=after, limit=limit)

    async def ranges(self) -> list[RangeRow]:
        """Return every range, oldest first."""
        return await self._orders.ranges()

    async def written(
        self, order: OrderRow, write: Callable[[Sequence[Code]], T], *, first: int = 0
    ) -> AsyncIterator[T]:
        """Yield what `write` makes of the codes of an order, a few thousand at a time.

        Args:
            order: With its parts.
            write: Runs on another thread.
            first: Index of the first code wanted.
        """
        scheme = scheme_of(order.scheme)
        for numbers, key in _chunks(order, first, order.count):
            yield await asyncio.to_thread(_written, scheme, numbers, key, write)

    async def codes(self, order: OrderRow, first: int, count: int) -> list[Code]:
        """Return codes of an order by their index in it."""
        scheme = scheme_of(order.scheme)
        found: list[Code] = []
        for numbers, key in _chunks(order, first, first + count):
            found += await asyncio.to_thread(scheme.codes, numbers, key)
        return found

    async def status(self, code: str) -> CodeStatus:
        """Say what a code in its canonical form is.

        Three refusals are told apart: never issued, check characters wrong, not commissioned. That
        is for its owner: who may ask freely which of the first two it is needs fewer guesses.
        """
        mark = await self._marks.mark(code)
        known, place, right = await self._found(code)
        commissioned = mark is None and await commissioning_of(self._events, code) is not None
        status = decide(
            mark=None if mark is None else Status(mark.kind),
            is_commissioned=commissioned,
            is_issued=place is not None or await self._stem_is_used(code),
            are_checks_right=right,
        )
        replaced = await self._marks.replaced_by(code, limit=REPLACED_SHOWN_MAX)
        return CodeStatus(
            code,
            status,
            known,
            place if right else None,
            mark,
            tuple(one.code for one in replaced),
        )

    async def issued_among(self, codes: Sequence[str]) -> set[str]:
        """Return which of a few canonical codes were given out here, check characters and all.

        Cost: a few microseconds and one search in an index for each.
        """
        named = [one for one in map(taken_apart, codes) if one is not None and one.kind != "sscc"]
        found: set[str] = set()
        for kind in {one.kind for one in named}:
            names = sorted({one.name for one in named if one.kind == kind})
            for row in await self._orders.schemes(kind, names):
                scheme = scheme_of(row)
                of_row = [one for one in named if (one.kind, one.name) == (kind, row.name)]
                numbers = {one: scheme.number_of(one.serial) for one in of_row}
                asked = [number for number in numbers.values() if number is not None]
                places = await self._orders.places(row.number, asked)
                for one, number in numbers.items():
                    place = None if number is None else places.get(number)
                    if place and scheme.checks_right(one.serial, place.checks_key):
                        found.add(one.uri)
        return found

    async def _stem_is_used(self, code: str) -> bool:
        """Tell whether a drug code with the same 16 digits is commissioned, issued by whomever.

        Check digits of codes issued elsewhere are opaque, but no two packs share these 16.
        """
        if not code.startswith(DRUG_CODE):
            return False
        stem = code[:-DRUG_CHECKS_LENGTH]
        named = await self._events.codes_with_prefix(stem, limit=STEM_CODES_MAX)
        others = [one for one in named if one != code]
        return any([await commissioning_of(self._events, one) is not None for one in others])

    async def _found(self, code: str) -> tuple[bool, Place | None, bool]:
        """Return if its product is known, where its number was given out, if its checks fit."""
        parts = taken_apart(code)
        if parts is None:
            return False, None, False
        names = company_prefixes(parts.serial) if parts.kind == "sscc" else [parts.name]
        known = await self._orders.schemes(parts.kind, names)
        for row in known:
            scheme = scheme_of(row)
            number = scheme.number_of(parts.serial)
            place = None if number is None else await self._orders.place(row.number, number)
            if place is not None:
                return True, place, scheme.checks_right(parts.serial, place.checks_key)
        return bool(known), None, False

    async def _allocated(
        self,
        request: OrderRequest,
        order_id: str,
        write: Callable[[Wanted], Awaitable[T | Refusal]],
    ) -> T:
        self._gate.require_capture()
        await self._require_whole()
        await self._require_ours(request)
        answer: T | Refusal = Refusal("scheme_changed")
        while isinstance(answer, Refusal) and answer.code == "scheme_changed":
            answer = await write(await self._wanted(request, order_id))
        if isinstance(answer, Refusal):
            raise refused(answer, request)
        return answer

    async def _require_whole(self) -> None:
        if await self._meta.meta(META_RESTORED) is not None:
            raise NotPossibleError(
                "the database was restored from an old copy; codes issued since would come again",
                code="issuing_restored",
                hint="sealtrail code range close --skip N, N more than was issued since.",
            )

    async def _wanted(self, request: OrderRequest, order_id: str) -> Wanted:
        row = await self._scheme_row(request)
        scheme = scheme_of(row)
        share = max(1000, scheme.number_count // 1000)
        return Wanted(
            order_id=order_id,
            scheme=row,
            line=request.line,
            count=request.count,
            checks_key=os.urandom(_KEY_SIZE_BYTES),
            number_count=scheme.number_count,
            issued_max=self._issued_max(scheme),
            range_size=min(share, RANGE_SIZE_MAX),
            now_ms=int(self._clock() * 1000),
        )

    def _issued_max(self, scheme: Scheme) -> int:
        """Return how many serials there may be before a guess hits too often.

        The form of a drug code is given, its 13 digits are all there is; and nobody gets an
        answer for an SSCC.
        """
        if scheme.kind != "gtin":
            return NUMBERS_MAX
        return min(int(self._settings.guess_rate_max * scheme.serial_count), NUMBERS_MAX)

    async def _scheme_row(self, request: OrderRequest) -> SchemeRow:
        """Return the stored scheme, or a new one as the settings have it.

        A product keeps the scheme of its first order: serials of two could meet.
        """
        known = await self._orders.scheme(request.kind, request.name)
        if known is not None:
            return known
        if request.kind == "sscc":
            return SchemeRow("sscc", request.name, "", 0, 0, b"")
        key, wishes = os.urandom(_KEY_SIZE_BYTES), self._settings
        if request.kind == "drug":
            lengths = DRUG_SERIAL_LENGTH, DRUG_CHECKS_LENGTH
            return SchemeRow("drug", request.name, DIGITS, *lengths, key)
        body = wishes.serial_length - wishes.check_length
        return SchemeRow("gtin", request.name, wishes.alphabet, body, wishes.check_length, key)

    async def _require_ours(self, request: OrderRequest) -> None:
        """Refuse what is not ours, if it was ever said what is.

        Raises:
            NotPossibleError: it is not.
        """
        if not self._in_settings(request):
            raise NotPossibleError(
                f"{request.name} is under none of the prefixes of this participant",
                code="not_our_product",
                hint="issuing.company_prefixes and issuing.drug_ids list them.",
            )
        known = None
        if self._register is not None:
            known = await self._register.issues(request.kind, request.name)
        if known is False:
            raise NotPossibleError(
                f"{request.name} is not in the register of products",
                code="not_our_product",
                hint="Add it first: sealtrail product add",
            )

    def _in_settings(self, request: OrderRequest) -> bool:
        if request.kind == "drug":
            ours = self._settings.drug_ids
            return not ours or request.name in ours
        ours = self._settings.company_prefixes
        prefixed = request.name[1:] if request.kind == "gtin" else request.name
        return not ours or any(prefixed.startswith(one) for one in ours)


def scheme_of(row: SchemeRow) -> Scheme:
    """Return how the codes of a stored scheme are made.

    Raises:
        ParameterError: the settings ask for serials that cannot be.
    """
    kind: Kind = "sscc" if row.kind == "sscc" else "drug" if row.kind == "drug" else "gtin"
    try:
        return Scheme(
            kind, row.name, row.alphabet, row.body_length, row.checks_length, row.permutation_key
        )
    except SchemeError as error:
        raise ParameterError(str(error), code="serial_form") from error


def _chunks(order: OrderRow, first: int, last: int) -> Iterator[tuple[range, bytes]]:
    """Yield the numbers of an order's codes from `first` to before `last`, with their key."""
    for part in order.parts:
        start = part.first + max(0, first - part.index)
        end = part.first + min(part.count, last - part.index)
        for at in range(start, end, CHUNK_CODES):
            yield range(at, min(at + CHUNK_CODES, end)), part.checks_key


def _written(scheme: Scheme, numbers: range, key: bytes, write: Callable[[Sequence[Code]], T]) -> T:
    return write(scheme.codes(numbers, key))
