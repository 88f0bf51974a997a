"""Looks after exceptions: what is overdue is escalated, with an alarm; proofs go to partners."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from prometheus_client import Gauge
from sqlalchemy import Connection

from node_gateway.partners.exception_proving import Proving
from node_gateway.partners.exceptions import GATEWAY, Rules
from node_gateway.storage import exceptions as cases
from node_gateway.storage import exceptions_reading as reading
from node_gateway.storage.database import Database
from node_gateway.storage.exceptions import ChangeRow
from node_gateway.telemetry import Metrics, without_values

ALARM: Final = "exception_overdue"
_PASS_MAX: Final = 500


class ExceptionWatch:
    """Looks once in a while; each step is a transaction of its own and can be done again."""

    def __init__(
        self,
        database: Database,
        rules: Rules,
        *,
        metrics: Metrics,
        proving: Proving | None,
        rejoining: Callable[[], Awaitable[object]] | None = None,
        poll_s: float,
    ) -> None:
        self._database, self._rules, self._metrics = database, rules, metrics
        self._proving, self._rejoining, self._poll_s = proving, rejoining, poll_s
        self._gauge = Gauge(
            "sealtrail_exceptions",
            "Mismatches that nobody has resolved yet, and those of them that are overdue",
            ("state",),
            registry=metrics.registry,
        )
        self._wake = asyncio.Event()
        self._ending = False
        self._log = structlog.get_logger()

    def stop(self) -> None:
        """Let `run` end."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Look until `stop`."""
        while not self._ending:
            self._wake.clear()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look tries again
                self._log.error("looking after exceptions failed", **without_values(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._poll_s)

    async def look(self) -> None:
        """Enter what was fetched back, escalate what is overdue, send proofs, count."""
        if self._rejoining is not None:
            await self._rejoining()
        while await self._escalate() == _PASS_MAX:
            pass
        if self._proving is not None:
            await self._proving.send()
        unresolved, late = await self._database.read(
            lambda connection: reading.open_counts(connection, self._rules.now_ms)
        )
        self._gauge.labels("open").set(unresolved)
        self._gauge.labels("overdue").set(late)

    async def _escalate(self) -> int:
        now_ms = self._rules.now_ms

        def due(connection: Connection) -> int:
            return len(reading.overdue(connection, now_ms, limit=1))

        def work(connection: Connection) -> int:
            late = reading.overdue(connection, now_ms, limit=_PASS_MAX)
            for row in late:
                cases.change_case(connection, row.number, state=cases.ESCALATED)
                change = ChangeRow(now_ms, GATEWAY, "escalated")
                cases.add_change(connection, row.number, change)
            return len(late)

        if not await self._database.read(due):
            return 0
        count = await self._database.write("exception_escalated", work)
        if count:
            self._metrics.alarms.labels(ALARM).inc(count)
            self._log.warning("exceptions are overdue", alarm=ALARM)
        return count
