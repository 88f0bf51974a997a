"""The one writing thread of a process: group commit over everything that waits.

Units that arrive while the disk flushes share the next transaction. They share nothing else: a
unit that is refused is rolled back alone. Crash order: a caller hears of a unit only after the
commit that holds it returned; a crash before that leaves nothing of it, a crash between commit
and answer leaves it stored, and the resubmission finds a duplicate.

After a failed commit nobody knows what the disk holds, and asking the kernel to flush again can
succeed without having written. So the writer ends there for good; only a restart goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError

from node_gateway.storage.backend import Backend
from node_gateway.storage.errors import (
    DatabaseFullError,
    StorageError,
    StoreBusyError,
    StoreClosedError,
    UnitRefusedError,
)
from node_gateway.storage.records import CaptureOutcome, CaptureUnit

GROUP_EVENTS_MAX: Final = 20_000
WAITING_UNITS_MAX: Final = 4096

_OF_THE_CHAIN: Final = frozenset({"follow_chain"})
"""Kinds that write only what is kept of the chain."""

Bulk = Callable[[Connection, Sequence[CaptureUnit]], Sequence[CaptureOutcome | Exception]]
OnStep = Callable[[str], None]


@dataclass(slots=True)
class Job:
    """One unit of writing. Either `work` or `unit` is set.

    Attributes:
        kind: Names the durable steps: `<kind>.before_commit`, `<kind>.after_commit`.
        work: Runs in a savepoint; what it raises, unless the database did, fails this job alone.
        after_commit: Turns the result into the answer, outside any transaction.
        answer: What the caller waits for; belongs to the event loop and is set only there.
    """

    kind: str
    work: Callable[[Connection], Any] | None = None
    unit: CaptureUnit | None = None
    after_commit: Callable[[Connection, Any], Any] | None = None
    answer: asyncio.Future[Any] | None = None

    @property
    def given_up(self) -> bool:
        """Whether its caller was cancelled while it waited; it is not begun then."""
        return self.answer is not None and self.answer.cancelled()

    @property
    def weight(self) -> int:
        """How much of a group it takes."""
        return max(1, len(self.unit.events)) if self.unit else 1


class Writer:
    """Owns the writing connection and its thread."""

    def __init__(
        self, connection: Connection, backend: Backend, *, bulk: Bulk, on_step: OnStep
    ) -> None:
        self._connection = connection
        self._backend = backend
        self._bulk = bulk
        self._on_step = on_step
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._failure: StorageError | None = None
        self._commits = 0
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> StorageError | None:
        """What ended writing, None while it works."""
        return self._failure

    @property
    def commits(self) -> int:
        """How often something was committed that is not only of the chain."""
        return self._commits

    @property
    def waiting_count(self) -> int:
        """How many units wait."""
        return len(self._waiting)

    async def submit(self, job: Job) -> Any:
        """Queue a job and wait until it is durable or refused."""
        with self._changed:
            if self._failure is not None:
                raise _again(self._failure)
            if len(self._waiting) >= WAITING_UNITS_MAX:
                raise StoreBusyError(f"{WAITING_UNITS_MAX} units wait already")
            job.answer = asyncio.get_running_loop().create_future()
            self._waiting.append(job)
            self._changed.notify()
        return await job.answer

    def close(self) -> None:
        """Write what waits, then end. Blocks; idempotent."""
        with self._changed:
            if self._failure is None:
                self._failure = StoreClosedError("the store was closed")
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._take():
            try:
                self._write(group)
            except BaseException as error:  # noqa: BLE001 - a dead writer must not leave callers waiting
                self._end(group, error, StoreClosedError)
                return

    def _take(self) -> list[Job]:
        """Wait for jobs; return as many as fit into one transaction, none at the end."""
        with self._changed:
            group: list[Job] = []
            weight = 0
            while not group:
                self._changed.wait_for(lambda: self._waiting or self._failure is not None)
                if not self._waiting:
                    break
                while self._waiting and (not group or weight < GROUP_EVENTS_MAX):
                    job = self._waiting.popleft()
                    if not job.given_up:
                        group.append(job)
                        weight += job.weight
        return group

    def _write(self, jobs: Sequence[Job]) -> None:
        """Run jobs in one transaction, commit it, answer."""
        transaction = None
        try:
            transaction = self._connection.begin()
            results = list(self._execute(jobs))
            self._steps(jobs, "before_commit")
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must be answered
            self._refuse(jobs, self._roll_back(transaction) or error)
            return
        try:
            transaction.commit()
        except Exception as error:  # noqa: BLE001
            full = self._backend.fault_of(error) == "full"
            self._end(jobs, error, DatabaseFullError if full else StoreClosedError)
            return
        if not {job.kind for job in jobs} <= _OF_THE_CHAIN:
            self._commits += 1  # before anybody hears of it
        self._steps(jobs, "after_commit")
        self._deliver(results)

    def _execute(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Any]]:
        for bulk, run in groupby(jobs, key=lambda job: job.unit is not None):
            group = list(run)
            if bulk:
                units = [job.unit for job in group if job.unit is not None]
                yield from zip(group, self._bulk(self._connection, units), strict=True)
            else:
                for job in group:
                    yield job, self._execute_one(job)

    def _execute_one(self, job: Job) -> Any:
        if job.work is None:
            raise AssertionError("a job without work")
        savepoint = self._connection.begin_nested()
        try:
            result = job.work(self._connection)
        except DBAPIError:  # what the database says is judged for the whole transaction
            raise
        except Exception as error:  # noqa: BLE001 - its own mistake: nobody else's writing ends
            savepoint.rollback()
            return error
        savepoint.commit()
        return result

    def _steps(self, jobs: Sequence[Job], moment: str) -> None:
        for kind in dict.fromkeys(job.kind for job in jobs):
            self._on_step(f"{kind}.{moment}")

    def _deliver(self, results: Sequence[tuple[Job, Any]]) -> None:
        _answer([(job, self._finish(job, result)) for job, result in results])

    def _finish(self, job: Job, result: Any) -> Any:
        if job.after_commit is None or isinstance(result, Exception):
            return result
        try:
            return job.after_commit(self._connection, result)
        except Exception as error:  # noqa: BLE001 - it is the caller's to hear
            return error

    @staticmethod
    def _roll_back(transaction: RootTransaction | None) -> Exception | None:
        """Return why it failed; the connection is gone then, and the writer with it."""
        if transaction is not None:
            try:
                transaction.rollback()
            except Exception as error:  # noqa: BLE001
                return error
        return None

    def _refuse(self, jobs: Sequence[Job], error: Exception) -> None:
        """Nothing was committed: find the culprit, or fail all with what is wrong."""
        fault = self._backend.fault_of(error)
        if fault == "refused" and len(jobs) > 1:
            for job in jobs:
                self._write([job])
        elif fault == "refused":
            _answer([(jobs[0], _because(UnitRefusedError, error))])
        elif fault == "full":
            self._fail(jobs, _because(DatabaseFullError, error))
        elif fault == "busy":
            self._fail(jobs, _because(StoreBusyError, error))
        else:
            self._end(jobs, error, StoreClosedError)

    def _end(self, jobs: Sequence[Job], error: BaseException, kind: type[StorageError]) -> None:
        """Stop writing for good; everyone who waits hears why."""
        failure = _because(kind, error)
        with self._changed:
            self._failure = failure
            left = list(self._waiting)
            self._waiting.clear()
        self._fail(jobs, failure)
        self._fail(left, failure)

    @staticmethod
    def _fail(jobs: Sequence[Job], failure: StorageError) -> None:
        _answer([(job, _again(failure)) for job in jobs])


def _answer(results: Sequence[tuple[Job, Any]]) -> None:
    """Hand results to the event loops that wait: one wake-up for a whole group."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for job, result in results:
        if job.answer is not None:
            by_loop.setdefault(job.answer.get_loop(), []).append((job.answer, result))
    for loop, answers in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_set_all, answers)


def _set_all(answers: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for answer, result in answers:
        if answer.done():  # cancelled, or heard the first of two failures
            continue
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)


def _because(kind: type[StorageError], error: BaseException) -> StorageError:
    """Return an error that says what happened, without any value of a row.

    Drivers append the offending values to their first line and SQLAlchemy the parameters, so
    only that line is kept and the cause is not chained.
    """
    cause = getattr(error, "orig", None) or error
    first_line = str(cause).partition("\n")[0]
    return kind(f"{type(cause).__name__}: {first_line}")


def _again(failure: StorageError) -> StorageError:
    """Return a fresh copy: one exception object must not be raised in several tasks."""
    return type(failure)(*failure.args)
