"""Today: what needs somebody, how regularly was sealed, and how the gateway does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, func, select

from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import Screen, Viewer
from node_gateway.console.layout import screen
from node_gateway.console.lists import PAGE, After, Listed, PerPage, Wanted, links, twin
from node_gateway.console.roles import ADMINISTER
from node_gateway.pictures.composing import HOUR_S, HOURS, beat
from node_gateway.pictures.svg import svg
from node_gateway.services.gateway import Gateway
from node_gateway.storage import exceptions_reading, receiving
from node_gateway.storage.handover_tables import handover
from node_gateway.storage.handovers import State
from node_gateway.storage.tables import batch
from node_gateway.storage.webhook_tables import webhook
from node_gateway.web.rendering import language_of

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

_BATCHES_MAX: Final = 5000  # more of them within a day are not counted
_COUNTED_MAX: Final = 1000
_OUT: Final = 1


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for somebody: how much, where (empty: no screen), how urgent."""

    name: str
    count: int
    address: str
    tone: str


@dataclass(frozen=True, slots=True)
class _Counted:
    unresolved: int
    overdue: int
    late: int
    failed: int
    held: int
    webhooks: int
    came: int
    went: int
    batches: tuple[int, ...]
    first_at: float
    last_at: int | None


@router.get("", name="today")
async def today(
    request: Request, gateway: GatewayDep, asking: Viewer, form: Wanted = "html"
) -> Response:
    """Show what an operator wants to know first."""
    now = gateway.clock()
    counted = await gateway.store.read(lambda c: _count(c, int(now)))
    needs = await _needs(gateway, counted, now, may_administer=asking.may(ADMINISTER))
    if form != "html":
        rows = [{"what": one.name, "count": one.count} for one in needs]
        answer = twin(Listed("today", ("what", "count"), rows), form)
        if answer is not None:
            return answer
    status = await gateway.store.status()
    language = language_of(request)
    return screen(
        request,
        asking.person,
        "today",
        needs=needs,
        gate=gateway.gate.view,
        anchorer=gateway.anchorer.status,
        promises=gateway.promises.view,
        chain=gateway.directory.view,
        counted=counted,
        event_count=status.event_count,
        waiting=sum(one.unbatched_count for one in status.streams),
        picture=_heartbeat(language, counted, now),
        quiet_min=None if counted.last_at is None else max(0, int(now - counted.last_at) // 60),
    )


async def _needs(
    gateway: Gateway, counted: _Counted, now: float, *, may_administer: bool
) -> list[Need]:
    since_ms = int(now * 1000) - HOURS * HOUR_S * 1000
    findings, _ = await gateway.states.findings(after=0, limit=_COUNTED_MAX, since_ms=since_ms)
    parties = await gateway.partners.handovers.desk.unaddressed(after="", limit=_COUNTED_MAX)
    notices = await gateway.notice_watch.look()
    found = (
        Need("overdue", counted.overdue, "/app/exceptions?state=overdue", "bad"),
        Need("exceptions", counted.unresolved, "/app/exceptions", "warn"),
        Need("recalls", notices.here, "/app/recalls", "bad"),
        Need("findings", len(findings), "/app/findings", "warn"),
        Need("late", counted.late, "/app/receive?state=late", "warn"),
        Need("failed", counted.failed, "/app/shipments", "bad"),
        Need("held", counted.held, "/app/shipments", "warn"),
        Need("unaddressed", len(parties["parties"]), "/app/shipments", "warn"),
        Need("webhooks", counted.webhooks, "/app/webhooks" if may_administer else "", "bad"),
    )
    return [one for one in found if one.count]


def _count(connection: Connection, now: int) -> _Counted:
    unresolved, overdue = exceptions_reading.open_counts(connection, now * 1000)
    since, h = now - HOURS * HOUR_S, handover.c
    by_state = select(h.state, func.count()).where(h.direction == _OUT).group_by(h.state)
    by_way = select(h.direction, func.count()).where(h.created_at >= since).group_by(h.direction)
    states = {row[0]: int(row[1]) for row in connection.execute(by_state)}
    ways = {row[0]: int(row[1]) for row in connection.execute(by_way)}
    stopped = select(func.count()).where(webhook.c.state == "disabled")
    batches, first_at, last_at = _batches(connection, now)
    return _Counted(
        unresolved,
        overdue,
        receiving.late_count(connection, now),
        states.get(State.FAILED, 0),
        states.get(State.HELD, 0),
        int(connection.execute(stopped).scalar_one()),
        ways.get(0, 0),
        ways.get(_OUT, 0),
        batches,
        first_at,
        last_at,
    )


def _batches(connection: Connection, now: int) -> tuple[tuple[int, ...], float, int | None]:
    """Return how many batches were made in each hour of a day, when the first one, when the last.

    Cost: the newest `_BATCHES_MAX` rows of each stream, along the primary key.
    """
    hours, first_at, last_at, b = [0] * HOURS, math.inf, None, batch.c
    for stream in connection.execute(select(b.stream).distinct()).scalars().all():
        of_stream = select(b.created_at).where(b.stream == stream)
        oldest = connection.execute(of_stream.order_by(b.sequence).limit(1)).scalar()
        first_at = min(first_at, math.inf if oldest is None else oldest)
        query = of_stream.order_by(b.sequence.desc())
        for at in connection.execute(query.limit(_BATCHES_MAX)).scalars():
            last_at = max(at, last_at or 0)
            ago = (now - at) // HOUR_S
            if ago >= HOURS:
                break
            hours[HOURS - 1 - max(0, ago)] += 1
    return tuple(hours), first_at, last_at


def _heartbeat(language: str, counted: _Counted, now: float) -> str:
    made = beat(counted.batches, now=now, language=language, began=counted.first_at)
    return svg(made, name="heartbeat", language=language)


@router.get("/findings", name="findings")
async def findings(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List what the state rules found, oldest first."""
    rows, following = await gateway.states.findings(after=after, limit=per_page)
    columns = ("number", "foundAt", "rule", "severity", "code", "lot", "event", "contradicts")
    listed = Listed("findings", columns, rows, following)
    return twin(listed, form) or screen(
        request, asking.person, "findings", listed=listed, links=links(request, listed)
    )


__all__ = ["HOURS", "router"]
