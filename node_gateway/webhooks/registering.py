"""What the interfaces do with webhooks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from node_gateway.errors import NotFoundError, NotPossibleError, ParameterError
from node_gateway.services.webhook_addresses import read_address
from node_gateway.settings_partners import WebhooksSection
from node_gateway.storage import webhooks as kept
from node_gateway.storage.database import Database
from node_gateway.storage.webhooks import StoredDelivery, StoredWebhook
from node_gateway.webhooks.kinds import Happened, Kind, kinds_of
from node_gateway.webhooks.signing import Secrets, new_secrets
from node_gateway.webhooks.telling import Cloud, Telling

OVERLAP_S_MAX: Final = 30 * 86_400
_STATES: Final = {"waiting": kept.WAITS, "delivered": kept.TAKEN, "given_up": kept.GIVEN_UP}


@dataclass(frozen=True, slots=True)
class ShownWebhook:
    """A webhook, and what checks its signatures: keys of `public` belong to those that sign now."""

    webhook: StoredWebhook
    public: tuple[str, ...]


class Webhooks:
    """Adds, shows, changes and removes webhooks."""

    def __init__(
        self,
        store: Database,
        telling: Telling,
        cloud: Cloud,
        *,
        settings: WebhooksSection,
        clock: Callable[[], float],
    ) -> None:
        self._store, self.telling, self._cloud = store, telling, cloud
        self._settings, self._clock = settings, clock

    async def add(self, url: str, kinds: Sequence[str] = ()) -> tuple[ShownWebhook, Secrets]:
        """Add a webhook; the secret is shown now and never again.

        Raises:
            SubscriptionAddressError: the address is malformed, or not allowed.
            ParameterError: an unknown kind.
            NotPossibleError: there are as many as the settings allow.
        """
        read_address(url, self._settings)
        chosen = kinds_of(list(kinds))
        made, now_ms = new_secrets(), self._now_ms()
        hook = StoredWebhook(
            id="wh_" + secrets.token_hex(8),
            url=url,
            kinds=tuple(one.value for one in chosen),
            state="active",
            created_at_ms=now_ms,
            failing_since_ms=None,
            hold_until_ms=0,
            last_error=None,
            last_status=None,
            delivered_at_ms=None,
        )

        def work(connection: Connection) -> None:
            if len(kept.all_webhooks(connection)) >= self._settings.webhooks_max:
                raise _TooManyError
            kept.add_webhook(connection, hook)
            kept.add_secret(
                connection,
                hook.id,
                shared=made.shared,
                seed=made.seed,
                now_ms=now_ms,
                overlap_ms=0,
            )

        try:
            await self._store.write("webhook_add", work)
        except _TooManyError:
            raise NotPossibleError(
                f"there are {self._settings.webhooks_max} webhooks already",
                code="too_many_webhooks",
                hint="Remove one, or raise webhooks.webhooks_max.",
            ) from None
        await self.telling.gather()  # so that what is older is not told
        return ShownWebhook(hook, (made.public,)), made

    async def all(self) -> list[ShownWebhook]:
        """Return every webhook, the oldest first."""

        def work(connection: Connection) -> list[ShownWebhook]:
            found = kept.all_webhooks(connection)
            return [ShownWebhook(one, self._public(connection, one.id)) for one in found]

        return await self._store.read(work)

    async def one(self, name: str) -> ShownWebhook:
        """Return one webhook.

        Raises:
            NotFoundError: there is none with this id.
        """

        def work(connection: Connection) -> ShownWebhook | None:
            found = kept.one_webhook(connection, name)
            return None if found is None else ShownWebhook(found, self._public(connection, name))

        return _found(await self._store.read(work))

    async def remove(self, name: str) -> None:
        """Remove a webhook and what waits for it. Errors as `one`."""
        if not await self._store.write("webhook_remove", lambda c: kept.remove_webhook(c, name)):
            raise _not_found()

    async def rotate(self, name: str, *, overlap_s: int) -> tuple[ShownWebhook, Secrets]:
        """Replace the secrets; the old ones sign beside the new for `overlap_s`.

        Raises:
            NotFoundError: as `one`.
            ParameterError: an overlap that cannot be.
        """
        if not 0 <= overlap_s <= OVERLAP_S_MAX:
            raise ParameterError(
                f"an overlap has 0 to {OVERLAP_S_MAX} seconds", code="webhook_overlap"
            )
        await self.one(name)
        made, now_ms = new_secrets(), self._now_ms()
        await self._store.write(
            "webhook_rotate",
            lambda c: kept.add_secret(
                c,
                name,
                shared=made.shared,
                seed=made.seed,
                now_ms=now_ms,
                overlap_ms=overlap_s * 1000,
            ),
        )
        return await self.one(name), made

    async def test(self, name: str) -> None:
        """Send a test to one webhook, whatever it asked for; enables it if it was disabled.

        Errors as `one`.
        """
        shown = await self.one(name)
        at_ms = self._now_ms()
        key = f"test {name} {secrets.token_hex(4)}"
        event = self._cloud(Happened(Kind.TEST, key, name, at_ms, {"webhook": shown.webhook.id}))

        def work(connection: Connection) -> None:
            _enable(connection, name)
            kept.add_events(connection, [event], to=name)

        await self._store.write("webhook_test", work)
        self.telling.wake()

    async def replay(
        self, name: str, *, since_s: int | None = None, event: int | None = None
    ) -> int:
        """Send again: what was given up, or one event, or all since a time; return how many.

        Errors as `one`.
        """
        await self.one(name)

        def work(connection: Connection) -> int:
            _enable(connection, name)
            since_ms = None if since_s is None else since_s * 1000
            return kept.replay(connection, name, since_ms=since_ms, event=event)

        count = await self._store.write("webhook_replay", work)
        self.telling.wake()
        return count

    async def deliveries(
        self, name: str, *, before: int | None = None, state: str | None = None, limit: int = 100
    ) -> list[StoredDelivery]:
        """Return how its deliveries went, the newest first, below the event number `before`.

        Raises:
            NotFoundError: as `one`.
            ParameterError: no such state.
        """
        if state is not None and state not in _STATES:
            raise ParameterError(f"a state is one of {', '.join(_STATES)}", code="webhook_state")
        await self.one(name)
        number = None if state is None else _STATES[state]
        return await self._store.read(
            lambda c: kept.deliveries(c, name, before=before, state=number, limit=limit)
        )

    def _public(self, connection: Connection, name: str) -> tuple[str, ...]:
        found = kept.secrets_of(connection, name, now_ms=self._now_ms())
        return tuple(Secrets(one.shared, one.seed).public for one in found)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


class _TooManyError(Exception):
    """Rolls the transaction back."""


def _enable(connection: Connection, name: str) -> None:
    values = {"state": "active", "failing_since_ms": None, "hold_until_ms": 0}
    kept.change_webhook(connection, name, **values)


def _not_found() -> NotFoundError:
    return NotFoundError("there is no webhook with this id", code="webhook_not_found")


def _found(shown: ShownWebhook | None) -> ShownWebhook:
    if shown is None:
        raise _not_found()
    return shown
