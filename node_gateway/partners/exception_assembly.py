"""What a gateway does about mismatches, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from node_gateway.partners.dscsa import DscsaReader
from node_gateway.partners.dscsa_exchange import DscsaExport
from node_gateway.partners.dscsa_import import DscsaImport
from node_gateway.partners.exception_desk import Desk
from node_gateway.partners.exception_proving import Proving, require_proof
from node_gateway.partners.exception_rejoining import Rejoining
from node_gateway.partners.exception_resolving import Resolving
from node_gateway.partners.exception_talking import Talking
from node_gateway.partners.exception_telling import Telling
from node_gateway.partners.exception_watch import ExceptionWatch
from node_gateway.partners.exception_words import MESSAGE_KIND
from node_gateway.partners.exceptions import Cases, Rules
from node_gateway.partners.parties import Parties
from node_gateway.partners.ports import NewException

if TYPE_CHECKING:
    from node_gateway.partners.assembly import Own
    from node_gateway.partners.channel import MessageChannel

WATCH_S: float = 15.0
"""How often overdue exceptions and proofs that are due are looked for, in seconds."""


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Exceptions; implements `ports.Exceptions`.

    Attributes:
        opening: Opens cases.
        desk: Lists, shows, assigns.
        talking: Says things to partners and hears them.
        resolving: Closes cases.
        proving: Proves resolutions.
        reading: Takes DSCSA messages over; `writing`: hands them out.
        watch: Looks after what is overdue; a `Background`.
    """

    opening: Cases
    desk: Desk
    talking: Talking
    resolving: Resolving
    proving: Proving
    reading: DscsaImport
    writing: DscsaExport
    watch: ExceptionWatch

    def open(self, connection: Connection, wish: NewException) -> int:
        """Open a case inside a transaction of the caller; see `ports.Exceptions`."""
        return self.opening.open(connection, wish)


def exceptions(own: Own, channel: MessageChannel) -> Exceptions:
    """Put it together."""
    base, store = own.base, own.base.store
    settings = base.settings
    rules = Rules(settings.gateway.participant, settings.exceptions, base.clock)
    telling = Telling(channel, rules.participant)
    opening = Cases(store, rules, telling)
    talking = Talking(store, rules, opening=opening, channel=channel, require_proof=require_proof)
    rejoining = Rejoining(store, opening, talking)
    channel.on(MESSAGE_KIND, rejoining)
    channel.on_fetched_back(rejoining.look)
    channel.on_renumbered(talking.renumbered)
    proving, reader = Proving(store, own.disclosing, channel), DscsaReader()
    parties = Parties(
        lambda: own.directory.current, base.master.directory.participant_of, base.clock
    )
    return Exceptions(
        opening=opening,
        desk=Desk(
            store,
            rules,
            opening=opening,
            telling=telling,
            channel=channel,
            is_participant=lambda number: number in own.directory.current.participants,
        ),
        talking=talking,
        resolving=Resolving(
            store,
            rules,
            talking=talking,
            channel=channel,
            capture=base.capture,
            event_id_key=base.preparing.event_id_key,
        ),
        proving=proving,
        reading=DscsaImport(store, opening, reader=reader, participant_of=parties.participant_of),
        writing=DscsaExport(store, rules, reader=reader, party=settings.gateway.party),
        watch=ExceptionWatch(
            store,
            rules,
            metrics=base.metrics,
            proving=proving,
            rejoining=rejoining.look,
            poll_s=min(WATCH_S, settings.chain.poll_s * 5),
        ),
    )
