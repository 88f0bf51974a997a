"""What webhooks are made of, put together by `wiring`."""

from __future__ import annotations

from node_gateway.features import Base
from node_gateway.services.directory import DirectoryService
from node_gateway.services.posting import Poster
from node_gateway.webhooks.captured import Captured
from node_gateway.webhooks.registering import Webhooks
from node_gateway.webhooks.sources import Batches, ExceptionCases, Findings, Recalls, Shipments
from node_gateway.webhooks.telling import Cloud, Telling


def webhooks(base: Base, directory: DirectoryService) -> Webhooks:
    """Return what tells an operator's own systems what has happened."""
    settings = base.settings.webhooks
    own = base.settings.gateway
    cloud = Cloud(own.public_url or f"urn:sealtrail:participant:{own.participant}")
    recalls = Recalls(lambda: directory.current, base.clock)
    telling = Telling(
        base.store,
        [
            Batches([one.number for one in base.streams.all]),
            Findings(),
            recalls,
            Shipments(),
            ExceptionCases(),
        ],
        cloud,
        Poster(settings).post,
        settings=settings,
        clock=base.clock,
        counted=lambda result: base.metrics.webhooks.labels(result).inc(),
    )
    base.follower.also(Captured(cloud))
    base.follower.on_followed(telling.wake)
    directory.on_changed(lambda _: telling.wake())
    return Webhooks(base.store, telling, cloud, settings=settings, clock=base.clock)
