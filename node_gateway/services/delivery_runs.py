"""One webhook subscription: run its query, deliver what it finds, keep how far it is.

At least once, in order: the next delivery goes out when the one before was taken, and only then is
the position moved. A crash in between repeats a delivery. A delivery that failed keeps its last
position, so that its next try has the same id and, but for events that were erased meanwhile, the
same events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

import orjson
import structlog

from node_gateway.epcis.query import Query
from node_gateway.epcis.query.schedule import Schedule, schedule_of
from node_gateway.services.delivery_signatures import delivery_headers
from node_gateway.services.posting import Answer, PostingError
from node_gateway.services.standing_pages import Delivery, Form, StandingPages
from node_gateway.settings import SubscriptionsSection
from node_gateway.storage.subscriptions import Progress, Subscription, SubscriptionStore, ended

Outcome = Literal["taken", "smaller", "stopped"]
"""Of a delivery: `smaller` is to be tried again with fewer events, at once."""
_GONE: Final = 410
_TOO_LARGE: Final = 413
_ASKED_TO_WAIT: Final = frozenset({429, 503})
_SAVE_AT_LEAST_MS: Final = 60_000
"""Progress without a delivery is kept so often: a restart looks at a few events again."""


class Post(Protocol):
    """Posts; see `Poster.post`."""

    def __call__(self, dest: str, body: bytes, headers: Mapping[str, str]) -> Awaitable[Answer]:
        """Post a body."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What every run uses.

    Attributes:
        counted: Told what became of each try: `delivered`, `failed` or `disabled`.
    """

    store: SubscriptionStore
    pages: StandingPages
    post: Post
    settings: SubscriptionsSection
    clock: Callable[[], float]
    counted: Callable[[str], None]


class SubscriptionRuns:
    """The runs of one subscription, one after the other."""

    def __init__(self, subscription: Subscription, query: Query, means: Means) -> None:
        self._given, self._query, self._means = subscription, query, means
        self._progress = subscription.progress
        self._saved_at_ms = 0
        self._reported = False  # whether this run has told the receiver anything
        self._run_at_ms = self._progress.next_at_ms
        self._run_began_ms: int | None = None  # not known of a run that began before a restart
        self._looked_at_ms = subscription.created_at_ms
        self._over = False
        self._form = Form(
            query=subscription.query,
            subscription=subscription.id,
            epc_format=subscription.epc_format,
            extensions=orjson.loads(subscription.extensions),
        )
        self._schedule = _schedule(subscription)
        self._log = structlog.get_logger()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._progress

    def due_in_s(self) -> float | None:
        """Return when to run next, in seconds; None: when there are new events."""
        if self._schedule is None and self._progress.state == "active":
            initial = self._given.initial_ms
            if self._progress.position is None and initial is not None:
                return self._until_s(initial)
            return None
        return self._until_s(self._progress.next_at_ms)

    async def run(self) -> bool:
        """Run the query and deliver until nothing is left, or a delivery fails.

        Returns:
            False if the subscription has ended.

        Raises:
            NotReadyError: the index is being brought up to date; nothing was done.
            StorageError: progress could not be kept; the delivery will be repeated.
        """
        position = self._progress.position
        if position is None:
            begun = await self._means.pages.begin(self._given.initial_ms, now_ms=self._now_ms())
            if begun is None:  # its time has not come
                return await self._nothing_yet()
            self._progress = replace(self._progress, position=begun)
        if self._schedule is None:
            return await self._stream()
        return await self._scheduled(self._schedule)

    async def _stream(self) -> bool:
        while True:
            retried = self._progress.through
            found = await self._next(retried)
            if found.event_count:
                outcome = await self._deliver(found)
                if outcome == "stopped":
                    return not self._over
                if outcome == "smaller":
                    continue
            else:
                self._look_past(found.position)
            # Behind what was tried again there may be more, and whoever woke us did not know.
            if retried is None and not found.more:
                return await self._save(lazily=True)

    async def _scheduled(self, schedule: Schedule) -> bool:
        bound = self._progress.run_through
        if bound is None:
            self._run_began_ms = self._now_ms()
            bound = await self._means.pages.reached()
            self._progress = replace(self._progress, run_through=bound)
            self._reported, self._run_at_ms = False, self._progress.next_at_ms
        while True:
            found = await self._next(min(bound, self._progress.through or bound))
            if found.event_count:
                outcome = await self._deliver(found)
                if outcome == "stopped":
                    return not self._over
                if outcome == "smaller":
                    continue
            else:
                self._look_past(found.position)
            if found.position >= bound:
                break
        if not await self._report_nothing(bound):
            return not self._over
        return await self._run_ended(schedule)

    async def _report_nothing(self, position: int) -> bool:
        """Tell of a run that found nothing, if that is wanted; return whether it is over."""
        if self._reported or not self._given.report_if_empty:
            return True
        body = await self._means.pages.empty(self._form)
        return await self._deliver(Delivery(body, 0, position, more=False)) == "taken"

    async def _run_ended(self, schedule: Schedule) -> bool:
        now_ms = self._now_ms()
        following = schedule.next_after(now_ms)
        if following is None:
            return await self._end("schedule_over")
        self._progress = replace(
            self._progress,
            run_through=None,
            next_at_ms=following,
            executed_at_ms=self._run_began_ms or self._progress.executed_at_ms,
        )
        return await self._save(lazily=not self._reported)

    async def _nothing_yet(self) -> bool:
        """Run before `initialRecordTime`: there is no event that counts."""
        if self._schedule is None:
            return True
        self._reported, self._run_at_ms = False, self._progress.next_at_ms
        if not await self._report_nothing(0):
            return not self._over
        return await self._run_ended(self._schedule)

    async def _next(self, through: int | None) -> Delivery:
        self._looked_at_ms = self._now_ms()
        return await self._means.pages.next(
            self._query,
            self._form,
            after=self._progress.position or 0,
            through=through,
            limit=self._progress.page_size,
        )

    def _look_past(self, position: int) -> None:
        """Everything up to there was looked at, and there was nothing to deliver."""
        self._progress = replace(
            self._progress,
            position=max(position, self._progress.position or 0),
            through=None,
            state="active",
            failures=0,
            failing_since_ms=None,
            executed_at_ms=self._looked_at_ms,
        )

    async def _deliver(self, delivery: Delivery) -> Outcome:
        """Try once, and keep what became of it."""
        at_s = int(self._means.clock())
        number = self._number(delivery)
        headers = delivery_headers(self._given.token, number=number, at_s=at_s, body=delivery.body)
        try:
            answer = await self._means.post(self._given.dest, delivery.body, headers)
        except PostingError as error:
            await self._failed(delivery, error.code, None)
            return "stopped"
        if answer.taken:
            self._taken(delivery)
            return "taken" if await self._save() else "stopped"
        if answer.status == _TOO_LARGE and delivery.event_count > 1:
            smaller = max(1, delivery.event_count // 2)
            self._progress = replace(self._progress, page_size=smaller, through=None)
            return "smaller" if await self._save() else "stopped"
        await self._failed(delivery, "status", answer)
        return "stopped"

    def _taken(self, delivery: Delivery) -> None:
        self._reported = True
        self._means.counted("delivered")
        self._progress = replace(
            self._progress,
            state="active",
            position=delivery.position if delivery.event_count else self._progress.position,
            through=None,
            failures=0,
            failing_since_ms=None,
            last_error=None,
            last_status=None,
            executed_at_ms=delivery.record_time_ms or self._progress.executed_at_ms,
            notified_at_ms=self._now_ms(),
        )

    async def _failed(self, delivery: Delivery, reason: str, answer: Answer | None) -> None:
        now_ms, before = self._now_ms(), self._progress
        status = None if answer is None else answer.status
        since = before.failing_since_ms or now_ms
        if status == _GONE:
            await self._end("receiver_gone", status)
            return
        if now_ms - since > self._means.settings.give_up_s * 1000:
            await self._end(reason, status)
            return
        self._means.counted("failed")
        wait_s = self._wait_s(before.failures + 1, answer)
        self._progress = replace(
            before,
            state="failing",
            through=delivery.position if delivery.event_count else None,
            next_at_ms=now_ms + int(wait_s * 1000),
            failures=before.failures + 1,
            failing_since_ms=since,
            last_error=reason,
            last_status=status,
        )
        if before.failures == 0:
            self._say("a delivery failed")
        await self._save()

    async def _end(self, reason: str, status: int | None = None) -> bool:
        """Disable the subscription; there is no next run."""
        self._progress = ended(self._progress, reason, status)
        self._means.counted("disabled")
        self._say("a subscription is disabled")
        await self._save()
        self._over = True
        return False

    def _say(self, text: str) -> None:
        """Log, never with the address: it may hold a secret."""
        self._log.warning(
            text,
            subscription=self._given.id,
            code=self._progress.last_error,
            status=self._progress.last_status,
        )

    def _wait_s(self, failures: int, answer: Answer | None) -> float:
        """Return how long to wait: fourfold each time, spread so that not all come back at once."""
        settings = self._means.settings
        grown = settings.retry_s_min * 4.0 ** min(failures - 1, 30)
        wait_s = min(grown, settings.retry_s_max)
        if answer is not None and answer.status in _ASKED_TO_WAIT and answer.retry_after_s:
            wait_s = min(max(wait_s, answer.retry_after_s), settings.retry_s_max)
        return wait_s * spread(self._given.id, failures)

    async def _save(self, *, lazily: bool = False) -> bool:
        """Keep progress; False if the subscription has ended meanwhile."""
        now_ms = self._now_ms()
        if lazily and now_ms - self._saved_at_ms < _SAVE_AT_LEAST_MS:
            return True
        self._saved_at_ms = now_ms
        is_there = await self._means.store.save(self._given.id, self._progress)
        self._over = self._over or not is_there
        return is_there

    def _number(self, delivery: Delivery) -> str:
        """Name a delivery by what it holds; one that holds nothing, by when it was due."""
        if delivery.event_count:
            return f"{self._given.id}.{self._progress.position}.{delivery.position}"
        return f"{self._given.id}.empty.{self._run_at_ms}"

    def _until_s(self, moment_ms: int) -> float:
        return max(0.0, moment_ms / 1000 - self._means.clock())

    def _now_ms(self) -> int:
        return int(self._means.clock() * 1000)


def spread(name: str, count: int) -> float:
    """Return a factor between 0.8 and 1.2, another one for each name and count."""
    drawn = hashlib.sha256(f"{name} {count}".encode()).digest()
    return 0.8 + 0.4 * int.from_bytes(drawn[:4]) / 0xFFFF_FFFF


def _schedule(subscription: Subscription) -> Schedule | None:
    if subscription.schedule is None:
        return None
    return schedule_of(orjson.loads(subscription.schedule), now_ms=subscription.created_at_ms)
