"""Print one, scan it, then print the run: a job stays locked until its first label was read.

A printer that is set up wrongly (darkness, speed, a scaled page) is found with one label instead
of ten thousand. The first label is a good one and stays on its pack: the run leaves it out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from node_gateway.codes.gs1.elements import GROUP_SEPARATOR
from node_gateway.errors import NotFoundError, NotPossibleError, ParameterError
from node_gateway.labels.contents import Content
from node_gateway.labels.printing import Occasion, Printed, Printing
from node_gateway.labels.requests import Format, LabelRequest, checked
from node_gateway.storage.labels import JobRow, LabelStore

SCAN_LENGTH_MAX: Final = 1000
_SYMBOLOGY_SIZE: Final = 3
_PRINTS_MAX: Final = 1000
_SPELLED: Final = ("{GS}", "<GS>", "\\x1d", "\\u001d")
"""What scanners that type show for the separator, which no keyboard has."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job with its request."""

    row: JobRow
    request: LabelRequest

    @property
    def is_locked(self) -> bool:
        """Whether its first label has still to be scanned."""
        return self.row.unlocked_at_ms is None


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan of the first label showed; `lost` are separators that the scanner drops."""

    job: Job
    lost: bool


class Jobs:
    """The use cases of jobs."""

    def __init__(
        self, printing: Printing, store: LabelStore, *, clock: Callable[[], float]
    ) -> None:
        self._printing, self._store, self._clock = printing, store, clock
        self._running = asyncio.Lock()

    async def add(self, request: LabelRequest, key_id: str) -> tuple[Job, Printed]:
        """Keep a job, and return it with a look at its first label.

        Raises:
            As `Printing.look`; NotPossibleError also `label_reprint`.
        """
        request = checked(request)
        look = await self._printing.look(request)
        await self._printing.require_new(request)
        count = await self._printing.count(request)
        row = await self._store.add_job(key_id, self._now_ms(), request.to_json(), count)
        return Job(row, request), look

    async def job(self, number: int) -> Job:
        """Return a job.

        Raises:
            NotFoundError: `label_job_not_found`.
        """
        row = await self._store.job(number)
        if row is None:
            raise NotFoundError(
                "there is no such job of labels", code="label_job_not_found",
                hint="GET /v1/labels/jobs lists them.",
            )  # fmt: skip
        return Job(row, LabelRequest.from_json(row.request))

    async def jobs(self, *, before: int | None, limit: int) -> list[Job]:
        """Return jobs, newest first; `before` is the number of one."""
        rows = await self._store.jobs(before=before, limit=limit)
        return [Job(row, LabelRequest.from_json(row.request)) for row in rows]

    async def first(self, number: int, form: Format, key_id: str) -> Printed:
        """Return the first label of a job; of an unlocked one it is a reprint of the run.

        Raises:
            NotFoundError: no such job.
            NotPossibleError: `label_unlocked`: it was scanned already.
        """
        job = await self.job(number)
        if not job.is_locked:
            raise NotPossibleError(
                "the first label of this job was printed and scanned",
                code="label_unlocked",
                hint="Print it again from the run: first 0, count 1, and a reason.",
            )
        occasion = Occasion(key_id, "first", number)
        return await self._printing.printed(job.request, form, occasion, first=0, count=1)

    async def scan(self, number: int, text: str, key_id: str) -> Scanned:
        """Unlock a job by what a scanner read off its first label.

        Raises:
            NotFoundError: no such job.
            ParameterError: more than a symbol holds.
            NotPossibleError: `label_not_printed`: there is no label yet; `label_scan_differs`:
                something else was read, which counts as a failed scan.
        """
        if len(text) > SCAN_LENGTH_MAX:
            raise ParameterError(
                f"a scan has at most {SCAN_LENGTH_MAX} characters", code="code_too_long"
            )
        job = await self.job(number)
        if not await self._printing.log(job=number, limit=1):
            raise NotPossibleError(
                "the first label was not printed yet",
                code="label_not_printed",
                hint="Print it, scan what comes out of the printer.",
            )
        look = await self._printing.look_at_first(job.request)
        matches = [one for one in look if matched(text, one) is not None]
        lost = bool(matches) and matched(text, matches[0]) is False
        if job.is_locked:
            await self._store.scanned(
                number, is_right=bool(matches), key_id=key_id, at_ms=self._now_ms()
            )
        if not matches:
            raise NotPossibleError(
                f"the scanner read {len(text)} characters that are not what the label holds",
                code="label_scan_differs",
                hint=_advice(text, look),
            )
        return Scanned(await self.job(number), lost)

    async def run(
        self,
        number: int,
        form: Format,
        key_id: str,
        *,
        first: int | None = None,
        count: int | None = None,
        reason: str | None = None,
    ) -> Printed:
        """Return the labels of an unlocked job: all but the first, or those that are named.

        Raises:
            NotFoundError: no such job.
            NotPossibleError: `label_locked`; `label_reprint`: printed before, and no reason given.
            ParameterError: `label_count`, `reason_form`.
        """
        job = await self.job(number)
        if job.is_locked:
            raise NotPossibleError(
                "the first label of this job was not scanned yet",
                code="label_locked",
                hint="Print the first one, scan it, send what the scanner read.",
            )
        start = (1 if first is None else first) if job.row.label_count > 1 else 0
        if first is None and count is None and job.row.label_count == 1 and reason is None:
            raise NotPossibleError(
                "the one label of this job was printed",
                code="label_reprint",
                hint="Say why with reason; it is logged. Destroy the old label.",
            )
        size = job.row.label_count - start if count is None else count
        if not 0 <= start < start + size <= job.row.label_count:
            raise ParameterError(
                f"the job has {job.row.label_count} labels, counted from 0", code="label_count"
            )
        async with self._running:  # of two at once the second one is a reprint
            prints = await self._printing.log(job=number, limit=_PRINTS_MAX)
            ran = any(one.row.kind == "run" for one in prints)
            why = reason or (None if ran else job.request.reason)  # the job's holds for one run
            request = checked(job.request.but(reason=why))
            occasion = Occasion(key_id, "run", number)
            return await self._printing.printed(request, form, occasion, first=start, count=size)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def matched(text: str, content: Content) -> bool | None:
    """Return whether a scan is what a symbol holds, and whole; None if it is something else.

    False: it lacks the separators between elements, which some scanners drop.
    """
    text = text.strip("\r\n\t ")
    for spelled in _SPELLED:
        text = text.replace(spelled, GROUP_SEPARATOR)
    if text.startswith("]"):
        if text[:_SYMBOLOGY_SIZE] != content.identifier:
            return None
        text = text[_SYMBOLOGY_SIZE:]
    text = text.removeprefix(GROUP_SEPARATOR)
    expected = content.scanned.decode("ascii")
    if text == expected:
        return True
    return False if text == expected.replace(GROUP_SEPARATOR, "") else None


def _advice(text: str, contents: tuple[Content, ...]) -> str:
    """Return what to look at when something else was read."""
    expected = contents[0]
    if text.startswith("]") and text[:_SYMBOLOGY_SIZE] not in {one.identifier for one in contents}:
        return f"It is another kind of symbol: {expected.identifier} was printed."
    if any(matched(text.swapcase(), one) is not None for one in contents):
        return "Capitals and small letters are turned round: switch Caps Lock off."
    return "Is it the label of this job? Compare the text beside the symbol, then print it again."
