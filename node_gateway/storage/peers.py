"""What participants said to each other, kept; functions over a connection, for one transaction.

Every message is kept in both directions with its signatures: they are what either side proves
with. Bodies are compressed. Of a partner there is one row, which says how far both ways are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import zstandard
from sqlalchemy import Connection, Row, RowMapping, delete, insert, select, update
from sqlalchemy import func as sql

from anchoring.core.message import NO_MESSAGE, Answer, SignedMessage, Statement
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.peer_tables import (
    peer_conflict,
    peer_message,
    peer_nonce,
    peer_partner,
)

_LEVEL: Final = 1
_partner, _message, _conflict = peer_partner.c, peer_message.c, peer_conflict.c


class Way(IntEnum):
    """Which way a message went, seen from here. Values are stored."""

    HEARD = 0
    SAID = 1


@dataclass(frozen=True, slots=True)
class Partner:
    """How far both ways with a participant are.

    Attributes:
        said_number, said_digest: The last message that we gave a number; 0 and zeros: none.
        cursor: Number up to which it has answered; what comes behind waits.
        heard_number, heard_digest: The last message of its that we answered.
        failures: Tries since it answered last.
        last_error: Why the last try failed; a code.
        alarm: A code of what a person should look at, None if nothing.
    """

    participant: int
    said_number: int = 0
    said_digest: bytes = NO_MESSAGE
    cursor: int = 0
    heard_number: int = 0
    heard_digest: bytes = NO_MESSAGE
    failures: int = 0
    failing_since: int | None = None
    last_error: str | None = None
    last_try_at: int | None = None
    alarm: str | None = None

    @property
    def waiting_count(self) -> int:
        """How many messages it did not answer yet."""
        return self.said_number - self.cursor


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it is kept.

    Attributes:
        packed: The body as one zstandard frame.
        answer_code: None: no answer yet; empty: taken; otherwise why it was refused.
    """

    partner: int
    way: Way
    number: int
    digest: bytes
    previous: bytes
    kind: str
    body_digest: bytes
    said_at: int
    signature: bytes
    packed: bytes
    size_bytes: int
    answer_code: str | None = None
    answered_at: int | None = None
    answer_signature: bytes | None = None

    @property
    def body(self) -> bytes:
        """The body as it was said."""
        return unpacked(self.packed, self.size_bytes)

    def signed(self, own: int, chain_id: int, consortium: bytes) -> SignedMessage:
        """Return it with its signatures; `own` is our participant id."""
        sender, receiver = (self.partner, own) if self.way is Way.HEARD else (own, self.partner)
        statement = Statement(
            sender=sender,
            receiver=receiver,
            number=self.number,
            previous=self.previous,
            kind=self.kind,
            body=self.body_digest,
            at=self.said_at,
            chain_id=chain_id,
            consortium=consortium,
        )
        if self.answer_code is None or self.answer_signature is None:
            return SignedMessage(statement, self.signature, self.body)
        answer = Answer(self.digest, self.answer_code, self.answered_at or 0)
        return SignedMessage(statement, self.signature, self.body, answer, self.answer_signature)


def packed(body: bytes) -> bytes:
    """Return a body as it is kept and carried."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(body)


def unpacked(frame: bytes, size_bytes: int) -> bytes:
    """Return the body of a frame that we made.

    Raises:
        DatabaseDamagedError: it was not made by `packed`.
    """
    try:
        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=max(size_bytes, 1))
    except zstandard.ZstdError as error:
        raise DatabaseDamagedError("the body of a message cannot be read") from error


def partner(connection: Connection, participant: int) -> Partner:
    """Return how far both ways are; nothing yet for a participant that is new."""
    row = (
        connection.execute(select(peer_partner).where(_partner.participant == participant))
        .mappings()
        .one_or_none()
    )
    return Partner(participant) if row is None else Partner(**row)


def partners(connection: Connection) -> list[Partner]:
    """Return all, by their ids."""
    rows = connection.execute(select(peer_partner).order_by(_partner.participant))
    return [Partner(**row) for row in rows.mappings()]


def change(connection: Connection, participant: int, **values: Any) -> None:
    """Change a partner's row; it is made if there is none."""
    changed = connection.execute(
        update(peer_partner).where(_partner.participant == participant).values(**values)
    )
    if changed.rowcount == 0:
        fresh = Partner(participant)
        row = {name: getattr(fresh, name) for name in Partner.__slots__}
        connection.execute(insert(peer_partner), [{**row, **values}])


def add_message(connection: Connection, one: StoredMessage) -> None:
    """Keep a message."""
    row = {_COLUMN.get(name, name): getattr(one, name) for name in StoredMessage.__slots__}
    connection.execute(insert(peer_message), [row])


_COLUMN: Final = {"way": "direction", "packed": "body"}


