"""Subscribe to a named query: made, listed, shown, removed.

A key sees the subscriptions that it made itself; `admin` sees all. Their addresses may hold secrets
of whoever runs the receiver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import orjson

from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.query.controls import CONTROLS, Controls, controls_from_json
from node_gateway.errors import NotFoundError
from node_gateway.services.named_queries import NamedQueries
from node_gateway.services.querying import Querying
from node_gateway.services.webhook_addresses import read_address
from node_gateway.settings import SubscriptionsSection
from node_gateway.storage.ports import ApiKey
from node_gateway.storage.subscriptions import Progress, Subscription, SubscriptionStore

TOKEN_LENGTH_MAX: Final = 512
_MEMBERS: Final = frozenset({"dest", "signatureToken", "secret", *CONTROLS})


class SubscriptionFormError(EpcisError):
    """What was sent is no subscription."""

    code = "subscription_form"


class Subscribing:
    """The use case of subscribing by webhook.

    Args:
        store: Keeps subscriptions.
        queries: What can be subscribed to.
        querying: Knows which event is the last.
        settings: Limits, and where deliveries may go.
        clock: Unix seconds.
    """

    def __init__(
        self,
        store: SubscriptionStore,
        queries: NamedQueries,
        querying: Querying,
        *,
        settings: SubscriptionsSection,
        clock: Callable[[], float],
    ) -> None:
        self.store = store
        self._queries, self._querying = queries, querying
        self._settings, self._clock = settings, clock
        self._listeners: list[Callable[[], None]] = []

    def on_changed(self, listener: Callable[[], None]) -> None:
        """Register what is called when there are other subscriptions than before."""
        self._listeners.append(listener)

    async def add(
        self,
        query: str,
        given: Any,
        *,
        key: ApiKey,
        epc_format: str,
        extensions: Mapping[str, str],
    ) -> Subscription:
        """Keep a subscription.

        Args:
            query: Name of the query.
            given: What was sent: `dest`, `signatureToken`, controls.
            key: Who asks; deliveries end with it.
            epc_format: In which form identifiers are delivered.
            extensions: Namespaces by prefix.

        Raises:
            NotFoundError, QueryGoneError: there is no such query.
            SubscriptionFormError, SubscriptionAddressError, SubscriptionControlsError: refused.
            TooManySubscriptionsError: a limit is reached.
            NotReadyError: the index is being brought up to date.
        """
        await self._queries.get(query)
        now_ms = self._now_ms()
        members = _members(given)
        dest = read_address(members.get("dest"), self._settings)
        controls = controls_from_json(
            {name: members[name] for name in CONTROLS & set(members)}, now_ms=now_ms
        )
        schedule = controls.schedule
        made = Subscription(
            id=str(uuid4()),
            query=query,
            api_key=key.key_id,
            created_at_ms=now_ms,
            dest=str(dest),
            token=_token(members),
            epc_format=epc_format,
            extensions=orjson.dumps(dict(extensions)).decode(),
            schedule=None if schedule is None else orjson.dumps(dict(schedule.fields)).decode(),
            report_if_empty=controls.report_if_empty,
            initial=controls.initial,
            initial_ms=controls.initial_ms,
            progress=await self._beginning(controls, now_ms),
        )
        limits = self._settings
        await self.store.add(made, most=limits.subscriptions_max, most_of_key=limits.per_key_max)
        self._changed()
        return made

    async def get(self, query: str, number: str, *, key: ApiKey) -> Subscription:
        """Return a subscription.

        Raises:
            NotFoundError: there is no such query, or no such subscription of this key.
        """
        found = await self.store.get(number)
        if found is None or found.query != query or not _may_see(key, found):
            await self._queries.get(query)
            raise NotFoundError("there is no such subscription", code="subscription_not_found")
        return found

    async def page(
        self, query: str, *, key: ApiKey, after: str, limit: int
    ) -> Sequence[Subscription]:
        """Return subscriptions of a query by id, above `after`.

        Raises:
            NotFoundError: there is no such query.
        """
        await self._queries.get(query)
        own = None if "admin" in key.scopes else key.key_id
        return await self.store.page(query=query, api_key=own, after=after, limit=limit)

    async def remove(self, query: str, number: str, *, key: ApiKey) -> None:
        """Remove a subscription; a delivery that is under way is broken off. Errors as `get`."""
        found = await self.get(query, number, key=key)
        await self.store.remove(found.id)
        self._changed()

    async def _beginning(self, controls: Controls, now_ms: int) -> Progress:
        """Return the progress before the first run.

        A time to come has no position yet: the first run after it finds it.
        """
        if controls.initial_ms is None:
            position: int | None = await self._querying.reached()
        elif controls.initial_ms > now_ms:
            position = None
        else:
            position = await self._querying.position_at(controls.initial_ms)
        first = controls.schedule.next_after(now_ms) if controls.schedule else now_ms
        return Progress(
            state="active",
            position=position,
            next_at_ms=now_ms if first is None else first,
            page_size=self._settings.page_events_max,
        )

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _may_see(key: ApiKey, found: Subscription) -> bool:
    return found.api_key == key.key_id or "admin" in key.scopes


def _members(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise SubscriptionFormError('a subscription is {"dest": "https://...", "stream": true}')
    others = sorted(set(given) - _MEMBERS)
    if others:
        raise SubscriptionFormError(
            "a subscription has no such member",
            pointer="/" + others[0][:100].replace("~", "~0").replace("/", "~1"),
            hint=f"Members are {', '.join(sorted(_MEMBERS - {'secret'}))}.",
        )
    return given


def _token(members: Mapping[str, Any]) -> str | None:
    """Return the secret that signs deliveries.

    GS1's OpenAPI demands a member `secret` that it defines nowhere: clients made from it send one.
    It is taken for a signatureToken, since to leave deliveries unsigned would be worse.
    """
    name = "signatureToken" if "signatureToken" in members else "secret"
    token = members.get(name)
    if token is None:
        return None
    if not isinstance(token, str) or not 0 < len(token) <= TOKEN_LENGTH_MAX or not _is_text(token):
        raise SubscriptionFormError(
            f"{name} is a text of 1 to {TOKEN_LENGTH_MAX} characters", pointer=f"/{name}"
        )
    return token


def _is_text(token: str) -> bool:
    return "\0" not in token and not any("\ud800" <= one <= "\udfff" for one in token)
