"""What partners said that cannot both hold, as files that a third party checks offline.

Two messages with one number are kept by the channel, two handovers of one code by receiving. Both
are exported as `sealtrail/evidence/v1`, with no more in it than the contradiction needs; any other
message is exported as what was `said`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, Row

from anchoring.chain.messages import read_message
from anchoring.chain.network import Network
from anchoring.core.codes import CodesTree
from anchoring.core.message import SignedMessage
from anchoring.core.prove import code_paths
from anchoring.evidence.model import (
    CustodyConflict,
    Evidence,
    EvidenceKind,
    HandedOver,
    Said,
    TwoMessages,
)
from anchoring.handover import HandedEvent
from anchoring.handover_check import check_event
from anchoring.handover_reading import parse_manifest, parse_part
from node_gateway.errors import NotFoundError, RequestError
from node_gateway.storage import custody, peers
from node_gateway.storage.database import Readable
from node_gateway.storage.peers import StoredMessage, Way

PAGE_MAX: Final = 1000
PARTS_SEARCHED_MAX: Final = 20_000
"""Messages before a manifest among which its parts are looked for."""
_NAME = re.compile(r"(messages|custody)-([1-9][0-9]{0,14})|([0-9a-f]{64})")
_GOODS: Final = ("epcList", "childEPCs")


class EvidenceNotFoundError(NotFoundError):
    """Nothing is kept under this name."""

    code = "evidence_not_found"


class EvidenceIncompleteError(RequestError):
    """What is kept does not make a file: a statement is our own, or was never a message."""

    code = "evidence_incomplete"


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """One contradiction that was kept.

    Attributes:
        name: Under which it is exported.
        partners: Whose statements they are.
        found_at: Unix seconds.
        reason: In a word: `message_conflict`, or why custody conflicts.
    """

    name: str
    kind: EvidenceKind
    partners: tuple[int, ...]
    found_at: int
    reason: str


class PartnerEvidence:
    """Reads what the channel and receiving kept, and makes files of it.

    Args:
        database: Of the gateway, which may run meanwhile.
        network: Whose chain id and Consortium every message names.
        participant: Our own id.
    """

    def __init__(self, database: Readable, network: Network, participant: int) -> None:
        self._database, self._network, self._own = database, network, participant

    async def kept(self) -> list[KeptEvidence]:
        """Return what was kept, custody last, each by time; at most 1000 of a kind."""

        def work(connection: Connection) -> list[KeptEvidence]:
            found = [
                KeptEvidence(
                    f"messages-{row.id}",
                    EvidenceKind.TWO_MESSAGES,
                    (row.partner if Way(row.direction) is Way.HEARD else self._own,),
                    row.found_at,
                    "message_conflict",
                )
                for row in peers.conflicts(connection)[:PAGE_MAX]
            ]
            return found + [
                KeptEvidence(
                    f"custody-{row.number}",
                    EvidenceKind.CUSTODY_CONFLICT,
                    tuple(dict.fromkeys((row.first_partner, row.second_partner))),
                    row.found_at,
                    row.reason,
                )
                for row in custody.conflicts(connection, limit=PAGE_MAX)
            ]

        return await self._database.read(work)

    async def file(self, name: str) -> bytes:
        """Return an evidence file.

        Args:
            name: `messages-N` or `custody-N` as listed, or the digest of any message in hex.

        Raises:
            EvidenceNotFoundError: nothing is kept under this name.
            EvidenceIncompleteError: what is kept does not make a file.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise EvidenceNotFoundError("nothing is kept under this name")

        def work(connection: Connection) -> Evidence:
            if match[3]:
                message = self._said(connection, bytes.fromhex(match[3]))
                return Evidence(EvidenceKind.SAID, Said(message))
            number = int(match[2])
            if match[1] == "messages":
                return self._messages(connection, number)
            return self._custody(connection, number)

        return (await self._database.read(work)).to_json()

    def _signed(self, one: StoredMessage) -> SignedMessage:
        return one.signed(self._own, self._network.chain_id, self._network.consortium)

    def _said(self, connection: Connection, digest: bytes) -> SignedMessage:
        found = peers.message_by_digest(connection, digest)
        if found is None:
            raise EvidenceNotFoundError("no message has this digest")
        return self._signed(found)

    def _messages(self, connection: Connection, number: int) -> Evidence:
        row = next((one for one in peers.conflicts(connection) if one.id == number), None)
        if row is None:
            raise EvidenceNotFoundError("nothing is kept under this name")
        second = read_message(bytes(row.file))
        first = self._first(connection, row)
        if first is None:
            return Evidence(EvidenceKind.SAID, Said(second))
        return Evidence(EvidenceKind.TWO_MESSAGES, TwoMessages((first, second)))

    def _first(self, connection: Connection, row: Row[tuple[object, ...]]) -> SignedMessage | None:
        found = peers.message(connection, row.partner, Way(row.direction), row.number)
        if found is None or found.digest == bytes(row.digest):
            return None
        return self._signed(found)

    def _custody(self, connection: Connection, number: int) -> Evidence:
        row = next(iter(custody.conflicts(connection, after=number - 1, limit=1)), None)
        if row is None or row.number != number:
            raise EvidenceNotFoundError("nothing is kept under this name")
        codes = custody.conflict_codes(connection, number, limit=1)
        stored = [peers.message_by_digest(connection, one) for one in (row.first, row.second)]
        first, second = stored
        if first is None or second is None or not codes:
            text = "one of the two is a statement of this gateway's own books, not a message"
            raise EvidenceIncompleteError(text)
        both = (
            self._handed(connection, first, codes[0]),
            self._handed(connection, second, codes[0]),
        )
        return Evidence(EvidenceKind.CUSTODY_CONFLICT, CustodyConflict(codes[0], both))

    def _handed(self, connection: Connection, one: StoredMessage, code: str) -> HandedOver:
        """Return a handover with the path of one code, or with all parts if no event names it."""
        manifest = parse_manifest(one.body)
        wanted = set(manifest.parts)
        texts: dict[bytes, bytes] = {}
        for part in _parts_before(connection, one):
            digest = sha256(part).digest()
            if digest in wanted:
                texts[digest] = part
            if len(texts) == len(wanted):
                break
        if len(texts) != len(wanted):
            raise EvidenceIncompleteError("a part of the handover is not kept any more")
        parts = tuple(texts[digest] for digest in manifest.parts)
        event = _naming(parts, manifest.shipment, code)
        message = self._signed(one)
        return HandedOver(message, event) if event else HandedOver(message, parts=parts)


def _parts_before(connection: Connection, one: StoredMessage) -> Iterator[bytes]:
    for number in range(one.number - 1, max(0, one.number - PARTS_SEARCHED_MAX), -1):
        found = peers.message(connection, one.partner, one.way, number)
        if found is not None and found.kind == "handover_part":
            yield found.body


def _naming(parts: tuple[bytes, ...], shipment: bytes, code: str) -> HandedEvent | None:
    """Return the shipping event with the path of one code and of no other."""
    for text in parts:
        for event in parse_part(text).events:
            if event.opening is None:
                continue
            tree = event.opening.tree()
            chosen = [one for one in tree.codes if one[0] in _GOODS and one[1] == code]
            if chosen and check_event(event).entry == shipment:
                return _with_path(event, tree, chosen)
    return None


def _with_path(event: HandedEvent, tree: CodesTree, chosen: list[tuple[str, str]]) -> HandedEvent:
    paths = code_paths(tree, chosen)
    return HandedEvent(event.participant, event.fields, event.codes_root, paths)
