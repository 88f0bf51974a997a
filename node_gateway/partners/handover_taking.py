"""Take what a partner hands over: parts, then the manifest that makes them a handover, then proofs.

Everything is recomputed before it is kept. A refusal names a stable code and quotes nothing. That
an event is anchored is looked up later, by ourselves: a chain that is down keeps no goods waiting.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from anchoring.core.verify import check_bundle
from anchoring.errors import AnchoringError
from anchoring.handover import PARTS_MAX, EventProof, HandedEvent, Manifest, Part, bundle_of
from anchoring.handover_check import (
    EXPIRY_PATH,
    LOT_PATH,
    CheckedEvent,
    HandoverError,
    Shipment,
    ShipmentCheck,
    check_counts,
    check_event,
)
from anchoring.handover_reading import (
    parse_correction,
    parse_manifest,
    parse_part,
    parse_proofs,
)
from node_gateway.partners.ports import Direction, Message, MessageRefusedError
from node_gateway.partners.received_events import keep_fields, keep_opening, keep_proof, read_fields
from node_gateway.storage import handover_writing as writing
from node_gateway.storage import handovers as reading
from node_gateway.storage import peers
from node_gateway.storage.database import Database
from node_gateway.storage.handover_pruning import drop_waiting
from node_gateway.storage.handover_tables import (
    handover_event,
    handover_part,
    handover_part_event,
)
from node_gateway.storage.handover_writing import EventRow, PartRow, PathRow

_LEVEL: Final = 1
PARTS_WAITING_MAX: Final = PARTS_MAX
"""How many parts of one partner wait for manifests: those of the largest handover. They come one
handover after the other, so that older ones are of none that will still come."""
Taken = Callable[[Connection, reading.Handover], None]
"""Called in the transaction that takes a handover, or takes it back."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What the handlers share.

    Attributes:
        clock: Unix seconds.
        on_taken: Who hears of a handover that came complete, or was withdrawn.
        on_proof: Called when proofs came, to have them looked up.
        renamed: Called when a handover is named by another message: its old digest and its new.
    """

    database: Database
    clock: Callable[[], float]
    on_taken: list[Taken]
    on_proof: Callable[[], None]
    renamed: Callable[[Connection, bytes, bytes], None]

    def tell(self, connection: Connection, digest: bytes) -> None:
        """Tell the listeners of a handover as it stands now."""
        found = reading.handover(connection, digest)
        if found is not None:
            for listener in self.on_taken:
                listener(connection, found)


class TakingParts:
    """Handler of `handover_part`."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    async def check(self, message: Message) -> PartRow:
        """See `ports.Handler`."""
        return await asyncio.to_thread(_checked_part, message)

    def take(self, connection: Connection, message: Message, checked: PartRow) -> None:
        """See `ports.Handler`. The same part again changes nothing; too many drop the oldest."""
        if writing.knows_part(connection, message.sender, checked.digest):
            return
        insert = self._incoming.database.insert
        writing.add_part(connection, insert, checked, partner=message.sender, number=None)
        drop_waiting(connection, message.sender, keep=PARTS_WAITING_MAX)


class _Complete(NamedTuple):
    """A manifest whose parts were put together."""

    manifest: Manifest
    shipment: Shipment
    parts: tuple[int, ...]


