"""What traces codes and knows what was sold, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select

from anchoring.directory.model import Directory
from node_gateway.partners.anchored import Anchored
from node_gateway.partners.ports import Exceptions
from node_gateway.partners.publishing import Publishing
from node_gateway.partners.sale_asking import SaleAsking
from node_gateway.partners.sale_following import NAME, SaleFollowing
from node_gateway.partners.sale_judging import SaleJudging
from node_gateway.partners.sales import SaleRules, Sales, new_token
from node_gateway.partners.trace_answering import TraceAnswering
from node_gateway.partners.trace_asking import Neighbours
from node_gateway.partners.tracing import Tracing
from node_gateway.storage import following
from node_gateway.storage.tables import event

if TYPE_CHECKING:
    from node_gateway.partners.assembly import Own
    from node_gateway.partners.peering import Peering

META_FLOOR: Final = "sales_from"


@dataclass(frozen=True, slots=True)
class Traces:
    """Traces and sales.

    Attributes:
        tracing: For operators.
        answering: For neighbours.
        sales: Tells and hears what was sold; a `Background`.
        asking: Asks before a sale, and answers neighbours that do.
    """

    tracing: Tracing
    answering: TraceAnswering
    sales: Sales
    asking: SaleAsking


async def traces(own: Own, between: Peering, exceptions: Exceptions) -> Traces:
    """Put it together, and let the sales follow the events."""
    base = own.base
    settings, clock = base.settings, base.clock
    participant = settings.gateway.participant

    def directory() -> Directory:
        return own.directory.current

    neighbours = Neighbours(between.client, directory, clock)
    answering = TraceAnswering(
        base.store,
        own.disclosing,
        neighbours,
        participant=participant,
        settings=settings.trace,
        policies=settings.policies,
    )
    anchored = Anchored(own.chain, own.network)
    tracing = Tracing(
        base.store, neighbours, anchored, directory=directory, settings=settings.trace
    )
    sales, asking = await _selling(own, between, exceptions, anchored)
    return Traces(tracing, answering, sales, asking)


async def _selling(
    own: Own, between: Peering, exceptions: Exceptions, anchored: Anchored
) -> tuple[Sales, SaleAsking]:
    """Return what tells of sales, and what asks before one."""
    base, settings, clock = own.base, own.base.settings, own.base.clock
    judging = SaleJudging(
        participant=settings.gateway.participant,
        channel=between.channel,
        exceptions=exceptions,
        directory=lambda: own.directory.current,
        clock=clock,
        alarm=lambda kind: base.metrics.findings.labels(kind).inc(),
    )
    rules = SaleRules(settings.sales, settings.batching.dispensing.cadence_s, clock)
    shown = (base.store, between.channel, own.disclosing, anchored)
    publishing = Publishing(*shown, judging=judging, policies=settings.policies)
    sales = Sales(base.store, between.channel, judging, rules, also=[publishing.publish])
    base.follower.also(
        SaleFollowing(
            floor=await _floor(own),
            publish_steps=settings.trace.publish_steps if settings.trace.publish != "no" else (),
            token=new_token,
            due=rules.due,
            clock=clock,
        )
    )
    if settings.sales.network == "require":  # else it waits to be sealed: there is no hurry
        base.follower.on_followed(sales.wake)
    asking = SaleAsking(base.store, between.client, judging, settings.sales)
    own.operating.also_ask(asking)
    return sales, asking


async def _floor(own: Own) -> int:
    """Return behind which event sales are told: what was sold before anybody asked is history.

    A crash between the two writes leaves the projection to pass over what is below the floor.
    """
    store = own.base.store
    known = await store.meta(META_FLOOR)
    if known is not None:
        return int(known)
    last = await store.read(lambda c: c.execute(select(func.max(event.c.position))).scalar() or 0)
    await store.set_meta(META_FLOOR, str(last).encode())

    def work(connection: Connection) -> None:
        if NAME not in following.positions(connection):
            following.move(connection, [NAME], last)

    if last:
        await store.write("sales_floor", work)
    return int(last)
