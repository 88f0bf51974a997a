"""Know again what we handed over, after our database was restored from an old copy.

Manifests and parts that were fetched back say what we handed over. Each becomes a handover of ours
again: one that is still held or being drafted here is what was said, though the draft may differ;
one that was said anew and refused as known is the first one again; one of a shipment that this
database has never heard of is there with its codes, so that answers, recalls and exceptions about
it find it. What was taken back or replaced since is so here, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog
from sqlalchemy import Connection

from anchoring.errors import AnchoringError
from anchoring.handover import Manifest
from anchoring.handover_check import Shipment, ShipmentCheck, check_event
from anchoring.handover_reading import parse_correction, parse_manifest, parse_part
from node_gateway.partners.channel import MessageChannel
from node_gateway.partners.handover_noticing import CORRECTION_KIND, take_back
from node_gateway.partners.handover_taking import event_row, part_row
from node_gateway.partners.ports import Direction
from node_gateway.storage import forgotten, peers
from node_gateway.storage import handover_writing as writing
from node_gateway.storage import handovers as reading
from node_gateway.storage.database import Database
from node_gateway.storage.handover_writing import PartRow
from node_gateway.storage.handovers import State
from node_gateway.storage.peers import StoredMessage

KIND: Final = "handover"
PART_KIND: Final = "handover_part"
KNOWN: Final = "handover_known"
"""Why a receiver refuses another manifest of a shipment that it has."""


class _Said(NamedTuple):
    """A handover as it was said, put together again."""

    message: StoredMessage
    manifest: Manifest
    shipment: Shipment
    parts: list[PartRow]


class Rejoining:
    """Looks at what was fetched back.

    Args:
        database: Has the messages, and the handovers.
        channel: Says who refers to what.
        own: Our participant id.
        clock: Unix seconds.
    """

    def __init__(
        self, database: Database, channel: MessageChannel, own: int, clock: Callable[[], float]
    ) -> None:
        self._database, self._channel = database, channel
        self._own, self._clock = own, clock
        self._turn = asyncio.Lock()
        self._log = structlog.get_logger()

    async def look(self) -> bool:
        """Rejoin every handover that was fetched back; false if some answer is still to come."""
        async with self._turn:
            is_done, rejoined = True, 0
            for partner, number in await self._database.read(lambda c: forgotten.unnamed(c, KIND)):
                said = await self._database.read(
                    lambda c, at=(partner, number): self._said(c, *at)  # type: ignore[misc]
                )
                if said is None:
                    continue
                done = await self._database.write(
                    "handover_rejoined",
                    lambda c, said=said: self._rejoin(c, said),  # type: ignore[misc]
                )
                is_done &= done is not None
                rejoined += bool(done)
            await self._database.write("handover_rejoined", self._take_back)
            if rejoined:
                self._log.warning("forgotten handovers are known again", count=rejoined)
            return is_done

    def _said(self, connection: Connection, partner: int, number: int) -> _Said | None:
        """Put a handover together; None if a part is not here, or it does not hold."""
        message = peers.message(connection, partner, peers.Way.SAID, number)
        if message is None:
            return None
        try:
            manifest = parse_manifest(message.body)
            check = ShipmentCheck(self._own, manifest.shipment, manifest.replaces)
            rows: list[PartRow] = []
            texts = forgotten.said_bodies(
                connection, partner, PART_KIND, set(manifest.parts), before=number
            )
            if len(texts) < len(set(manifest.parts)):
                return None
            for text in (texts[digest] for digest in manifest.parts):
                part = parse_part(text)
                checked = [check_event(one) for one in part.events]
                check.add(part, checked)
                both = zip(part.events, checked, strict=True)
                events = tuple(
                    event_row(handed, one, own=one.participant == self._own) for handed, one in both
                )
                rows.append(part_row(text, part.ordinal, events))
            return _Said(message, manifest, check.finish(), rows)
        except AnchoringError as error:
            self._log.error("a forgotten handover does not hold", code=error.code)
            return None

    def _rejoin(self, connection: Connection, said: _Said) -> bool | None:
        """Write one handover; false if it is another one now, None if that is not known yet."""
        message, manifest = said.message, said.manifest
        number: int | None = None
        for row in reading.handovers_of(connection, manifest.shipment):
            if (row.direction, row.partner) != (Direction.OUT, message.partner):
                continue
            if row.digest is None and row.replaces in (None, manifest.replaces):
                number = row.number
            elif row.digest is not None and row.replaces == manifest.replaces:
                now = peers.message_by_digest(connection, row.digest)
                if now is None or now.answer_code is None:
                    return None
                if now.answer_code == "":
                    return False  # the receiver has taken it under this name
                if now.answer_code == KNOWN:
                    number = row.number
                    self._channel.renamed(connection, row.digest, message.digest)
        self._write(connection, said, number)
        return True

    def _write(self, connection: Connection, said: _Said, number: int | None) -> None:
        message, manifest, insert = said.message, said.manifest, self._database.insert
        partner, at = message.partner, int(self._clock())
        before = None if number is None else reading.handover_numbered(connection, number)
        if number is None:
            number = writing.add_out(
                connection,
                insert,
                partner=partner,
                shipment=manifest.shipment,
                state=State.SAID,
                at=at,
                replaces=manifest.replaces,
            )
        writing.clear_draft(connection, number)
        for part in said.parts:
            writing.add_part(connection, insert, part, partner=partner, number=number)
        codes = sorted(said.shipment.parents.items())
        writing.add_codes(connection, insert, number, codes, said.shipment.made)
        forgotten.settle_parts(connection, number, self._own)
        values = {
            "digest": message.digest,
            "said_at": message.said_at,
            "event_count": manifest.event_count,
            "code_count": manifest.code_count,
            "replaces": manifest.replaces,
            "problem": None,
        }
        writing.set_state(connection, number, State.SAID, **values)
        if manifest.replaces is not None:
            writing.withdraw(connection, manifest.replaces, message.said_at)
        if before is not None and before.state is State.WITHDRAWN:
            now = reading.handover_numbered(connection, number)
            if now is not None:  # it was not told: we did not know that it had it
                take_back(connection, self._channel, now, at)

    def _take_back(self, connection: Connection) -> None:
        """Withdraw what we had taken back."""
        for message in forgotten.said_of_kind(connection, CORRECTION_KIND):
            try:
                digest = parse_correction(message.body).handover
            except AnchoringError:
                continue
            writing.withdraw(connection, digest, message.said_at)


__all__ = ["Rejoining"]
