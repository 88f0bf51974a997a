"""Contradictions that a gateway kept become files that a third party checks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from anchoring.chain.messages import digest_of
from anchoring.core.message import SignedMessage
from anchoring.core.opening import CodesOpening
from anchoring.core.prove import fields_proof
from anchoring.core.streams import codes_secret
from anchoring.evidence.check import EvidenceOutcome
from anchoring.evidence.making import with_proofs
from anchoring.evidence.model import CustodyConflict
from anchoring.evidence.parse import parse_evidence
from anchoring.handover import HandedEvent, Manifest, Part
from node_gateway.partners.evidence import (
    EvidenceIncompleteError,
    EvidenceNotFoundError,
    PartnerEvidence,
)
from node_gateway.storage import custody, peers
from node_gateway.storage.custody import ConflictRow
from node_gateway.storage.engine import open_for_reading, open_store
from node_gateway.storage.peers import StoredMessage, Way
from node_gateway.storage.ports import GatewayStore
from node_gateway.wiring import prepare_database
from tests.anchoring.chain.sealed import CODE
from tests.anchoring.evidence.scene import Scene, open_scene
from tests.anchoring.evidence.test_messages import said, shipment


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = await open_scene()
    yield made
    await made.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[GatewayStore]:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    prepare_database(url)
    made = await open_store(url)
    yield made
    await made.close()


def stored(message: SignedMessage, way: Way = Way.HEARD) -> StoredMessage:
    """Return a message between 1 and 2 as participant 2 keeps it."""
    one, answer = message.statement, message.answer
    assert message.body is not None
    return StoredMessage(
        partner=one.sender if way is Way.HEARD else one.receiver,
        way=way,
        number=one.number,
        digest=digest_of(one),
        previous=one.previous,
        kind=one.kind,
        body_digest=one.body,
        said_at=one.at,
        signature=message.signature,
        packed=peers.packed(message.body),
        size_bytes=len(message.body),
        answer_code=answer.code if answer else None,
        answered_at=answer.at if answer else None,
        answer_signature=message.answer_signature if answer else None,
    )


async def keep(store: GatewayStore, *messages: StoredMessage) -> None:
    for one in messages:
        await store.write("test", lambda c, one=one: peers.add_message(c, one))  # type: ignore[misc]


async def proven(scene: Scene, raw: bytes) -> EvidenceOutcome:
    made, _ = await with_proofs(parse_evidence(raw), scene.network, scene.prover)
    return scene.judge(made).outcome


async def test_two_messages_with_one_number_are_exported(scene: Scene, store: GatewayStore) -> None:
    first, second = said(scene, b"one"), said(scene, b"two")
    await keep(store, stored(first))
    digest, file = digest_of(second.statement), second.to_json()
    await store.write(
        "test", lambda c: peers.add_conflict(c, 1, Way.HEARD, 1, digest, file, scene.now)
    )
    service = PartnerEvidence(store, scene.network, 2)
    [kept] = await service.kept()
    assert (kept.name, kept.partners) == ("messages-1", (1,))
    assert await proven(scene, await service.file(kept.name)) is EvidenceOutcome.PROVEN


async def test_it_is_read_while_the_gateway_runs(
    scene: Scene, store: GatewayStore, tmp_path: Path
) -> None:
    message = said(scene, b"one")
    await keep(store, stored(message))
    async with open_for_reading(f"sqlite:///{tmp_path / 'kept.db'}") as reading:
        service = PartnerEvidence(reading, scene.network, 2)
        raw = await service.file(digest_of(message.statement).hex())
        assert await proven(scene, raw) is EvidenceOutcome.PROVEN
        with pytest.raises(OperationalError, match="readonly"):
            await reading.read(lambda c: peers.add_message(c, stored(said(scene, b"two"))))


def handover(scene: Scene, number: int, receiver: int) -> tuple[SignedMessage, SignedMessage]:
    """Return the part and the manifest of a shipment, each a message."""
    made = shipment(scene, number)
    opening = CodesOpening(
        codes_secret(scene.issuer.secret(number)), {"epcList": (CODE, f"{CODE}{number}")}
    )
    event = HandedEvent(1, fields_proof(made.fields, ()), made.codes.root, opening=opening)
    part = Part(made.entry, 0, None, (event,)).to_json()
    manifest = Manifest(made.entry, (sha256(part).digest(),), 1, 2).to_json()
    later = {"receiver": receiver, "previous": b"\x01" * 32}
    return (
        said(scene, part, kind="handover_part", number=2 * number, **later),
        said(scene, manifest, number=2 * number + 1, **later),
    )


async def test_a_conflict_of_custody_discloses_that_code_alone(
    scene: Scene, store: GatewayStore
) -> None:
    """Kept by 1, which handed one code to 2 and to 3."""
    both = [handover(scene, 1, 2), handover(scene, 2, 3)]
    await keep(store, *(stored(one, Way.SAID) for pair in both for one in pair))
    digests = [digest_of(manifest.statement) for _, manifest in both]
    row = ConflictRow(0, "given_twice", digests[0], 1, digests[1], 1, scene.now, 7)
    await store.write("test", lambda c: custody.add_conflict(c, _put, row, [CODE]))
    service = PartnerEvidence(store, scene.network, 1)
    [kept] = await service.kept()
    raw = await service.file(kept.name)
    evidence = parse_evidence(raw)
    assert isinstance(evidence.shown, CustodyConflict)
    for number, one in enumerate(evidence.shown.handovers, start=1):
        assert one.event is not None
        assert one.event.opening is None
        assert f"{CODE}{number}".encode() not in raw
    assert await proven(scene, raw) is EvidenceOutcome.PROVEN


def _put(connection, table, rows):
    connection.execute(table.insert(), [dict(zip(table.c.keys(), r, strict=True)) for r in rows])


async def test_what_does_not_make_a_file_says_so(scene: Scene, store: GatewayStore) -> None:
    message = said(scene)
    await keep(store, stored(message))
    service = PartnerEvidence(store, scene.network, 2)
    raw = await service.file(digest_of(message.statement).hex())
    assert await proven(scene, raw) is EvidenceOutcome.PROVEN
    for name in ("messages-1", "custody-1", "ff" * 32, "messages-0", "../etc"):
        with pytest.raises(EvidenceNotFoundError):
            await service.file(name)
    own = ConflictRow(0, "held", b"\x01" * 32, 2, digest_of(message.statement), 1, scene.now, 7)
    await store.write("test", lambda c: custody.add_conflict(c, _put, own, [CODE]))
    with pytest.raises(EvidenceIncompleteError):
        await service.file("custody-1")


async def test_a_message_of_the_other_side_is_never_taken_for_ours(
    scene: Scene, store: GatewayStore
) -> None:
    """Read with another participant's number, the stored signature opens to a stranger."""
    await keep(store, stored(said(scene)))
    elsewhere = PartnerEvidence(store, replace(scene.network, chain_id=1), 2)
    raw = await elsewhere.file(digest_of(said(scene).statement).hex())
    assert await proven(scene, raw) is EvidenceOutcome.REFUSED
