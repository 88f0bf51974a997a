"""The ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from node_gateway.api import (
    administration,
    anchors,
    archives,
    capture,
    chain_relay,
    codes,
    consortium,
    correcting,
    delegations,
    epcis_browse,
    epcis_discovery,
    epcis_events,
    epcis_queries,
    epcis_socket,
    epcis_subscriptions,
    events,
    evidence,
    exceptions,
    governing,
    granted,
    grants,
    handovers,
    health,
    importing,
    issuing,
    labels,
    linting,
    master_data,
    notices,
    openings,
    operating,
    operations,
    parsing,
    peer_challenges,
    peer_grants,
    peer_traces,
    peers,
    people,
    problem_pages,
    problems,
    recalls,
    shipments,
    states,
    webhooks,
)
from node_gateway.api.description import describe
from node_gateway.api.epcis_deliveries import deliveries, standing_pages
from node_gateway.api.hot import ShortWay
from node_gateway.api.middleware import Measured
from node_gateway.console.routes import ROUTERS as CONSOLE
from node_gateway.pages import problems as problems_as_pages
from node_gateway.pages.routes import ROUTERS as PAGES
from node_gateway.services.background import Background, running
from node_gateway.services.gateway import Gateway
from node_gateway.worker import Worker

# The first route that fits answers: those of `codes` end in a path that takes everything.
_ROUTERS = (
    archives,
    states,
    correcting,
    capture,
    epcis_browse,
    epcis_discovery,
    epcis_events,
    epcis_queries,
    epcis_subscriptions,
    epcis_socket,
    events,
    parsing,
    issuing,
    codes,
    anchors,
    consortium,
    openings,
    operations,
    operating,
    administration,
    people,
    governing,
    master_data,
    importing,
    linting,
    notices,
    shipments,
    exceptions,
    evidence,
    handovers,
    grants,
    granted,
    delegations,
    peer_challenges,
    peer_grants,
    peer_traces,
    peers,
    recalls,
    webhooks,
    labels,
    chain_relay,
    health,
    problem_pages,
)


def describe_app() -> FastAPI:
    """Return the application with its routes but without services: enough for its OpenAPI."""
    app = FastAPI(
        title="Sealtrail gateway",
        version=version("sealtrail"),
        docs_url=None,  # the usual page loads its scripts from elsewhere
        redoc_url=None,
    )
    for module in _ROUTERS:
        app.include_router(module.router)
    for router in (*CONSOLE, *PAGES):
        app.include_router(router)
    problems.install(app)
    problems_as_pages.install(app)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _watching(gateway: Gateway) -> asyncio.Task[None] | None:
    folder = gateway.drop_folder
    return None if folder is None else asyncio.create_task(folder.run())


def _background(gateway: Gateway) -> Sequence[Background]:
    return (*gateway.partners.background, gateway.webhooks.telling)


def create_app(gateway: Gateway, *, with_worker: bool = True) -> FastAPI:
    """Return the application of a gateway; its worker lives as long as the application."""
    pages = standing_pages(gateway)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        if not with_worker:
            yield
            return
        worker = Worker(gateway)
        gateway.on_wake(worker.wake)
        gateway.directory.on_changed(lambda _: worker.wake())  # there is a new block
        working = asyncio.create_task(worker.run())
        following = asyncio.create_task(gateway.follower.run())
        following_chain = asyncio.create_task(gateway.directory.run())
        watching_notices = asyncio.create_task(gateway.notice_watch.run())
        await gateway.intake.resume()
        watching = _watching(gateway)
        try:
            async with deliveries(gateway, pages), running(_background(gateway)):
                yield
        finally:
            if watching is not None:
                watching.cancel()  # a part that is being stored is found again at the next start
                await asyncio.gather(watching, return_exceptions=True)
            await gateway.intake.stop()
            worker.stop()
            gateway.follower.stop()
            gateway.directory.stop()
            gateway.notice_watch.stop()
            following_chain.cancel()  # a step is one transaction: the next start goes on
            await asyncio.gather(following_chain, watching_notices, return_exceptions=True)
            with contextlib.suppress(Exception):  # the worker has said what was wrong
                await working
            await following

    app = describe_app()
    app.router.lifespan_context = lifespan
    app.state.gateway = gateway
    app.state.standing_pages = pages
    app.add_middleware(ShortWay)
    app.add_middleware(Measured, metrics=gateway.metrics)
    return app
