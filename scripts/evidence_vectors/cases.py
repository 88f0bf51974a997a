"""Files to accept and to refuse, of every kind; each with what a verifier says of it offline."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from anchoring.chain.messages import digest_of
from anchoring.core.anchor import AnchoredAt
from anchoring.evidence.chain_material import ChainMaterial
from anchoring.evidence.model import (
    BrokenReceipt,
    Content,
    CustodyConflict,
    Evidence,
    EvidenceKind,
    Placed,
    PublicList,
    Said,
    Shown,
    TwoContents,
    TwoMessages,
    TwoTransactions,
    TwoValues,
)
from evidence_vectors.chain import CHAIN_ID, REVOKED, STOLEN, Chain, time_of
from evidence_vectors.shown import (
    CODE,
    EVENT_ID,
    LOT,
    SECOND,
    Row,
    commit,
    handed,
    message,
    opening,
    receipt,
    row,
    transaction,
    two_faced,
)

Case = dict[str, Any]
Edit = Callable[[dict[str, Any]], object]
PROVEN, MISSING = "proven", "cannot_check"


def case(
    name: str,
    kind: EvidenceKind,
    shown: Shown,
    expected: str,
    *,
    chain: ChainMaterial | None = None,
    edit: Edit | None = None,
) -> Case:
    """Return one case; `expected` is the code of the verdict, `proven` or why not."""
    made = Evidence(kind, shown, row().chain.material() if chain is None else chain)
    file = json.loads(made.to_json())
    if edit is not None:
        edit(file)
    outcome = "refused"
    if expected == PROVEN:
        outcome = PROVEN
    elif expected.endswith(("_unchecked", "_compromised", "_withheld")):
        outcome = MISSING
    return {"name": name, "expect": {"outcome": outcome, "code": expected}, "file": file}


def all_cases() -> list[Case]:
    """Return every case."""
    makers = (two_values, two_contents, two_transactions, broken_receipts, said, two_messages)
    return [one for make in (*makers, custody, forms) for one in make()]


def two_values() -> Iterator[Case]:
    """One entry with two lots."""
    kind, liar, honest = EvidenceKind.TWO_VALUES, two_faced(1), commit(2)
    at = row(liar, honest)
    lot, second = at.bundle(liar, LOT), at.bundle(liar, SECOND)
    chain = at.chain.material()
    yield case("two_values", kind, TwoValues((lot, second)), PROVEN, chain=chain)
    unproven = TwoValues((lot, second))
    yield case("two_values_bare", kind, unproven, "anchor_unchecked", chain=ChainMaterial())
    other = at.bundle(honest, LOT)
    yield case(
        "two_values_of_two_events", kind, TwoValues((lot, other)), "entries_differ", chain=chain
    )
    same = TwoValues((lot, lot))
    yield case("two_values_that_are_one", kind, same, "no_contradiction", chain=chain)
    elsewhere = row(commit(9)).chain.material()
    shown = TwoValues((lot, second))
    yield case("two_values_not_anchored", kind, shown, "record_mismatch", chain=elsewhere)
    few = row(liar, honest)
    few.chain.sealers = 2
    weak = few.chain.material()
    yield case("two_values_two_of_four_seals", kind, shown, "anchor_unchecked", chain=weak)


def two_contents() -> Iterator[Case]:
    """One eventID with two contents."""
    kind, first = EvidenceKind.TWO_CONTENTS, commit(1)
    changed = {"ilmd": {"lot": "L2"}}
    second, again = commit(1, name="b", **changed), commit(1, name="c")
    error = {"errorDeclaration": {"declarationTime": "2023-11-15T00:00:00.000Z"}, **changed}
    declared, other = commit(1, name="d", **error), commit(2)
    at = row(first, second, again, declared, other)
    chain = at.chain.material()

    def content(made: Any, *paths: str, text: str = "") -> Content:
        return Content(at.bundle(made, EVENT_ID, *paths), text)

    def both(one: Content, two: Content) -> TwoContents:
        return TwoContents((one, two))

    whole = content(first, LOT)
    yield case("two_contents", kind, both(whole, content(second, LOT)), PROVEN, chain=chain)
    texts = [opening(1).to_json().decode(), opening(1, name="b", **changed).to_json().decode()]
    opened = both(content(first, text=texts[0]), content(second, text=texts[1]))
    yield case("two_contents_opened", kind, opened, PROVEN, chain=chain)
    refused = {
        "two_contents_alike": (both(whole, content(again, LOT)), "no_contradiction"),
        "two_contents_of_one_entry": (both(whole, whole), "entry_repeated"),
        "two_contents_difference_kept_back": (
            both(content(first), content(second)),
            "no_contradiction",
        ),
        "two_contents_two_names": (both(whole, content(other, LOT)), "identities_differ"),
        "two_contents_declared_an_error": (
            both(whole, content(declared, LOT)),
            "identities_differ",
        ),
        "two_contents_without_a_name": (
            both(whole, Content(at.bundle(second, LOT))),
            "event_id_not_disclosed",
        ),
        "two_contents_opened_as_another": (
            both(whole, content(second, text=texts[0])),
            "opening_mismatch",
        ),
    }
    for name, (shown, code) in refused.items():
        yield case(name, kind, shown, code, chain=chain)


def two_transactions() -> Iterator[Case]:
    """Two batches signed for one sequence."""
    kind = EvidenceKind.TWO_TRANSACTIONS
    one, other = row(commit(1)).anchors[0], row(commit(2)).anchors[0]
    first = transaction(one)

    def both(second: bytes, begin: bytes = first) -> TwoTransactions:
        return TwoTransactions((begin, second))

    yield case("two_transactions", kind, both(transaction(other)), PROVEN)
    bare = both(transaction(other))
    yield case("two_transactions_bare", kind, bare, "key_unchecked", chain=ChainMaterial())
    later = row(commit(1)).anchors[1]
    refused = {
        "two_transactions_alike": (both(transaction(one, nonce=1)), "no_contradiction"),
        "two_transactions_two_places": (both(transaction(later)), "no_contradiction"),
        "two_transactions_two_keys": (both(transaction(other, key="anchor-2")), "key_of_another"),
        "two_transactions_key_to_sign": (both(transaction(other, key="sign-1")), "key_purpose"),
        "two_transactions_nobody": (both(transaction(other, key="nobody")), "key_unknown"),
        "two_transactions_other_chain": (both(transaction(other, chain_id=1)), "other_chain"),
        "two_transactions_other_registry": (
            both(transaction(other, to=b"\x11" * 20)),
            "other_registry",
        ),
        "two_transactions_no_transaction": (both(b"\xc0"), "transaction_form"),
    }
    for name, (shown, code) in refused.items():
        yield case(name, kind, shown, code)


def broken_receipts() -> Iterator[Case]:
    """A promise due at block 4, and no such entry before the anchor in block 6."""
    kind, kept, absent = EvidenceKind.BROKEN_RECEIPT, commit(1), commit(2)
    at = row(kept)
    chain = at.chain.material(first=1)
    promise = receipt(absent.entry)

    def broken(given: Any = promise, entry: bytes = absent.entry, **changes: Any) -> BrokenReceipt:
        entries = tuple(at.batches[0].entries)
        after = Placed(at.anchors[1], at.chain.placed[6])
        made = BrokenReceipt(given, entry, (PublicList(at.anchors[0], entries),), after=after)
        return replace(made, **changes)

    yield case("broken_receipt", kind, broken(), PROVEN, chain=chain)
    silent = _silent(at, promise, absent.entry)
    yield case("broken_receipt_and_silence", kind, silent[0], PROVEN, chain=silent[1])
    withheld = (PublicList(at.anchors[0], None),)
    without_halts = replace(chain, headers=chain.headers[3:])
    unknown = {
        "broken_receipt_list_withheld": (broken(lists=withheld), "lists_withheld", chain),
        "broken_receipt_halts_unknown": (broken(), "halts_unchecked", without_halts),
        "broken_receipt_stolen_key": (
            broken(receipt(absent.entry, key=STOLEN)),
            "key_compromised",
            chain,
        ),
    }
    for name, (shown, code, material) in unknown.items():
        yield case(name, kind, shown, code, chain=material)
    wrong = (PublicList(at.anchors[0], tuple(at.batches[1].entries)),)
    early = Placed(at.anchors[1], at.chain.placed[2])
    late = Placed(at.anchors[1], AnchoredAt(7, time_of(7)))
    refused = {
        "broken_receipt_that_was_kept": (
            broken(receipt(kept.entry), kept.entry),
            "entry_anchored",
        ),
        "broken_receipt_not_promised": (broken(entry=kept.entry), "entry_not_promised"),
        "broken_receipt_list_left_out": (broken(lists=()), "lists_incomplete"),
        "broken_receipt_another_list": (broken(lists=wrong), "list_mismatch"),
        "broken_receipt_not_due": (broken(after=early), "not_due"),
        "broken_receipt_another_time": (broken(after=late), "record_mismatch"),
        "broken_receipt_key_of_another": (
            broken(receipt(absent.entry, key="sign-2")),
            "key_of_another",
        ),
        "broken_receipt_revoked_key": (broken(receipt(absent.entry, key=REVOKED)), "key_invalid"),
    }
    for name, (shown, code) in refused.items():
        yield case(name, kind, shown, code, chain=chain)

    def other_chain(file: dict[str, Any]) -> None:
        file["receipt"]["chainId"] = CHAIN_ID + 1

    yield case(
        "broken_receipt_other_chain", kind, broken(), "other_chain", chain=chain, edit=other_chain
    )


def _silent(at: Row, promise: Any, entry: bytes) -> tuple[BrokenReceipt, ChainMaterial]:
    """Return the same promise where nothing was anchored since: the next slot is empty."""
    chain = Chain({2: at.anchors[0]}, empty=((at.anchors[0].stream, 2),))
    lists = (PublicList(at.anchors[0], tuple(at.batches[0].entries)),)
    last = Placed(at.anchors[0], chain.placed[2])
    return BrokenReceipt(promise, entry, lists, last=last), chain.material(first=1)


def said() -> Iterator[Case]:
    """What one participant said to another."""
    kind = EvidenceKind.SAID
    yield case("said_and_taken", kind, Said(message()), PROVEN)
    yield case("said_and_refused", kind, Said(message(answer="handover_known")), PROVEN)
    bodiless = replace(message(answer=None), body=None)
    yield case("said_without_its_body", kind, Said(bodiless), PROVEN)
    stolen = Said(message(key=STOLEN))
    yield case("said_with_a_stolen_key", kind, stolen, "key_compromised")
    yield case("said_bare", kind, Said(message()), "key_unchecked", chain=ChainMaterial())
    refused = {
        "said_by_another": ({"key": "sign-2"}, "key_of_another"),
        "said_by_nobody": ({"key": "nobody"}, "key_unknown"),
        "said_with_an_anchor_key": ({"key": "anchor-1"}, "key_purpose"),
        "said_elsewhere": ({"chain_id": 1}, "other_chain"),
        "said_in_another_consortium": ({"consortium": b"\x09" * 20}, "other_chain"),
    }
    for name, (changes, code) in refused.items():
        yield case(name, kind, Said(message(**changes)), code)
    plain = Said(message())
    yield case("said_high_s", kind, plain, "receipt_invalid", edit=_high_s)


def _high_s(file: dict[str, Any]) -> None:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    raw = bytes.fromhex(file["message"]["signature"])
    other = (order - int.from_bytes(raw[32:64])).to_bytes(32)
    file["message"]["signature"] = (raw[:32] + other + bytes([55 - raw[64]])).hex()


def two_messages() -> Iterator[Case]:
    """Two messages with one number."""
    kind, first = EvidenceKind.TWO_MESSAGES, message(b"one")
    yield case("two_messages", kind, TwoMessages((first, message(b"two"))), PROVEN)
    refused = {
        "two_messages_that_are_one": ({}, "no_contradiction"),
        "two_messages_signed_again": ({"answer": None}, "no_contradiction"),
        "two_messages_two_numbers": ({"number": 2, "previous": b"\x01" * 32}, "numbers_differ"),
        "two_messages_two_receivers": ({"receiver": 3}, "channels_differ"),
        "two_messages_both_ways": ({"sender": 2, "receiver": 1}, "channels_differ"),
        "two_messages_one_forged": ({"kind": "sale", "key": "sign-2"}, "key_of_another"),
    }
    for name, (changes, code) in refused.items():
        yield case(name, kind, TwoMessages((first, message(b"one", **changes))), code)


def custody() -> Iterator[Case]:
    """One code handed to two."""
    kind, first = EvidenceKind.CUSTODY_CONFLICT, handed(1)

    def both(second: Any, code: str = CODE) -> CustodyConflict:
        return CustodyConflict(code, (first, second))

    yield case("custody_conflict", kind, both(handed(2, receiver=3)), PROVEN)
    name_of_first = digest_of(first.message.statement)
    refused = {
        "custody_conflict_of_one": (both(first), "no_contradiction"),
        "custody_conflict_replaced": (both(handed(2, replaces=name_of_first)), "handover_replaced"),
        "custody_conflict_refused": (both(handed(2, answer="handover_known")), "handover_refused"),
        "custody_conflict_other_code": (both(handed(2), f"{CODE}9"), "code_not_disclosed"),
        "custody_conflict_code_of_one": (both(handed(2), f"{CODE}2"), "code_not_disclosed"),
        "custody_conflict_other_kind": (both(handed(2, kind="sale")), "no_handover"),
        "custody_conflict_follows": (
            both(handed(2, sender=2, receiver=3)),
            "handovers_follow",
        ),
        "custody_conflict_event_of_another": (
            both(replace(handed(2), event=handed(3).event)),
            "entries_differ",
        ),
    }
    for name, (shown, code) in refused.items():
        yield case(name, kind, shown, code)


def forms() -> Iterator[Case]:
    """Files that are none."""
    edits: dict[str, tuple[Edit, str]] = {
        "form_format": (lambda file: file.update(format="sealtrail/evidence/v2"), "format_unknown"),
        "form_kind": (lambda file: file.update(kind="guilt"), "kind_unknown"),
        "form_more_members": (lambda file: file.update(more=1), "bundle_shape"),
        "form_fewer_members": (lambda file: file.pop("message"), "bundle_shape"),
        "form_header_changed": (_changed_header, "header_hash"),
        "form_header_twice": (
            lambda file: file["chain"]["headers"].append(file["chain"]["headers"][0]),
            "header_form",
        ),
        "form_proof_changed": (_changed_node, "proof_invalid"),
        "form_proof_of_no_header": (
            lambda file: file["chain"]["proofs"][0].update(block="11" * 32),
            "proof_invalid",
        ),
    }
    for name, (edit, code) in edits.items():
        yield case(name, EvidenceKind.SAID, Said(message()), code, edit=edit)


def _changed_header(file: dict[str, Any]) -> None:
    header = file["chain"]["headers"][-1]
    header["hash"] = header["hash"][:-1] + ("0" if header["hash"][-1] != "0" else "1")


def _changed_node(file: dict[str, Any]) -> None:
    nodes = file["chain"]["proofs"][0]["slots"][0]["nodes"]
    nodes[-1] = nodes[-1][:-2] + ("00" if nodes[-1][-2:] != "00" else "11")
