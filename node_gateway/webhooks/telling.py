"""Run webhooks: find what happened, send it, try again what was not taken.

At least once, and in no promised order: what failed goes out later than what came after it. One
receiver that is slow or gone holds up none of the others.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Protocol

import orjson
import structlog
from sqlalchemy import Connection

from node_gateway.services.posting import Answer, PostingError
from node_gateway.settings_partners import WebhooksSection
from node_gateway.storage import webhooks as kept
from node_gateway.storage.database import Database
from node_gateway.storage.webhooks import Due, NewEvent, StoredWebhook
from node_gateway.telemetry import without_values
from node_gateway.webhooks.kinds import Happened
from node_gateway.webhooks.retrying import delay_s, is_over
from node_gateway.webhooks.signing import Secrets, signed_headers
from node_gateway.webhooks.sources import Source, reached_of, reached_text

_GONE: Final = 410
_ASKED_TO_WAIT: Final = frozenset({429, 503})
_PER_PASS: Final = 50
_RETRY_S: Final = 5.0
_DAY_MS: Final = 86_400_000
_FORGET_EVERY_MS: Final = 3_600_000


class Post(Protocol):
    """Posts; see `Poster.post`."""

    def __call__(self, dest: str, body: bytes, headers: Mapping[str, str]) -> Awaitable[Answer]:
        """Post a body."""
        ...


@dataclass(frozen=True, slots=True)
class Cloud:
    """Makes the CloudEvents of one gateway. Source: CloudEvents 1.0, structured JSON.

    Attributes:
        source: Address or name of the gateway.
    """

    source: str

    def __call__(self, happened: Happened) -> NewEvent:
        """Return something that happened as it will be sent."""
        moment = datetime.fromtimestamp(happened.at_ms / 1000, UTC)
        body = {
            "specversion": "1.0",
            "id": happened.key.replace(" ", "."),
            "source": self.source,
            "type": happened.kind.value,
            "subject": happened.subject,
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": dict(happened.data),
        }
        return NewEvent(happened.key, happened.kind.value, happened.at_ms, orjson.dumps(body))


class Telling:
    """The background work of webhooks."""

    def __init__(
        self,
        store: Database,
        sources: Sequence[Source],
        cloud: Cloud,
        post: Post,
        *,
        settings: WebhooksSection,
        clock: Callable[[], float],
        counted: Callable[[str], None],
    ) -> None:
        self._store, self._sources, self._cloud, self._post = store, tuple(sources), cloud, post
        self._settings, self._clock, self._counted = settings, clock, counted
        self._wake = asyncio.Event()
        self._ending = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._forgotten_at_ms = 0
        self._log = structlog.get_logger()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self) -> None:
        """See `Background`. A delivery under way is cut off, and repeated after the next start."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """See `Background`."""
        try:
            while not self._ending:
                self._wake.clear()
                pause_s = self._settings.poll_s
                try:
                    await self.gather()
                    await self._send()
                except Exception as error:  # noqa: BLE001 - whatever it is, the next pass tries
                    self._log.error("webhooks failed", **without_values(error))
                    pause_s = _RETRY_S
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause_s)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def gather(self) -> int:
        """Find what happened since the last look, and keep whom to tell; return how much it was."""
        hooks = await self._store.read(kept.all_webhooks)
        if not any(one.state != "disabled" for one in hooks):
            return 0
        found = await self._store.read(self._read_all)
        count = 0
        if found:
            count = await self._store.write("webhook_gather", partial(_keep, found=found))
        now_ms = self._now_ms()
        if now_ms - self._forgotten_at_ms > _FORGET_EVERY_MS:
            self._forgotten_at_ms = now_ms
            before = now_ms - self._settings.keep_days * _DAY_MS
            await self._store.write("webhook_forget", lambda c: kept.forget_before(c, before))
        return count

    def _read_all(self, connection: Connection) -> list[tuple[str, str, list[NewEvent]]]:
        """Read every source; return those that have moved, and where to."""
        moved: list[tuple[str, str, list[NewEvent]]] = []
        for source in self._sources:
            reached = reached_of(kept.reached(connection, source.name))
            if reached is None:  # nobody was to be told before now
                moved.append((source.name, reached_text(source.begin(connection)), []))
                continue
            happened, now = source.read(connection, reached)
            if happened or now != reached:
                events = [self._cloud(one) for one in happened]
                moved.append((source.name, reached_text(now), events))
        return moved

    async def _send(self) -> None:
        """Let every receiver that has something due be told, each in a task of its own."""
        for name, task in list(self._running.items()):
            if task.done():
                del self._running[name]
        now_ms = self._now_ms()
        for hook in await self._store.read(kept.all_webhooks):
            is_due = hook.state != "disabled" and hook.hold_until_ms <= now_ms
            if is_due and hook.id not in self._running:
                self._running[hook.id] = asyncio.create_task(self._tell(hook))

    async def _tell(self, hook: StoredWebhook) -> None:
        try:
            while not self._ending and await self._tell_some(hook):
                pass
        except Exception as error:  # noqa: BLE001 - the others go on
            self._log.error("a webhook failed", **without_values(error))

    async def _tell_some(self, hook: StoredWebhook) -> bool:
        """Send a page; return whether there may be more that can be sent now."""
        now_ms = self._now_ms()
        waiting = await self._store.read(
            lambda c: kept.due(c, hook.id, now_ms=now_ms, limit=_PER_PASS)
        )
        for one in waiting:
            if not await self._deliver(hook, one):
                return False
        return len(waiting) == _PER_PASS

    async def _deliver(self, hook: StoredWebhook, due: Due) -> bool:
        """Try once, and keep what became of it; return whether the receiver takes more."""
        at_ms = self._now_ms()
        secrets = await self._store.read(lambda c: kept.secrets_of(c, hook.id, now_ms=at_ms))
        signing = [Secrets(one.shared, one.seed) for one in secrets]
        number = f"{hook.id}.{due.event}"
        headers = signed_headers(signing, number=number, at_s=at_ms // 1000, body=due.body)
        answer: Answer | None = None
        reason = "status"
        try:
            answer = await self._post(hook.url, due.body, headers)
        except PostingError as error:
            reason = error.code
        if answer is not None and answer.taken:
            self._counted("delivered")
            await self._store.write("webhook_taken", partial(self._taken, hook=hook, due=due))
            return True
        work = partial(self._failed, hook=hook, due=due, reason=reason, answer=answer)
        self._counted(await self._store.write("webhook_failed", work))
        return False

    def _taken(self, connection: Connection, *, hook: StoredWebhook, due: Due) -> None:
        now_ms = self._now_ms()
        tries = due.tries + 1
        values: dict[str, Any] = {"state": kept.TAKEN, "tries": tries, "done_at_ms": now_ms}
        kept.note_try(connection, hook.id, due.event, **values)
        kept.change_webhook(
            connection,
            hook.id,
            state="active",
            failing_since_ms=None,
            hold_until_ms=0,
            last_error=None,
            last_status=None,
            delivered_at_ms=now_ms,
        )

    def _failed(
        self,
        connection: Connection,
        *,
        hook: StoredWebhook,
        due: Due,
        reason: str,
        answer: Answer | None,
    ) -> str:
        """Plan the next try; return what to count."""
        current = kept.one_webhook(connection, hook.id)
        if current is None:
            return "failed"  # removed meanwhile
        now_ms, tries = self._now_ms(), due.tries + 1
        status = None if answer is None else answer.status
        since = current.failing_since_ms or now_ms
        asked = answer.retry_after_s if answer and status in _ASKED_TO_WAIT else None
        wait_s = delay_s(
            f"{hook.id}.{due.event}", tries, asked_s=asked, scale=self._settings.retry_scale
        )
        next_ms = now_ms + int(wait_s * 1000)
        state = kept.GIVEN_UP if is_over(tries) else kept.WAITS
        said = {"last_error": reason, "last_status": status}
        kept.note_try(
            connection,
            hook.id,
            due.event,
            state=state,
            tries=tries,
            next_at_ms=next_ms,
            done_at_ms=now_ms if state == kept.GIVEN_UP else None,
            **said,
        )
        is_gone = status == _GONE or now_ms - since > self._settings.give_up_s * 1000
        # Its other deliveries wait, too, but no longer than the shortest pause.
        pause_s = delay_s(hook.id, 1, asked_s=asked, scale=self._settings.retry_scale)
        kept.change_webhook(
            connection,
            hook.id,
            state="disabled" if is_gone else "failing",
            failing_since_ms=since,
            hold_until_ms=now_ms + int(pause_s * 1000),
            **said,
        )
        if is_gone or current.state == "active":
            text = "a webhook is disabled" if is_gone else "a webhook fails"
            self._log.warning(text, webhook=hook.id, code=reason, status=status)
        return "disabled" if is_gone else "failed"

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _keep(connection: Connection, *, found: list[tuple[str, str, list[NewEvent]]]) -> int:
    count = 0
    for name, reached, events in found:
        count += kept.add_events(connection, events)
        kept.set_reached(connection, name, reached)
    return count
