"""Receiving, put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from node_gateway.partners.acknowledgement import KIND, PROOFS_KIND
from node_gateway.partners.acknowledging import Acknowledging
from node_gateway.partners.anchored import Anchored
from node_gateway.partners.answers import AnswerProofs, Answers
from node_gateway.partners.arrivals import Arrivals
from node_gateway.partners.custody_watch import CustodyWatch
from node_gateway.partners.exception_resolving import Resolution
from node_gateway.partners.exceptions import GATEWAY
from node_gateway.partners.handover_assembly import SINCE
from node_gateway.partners.receipt_events import ReceiptEvents
from node_gateway.partners.receiving import Receiving
from node_gateway.partners.receiving_desk import ReceivingDesk
from node_gateway.partners.receiving_known import Knowing
from node_gateway.partners.receiving_parts import Parts
from node_gateway.services.disclosing import ACKNOWLEDGEMENT
from node_gateway.storage import custody

if TYPE_CHECKING:
    from node_gateway.partners.assembly import Own
    from node_gateway.partners.channel import MessageChannel
    from node_gateway.partners.exception_assembly import Exceptions
    from node_gateway.partners.handover_assembly import Handovers


@dataclass(frozen=True, slots=True)
class Receipts:
    """What is done about shipments to us, and what others answer for ours.

    Attributes:
        sessions: Scanning and finishing.
        desk: What operators ask.
        arrivals: What happens by itself; a `Background`.
    """

    sessions: Receiving
    desk: ReceivingDesk
    arrivals: Arrivals


async def receiving(
    own: Own,
    channel: MessageChannel,
    handovers: Handovers,
    exceptions: Exceptions,
) -> Receipts:
    """Put receiving together, and let it follow the events.

    Args:
        own: This gateway.
        channel: Where answers are said and heard.
        handovers: Knows what came.
        exceptions: Where mismatches go.
    """
    base, settings = own.base, own.base.settings
    since = int(await base.store.meta(SINCE) or 0)  # `handovers` has found it
    calendar, section = settings.exceptions.calendar(), settings.receiving

    async def settle(number: int) -> None:
        ended = Resolution("data_late", "none", "The sender has told of the goods.", GATEWAY)
        await exceptions.resolving.resolve(number, ended)

    parts = Parts(
        store=base.store,
        follower=base.follower,
        operating=own.operating,
        knowing=Knowing(base.store, own.notices, lambda: own.directory.current, base.clock),
        channel=channel,
        exceptions=exceptions,
        parties=handovers.parties,
        rules_for=lambda partner: replace(
            handovers.sending.rules(partner), audience=ACKNOWLEDGEMENT
        ),
        participant=settings.gateway.participant,
        settle=settle,
        due=lambda at: int(calendar.due(at, section.due_working_days)),
        clock=base.clock,
    )
    watch = CustodyWatch(parts.parties, parts.participant, exceptions)
    acknowledging = Acknowledging(parts, watch)
    arrivals = Arrivals(parts, acknowledging, watch, data_late_s=section.data_late_s)
    base.follower.also(
        ReceiptEvents(parts.parties, parts.participant, since=since, on_change=arrivals.wake)
    )
    base.follower.on_followed(channel.wake)  # a projection may have said something
    handovers.sending.incoming.on_taken.append(arrivals.taken)
    channel.on(KIND, Answers(base.store))
    anchored = Anchored(own.chain, own.network)
    channel.on(PROOFS_KIND, AnswerProofs(base.store, anchored, own.chain.head, base.clock))
    channel.on_renumbered(custody.renumbered)
    return Receipts(Receiving(parts, acknowledging), ReceivingDesk(base.store), arrivals)


__all__ = ["Receipts", "receiving"]
