"""Handing over, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from node_gateway.partners.channel import MessageChannel
from node_gateway.partners.handing_over import KIND, Going, HandingOver, renumbered
from node_gateway.partners.handover_addressing import Addressing
from node_gateway.partners.handover_completing import Completing
from node_gateway.partners.handover_content import Rules
from node_gateway.partners.handover_desk import HandoverDesk
from node_gateway.partners.handover_doubts import Doubts
from node_gateway.partners.handover_noticing import Noticing, begin
from node_gateway.partners.handover_proving import Proving, Witness
from node_gateway.partners.handover_rejoining import Rejoining
from node_gateway.partners.parties import Parties
from node_gateway.services.gateway import EPCIS_CONTEXT
from node_gateway.services.issuing import META_RESTORED
from node_gateway.services.naming import Naming
from node_gateway.storage.handover_completing import never_looked, pass_over

if TYPE_CHECKING:
    from node_gateway.partners.assembly import Own
    from node_gateway.partners.exception_assembly import Exceptions

SINCE: Final = "handovers_since"
"""Under which the database keeps the position of the last event from before handovers."""


@dataclass(frozen=True, slots=True)
class Handovers:
    """What is known of handovers and done about them.

    Attributes:
        parties: Which participant a party is.
        sending: Says ours; `sending.incoming.on_taken` takes who wants to hear of theirs.
        addressing: Begins those whose receivers become known later.
        desk: What operators ask.
    """

    parties: Parties
    sending: HandingOver
    addressing: Addressing
    desk: HandoverDesk


async def handovers(own: Own, channel: MessageChannel, exceptions: Exceptions) -> Handovers:
    """Put handing over together, and let it follow the events from now on."""
    base, settings = own.base, own.base.settings
    participant = settings.gateway.participant
    parties = Parties(
        lambda: own.directory.current, base.master.directory.participant_of, base.clock
    )
    witness = Witness(own.chain, own.network, settings.chain.confirmations)
    late_s = settings.handovers.proofs_late_s
    doubts = Doubts(base.store, exceptions, late_s=late_s, clock=base.clock)
    channel.on_refused(KIND, doubts.refused)
    proving = Proving(base.store, channel, witness, own=participant, doubts=doubts)
    rules = Rules(settings.policies, participant, 0, parties.participant_of, _party(own))
    going = Going(
        base.store,
        channel,
        base.follower,
        rules,
        base.clock,
        lambda: parties.is_read,
        settings.handovers.poll_s,
    )
    automatic = settings.handovers.automatic
    completing = Completing(base.store, base.follower, automatic=automatic, clock=base.clock)
    if await base.store.read(never_looked):
        await base.store.write("handovers_begin", pass_over)
    sending = HandingOver(going, proving, completing)
    channel.on_renumbered(renumbered)
    channel.on_fetched_back(Rejoining(base.store, channel, participant, base.clock).look)
    if await base.store.meta(META_RESTORED) is not None:
        channel.expect_greetings()
    noticing = Noticing(
        participant,
        parties,
        channel,
        automatic=automatic,
        since=await _since(own),
        clock=base.clock,
    )
    base.follower.also(noticing)
    addressing = Addressing(base.store, noticing, parties, sending)
    own.directory.on_changed(lambda _: addressing.chain_changed())
    base.master.on_changed(addressing.parties_changed)
    desk = HandoverDesk(base.store, sending, parties, own.directory, base.preparing, EPCIS_CONTEXT)
    return Handovers(parties, sending, addressing, desk)


def _party(own: Own) -> str | None:
    """Return how we name ourselves in events, None if not configured."""
    stated = own.base.settings.gateway.party
    return Naming(own.base.master.directory).party(stated) if stated else None


async def _since(own: Own) -> int:
    """Return where history ends; found once, when a database first knows handovers."""
    store = own.base.store
    known = await store.meta(SINCE)
    if known is not None:
        return int(known)
    since = await store.write("handovers_begin", begin)
    await store.set_meta(SINCE, str(since).encode())
    return since


__all__ = ["Handovers", "handovers"]