class TakingManifests:
    """Handler of `handover`."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    async def check(self, message: Message) -> _Complete | None:
        """See `ports.Handler`."""
        manifest = _parsed(parse_manifest, message.body)

        def work(connection: Connection) -> _Complete | None:
            if _said_before(connection, message, manifest) is not None:
                return None
            return _completed(connection, message, manifest)

        return await self._incoming.database.read(work)

    def take(self, connection: Connection, message: Message, checked: _Complete | None) -> None:
        """See `ports.Handler`. The same manifest again gives its handover another name."""
        if checked is None:
            manifest = _parsed(parse_manifest, message.body)
            before = _said_before(connection, message, manifest)
            if before is None:
                raise _refused("the handover was taken back meanwhile", "handover_withdrawn")
            self._incoming.renamed(connection, before, message.digest)
            return
        incoming, (manifest, shipment, parts) = self._incoming, checked
        _require_new(connection, message.sender, manifest)
        at = int(incoming.clock())
        number = writing.take_in(
            connection,
            incoming.database.insert,
            partner=message.sender,
            shipment=manifest.shipment,
            digest=message.digest,
            said_at=message.said_at,
            at=at,
            parts=parts,
            counts=(manifest.event_count, manifest.code_count),
            replaces=manifest.replaces,
        )
        writing.add_codes(
            connection, incoming.database.insert, number, shipment.parents.items(), shipment.made
        )
        if manifest.replaces is not None:
            incoming.tell(connection, manifest.replaces)
        incoming.tell(connection, message.digest)


class TakingProofs:
    """Handler of `handover_proofs`."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    async def check(self, message: Message) -> tuple[EventProof, ...]:
        """See `ports.Handler`."""
        proofs: tuple[EventProof, ...] = _parsed(parse_proofs, message.body)
        return await self._incoming.database.read(lambda c: _checked_proofs(c, message, proofs))

    def take(
        self, connection: Connection, message: Message, checked: tuple[EventProof, ...]
    ) -> None:
        """See `ports.Handler`."""
        for one in checked:
            writing.add_proof(connection, message.sender, one.entry, keep_proof(one))
        self._incoming.on_proof()


