"""CSV files of other systems as something to import, each with its mapping."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from node_gateway.codes.china.findings import LineProblem
from node_gateway.codes.china.vocabulary import document_of
from node_gateway.codes.csv.making import MadeEvent, MadeEvents, make_events
from node_gateway.codes.csv.mapping import CsvMapping, mapping_digest, read_mapping
from node_gateway.codes.csv.values import PartyOf
from node_gateway.csv_text import read_sheet
from node_gateway.errors import NotFoundError, Spot, SpottedError, TooLargeError
from node_gateway.services.importing import FileRefusedError, ImportSource, SourceEvent
from node_gateway.services.preparing import Preparing
from node_gateway.storage.errors import DatabaseFullError
from node_gateway.storage.importing import ImportJob

CSV: Final = "csv"
MAPPINGS_MAX: Final = 1000
_CHECKED_AT_ONCE: Final = 500
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_TIME: Final = "2000-01-01T00:00:00.000Z"


class Mappings:
    """Mapping files of a gateway, kept under the SHA-256 of their bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, raw: bytes) -> tuple[str, CsvMapping]:
        """Keep a mapping; return its digest. The same again changes nothing.

        Raises:
            DocumentRefusedError: it is no mapping.
            TooLargeError: there are too many already.
            DatabaseFullError: there is no space.
        """
        mapping = read_mapping(raw)
        digest = mapping_digest(raw)
        await asyncio.to_thread(self._keep, digest, raw)
        return digest, mapping

    async def get(self, digest: str) -> CsvMapping:
        """Return a mapping.

        Raises:
            NotFoundError: `mapping_not_found`.
        """
        path = self._path(digest)
        if not _DIGEST.fullmatch(digest) or not await asyncio.to_thread(path.is_file):
            hint = "POST /v1/csv-mappings keeps one."
            raise NotFoundError("no such mapping", code="mapping_not_found", hint=hint)
        return read_mapping(await asyncio.to_thread(path.read_bytes))

    def _path(self, digest: str) -> Path:
        return self._folder / f"mapping-{digest}"

    def _keep(self, digest: str, raw: bytes) -> None:
        path = self._path(digest)
        if path.is_file():
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sum(1 for _ in self._folder.glob("mapping-*")) >= MAPPINGS_MAX:
                raise TooLargeError(
                    f"more than {MAPPINGS_MAX} mappings",
                    code="too_many_mappings",
                    hint="Remove old ones from the imports folder.",
                )
            number, name = tempfile.mkstemp(prefix="arriving-", dir=self._folder)
            with os.fdopen(number, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError as error:
            raise DatabaseFullError("the mapping cannot be kept: no space, or no right") from error


class CsvFiles:
    """Reads CSV files (`importing.Format`); a job's options are the digest of its mapping."""

    def __init__(
        self,
        *,
        mappings: Mappings,
        preparing: Preparing,
        party_of: PartyOf,
        clock: Callable[[], float],
    ) -> None:
        self.mappings, self._preparing = mappings, preparing
        self._party_of, self._clock = party_of, clock

    @property
    def kinds(self) -> Sequence[str]:
        """See `Format`."""
        return (CSV,)

    def sniff(self, head: bytes) -> str | None:
        """See `Format`: nothing says which mapping a file has."""
        del head
        return None

    async def open(self, file: Path, job: ImportJob) -> ImportSource:
        """See `Format`. Every event is checked before the first one is stored."""
        mapping = await self.mappings.get(job.options)
        made = await asyncio.to_thread(self.made, file.read_bytes, mapping)
        notes = {"rows": made.row_count, "skipped": made.skipped_count}
        if made.findings.count:
            problems = made.findings.problems
            raise FileRefusedError(problems, count=made.findings.count, notes=notes)
        if not made.events:
            problem = LineProblem(0, "no_events", "no row of the file makes an event")
            raise FileRefusedError([problem], notes=notes)
        return ImportSource(
            lambda: _sources(made.events),
            code_count=sum(_source(one).code_count for one in made.events),
            notes=notes,
        )

    async def finished(self, job: ImportJob, source: ImportSource) -> None:
        """See `Format`."""
        del job, source

    def made(
        self, read: Callable[[], bytes], mapping: CsvMapping, *, check: bool = True
    ) -> MadeEvents:
        """Return what a file becomes, with every problem by its line. Runs on any thread.

        Args:
            read: Gives the file.
            mapping: What its columns mean.
            check: Look for what capture would refuse, too.

        Raises:
            FileRefusedError: it cannot be read as CSV at all.
        """
        ahead = timedelta(seconds=self._preparing.limits.future_tolerance_s)
        latest = datetime.fromtimestamp(self._clock(), UTC) + ahead
        try:
            sheet = read_sheet(read())
        except SpottedError as error:
            raise FileRefusedError([line_problem(one) for one in error.spots]) from None
        made = make_events(sheet, mapping, party_of=self._party_of, latest=latest)
        if check:
            self._check(made)
        return made

    def _check(self, made: MadeEvents) -> None:
        """Let the checks of capture look at the events, and find their lines again."""
        for first in range(0, len(made.events), _CHECKED_AT_ONCE):
            part = made.events[first : first + _CHECKED_AT_ONCE]
            if not self._is_good(part):
                for one in part:
                    self._find(one, made)

    def _is_good(self, part: Sequence[MadeEvent]) -> bool:
        try:
            self._preparing.normalised(document_of([one.event for one in part], _TIME))
        except SpottedError:
            return False
        return True

    def _find(self, one: MadeEvent, made: MadeEvents) -> None:
        try:
            self._preparing.normalised(document_of([one.event], _TIME))
        except SpottedError as error:
            for spot in error.spots:
                made.findings.add(spot.code, one.line, spot.detail, spot.hint)


def line_problem(spot: Spot) -> LineProblem:
    """Return a spot of a table, whose pointer begins with its line, as a problem of a line."""
    line = spot.pointer.strip("/").partition("/")[0]
    return LineProblem(int(line) if line.isdigit() else 0, spot.code, spot.detail, spot.hint)


def _sources(events: Sequence[MadeEvent]) -> Iterator[SourceEvent]:
    return (_source(one) for one in events)


def _source(one: MadeEvent) -> SourceEvent:
    return SourceEvent(one.line, one.event)
