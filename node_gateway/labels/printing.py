"""The use cases of labels: look at them first, print them, and say what was printed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from node_gateway.errors import NotPossibleError, Spot
from node_gateway.labels.choosing import Choosing, Goods
from node_gateway.labels.contents import Content, Unit
from node_gateway.labels.judging import Caution, Judged, Judging
from node_gateway.labels.making import Made, Making, Names
from node_gateway.labels.requests import Format, LabelRequest, checked
from node_gateway.storage.labels import LabelStore, NewPrint, PrintRow

_PRINTS_MAX: Final = 1000
_FEW: Final = 100


@dataclass(frozen=True, slots=True)
class Printed:
    """A file of labels, what was known against them, and the number of its entry in the log.

    `preview` is the first label as SVG, of a look alone.
    """

    made: Made
    warnings: tuple[Caution, ...]
    overridden: tuple[Spot, ...]
    number: int
    printed_before: int
    preview: bytes = b""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a print is part of: a job's number and which kind of it, and who asked."""

    key_id: str
    kind: str = "once"
    job: int | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A print with what it was of: (order id, first, count), and codes issued elsewhere."""

    row: PrintRow
    spans: tuple[tuple[str, int, int], ...]
    codes: tuple[str, ...]


class Printing:
    """Makes files of labels, and logs each that is handed out.

    Args:
        choosing: Finds the codes.
        judging: Holds them against what is known.
        store: The log.
        stem: Where links of QR Codes lead.
        names: Of products.
        clock: Unix seconds.
    """

    def __init__(
        self,
        choosing: Choosing,
        judging: Judging,
        store: LabelStore,
        *,
        stem: str | None,
        names: Names,
        clock: Callable[[], float],
    ) -> None:
        self._choosing, self._judging, self._store = choosing, judging, store
        self._stem, self._names, self._clock = stem, names, clock
        self._one_at_a_time = asyncio.Lock()

    async def count(self, request: LabelRequest) -> int:
        """Return how many labels a request is for; errors as `look`."""
        return await self._choosing.count(checked(request))

    async def look(self, request: LabelRequest, form: Format = "pdf") -> Printed:
        """Return the first label of a request, as it would be printed. Nothing is logged.

        All of its codes are held against what is known.

        Raises:
            ParameterError: a member is malformed, or the symbol does not fit.
            NotFoundError: no such order or lot.
            RefusedOperationError: something speaks against a code.
            NotPossibleError: `label_unreadable`.
        """
        request = checked(request)
        goods, judged = await self._known(request, 0, None)
        made = await self._made(request, form, judged.units[:1])
        before = await self._store.printed_before(goods.spans, goods.loose)
        preview = (await self._made(request, "svg", judged.units[:1])).body
        return Printed(made, judged.warnings, judged.overridden, 0, before, preview)

    async def printed(
        self,
        request: LabelRequest,
        form: Format,
        occasion: Occasion,
        *,
        first: int = 0,
        count: int | None = None,
    ) -> Printed:
        """Return a file of labels and log it. Errors as `look`.

        Args:
            request: Which ones.
            form: Of the file.
            occasion: Who asks, and why.
            first: So many labels of the request are left out.
            count: So many; None: all that follow.

        Raises:
            NotPossibleError: `label_reprint`: some were printed before, and no reason is given.
        """
        request = checked(request)
        goods, judged = await self._known(request, first, count)
        made = await self._made(request, form, judged.units)
        new = NewPrint(
            job=occasion.job,
            kind=occasion.kind,
            format=form,
            key_id=occasion.key_id,
            at_ms=int(self._clock() * 1000),
            label_count=made.count,
            reason=request.reason,
            override=request.override if judged.overridden else None,
            spans=goods.spans,
            codes=goods.loose,
        )
        number, before = await self._store.add_print(new)
        if number == 0:
            raise reprint(before)
        return Printed(made, judged.warnings, judged.overridden, number, before)

    async def look_at_first(self, request: LabelRequest) -> tuple[Content, ...]:
        """Return what the symbols of the first label of a request hold; errors as `look`."""
        _, judged = await self._known(request.but(override=request.override or "scanned"), 0, 1)
        making = Making(request, "csv", stem=self._stem, names=self._names)
        return (await asyncio.to_thread(making.made, judged.units)).first

    async def require_new(self, request: LabelRequest) -> None:
        """Refuse labels that were printed before, unless a reason is given.

        Raises:
            NotPossibleError: `label_reprint`.
        """
        goods = await self._choosing.goods(request)
        before = await self._store.printed_before(goods.spans, goods.loose)
        if before and request.reason is None:
            raise reprint(before)

    async def log(
        self, *, before: int | None = None, limit: int = 100, job: int | None = None
    ) -> list[Logged]:
        """Return what was printed, newest first; `before` is the number of a print."""
        rows = await self._store.prints(before=before, limit=min(limit, _PRINTS_MAX), job=job)
        found = []
        for row in rows:
            spans, codes = await self._store.spans_of(row.number)
            found.append(Logged(row, tuple(spans), tuple(codes)))
        return found

    async def _known(
        self, request: LabelRequest, first: int, count: int | None
    ) -> tuple[Goods, Judged]:
        goods = await self._choosing.goods(request, first, count)
        return goods, await self._judging.judged(goods, request)

    async def _made(self, request: LabelRequest, form: Format, units: Sequence[Unit]) -> Made:
        making = Making(request, form, stem=self._stem, names=self._names)
        if len(units) <= _FEW:
            return await asyncio.to_thread(making.made, units)
        async with self._one_at_a_time:  # a run keeps a core busy for seconds
            return await asyncio.to_thread(making.made, units)


def reprint(count: int) -> NotPossibleError:
    """Return the refusal of labels that were printed before."""
    return NotPossibleError(
        f"{count} of these labels were printed before",
        code="label_reprint",
        hint="Say why with reason; it is logged. Destroy the old label.",
    )
