"""A folder whose files are captured: what an ERP that can only write files needs.

A file stays where it is until everything of it is durable; then its report is written, then it is
moved. A crash in between leaves the file, the next pass looks at it again, and nothing of it is
stored twice. Files are told apart by content, so the same file under another name is harmless too.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

from node_gateway.epcis.errors import EpcisError
from node_gateway.errors import GatewayError, NotReadyError, SpottedError, TooLargeError
from node_gateway.services.capture import Capture, CaptureReport
from node_gateway.services.gate import Gate
from node_gateway.services.importing import Importing
from node_gateway.services.importing_csv import CSV, Mappings
from node_gateway.services.linting import JSON, XML, kind_of
from node_gateway.storage.errors import StorageError
from node_gateway.storage.importing import DONE
from node_gateway.telemetry import without_values

DONE_FOLDER: Final = "done"
FAILED_FOLDER: Final = "failed"
REPORT: Final = ".report.json"
_NOT_TAKEN: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~", REPORT)
_TABLES: Final = (".csv", ".txt", ".tsv")
_READ_SIZE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Seen:
    size_bytes: int
    changed_ns: int


class DropFolder:
    """Looks at one folder again and again."""

    def __init__(
        self,
        folder: Path,
        *,
        mapping_file: Path | None,
        poll_s: float,
        size_bytes_max: int,
        importing: Importing,
        mappings: Mappings,
        capture: Capture,
        gate: Gate,
    ) -> None:
        self._folder, self._mapping_file, self._poll_s = folder, mapping_file, poll_s
        self._size_max = size_bytes_max
        self._importing, self._mappings = importing, mappings
        self._capture, self._gate = capture, gate
        self._seen: dict[str, _Seen] = {}
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Look at the folder until `stop`."""
        while not self._ending.is_set():
            try:
                await self.step()
            except Exception as error:  # noqa: BLE001  the folder may come back; the rest goes on
                structlog.get_logger().error("drop folder", **without_values(error))
            try:
                await asyncio.wait_for(self._ending.wait(), self._poll_s)
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End after the file that is being taken."""
        self._ending.set()

    async def step(self) -> int:
        """Take the files that did not change since the pass before; return how many."""
        seen = await asyncio.to_thread(self._look)
        quiet = [name for name, one in seen.items() if self._seen.get(name) == one]
        self._seen = seen
        taken = 0
        for name in sorted(quiet):
            if self._ending.is_set():
                break
            taken += await self._take(self._folder / name, seen[name])
        return taken

    def _look(self) -> dict[str, _Seen]:
        found = {}
        for entry in os.scandir(self._folder):
            name = entry.name
            if name.startswith(".") or name.endswith(_NOT_TAKEN):
                continue
            if entry.is_file(follow_symlinks=False):
                stat = entry.stat(follow_symlinks=False)
                found[name] = _Seen(stat.st_size, stat.st_mtime_ns)
        return found

    async def _take(self, file: Path, seen: _Seen) -> bool:
        try:
            self._gate.require_capture()
            good, report = await self._captured(file, seen)
        except (NotReadyError, StorageError) as error:  # nothing is wrong with the file
            structlog.get_logger().warning("drop folder waits", code=error.code)
            return False
        except (GatewayError, EpcisError) as error:
            good, report = False, _refusal(error)
        if (await asyncio.to_thread(self._look)).get(file.name) != seen:
            return False  # somebody wrote into it meanwhile: the next pass takes it again
        target = self._folder / (DONE_FOLDER if good else FAILED_FOLDER)
        await asyncio.to_thread(_file_away, file, target, {"file": file.name, **report})
        structlog.get_logger().info("drop folder", outcome=target.name)
        return True

    async def _captured(self, file: Path, seen: _Seen) -> tuple[bool, dict[str, Any]]:
        if seen.size_bytes > self._size_max:
            raise TooLargeError(f"the file has more than {self._size_max} bytes")
        digest, head = await asyncio.to_thread(_digest, file)
        is_table = file.suffix.lower() in _TABLES
        kind = CSV if is_table else kind_of(head)
        if kind in (JSON, XML):
            raw = await asyncio.to_thread(file.read_bytes)
            report = await self._capture.document(raw, xml=kind == XML)
            return report.success, _captured_wire(kind, report)
        options = await self._mapping() if is_table else ""
        job = await self._importing.begin(digest, kind, options=options, size_bytes=seen.size_bytes)
        job = await self._importing.run(job, file)
        told = orjson.loads(job.report) if job.report else {}
        counts = {"events": job.event_count, "duplicates": job.duplicate_count}
        wire = {"kind": kind, "import": str(job.number), **counts, "report": told}
        return job.state == DONE, wire

    async def _mapping(self) -> str:
        if self._mapping_file is None:
            raise GatewayError(
                "CSV files need a mapping",
                code="mapping_missing",
                hint="Name one: drop_folder.mapping",
            )
        raw = await asyncio.to_thread(self._mapping_file.read_bytes)
        digest, _ = await self._mappings.put(raw)
        return digest


def _digest(file: Path) -> tuple[bytes, bytes]:
    made, head = sha256(), b""
    with file.open("rb") as stream:
        while piece := stream.read(_READ_SIZE):
            head = head or piece[:4096]
            made.update(piece)
    return made.digest(), head


def _file_away(file: Path, target: Path, report: dict[str, Any]) -> None:
    """Write the report, then move the file: a crash between the two repeats both."""
    target.mkdir(exist_ok=True)
    place = _free_place(target, file)
    raw = orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n"
    number, name = tempfile.mkstemp(prefix=".", dir=target)
    with os.fdopen(number, "wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(place.with_name(place.name + REPORT))
    file.replace(place)


def _free_place(target: Path, file: Path) -> Path:
    """Return where a file goes: an earlier one of the same name is kept."""
    place, number = target / file.name, 1
    while place.exists():
        number += 1
        place = target / f"{file.stem}-{number}{file.suffix}"
    return place


def _captured_wire(kind: str, report: CaptureReport) -> dict[str, Any]:
    duplicates = sum(one.kind == "duplicate" for one in report.events)
    return {
        "kind": kind,
        "capture": report.capture_id,
        "events": len(report.events),
        "duplicates": duplicates,
        "report": {"problems": []},
    }


def _refusal(error: GatewayError | EpcisError) -> dict[str, Any]:
    if isinstance(error, SpottedError):
        problems = [
            {"pointer": one.pointer, "code": one.code, "detail": one.detail, "hint": one.hint}
            for one in error.spots
        ]
    else:
        pointer = getattr(error, "pointer", "")
        hint = getattr(error, "hint", None)
        problems = [{"pointer": pointer, "code": error.code, "detail": str(error), "hint": hint}]
    return {"events": 0, "report": {"problems": problems}}
