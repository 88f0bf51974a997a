"""What this database has forgotten since it was restored from an old copy, and what came back."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, select, update
from sqlalchemy import func as sql

from node_gateway.partners.ports import Direction
from node_gateway.storage.handover_tables import (
    handover,
    handover_event,
    handover_part,
    handover_part_event,
)
from node_gateway.storage.handovers import codes_of, edges
from node_gateway.storage.peer_tables import peer_message
from node_gateway.storage.peers import StoredMessage, Way, partner, stored
from node_gateway.storage.tables import event

_message, _link, _event = peer_message.c, handover_part_event.c, handover_event.c
_SAID: Final = int(Way.SAID)


class Forgotten(NamedTuple):
    """A message of ours that a receiver answered and that is not kept here.

    Attributes:
        digest: As the message behind it names it; None if that one is not kept either.
    """

    number: int
    digest: bytes | None


def forgotten(connection: Connection, participant: int, below: int | None) -> Forgotten | None:
    """Return the newest message to a participant that is forgotten, below a number if one is given.

    Cost: reads the numbers of its messages down to the one that is found.
    """
    known = partner(connection, participant)
    end = known.cursor + 1 if below is None else min(below, known.cursor + 1)
    mine = (_message.partner == participant, _message.direction == _SAID)
    query = select(_message.number).where(*mine, _message.number < end)
    expected = end - 1
    for number in connection.execute(query.order_by(_message.number.desc())).scalars():
        if number != expected:
            break
        expected -= 1
    if expected < 1:
        return None
    following = select(_message.previous).where(*mine, _message.number == expected + 1)
    digest = connection.execute(following).scalar()
    if digest is None and expected == known.said_number:
        digest = known.said_digest
    return Forgotten(expected, None if digest is None else bytes(digest))


def forgot_some(connection: Connection, participant: int) -> bool:
    """Tell whether we gave out numbers to a participant of which nothing is kept here.

    So it is after this database was restored from an old copy, and never otherwise.
    """
    query = select(sql.count()).where(_message.partner == participant, _message.direction == _SAID)
    kept = connection.execute(query.select_from(peer_message)).scalar() or 0
    return kept < partner(connection, participant).said_number


def said_bodies(
    connection: Connection, participant: int, kind: str, digests: set[bytes], *, before: int
) -> dict[bytes, bytes]:
    """Return bodies by digest that we said to a participant in messages before a number."""
    query = _said(_message.partner == participant, _message.kind == kind, _message.number < before)
    found: dict[bytes, bytes] = {}
    for row in connection.execute(query.order_by(_message.number.desc())).mappings():
        digest = bytes(row["body_digest"])
        if digest in digests and digest not in found:
            found[digest] = stored(row).body
            if len(found) == len(digests):
                break
    return found


def said_of_kind(connection: Connection, kind: str) -> list[StoredMessage]:
    """Return what we said of a kind to anybody, in order."""
    query = _said(_message.kind == kind).order_by(_message.partner, _message.number)
    return [stored(row) for row in connection.execute(query).mappings()]


def unnamed(connection: Connection, kind: str) -> list[tuple[int, int]]:
    """Return partner and number of manifests that were taken and that name no handover here."""
    named = select(handover.c.number).where(handover.c.digest == _message.digest).exists()
    query = select(_message.partner, _message.number).where(
        _message.direction == _SAID, _message.kind == kind, _message.answer_code == "", ~named
    )
    rows = connection.execute(query.order_by(_message.partner, _message.number))
    return [(row.partner, row.number) for row in rows]


def settle_parts(connection: Connection, number: int, own: int) -> None:
    """Note that all parts of a handover were said; our events that are forgotten nobody proves."""
    mine = handover_part.c.handover == number
    connection.execute(update(handover_part).where(mine).values(put=1, data=None))
    known = select(event.c.position).where(event.c.entry == _event.entry).exists()
    gone = select(_event.number).where(_event.participant == own, ~known)
    connection.execute(
        update(handover_part_event)
        .where(_link.part.in_(select(handover_part.c.number).where(mine)), _link.event.in_(gone))
        .values(proven=1)
    )


def forgotten_handover(connection: Connection, participant: int, codes: set[str]) -> bytes | None:
    """Return the handover to a participant of exactly these codes whose shipment is forgotten.

    The codes did not come back since: it is the last that is known of them.
    """
    known = edges(connection, min(codes))
    if not known or (known[-1].direction, known[-1].partner) != (Direction.OUT, participant):
        return None
    last = known[-1]
    entry = select(event.c.position).where(event.c.entry == last.shipment)
    if connection.execute(entry).first() is not None:
        return None
    told = {one.code for one in codes_of(connection, last.handover, limit=len(codes) + 1)}
    return last.handover if told == codes else None


def _said(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(peer_message).where(_message.direction == _SAID, *conditions)
