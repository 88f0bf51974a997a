"""Files that arrive over HTTP: to disk first, then imported in the background.

A file stays on disk, readable by this user alone, until its import has ended. A gateway that was
killed meanwhile finds it at the next start and goes on; if the file is gone, sending it again does
the same.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import structlog

from node_gateway.errors import TooLargeError
from node_gateway.services.importing import Importing
from node_gateway.storage.errors import DatabaseFullError
from node_gateway.storage.importing import OPEN, ImportJob
from node_gateway.telemetry import without_values

HEAD_SIZE: Final = 4096
_WRITE_SIZE: Final = 1 << 20
_ARRIVING: Final = "arriving-"
_KEPT: Final = "import-"


@dataclass(frozen=True, slots=True)
class Received:
    """A file on disk."""

    path: Path
    digest: bytes
    size_bytes: int
    head: bytes


class Intake:
    """Takes files in and imports them one after the other."""

    def __init__(self, importing: Importing, folder: Path, *, size_bytes_max: int) -> None:
        self._importing, self._folder, self._size_max = importing, folder, size_bytes_max
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, stream: AsyncIterable[bytes]) -> Received:
        """Write a body to disk.

        Raises:
            TooLargeError: it has more bytes than configured; nothing is left of it.
            DatabaseFullError: there is no space.
        """
        path = await asyncio.to_thread(self._new_file)
        digest, size, head, waiting = sha256(), 0, b"", bytearray()
        try:
            async for piece in stream:
                size += len(piece)
                self._require_fits(size)
                digest.update(piece)
                head = head + piece[: HEAD_SIZE - len(head)] if len(head) < HEAD_SIZE else head
                waiting += piece
                if len(waiting) >= _WRITE_SIZE:
                    await asyncio.to_thread(_append, path, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(_append, path, bytes(waiting))
            await asyncio.to_thread(_sync, path)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise DatabaseFullError("the file cannot be kept: no space, or no right") from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Received(path, digest.digest(), size, head)

    async def start(self, received: Received, *, kind: str | None, options: str) -> ImportJob:
        """Import a file in the background; the same file again is the same job.

        Args:
            received: From `receive`; it is taken over, or deleted where nothing is to be done.
            kind: What it is; None finds out.
            options: How it is to be read.

        Raises:
            MediaTypeError: `import_kind`, nobody reads it.
        """
        try:
            found = kind or self._importing.sniff(received.head)
            job = await self._importing.begin(
                received.digest, found, options=options, size_bytes=received.size_bytes
            )
        except BaseException:
            received.path.unlink(missing_ok=True)
            raise
        job = (await self._importing.job(job.number)).job
        # Nothing waits between this look and the reservation: two uploads are one import.
        if job.state != OPEN or not self._importing.reserve(job.number):
            await asyncio.to_thread(received.path.unlink, missing_ok=True)
            return job
        path = self._path(job)
        received.path.replace(path)
        self._begin(job, path)
        return job

    async def resume(self) -> int:
        """Go on with the imports that a stop or a kill interrupted; returns how many."""
        open_jobs = {self._path(job): job for job in await self._importing.open_jobs()}
        there = await asyncio.to_thread(self._clear, frozenset(open_jobs))
        for path in there:
            if self._importing.reserve(open_jobs[path].number):
                self._begin(open_jobs[path], path)
        return len(there)

    async def stop(self) -> None:
        """Stop after the part that is being stored; the rest is for the next start."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until nothing is being imported."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, job: ImportJob, path: Path) -> None:
        """Work on a reserved job; it is released however the task ends, even before it starts."""
        task = asyncio.create_task(self._work(job, path))
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._importing.release(job.number)

        task.add_done_callback(ended)

    async def _work(self, job: ImportJob, path: Path) -> None:
        try:
            await self._importing.run_reserved(job, path)
        except Exception as error:  # noqa: BLE001  the job stays open; the next start goes on
            structlog.get_logger().error(
                "import interrupted", job=job.number, **without_values(error)
            )
            return
        await asyncio.to_thread(path.unlink, missing_ok=True)

    def _require_fits(self, size_bytes: int) -> None:
        if size_bytes > self._size_max:
            raise TooLargeError(
                f"the file has more than {self._size_max} bytes",
                hint="Raise limits.import_size_bytes_max, or split the file by lots.",
            )

    def _clear(self, wanted: frozenset[Path]) -> list[Path]:
        """Delete what a kill left of files that nobody waits for; return those somebody does."""
        kept = []
        for path in sorted((*self._folder.glob(f"{_ARRIVING}*"), *self._folder.glob(f"{_KEPT}*"))):
            if path in wanted:
                kept.append(path)
            else:
                path.unlink(missing_ok=True)
        return kept

    def _path(self, job: ImportJob) -> Path:
        return self._folder / f"{_KEPT}{job.number}"

    def _new_file(self) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=_ARRIVING, dir=self._folder)
        os.close(number)
        return Path(name)


def _append(path: Path, piece: bytes) -> None:
    with path.open("ab") as file:
        file.write(piece)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