class TakingCorrections:
    """Handler of `handover_correction`."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    async def check(self, message: Message) -> bytes:
        """See `ports.Handler`."""
        return bytes(_parsed(parse_correction, message.body).handover)

    def take(self, connection: Connection, message: Message, checked: bytes) -> None:
        """See `ports.Handler`. A handover that was taken back before stays so."""
        _require_theirs(connection, message.sender, checked)
        writing.withdraw(connection, checked, int(self._incoming.clock()))
        self._incoming.tell(connection, checked)


def event_row(handed: HandedEvent, checked: CheckedEvent, *, own: bool = False) -> EventRow:
    """Return what is kept of an event of a handover; of our own only the head."""
    head = (checked.entry, checked.participant, checked.act.text)
    lot, expiry = checked.text(LOT_PATH), checked.text(EXPIRY_PATH)
    if own:
        return EventRow(*head, lot, expiry)
    paths = (
        tuple(
            PathRow(path.index, code, path.disclosure, b"".join(path.siblings))
            for (_, code), path in zip(checked.codes, handed.code_paths, strict=True)
        )
        if handed.opening is None
        else ()
    )
    return EventRow(
        *head,
        lot,
        expiry,
        fields=keep_fields(handed.fields),
        codes_root=handed.codes_root,
        opening=keep_opening(handed.opening) if handed.opening is not None else None,
        paths=paths,
    )


def part_row(text: bytes, ordinal: int, events: tuple[EventRow, ...]) -> PartRow:
    """Return a part as it is kept."""
    return PartRow(ordinal, sha256(text).digest(), zlib.compress(text, _LEVEL), events)


def _checked_part(message: Message) -> PartRow:
    part: Part = _parsed(parse_part, message.body)
    rows = []
    for handed in part.events:
        checked = _checked(handed)
        if checked.participant != message.sender and not checked.commissions:
            raise _refused("an event of somebody else", "handover_foreign_event")
        rows.append(event_row(handed, checked))
    return part_row(message.body, part.ordinal, tuple(rows))


def _completed(connection: Connection, message: Message, manifest: Manifest) -> _Complete:
    """Put the parts of a manifest together; runs on a reader thread, one part at a time."""
    _require_new(connection, message.sender, manifest)
    check = ShipmentCheck(message.sender, manifest.shipment, manifest.replaces)
    numbers = []
    for digest in manifest.parts:
        number, text = _waiting_part(connection, message.sender, digest)
        numbers.append(number)
        part: Part = _parsed(parse_part, text)
        try:
            check.add(part, [_checked(one) for one in part.events])
        except HandoverError as error:
            raise _refused(str(error), error.code) from error
    try:
        shipment = check.finish()
        check_counts(shipment, manifest)
    except HandoverError as error:
        raise _refused(str(error), error.code) from error
    return _Complete(manifest, shipment, tuple(numbers))


def _waiting_part(connection: Connection, sender: int, digest: bytes) -> tuple[int, bytes]:
    columns = handover_part.c
    query = select(columns.number, columns.data).where(
        columns.digest == digest,
        columns.partner == sender,
        columns.put == 1,
        columns.handover.is_(None),
    )
    row = connection.execute(query).first()
    if row is None or row.data is None:
        raise _refused("a part of this handover did not come", "handover_parts")
    return row.number, zlib.decompress(bytes(row.data))


def _require_new(connection: Connection, sender: int, manifest: Manifest) -> None:
    """A shipment is handed over once, unless the sender says what it corrects."""
    if manifest.replaces is not None:
        _require_theirs(connection, sender, manifest.replaces)
    for one in reading.handovers_of(connection, manifest.shipment):
        same = (one.direction, one.partner) == (Direction.IN, sender)
        if same and one.state is reading.State.SAID and one.digest != manifest.replaces:
            raise _refused("this shipment was handed over before", "handover_known")


def _said_before(connection: Connection, message: Message, manifest: Manifest) -> bytes | None:
    """Return what names the standing handover that this very manifest made before, if it did.

    A sender whose database was restored from an old copy does not know that it has said it.
    """
    for one in reading.handovers_of(connection, manifest.shipment):
        same = (one.direction, one.partner) == (Direction.IN, message.sender)
        if not same or one.state is not reading.State.SAID or one.digest is None:
            continue
        said = peers.message_by_digest(connection, one.digest)
        if said is not None and said.body_digest == sha256(message.body).digest():
            return one.digest
    return None


def _require_theirs(connection: Connection, sender: int, digest: bytes) -> None:
    found = reading.handover(connection, digest)
    if found is None or (found.direction, found.partner) != (Direction.IN, sender):
        raise _refused("there is no such handover of yours", "handover_unknown")


def _checked_proofs(
    connection: Connection, message: Message, proofs: tuple[EventProof, ...]
) -> tuple[EventProof, ...]:
    for one in proofs:
        row = _handed_by(connection, message.sender, one.entry)
        if row is None:
            raise _refused("you handed no such event over", "handover_event_unknown")
        if one.anchor.participant != row.participant:
            raise _refused("the stream is another participant's", "participant_stream_mismatch")
        if row.fields is None:
            continue  # our own event came back: we know better
        handed = HandedEvent(row.participant, read_fields(row.fields), bytes(row.codes_root))
        try:
            proven = check_bundle(bundle_of(handed, one)).entry
        except AnchoringError as error:
            raise _refused("a proof does not hold", error.code) from error
        if proven != one.entry:
            raise _refused("a proof is of another event", "root_mismatch")
    return proofs


def _handed_by(connection: Connection, sender: int, entry: bytes) -> Any:
    columns = handover_event.c
    query = (
        select(columns.participant, columns.fields, columns.codes_root)
        .join_from(
            handover_event, handover_part_event, handover_part_event.c.event == columns.number
        )
        .join(handover_part, handover_part.c.number == handover_part_event.c.part)
        .where(columns.entry == entry, handover_part.c.partner == sender)
    )
    return connection.execute(query.limit(1)).first()


def _checked(handed: HandedEvent) -> CheckedEvent:
    try:
        return check_event(handed)
    except AnchoringError as error:
        raise _refused("an event does not hold", error.code) from error


def _parsed(parse: Callable[[bytes], Any], raw: bytes) -> Any:
    try:
        return parse(raw)
    except AnchoringError as error:
        raise _refused("the message is not in the form of its kind", error.code) from error


def _refused(detail: str, code: str) -> MessageRefusedError:
    return MessageRefusedError(detail, code=code)


__all__ = [
    "Incoming",
    "Taken",
    "TakingCorrections",
    "TakingManifests",
    "TakingParts",
    "TakingProofs",
    "event_row",
    "part_row",
]
