"""What goes on beside the requests: reconcile, then batch and anchor, for as long as it runs.

A restart runs the same code path as normal work. Nothing here decides about safety: the anchorer
does; this only carries its verdict to the gate.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from anchoring.anchorer_status import AnchorerState, AnchorerStatus, Reason
from node_gateway.services.batching import margin_s
from node_gateway.services.gateway import Gateway
from node_gateway.services.promises import Deadline
from node_gateway.storage.errors import StorageError
from node_gateway.storage.ports import StoreStatus
from node_gateway.streams import Stream
from node_gateway.telemetry import without_values

LOOK_S_MAX: Final = 2.0
"""Whatever seems to be quiet is looked at as often as this, or as the chain is if that is rarer."""


class Worker:
    """The background work of one gateway; one per process."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._log = structlog.get_logger()
        self._wake = asyncio.Event()
        self._ending = False
        self._may_batch = False
        self._unbatched_why: str | None = None
        self._detail = ""
        self._said: tuple[str, str | None, str | None] | None = None
        self._batched_slots: tuple[int, ...] = ()
        self._batched_at = -LOOK_S_MAX

    def wake(self) -> None:
        """Do the next pass now."""
        self._wake.set()

    async def run(self) -> None:
        """Run until `stop`. Any failure that is not foreseen is fatal, and said."""
        try:
            self._apply(await self._gateway.anchorer.reconcile())
            self._say()
            while not self._ending:
                if self._is_batching_due():
                    await self.step()
                elif self._wake.is_set() or self._gateway.anchorer.status.unplaced:
                    await self._step()  # a new block, say: nothing is to be batched by that
                await self._pause()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._gateway.gate.fatal(getattr(error, "code", "internal"))
            self._log.error("the worker has stopped", **without_values(error))
            raise

    async def step(self) -> None:
        """Do one pass: batch what the slots ask for, then look after the anchors."""
        self._batched_slots, self._batched_at = self._slots(), time.monotonic()
        if self._store_ended() is None:
            self._unbatched_why = await self._refusal(self._batch_all)
        await self._step()

    async def _step(self) -> None:
        self._wake.clear()
        gate = self._gateway.gate
        if (ended := self._store_ended()) is not None:
            gate.fatal(ended)
            self._say()
            return
        refusal = await self._refusal(self._anchor)
        if (ended := self._store_ended()) is not None:
            gate.fatal(ended)
        elif refusal is not None and gate.view.state == "ready":
            gate.read_only(refusal)
        self._say()

    async def _refusal(self, work: Callable[[], Awaitable[None]]) -> str | None:
        """Do a part of a pass; return why the database refuses it for longer than a moment."""
        try:
            await work()
        except StorageError as error:
            if not error.retryable:
                return error.code
            self._log.warning("the database is busy", code=error.code)
        return None

    async def _batch_all(self) -> None:
        if self._may_batch:
            for stream in self._gateway.streams.all:
                await self._batch(stream)

    async def _anchor(self) -> None:
        self._apply(await self._gateway.anchorer.run_once())
        await self._measure()

    def _store_ended(self) -> str | None:
        return self._gateway.store.failure

    def _is_batching_due(self) -> bool:
        """A slot has begun, or something is wrong, or it is long ago."""
        status, view = self._gateway.anchorer.status, self._gateway.gate.view
        is_quiet = (
            status.state is AnchorerState.READY
            and self._unbatched_why is None
            and view.state == "ready"
        )
        is_long_ago = time.monotonic() - self._batched_at >= LOOK_S_MAX
        return not is_quiet or is_long_ago or self._slots() != self._batched_slots

    def _slots(self) -> tuple[int, ...]:
        now_s = self._gateway.clock()
        return tuple(stream.slot(now_s) for stream in self._gateway.streams.all)

    def stop(self) -> None:
        """End after the pass that is running."""
        self._ending = True
        self._wake.set()

    async def _batch(self, stream: Stream) -> None:
        for report in await self._gateway.batcher.run_slot(stream):
            kind = "extra" if report.extra else "slot"
            self._gateway.metrics.batches.labels(kind).inc()
            if report.extra:
                self._gateway.metrics.alarms.labels("promise_at_risk").inc()
                self._log.warning(
                    "a promise was at risk: one more batch",
                    stream=report.stream,
                    sequence=report.sequence,
                )

    def _apply(self, status: AnchorerStatus) -> None:
        gate, reason = self._gateway.gate, str(status.reason) if status.reason else None
        told_otherwise = (
            self._gateway.settings.chain.start_without_chain
            and status.reason is Reason.CHAIN_UNAVAILABLE
        )
        if status.state is AnchorerState.FATAL:
            gate.fatal(reason or "unknown")
        elif status.state is AnchorerState.READ_ONLY and not told_otherwise:
            gate.read_only(reason or "unknown")
        elif self._unbatched_why is not None:
            # What cannot be batched must not be promised. The next pass tries again.
            gate.read_only(self._unbatched_why)
        else:
            gate.ready(degraded=reason)
        self._may_batch = status.may_capture or told_otherwise
        self._detail = status.detail
        for alarm in status.alarms:
            self._gateway.metrics.alarms.labels(str(alarm.code)).inc()
            self._log.warning(alarm.text, alarm=str(alarm.code))
        self._gateway.metrics.pending_anchors.set(status.pending)
        self._gateway.metrics.lag.set(status.lag_s)

    def _say(self) -> None:
        """Log the state when it has changed, and show it in the metrics."""
        view = self._gateway.gate.view
        said = (view.state, view.reason, view.degraded)
        if said != self._said:
            self._said = said
            self._log.info(
                "state",
                state=view.state,
                reason=view.reason,
                degraded=view.degraded,
                detail=self._detail,
            )
        for state in ("starting", "ready", "read_only", "fatal"):
            self._gateway.metrics.state.labels(state).set(state == view.state)

    async def _measure(self) -> None:
        status = await self._gateway.store.status()
        waiting = sum(one.unbatched_count for one in status.streams)
        self._gateway.metrics.pending_events.set(waiting)
        self._watch_promises(status)

    def _watch_promises(self, status: StoreStatus) -> None:
        gateway = self._gateway
        margins = {one.number: margin_s(one) for one in gateway.streams.all}
        deadlines = [
            Deadline(one.oldest_anchor_by, margins.get(one.stream, 0))
            for one in status.streams
            if one.oldest_anchor_by is not None
        ]
        batched = gateway.anchorer.status.anchor_by
        if batched is not None:
            deadlines.append(Deadline(batched, margins[gateway.streams.ordinary.number]))
        if gateway.promises.renew(deadlines, gateway.clock()):
            view = gateway.promises.view
            gateway.metrics.alarms.labels(f"promise_{view.state}").inc()
            self._log.error("a promise is not kept", state=view.state, anchor_by=view.anchor_by)

    async def _pause(self) -> None:
        if self._ending:  # said during the pass, which took the wake-up for its own
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self._gateway.settings.chain.poll_s)
