"""What the vectors show of three participants: events, batches, receipts, messages, handovers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.messages import digest_of, sign_answer, sign_statement
from anchoring.chain.receipts import ReceiptSigner
from anchoring.chain.signer import LegacyCall
from anchoring.core import merkle, streams
from anchoring.core.anchor import ZERO_HASH, Anchor
from anchoring.core.batch import Batch, decoy_entry
from anchoring.core.bundle import Bundle
from anchoring.core.commit import EventCommitment, commit_event, event_entry
from anchoring.core.fields import FieldsTree
from anchoring.core.items import Item, encode_disclosure
from anchoring.core.message import NO_MESSAGE, Answer, SignedMessage, Statement, body_digest
from anchoring.core.opening import FullOpening
from anchoring.core.prove import code_paths, fields_proof, make_bundle
from anchoring.core.receipt import Receipt
from anchoring.evidence.model import HandedOver
from anchoring.handover import HandedEvent, Manifest
from evidence_vectors.chain import CHAIN_ID, CONSORTIUM, REGISTRY, START, Chain, signer

STREAM = 1 << 16
CODE = "https://id.gs1.org/01/09506000134352/21/42"
LOT, EVENT_ID = "$['ilmd']['lot']", "$['eventID']"
SECOND = "second"


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()


def event(number: int, **changes: Any) -> dict[str, Any]:
    """Return an event; `number` makes its eventID and its second code."""
    return {
        "type": "ObjectEvent",
        "action": "ADD",
        "bizStep": "commissioning",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": "2023-11-14T22:13:20.000Z",
        "epcList": [CODE, f"{CODE}{number}"],
        "ilmd": {"lot": "L1"},
        **changes,
    }


def opening(number: int, *, name: str = "", **changes: Any) -> FullOpening:
    """Return the full opening of an event; `name` draws another secret."""
    return FullOpening(1, event(number, **changes), {}, _hash(f"secret {number}{name}"))


def commit(number: int, *, name: str = "", **changes: Any) -> EventCommitment:
    """Return the commitment of the same event."""
    one = opening(number, name=name, **changes)
    return commit_event(one.event, {}, participant=1, secret=one.secret)


def two_faced(number: int) -> EventCommitment:
    """Return a commitment that holds a second lot in place of a decoy."""
    honest = commit(number)
    second = encode_disclosure(Item(b"\x07" * 16, LOT, "L2"))
    secret = streams.fields_secret(opening(number).secret)
    count = len(honest.fields.entries)
    _, decoys = streams.salts_and_decoys(secret, count, honest.fields.size - count)
    entry = sha256(second.encode()).digest()
    leaves = merkle.leaf_hashes(sorted([*honest.fields.entries, *decoys[1:], entry]))
    fields = FieldsTree(
        honest.fields.size,
        merkle.build_levels(leaves),
        [*honest.fields.paths, SECOND],
        [*honest.fields.disclosures, second],
        [*honest.fields.entries, entry],
    )
    root = event_entry(
        participant=1,
        fields_size=fields.size,
        fields_root=fields.root,
        codes_root=honest.codes.root,
    )
    return replace(honest, fields=fields, entry=root)


@dataclass(frozen=True)
class Row:
    """The anchors of participant 1: sequence 1 in block 2, sequence 2 in block 6."""

    batches: tuple[Batch, Batch]
    anchors: tuple[Anchor, Anchor]
    chain: Chain

    def bundle(self, made: EventCommitment, *paths: str, at: int = 0) -> Bundle:
        """Return a bundle of an event in the batch `at`, with these fields and one code."""
        index = self.batches[at].index_of(made.entry)
        return make_bundle(
            fields=fields_proof(made.fields, paths),
            codes_root=made.codes.root,
            paths=code_paths(made.codes, made.codes.codes[:1]),
            event_index=index,
            event_siblings=self.batches[at].path(index),
            anchor=self.anchors[at],
            anchored_at=self.chain.placed[(2, 6)[at]],
        )


def row(*first: EventCommitment) -> Row:
    """Anchor some events in sequence 1, and nothing but decoys in sequence 2."""
    batches = _batch(0, *first), _batch(1)
    one = Anchor(STREAM, 1, batches[0].root, batches[0].size, ZERO_HASH)
    tip = one.tip(chain_id=CHAIN_ID, registry=REGISTRY)
    two = Anchor(STREAM, 2, batches[1].root, batches[1].size, tip)
    return Row(batches, (one, two), Chain({2: one, 6: two}))


def _batch(number: int, *made: EventCommitment) -> Batch:
    decoys = [decoy_entry(_hash(f"{number}/{one}")) for one in range(16)]
    return Batch.build([*(one.entry for one in made), *decoys[: 16 - len(made)]])


def receipt(*entries: bytes, key: str = "sign-1", **changes: Any) -> Receipt:
    """Return a promise made at block 2, due at block 4."""
    unsigned = Receipt(
        1, STREAM, tuple(sorted(entries)), START + 40, START + 80, CHAIN_ID, REGISTRY
    )
    changed = replace(unsigned, **changes)
    return ReceiptSigner(signer(key), chain_id=CHAIN_ID, registry=REGISTRY).sign(changed)


def transaction(anchor: Anchor, *, key: str = "anchor-1", **changes: Any) -> bytes:
    """Return a signed transaction that anchors this."""
    abi = ContractAbi(load("AnchorRegistry").abi)
    fields = (anchor.stream, anchor.sequence, anchor.root, anchor.size, anchor.previous_tip)
    call = LegacyCall(CHAIN_ID, 0, 300_000, REGISTRY, abi.call_data("anchorOne", *fields))
    return signer(key).sign(replace(call, **changes))[0]


def message(body: bytes = b"{}", *, key: str = "", answer: str | None = "", **changes: Any) -> Any:
    """Return a message from 1 to 2, or from and to others; signed and answered."""
    statement = Statement(
        sender=1,
        receiver=2,
        number=1,
        previous=NO_MESSAGE,
        kind="handover",
        body=body_digest(body),
        at=START + 40,
        chain_id=CHAIN_ID,
        consortium=CONSORTIUM,
    )
    statement = replace(statement, **changes)
    signature = sign_statement(statement, signer(key or f"sign-{statement.sender}"))
    if answer is None:
        return SignedMessage(statement, signature, body)
    said = Answer(digest_of(statement), answer, statement.at + 1)
    taken = sign_answer(statement, said, signer(f"sign-{statement.receiver}"))
    return SignedMessage(statement, signature, body, said, taken)


def handed(
    number: int, *, code: str = CODE, replaces: bytes | None = None, **more: Any
) -> HandedOver:
    """Return a handover of a shipment that names the code, with the code's path alone."""
    made = commit(number, bizStep="shipping", action="OBSERVE")
    manifest = Manifest(made.entry, (_hash("part"),), 1, 2, replaces)
    chosen = [one for one in made.codes.codes if one[1] == code]
    paths = code_paths(made.codes, chosen)
    shown = HandedEvent(1, fields_proof(made.fields, ()), made.codes.root, paths)
    before = NO_MESSAGE if number == 1 else _hash("the message before")
    said = message(manifest.to_json(), number=number, previous=before, **more)
    return HandedOver(said, shown)
