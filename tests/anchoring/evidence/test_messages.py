"""What one said to another, two things under one number, and two handovers of one code."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from anchoring.chain.messages import digest_of, sign_answer, sign_statement
from anchoring.core.commit import EventCommitment
from anchoring.core.message import NO_MESSAGE, Answer, SignedMessage, Statement, body_digest
from anchoring.core.opening import CodesOpening
from anchoring.core.prove import code_paths, fields_proof
from anchoring.core.streams import codes_secret
from anchoring.evidence.check import EvidenceOutcome
from anchoring.evidence.model import (
    CustodyConflict,
    EvidenceKind,
    HandedOver,
    Said,
    TwoMessages,
)
from anchoring.handover import HandedEvent, Manifest, Part
from tests.anchoring.chain.sealed import CODE
from tests.anchoring.chain.worlds import signer
from tests.anchoring.evidence.scene import Scene

SHIPPED = {"bizStep": "shipping", "action": "OBSERVE"}


def said(scene: Scene, body: bytes = b"{}", *, key: str = "", **changes: Any) -> SignedMessage:
    """Return a message from 1 to 2, or from and to others; signed and taken."""
    network = scene.network
    statement = Statement(
        sender=1,
        receiver=2,
        number=1,
        previous=NO_MESSAGE,
        kind="handover",
        body=body_digest(body),
        at=scene.now,
        chain_id=network.chain_id,
        consortium=network.consortium,
    )
    statement = replace(statement, **changes)
    signature = sign_statement(statement, signer(key or f"sign-{statement.sender}"))
    answer = Answer(digest_of(statement), "", statement.at + 1)
    taken = sign_answer(statement, answer, signer(f"sign-{statement.receiver}"))
    return SignedMessage(statement, signature, body, answer, taken)


async def verdict(scene: Scene, kind: EvidenceKind, shown: Any) -> tuple[str, str]:
    found = await scene.verdict(kind, shown)
    return str(found.outcome), found.code


async def test_who_said_what_is_proven(scene: Scene) -> None:
    message = said(scene)
    found = await scene.verdict(EvidenceKind.SAID, Said(message))
    assert (found.outcome, found.by) == (EvidenceOutcome.PROVEN, (1,)), found.text
    assert any("participant 2 took it" in line for line in found.said)
    unanswered = replace(message, answer=None, answer_signature=b"", body=None)
    found = await scene.verdict(EvidenceKind.SAID, Said(unanswered))
    assert found.outcome is EvidenceOutcome.PROVEN
    assert any("kept back" in line for line in found.said)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "sign-2"}, "key_of_another"),
        ({"key": "anchor-1"}, "key_purpose"),
        ({"key": "nobody"}, "key_unknown"),
        ({"chain_id": 1}, "other_chain"),
        ({"consortium": b"\x09" * 20}, "other_chain"),
    ],
)
async def test_nobody_else_can_say_it(scene: Scene, changes: Any, code: str) -> None:
    assert await verdict(scene, EvidenceKind.SAID, Said(said(scene, **changes))) == (
        "refused",
        code,
    )


async def test_an_answer_is_the_receiver_s_or_none(scene: Scene) -> None:
    message = said(scene)
    refused = replace(message, answer=replace(message.answer, code="not_known"))  # type: ignore[type-var]
    assert (await verdict(scene, EvidenceKind.SAID, Said(refused)))[0] == "refused"
    assert message.answer is not None
    own = sign_answer(message.statement, message.answer, signer("sign-1"))
    forged = replace(message, answer_signature=own)
    assert await verdict(scene, EvidenceKind.SAID, Said(forged)) == ("refused", "key_of_another")


async def test_two_messages_with_one_number_are_proven(scene: Scene) -> None:
    first, second = said(scene, b"one"), said(scene, b"two")
    shown = TwoMessages((first, second))
    assert await verdict(scene, EvidenceKind.TWO_MESSAGES, shown) == ("proven", "proven")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "no_contradiction"),
        ({"number": 2, "previous": b"\x01" * 32}, "numbers_differ"),
        ({"receiver": 3}, "channels_differ"),
        ({"sender": 2, "receiver": 1}, "channels_differ"),
        ({"kind": "sale", "key": "sign-2"}, "key_of_another"),
    ],
)
async def test_what_is_no_second_statement(scene: Scene, changes: Any, code: str) -> None:
    shown = TwoMessages((said(scene), said(scene, **changes)))
    assert await verdict(scene, EvidenceKind.TWO_MESSAGES, shown) == ("refused", code)


def shipment(scene: Scene, number: int, **changes: Any) -> EventCommitment:
    return scene.issuer.commit(number, **SHIPPED, **changes)


def handed(scene: Scene, number: int, *, code: str = CODE, **changes: Any) -> HandedOver:
    """Return a handover of a shipment that names the code, with the code's path alone."""
    made = shipment(scene, number)
    text = Manifest(made.entry, (sha256(b"part").digest(),), 1, 2).to_json()
    chosen = [one for one in made.codes.codes if one[1] == code]
    event = HandedEvent(
        1, fields_proof(made.fields, ()), made.codes.root, code_paths(made.codes, chosen)
    )
    return HandedOver(said(scene, text, number=number, **_previous(number), **changes), event)


