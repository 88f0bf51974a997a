"""Deliver what subscriptions ask for, for as long as the gateway runs.

Every subscription has a task of its own, so a receiver that is slow or gone holds up nobody else.
A restart runs the same path: what was not taken is delivered.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import structlog

from node_gateway.errors import NotFoundError, NotReadyError
from node_gateway.services.delivery_runs import Means, SubscriptionRuns
from node_gateway.services.named_queries import NamedQueries
from node_gateway.storage.errors import StorageError
from node_gateway.storage.subscriptions import Subscription
from node_gateway.telemetry import without_values

_LOOK_S: Final = 2.0
"""How soon the end of an API key is noticed; also the longest sleep, for clocks that jump."""
_LOOK_IDLY_S: Final = 30.0
_RETRY_S: Final = 5.0
_RETRY_SOON_S: Final = 1.0
_GATHER_S: Final = 0.1
"""A stream is looked at so often at most: events that come together go together."""
_AT_ONCE: Final = 64
_END_S: Final = 3.0


class Delivering:
    """Runs all subscriptions.

    Args:
        queries: What subscriptions stand on.
        means: What every run uses.
    """

    def __init__(self, queries: NamedQueries, means: Means) -> None:
        self._queries, self._means = queries, means
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wakes: dict[str, asyncio.Event] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._look = asyncio.Event()
        self._ending = False
        self._log = structlog.get_logger()

    def wake(self) -> None:
        """There are new events."""
        for one in self._wakes.values():
            one.set()

    def changed(self) -> None:
        """There are other subscriptions than before."""
        self._look.set()

    def stop(self) -> None:
        """Let `run` end; a delivery that is under way may finish."""
        self._ending = True
        self._look.set()
        self.wake()

    async def run(self) -> None:
        """Deliver until `stop`."""
        self._look.set()
        try:
            while not self._ending:
                try:
                    await self._look_after()
                except Exception as error:  # noqa: BLE001 - whatever it is, the next look tries again
                    self._log.error("looking after subscriptions failed", **without_values(error))
                    self._look.set()
                    await asyncio.sleep(_RETRY_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._look.wait(), _LOOK_S)
        finally:
            await self._end()

    async def _look_after(self) -> None:
        """Start tasks of new subscriptions, end those of removed and disabled ones."""
        ended = await self._means.store.disable_without_key(int(self._means.clock()))
        for number in ended:
            self._log.warning("a subscription is disabled", subscription=number, code="api_key")
        if not ended and not self._look.is_set():
            return
        self._look.clear()
        live = {one.id: one for one in await self._means.store.live()}
        for number in [number for number in self._tasks if number not in live]:
            self._tasks.pop(number).cancel()
            self._wakes.pop(number)
        for number, subscription in live.items():
            if number not in self._tasks or self._tasks[number].done():
                self._wakes[number] = asyncio.Event()
                self._tasks[number] = asyncio.create_task(self._keep(subscription))

    async def _keep(self, subscription: Subscription) -> None:
        """Run one subscription until it ends."""
        try:
            named = await self._queries.get(subscription.query)
        except NotFoundError:
            return  # removed a moment ago, and the subscription with it
        except Exception as error:  # noqa: BLE001 - whatever it is, the task is started again
            self._log.error("a subscription failed", **without_values(error))
            await asyncio.sleep(_RETRY_S)
            self._look.set()
            return
        runs = SubscriptionRuns(subscription, named.query, self._means)
        wake = self._wakes[subscription.id]
        wake.set()
        while await self._due(runs, wake):
            if not await self._run(runs, subscription.id):
                return

    async def _due(self, runs: SubscriptionRuns, wake: asyncio.Event) -> bool:
        """Wait until a run is due; False if there is none any more."""
        while not self._ending:
            due_in_s = runs.due_in_s()
            if due_in_s is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), _LOOK_IDLY_S)
                if wake.is_set():
                    await asyncio.sleep(_GATHER_S)
                wake.clear()
                return not self._ending
            if due_in_s <= 0:
                return True
            await asyncio.sleep(min(due_in_s, _LOOK_S))
        return False

    async def _run(self, runs: SubscriptionRuns, number: str) -> bool:
        try:
            async with self._slots:
                return await runs.run()
        except NotReadyError:
            await self._again(number, _RETRY_SOON_S)
        except StorageError as error:
            self._log.warning("a subscription waits", subscription=number, code=error.code)
            await self._again(number, _RETRY_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            self._log.error("a subscription failed", subscription=number, **without_values(error))
            await self._again(number, _RETRY_S)
        return True

    async def _again(self, number: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        if (wake := self._wakes.get(number)) is not None:
            wake.set()

    async def _end(self) -> None:
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=_END_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
