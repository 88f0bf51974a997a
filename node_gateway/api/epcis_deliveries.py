"""How deliveries of subscriptions are written, and what delivers them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import orjson

from node_gateway.api.epcis_documents import document_of
from node_gateway.api.epcis_protocol import Protocol
from node_gateway.services.delivering import Delivering
from node_gateway.services.delivery_runs import Means
from node_gateway.services.gateway import Gateway
from node_gateway.services.posting import Poster
from node_gateway.services.standing_pages import Form, StandingPages, Write
from node_gateway.storage.searching import Found

_INLINE_CODES_MAX: Final = 500
"""Larger deliveries are written on another thread: the event loop is everybody's."""


def writer(gateway: Gateway) -> Write:
    """Return what makes an EPCISQueryDocument of the events of a standing query."""

    async def write(form: Form, events: Sequence[Found]) -> bytes:
        protocol = Protocol(
            gateway=gateway,
            address="",
            xml=False,
            epc_format=form.epc_format,
            cbv_format="No_Preference",
            extensions=form.extensions,
            size=len(events),
            token=None,
            pairs=(),
        )

        def make() -> bytes:
            document, _ = document_of(
                protocol, events, query_name=form.query, subscription_id=form.subscription
            )
            return orjson.dumps(document)

        if sum(one.code_count for one in events) + len(events) <= _INLINE_CODES_MAX:
            return make()
        return await asyncio.to_thread(make)

    return write


def standing_pages(gateway: Gateway) -> StandingPages:
    """Return what reads standing queries, for webhooks and WebSockets together."""
    size = gateway.settings.subscriptions.delivery_size_bytes_max
    return StandingPages(gateway.querying, writer(gateway), size_bytes_max=size)


@asynccontextmanager
async def deliveries(gateway: Gateway, pages: StandingPages) -> AsyncIterator[None]:
    """Deliver to webhooks while the context is open."""
    poster = Poster(gateway.settings.subscriptions)
    runs = delivering(gateway, pages, poster)
    running = asyncio.create_task(runs.run())
    try:
        yield
    finally:
        runs.stop()
        await asyncio.gather(running, return_exceptions=True)
        poster.close()


def delivering(gateway: Gateway, pages: StandingPages, poster: Poster) -> Delivering:
    """Return what runs the webhook subscriptions; it hears of new events and of changes."""
    counter = gateway.metrics.deliveries
    means = Means(
        store=gateway.subscribing.store,
        pages=pages,
        post=poster.post,
        settings=gateway.settings.subscriptions,
        clock=gateway.clock,
        counted=lambda result: counter.labels(result).inc(),
    )
    made = Delivering(gateway.queries, means)
    gateway.follower.on_followed(made.wake)
    gateway.subscribing.on_changed(made.changed)
    gateway.queries.on_removed(lambda _name: made.changed())
    return made