def message(
    connection: Connection, participant: int, way: Way, number: int
) -> StoredMessage | None:
    """Return a message by its number, None if there is none."""
    row = (
        connection.execute(
            select(peer_message).where(
                _message.partner == participant,
                _message.direction == int(way),
                _message.number == number,
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else stored(row)


def message_by_digest(connection: Connection, digest: bytes) -> StoredMessage | None:
    """Return the message that a digest names, None if it was never said here."""
    row = (
        connection.execute(select(peer_message).where(_message.digest == digest).limit(1))
        .mappings()
        .one_or_none()
    )
    return None if row is None else stored(row)


def ends_of(connection: Connection, digest: bytes) -> tuple[int, Way] | None:
    """Return with whom and which way a message went that a digest names; its body stays unread."""
    query = select(_message.partner, _message.direction).where(_message.digest == digest).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.partner, Way(row.direction))


def digest_at(connection: Connection, participant: int, way: Way, number: int) -> bytes | None:
    """Return the digest of a message by its number, None if there is none."""
    found = connection.execute(
        select(_message.digest).where(
            _message.partner == participant,
            _message.direction == int(way),
            _message.number == number,
        )
    ).scalar_one_or_none()
    return None if found is None else bytes(found)


def messages(
    connection: Connection, participant: int, way: Way, *, after: int = 0, limit: int
) -> list[StoredMessage]:
    """Return messages in order, without their bodies, behind number `after`."""
    bodiless = [one for one in peer_message.c if one.name != "body"]
    rows = connection.execute(
        select(*bodiless)
        .where(
            _message.partner == participant,
            _message.direction == int(way),
            _message.number > after,
        )
        .order_by(_message.number)
        .limit(limit)
    )
    return [stored(row) for row in rows.mappings()]


def next_to_say(connection: Connection, participant: int) -> StoredMessage | None:
    """Return the first message that waits, None if none does.

    A number may be missing: what a database that was restored has forgotten.
    """
    cursor = partner(connection, participant).cursor
    row = (
        connection.execute(
            select(peer_message)
            .where(
                _message.partner == participant,
                _message.direction == int(Way.SAID),
                _message.number > cursor,
            )
            .order_by(_message.number)
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else stored(row)


def waiting_since(connection: Connection) -> dict[int, int]:
    """Return when the oldest message was said that waits, by partner; Unix seconds."""
    rows = connection.execute(
        select(_message.partner, sql.min(_message.said_at))
        .join(peer_partner, _partner.participant == _message.partner)
        .where(_message.direction == int(Way.SAID), _message.number > _partner.cursor)
        .group_by(_message.partner)
    )
    return {row[0]: row[1] for row in rows}


def answered(
    connection: Connection, participant: int, number: int, answer: Answer, signature: bytes
) -> None:
    """Keep the answer to a message of ours and move the cursor there; the first answer stays."""
    connection.execute(
        update(peer_message)
        .where(
            _message.partner == participant,
            _message.direction == int(Way.SAID),
            _message.number == number,
            _message.answer_code.is_(None),
        )
        .values(answer_code=answer.code, answered_at=answer.at, answer_signature=signature)
    )
    change(
        connection,
        participant,
        cursor=number,
        failures=0,
        failing_since=None,
        last_error=None,
        last_try_at=None,
    )


def signed_again(connection: Connection, one: StoredMessage, signature: bytes) -> None:
    """Replace the signature of a message of ours: its key is not valid any more."""
    connection.execute(
        update(peer_message)
        .where(
            _message.partner == one.partner,
            _message.direction == int(one.way),
            _message.number == one.number,
        )
        .values(signature=signature)
    )


def remove_said(connection: Connection, participant: int, after: int) -> list[StoredMessage]:
    """Take messages of ours out that were never answered, behind a number; return them."""
    where = (
        _message.partner == participant,
        _message.direction == int(Way.SAID),
        _message.number > after,
    )
    rows = (
        connection.execute(select(peer_message).where(*where).order_by(_message.number))
        .mappings()
        .all()
    )
    connection.execute(delete(peer_message).where(*where))
    return [stored(row) for row in rows]


def add_conflict(
    connection: Connection,
    participant: int,
    way: Way,
    number: int,
    digest: bytes,
    file: bytes,
    now: int,
) -> bool:
    """Keep a message that does not count, as evidence; False if it is kept already."""
    known = connection.execute(select(_conflict.id).where(_conflict.digest == digest)).one_or_none()
    if known is not None:
        return False
    row = {
        "partner": participant,
        "direction": int(way),
        "number": number,
        "digest": digest,
        "file": file,
        "found_at": now,
    }
    connection.execute(insert(peer_conflict), [row])
    return True


def conflicts(
    connection: Connection,
    participant: int | None = None,
    *,
    after: int = 0,
    limit: int | None = None,
) -> Sequence[Row[Any]]:
    """Return the messages that do not count, behind an id, as rows of their table."""
    query = select(peer_conflict).where(_conflict.id > after).order_by(_conflict.id).limit(limit)
    if participant is not None:
        query = query.where(_conflict.partner == participant)
    return connection.execute(query).all()


def conflict_count(connection: Connection, participant: int, way: Way) -> int:
    """Return how many messages of one way are kept that do not count."""
    query = select(sql.count()).where(
        _conflict.partner == participant, _conflict.direction == int(way)
    )
    return int(connection.execute(query).scalar_one())


def note_nonce(connection: Connection, participant: int, nonce: str, until: int) -> bool:
    """Keep the nonce of a request; False if it was seen before."""
    table = peer_nonce.c
    seen = connection.execute(
        select(table.until).where(table.participant == participant, table.nonce == nonce)
    ).one_or_none()
    if seen is not None:
        return False
    row = {"participant": participant, "nonce": nonce, "until": until}
    connection.execute(insert(peer_nonce), [row])
    return True


def forget_nonces(connection: Connection, now: int) -> None:
    """Forget nonces whose time is over."""
    connection.execute(delete(peer_nonce).where(peer_nonce.c.until < now))


def stored(row: RowMapping) -> StoredMessage:
    """Return a row of the table as it is meant; it may lack the body."""
    values: dict[str, Any] = dict(row)
    values["way"] = Way(values.pop("direction"))
    values["packed"] = values.pop("body", b"")
    return StoredMessage(**values)
