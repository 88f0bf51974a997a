"""Import files of any size: durable, restartable, and safe to send again.

A file becomes events in one fixed order, cut into parts of bounded size. Each part is captured
under an idempotency key of its own, so a part that is captured again after a crash stores nothing;
the job's row says which part is next. Nothing here knows a format: a `Format` turns a file into an
`ImportSource`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from node_gateway.codes.china.findings import PROBLEMS_KEPT_MAX, LineProblem
from node_gateway.codes.china.vocabulary import document_of
from node_gateway.errors import (
    MediaTypeError,
    NotFoundError,
    NotReadyError,
    Spot,
    SpottedError,
)
from node_gateway.services.capture import Capture, CaptureReport
from node_gateway.storage.errors import StoreBusyError
from node_gateway.storage.importing import DONE, OPEN, REFUSED, ImportJob, ImportStore

PART_EVENTS_MAX: Final = 1000
PART_CODES_MAX: Final = 20_000
"""A part is committed in memory, about a kilobyte for each code that it names."""
MAPPING_VERSION: Final = 1
"""Part of the idempotency keys: another mapping must not be taken for a part stored before."""
_BUSY_PAUSE_S: Final = 0.2
_NOT_READY_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class SourceEvent:
    r"""One event of a file.

    Attributes:
        line: Where it comes from, from 1; 0 if a line says nothing.
        event: Bare event; the document around it is made here.
        keys: Under what its part is found again, such as `bill\n<number>`.
    """

    line: int
    event: dict[str, Any]
    keys: tuple[str, ...] = ()

    @property
    def code_count(self) -> int:
        """How many codes its lists name."""
        lists = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
        return sum(len(self.event.get(name) or ()) for name in lists)


@dataclass(frozen=True)
class ImportSource:
    """A file that was read and found good.

    Attributes:
        events: Gives the events, from the beginning, the same ones in the same order each time.
        code_count: How many codes its events name in all, for telling how far it is.
        notes: What is said of the file in the report beside problems; names and counts, no values.
    """

    events: Callable[[], Iterator[SourceEvent]]
    code_count: int = 0
    notes: Mapping[str, Any] = field(default_factory=dict)


class FileRefusedError(SpottedError):
    """A file cannot be imported as it is. `problems` are by line; nothing of it is stored."""

    code = "file_refused"

    def __init__(
        self,
        problems: Sequence[LineProblem],
        *,
        count: int | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        self.problems = tuple(problems)
        self.count = len(self.problems) if count is None else count
        self.notes = dict(notes or {})
        spots = [Spot(p.code, p.detail, f"line {p.line}", p.hint) for p in self.problems]
        super().__init__(spots)


class Format(Protocol):
    """One kind of file."""

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of file that it reads."""
        ...

    def sniff(self, head: bytes) -> str | None:
        """Return the kind of a file that begins with `head`, None if it is none of these."""
        ...

    async def open(self, file: Path, job: ImportJob) -> ImportSource:
        """Read and check a file.

        Raises:
            FileRefusedError: with everything that is wrong.
        """
        ...

    async def finished(self, job: ImportJob, source: ImportSource) -> None:
        """Learn that all events of a file are stored."""
        ...


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is."""

    job: ImportJob
    is_running: bool


Progress = Callable[[ImportJob], None]
KeepUp = Callable[[], Coroutine[Any, Any, object]]


class Importing:
    """The use case of importing a file."""

    def __init__(
        self,
        *,
        imports: ImportStore,
        capture: Capture,
        formats: Sequence[Format],
        clock: Callable[[], float],
        keep_up: KeepUp | None = None,
    ) -> None:
        self._imports, self._capture, self._formats = imports, capture, tuple(formats)
        self._clock, self._keep_up = clock, keep_up
        self._turn = asyncio.Lock()
        self._running: set[int] = set()

    def sniff(self, head: bytes) -> str:
        """Return the kind of a file from its first 4,096 bytes.

        Raises:
            MediaTypeError: `import_kind`, nobody reads it.
        """
        for one in self._formats:
            kind = one.sniff(head)
            if kind is not None:
                return kind
        raise MediaTypeError(
            "no kind of file that is imported here begins so",
            code="import_kind",
            hint="Relation files and bills of the platform are read, as UTF-8 or GB18030 XML.",
        )

    async def begin(
        self, digest: bytes, kind: str, *, options: str = "", size_bytes: int = 0
    ) -> ImportJob:
        """Return the job of a file, a new one if the file is new."""
        now_ms = int(self._clock() * 1000)
        return await self._imports.begin(
            digest, kind, options, size_bytes=size_bytes, now_ms=now_ms
        )

    async def job(self, number: int) -> ImportProgress:
        """Return how far an import is.

        Raises:
            NotFoundError: `import_not_found`.
        """
        job = await self._imports.job(number)
        if job is None:
            raise NotFoundError("no such import", code="import_not_found")
        return ImportProgress(job, number in self._running)

    async def open_jobs(self) -> list[ImportJob]:
        """Return the imports that are not finished."""
        return await self._imports.open_jobs()

    def reserve(self, number: int) -> bool:
        """Say that somebody will run a job, at once; False if somebody does already.

        Whoever gets it calls `run_reserved`, and `release` whatever becomes of that.
        """
        if number in self._running:
            return False
        self._running.add(number)
        return True

    def release(self, number: int) -> None:
        """Say that nobody runs a job any more."""
        self._running.discard(number)

    async def run(
        self, job: ImportJob, file: Path, *, progress: Progress | None = None
    ) -> ImportJob:
        """Import a file, from where it was left. One file at a time; others wait.

        Args:
            job: From `begin`.
            file: The file; the same bytes as at `begin`.
            progress: Called after every part.

        Returns:
            The job, `done` or `refused`; still `open` if somebody runs it already.
        """
        if job.state == DONE or not self.reserve(job.number):
            return job
        try:
            return await self.run_reserved(job, file, progress=progress)
        finally:
            self.release(job.number)

    async def run_reserved(
        self, job: ImportJob, file: Path, *, progress: Progress | None = None
    ) -> ImportJob:
        """Import a file whose job was reserved; see `run`."""
        async with self._turn:
            return await self._run(job, file, progress or _ignore)

    async def _run(self, job: ImportJob, file: Path, progress: Progress) -> ImportJob:
        reader = next(one for one in self._formats if job.kind in one.kinds)
        notes: Mapping[str, Any] = {}
        try:
            source = await reader.open(file, job)
            notes = source.notes
            job = await self._store(job, source, progress)
            await reader.finished(job, source)
        except SpottedError as error:
            return await self._end(job, REFUSED, _refusal(error, notes), progress)
        return await self._end(job, DONE, {**source.notes, "problems": []}, progress)

    async def _store(self, job: ImportJob, source: ImportSource, progress: Progress) -> ImportJob:
        """Capture the parts that are not stored yet."""
        parts = parts_of(source.events())
        number = -1
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            number += 1
            if number < job.part_count:
                continue
            keys = {key for one in part for key in one.keys}
            await self._imports.place(job.number, number, keys)
            report = await self._captured(job, number, part)
            duplicates = sum(one.kind == "duplicate" for one in report.events)
            await self._imports.advance(
                job.number,
                number,
                events=len(part),
                duplicates=duplicates,
                codes=sum(one.code_count for one in part),
                code_count=source.code_count,
            )
            job = (await self.job(job.number)).job
            progress(job)
            await self._wait_followed()
        return job

    async def _wait_followed(self) -> None:
        """Let following catch up with this part, so that nobody waits for a whole file.

        An operation asks for the state as of now: a part is what it may have to wait for.
        """
        if self._keep_up is not None:
            following = asyncio.ensure_future(self._keep_up())
            await asyncio.wait([following])
            if not following.cancelled():
                following.exception()  # the follower's to report; the import goes on

    async def _captured(
        self, job: ImportJob, number: int, part: Sequence[SourceEvent]
    ) -> CaptureReport:
        created = datetime.fromtimestamp(job.created_at_ms / 1000, UTC).isoformat()
        document = document_of([one.event for one in part], created)
        key = part_key(job, number)
        while True:
            try:
                return await self._capture.converted(
                    document, digest=job.digest, idempotency_key=key
                )
            except StoreBusyError:
                await asyncio.sleep(_BUSY_PAUSE_S)
            except NotReadyError:  # read-only for a while; the job stays where it is
                await asyncio.sleep(_NOT_READY_PAUSE_S)
            except SpottedError as error:
                raise FileRefusedError(_at_lines(error, part)) from error

    async def _end(
        self, job: ImportJob, state: str, report: Mapping[str, Any], progress: Progress
    ) -> ImportJob:
        now_ms = int(self._clock() * 1000)
        await self._imports.finish(job.number, state, orjson.dumps(report), now_ms=now_ms)
        ended = (await self.job(job.number)).job
        progress(ended)
        return ended


def part_key(job: ImportJob, number: int) -> str:
    """Return the idempotency key of a part. No client can send one with a line break."""
    about = (job.digest.hex(), job.kind, job.options, str(MAPPING_VERSION), str(number))
    return "\n".join(("import", *about))


def parts_of(events: Iterator[SourceEvent]) -> Iterator[list[SourceEvent]]:
    """Yield the events in parts of bounded size; where it cuts depends on the events alone."""
    part: list[SourceEvent] = []
    codes = 0
    for one in events:
        if part and (len(part) >= PART_EVENTS_MAX or codes + one.code_count > PART_CODES_MAX):
            yield part
            part, codes = [], 0
        part.append(one)
        codes += one.code_count
    if part:
        yield part


def _at_lines(error: SpottedError, part: Sequence[SourceEvent]) -> list[LineProblem]:
    """Return problems of a document as problems of the lines that its events came from."""
    found = []
    for spot in error.spots:
        steps = spot.pointer.split("/")
        index = int(steps[3]) if len(steps) > 3 and steps[3].isdigit() else -1
        line = part[index].line if 0 <= index < len(part) else 0
        found.append(LineProblem(line, spot.code, spot.detail, spot.hint))
    return found


def _refusal(error: SpottedError, notes: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(error, FileRefusedError):
        problems, count, notes = error.problems, error.count, {**notes, **error.notes}
    else:
        problems = tuple(LineProblem(0, s.code, s.detail, s.hint) for s in error.spots)
        count = len(problems)
    return {
        **notes,
        "problemCount": count,
        "problems": [
            {"line": one.line, "code": one.code, "detail": one.detail, "hint": one.hint}
            for one in problems[:PROBLEMS_KEPT_MAX]
        ],
    }


def _ignore(_job: ImportJob) -> None:
    """Say nothing (`Progress`)."""


__all__ = [
    "OPEN",
    "FileRefusedError",
    "Format",
    "ImportProgress",
    "ImportSource",
    "Importing",
    "SourceEvent",
    "part_key",
    "parts_of",
]
