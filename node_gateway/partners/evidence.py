"""What partners said that cannot both hold, as files that a third party checks offline.

Two messages with one number are kept by the channel, two handovers of one code by receiving. Both
are exported as `sealtrail/evidence/v1`, with no more in it than the contradiction needs; any other
message is exported as what was `said`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, Row

from anchoring.chain.messages import read_message
from anchoring.chain.network import Network
from anchoring.chain.proofs import ProofError
from anchoring.chain.proving import EvmProver
from anchoring.core.codes import CodesTree
from anchoring.core.message import SignedMessage
from anchoring.core.prove import code_paths
from anchoring.errors import ChainError
from anchoring.evidence.check import EvidenceOutcome, EvidenceVerdict, check_evidence
from anchoring.evidence.facts import Facts
from anchoring.evidence.making import with_proofs
from anchoring.evidence.model import (
    EVIDENCE_SIZE_BYTES_MAX,
    CustodyConflict,
    Evidence,
    EvidenceKind,
    HandedOver,
    Said,
    TwoMessages,
)
from anchoring.evidence.parse import parse_evidence
from anchoring.handover import HandedEvent
from anchoring.handover_check import check_event
from anchoring.handover_reading import parse_manifest, parse_part
from node_gateway.errors import NotFoundError, ParameterError, RequestError
from node_gateway.partners.evidence_names import (
    CUSTODY,
    MESSAGES,
    KeptEvidence,
    of_case,
    of_custody,
    of_message,
)
from node_gateway.storage import custody, peers
from node_gateway.storage.database import Readable
from node_gateway.storage.peers import StoredMessage, Way

PAGE_MAX: Final = 1000
PARTS_SEARCHED_MAX: Final = 20_000
"""Messages before a manifest among which its parts are looked for."""
_NAME = re.compile(r"(messages|custody)-([1-9][0-9]{0,14})|([0-9a-f]{64})")
_GOODS: Final = ("epcList", "childEPCs")
_HINT: Final = "sealtrail evidence export DIGEST shows a single message."


class EvidenceNotFoundError(NotFoundError):
    """Nothing is kept under this name."""

    code = "evidence_not_found"


class EvidenceIncompleteError(RequestError):
    """What is kept does not make a file: a statement is our own, or was never a message."""

    code = "evidence_incomplete"


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file, and how it stands for somebody who trusts our node's newest block.

    Attributes:
        raw: `sealtrail/evidence/v1`.
        outcome: `proven` or `cannot_check`.
        code, text: Of the verdict.
    """

    raw: bytes
    outcome: str
    code: str
    text: str


class PartnerEvidence:
    """Reads what the channel and receiving kept, and makes files of it.

    Args:
        database: Of the gateway, which may run meanwhile.
        network: Whose chain id and Consortium every message names.
        participant: Our own id.
        prover: Our own node, for proofs of keys; without it files are bare.
    """

    def __init__(
        self,
        database: Readable,
        network: Network,
        participant: int,
        prover: EvmProver | None = None,
    ) -> None:
        self._database, self._network, self._own = database, network, participant
        self._prover, self._turn = prover, asyncio.Lock()

    async def kept(self, *, after: str = "", limit: int = PAGE_MAX) -> list[KeptEvidence]:
        """Return what was kept, custody last, each by time.

        Args:
            after: Place of the one to go on behind, empty for the first.
            limit: At most so many.

        Raises:
            ParameterError: `after` is no place.
        """
        which, number = _place(after)

        def work(connection: Connection) -> list[KeptEvidence]:
            found = []
            if which == MESSAGES:
                rows = peers.conflicts(connection, after=number, limit=limit)
                found = [of_message(connection, row, self._own) for row in rows]
            begun = number if which == CUSTODY else 0
            left = limit - len(found)
            claims = custody.conflicts(connection, after=begun, limit=left) if left else []
            return found + [of_custody(connection, row, self._own) for row in claims]

        return await self._database.read(work)

    async def of_case(self, case: int) -> list[KeptEvidence]:
        """Return what was kept of an exception, by its number."""
        return await self._database.read(lambda one: of_case(one, case, self._own))

    async def checked(self, name: str, *, bare: bool = False) -> EvidenceFile:
        """Return an evidence file with all proofs of keys that our own node gives, and how it is.

        While the chain cannot be asked, or proves what does not hold, the file is without them.

        Args:
            name: As of `file`.
            bare: Without proofs.

        Raises:
            EvidenceNotFoundError, EvidenceIncompleteError: as `file`; also if the file that is
                made does not hold: nobody is accused by one that anybody refuses.
        """
        async with self._turn:  # a shipment's parts are large: one at a time
            kept = await asyncio.to_thread(parse_evidence, await self.file(name))
            made, verdict = await self._judged(kept, None if bare else self._prover)
        if verdict.outcome is EvidenceOutcome.REFUSED:
            text = f"what is kept shows no contradiction: {verdict.text}"
            raise EvidenceIncompleteError(text, hint=_HINT)
        raw = await asyncio.to_thread(made.to_json)
        if len(raw) > EVIDENCE_SIZE_BYTES_MAX:
            raise EvidenceIncompleteError("it is larger than a file may be", hint=_HINT)
        return EvidenceFile(raw, str(verdict.outcome), verdict.code, verdict.text)

    async def _judged(
        self, kept: Evidence, prover: EvmProver | None
    ) -> tuple[Evidence, EvidenceVerdict]:
        if prover is not None:
            # The verdict says what could not be checked.
            with contextlib.suppress(ChainError, ProofError):
                return await with_proofs(kept, self._network, prover)
        facts = Facts(self._network, kept.chain)
        return kept, await asyncio.to_thread(check_evidence, kept, facts)

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
        row = next(iter(peers.conflicts(connection, after=number - 1, limit=1)), None)
        if row is None or row.id != number:
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
            raise EvidenceIncompleteError(text, hint=_export(row.second))
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
            text = "a part of the handover is not kept any more"
            raise EvidenceIncompleteError(text, hint=_export(one.digest))
        parts = tuple(texts[digest] for digest in manifest.parts)
        event = _naming(parts, manifest.shipment, code)
        message = self._signed(one)
        return HandedOver(message, event) if event else HandedOver(message, parts=parts)


def _place(after: str) -> tuple[str, int]:
    match = _NAME.fullmatch(after) if after else None
    if match is not None and match[1]:
        return match[1], int(match[2])
    if after:
        raise ParameterError("that is no place in the list", hint="Take `next` as it was given.")
    return MESSAGES, 0


def _export(digest: bytes) -> str:
    return f"sealtrail evidence export {digest.hex()} shows what was said."


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