def _previous(number: int) -> dict[str, Any]:
    return {"previous": NO_MESSAGE if number == 1 else b"\x01" * 32}


def conflict(*handovers: HandedOver, code: str = CODE) -> CustodyConflict:
    return CustodyConflict(code, (handovers[0], handovers[1]))


async def custody(scene: Scene, *handovers: HandedOver, code: str = CODE) -> tuple[str, str]:
    return await verdict(scene, EvidenceKind.CUSTODY_CONFLICT, conflict(*handovers, code=code))


async def test_two_handovers_of_one_code_are_proven(scene: Scene) -> None:
    shown = conflict(handed(scene, 1), handed(scene, 2, receiver=3))
    found = await scene.verdict(EvidenceKind.CUSTODY_CONFLICT, shown)
    assert (found.outcome, found.by) == (EvidenceOutcome.PROVEN, (1,)), found.text
    assert "unless the code came back" in found.text


async def test_parts_disclose_a_code_as_well(scene: Scene) -> None:
    made = shipment(scene, 2)
    lists = {"epcList": (CODE, f"{CODE}2")}
    opening = CodesOpening(codes_secret(scene.issuer.secret(2)), lists)
    event = HandedEvent(1, fields_proof(made.fields, ()), made.codes.root, opening=opening)
    part = Part(made.entry, 0, None, (event,)).to_json()
    text = Manifest(made.entry, (sha256(part).digest(),), 1, 2).to_json()
    whole = HandedOver(
        said(scene, text, number=2, receiver=3, previous=b"\x01" * 32), parts=(part,)
    )
    assert await custody(scene, handed(scene, 1), whole) == ("proven", "proven")
    cut = replace(whole, parts=(part.replace(b"packing", b"packinG"),))
    assert await custody(scene, handed(scene, 1), cut) == ("refused", "handover_parts")


async def test_what_is_no_conflict_of_custody(scene: Scene) -> None:
    first = handed(scene, 1)
    assert await custody(scene, first, first) == ("refused", "no_contradiction")
    same_shipment = replace(first, message=handed(scene, 1, receiver=3).message)
    assert await custody(scene, first, same_shipment) == ("refused", "no_contradiction")
    stranger = handed(scene, 2, code=f"{CODE}2", receiver=3)
    assert await custody(scene, first, stranger) == ("refused", "code_not_disclosed")
    foreign = replace(handed(scene, 2, receiver=3), event=first.event)
    assert await custody(scene, first, foreign) == ("refused", "entries_differ")
    onwards = handed(scene, 2, sender=2, receiver=3)
    assert await custody(scene, first, onwards) == ("refused", "handovers_follow")
    kept_back = replace(first, message=replace(first.message, body=None))
    assert await custody(scene, kept_back, handed(scene, 2, receiver=3)) == (
        "refused",
        "no_handover",
    )


async def test_a_corrected_or_refused_handover_conflicts_with_nothing(scene: Scene) -> None:
    first, second = handed(scene, 1), handed(scene, 2, receiver=3)
    made = shipment(scene, 2)
    replaces = digest_of(first.message.statement)
    text = Manifest(made.entry, (b"\x01" * 32,), 1, 2, replaces).to_json()
    message = said(scene, text, number=2, previous=b"\x01" * 32)
    assert await custody(scene, first, replace(second, message=message)) == (
        "refused",
        "handover_replaced",
    )
    statement = second.message.statement
    answer = Answer(digest_of(statement), "wrong_receiver", statement.at + 1)
    signature = sign_answer(statement, answer, signer("sign-3"))
    refused = replace(second.message, answer=answer, answer_signature=signature)
    assert await custody(scene, first, replace(second, message=refused)) == (
        "refused",
        "handover_refused",
    )


async def test_an_event_that_ships_nothing_is_no_handover(scene: Scene) -> None:
    made = scene.issuer.commit(2)
    text = Manifest(made.entry, (b"\x01" * 32,), 1, 2).to_json()
    event = HandedEvent(
        1, fields_proof(made.fields, ()), made.codes.root, code_paths(made.codes, made.codes.codes)
    )
    other = HandedOver(said(scene, text, number=2, receiver=3, previous=b"\x01" * 32), event)
    assert await custody(scene, handed(scene, 1), other) == ("refused", "no_handover")
