"""What carries everything between participants: who may ask, how we ask, and the channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from node_gateway.partners.callers import Callers
from node_gateway.partners.channel import MessageChannel, Voice
from node_gateway.partners.client import PeerClient
from node_gateway.partners.fetching_back import FetchingBack
from node_gateway.partners.hearing import Hearing
from node_gateway.partners.peer_views import PeerViews
from node_gateway.partners.positions import Positions
from node_gateway.partners.saying import Saying

if TYPE_CHECKING:
    from node_gateway.partners.assembly import Own


@dataclass(frozen=True, slots=True)
class Peering:
    """Requests and messages between participants.

    Attributes:
        callers: Judges requests of other gateways.
        client: Asks other gateways; implements `ports.Peers`.
        channel: Says things, and knows who takes what comes in; implements `ports.Channel`.
        hearing: Takes messages.
        positions: Follows what receivers show of our messages.
        saying: Sends messages; a `Background`.
        views: What operators see.
    """

    callers: Callers
    client: PeerClient
    channel: MessageChannel
    hearing: Hearing
    positions: Positions
    saying: Saying
    views: PeerViews


def peering(own: Own) -> Peering:
    """Put it together."""
    base, directory = own.base, own.directory
    participant, settings = base.settings.gateway.participant, base.settings.peers
    voice = Voice(participant, own.sign, own.network, base.clock)
    channel = MessageChannel(base.store, voice)
    client = PeerClient(directory, own.sign, settings=settings, clock=base.clock)
    callers = Callers(
        base.store, directory, participant=participant, settings=settings, clock=base.clock
    )
    hearing = Hearing(
        base.store,
        channel,
        voice,
        directory,
        gate=base.gate,
        metrics=base.metrics,
        kib_rate=settings.heard_kib_per_partner,
        clock=base.clock,
    )
    positions = Positions(base.store, channel, voice, directory, metrics=base.metrics)
    saying = Saying(
        base.store,
        channel,
        client,
        voice,
        directory,
        positions,
        hearing.position,
        FetchingBack(base.store, channel, client, voice, directory),
        gate=base.gate,
        settings=settings,
        metrics=base.metrics,
    )
    views = PeerViews(base.store, directory, voice, hearing, saying, client, settings)
    return Peering(callers, client, channel, hearing, positions, saying, views)
