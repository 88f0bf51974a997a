"""Worked examples of what is anchored, promised and opened: tips, records, receipts, openings."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eth_account import Account
from eth_utils import keccak

from . import plain
from .cases import CHAIN_ID, DERIVED, EVENT, REGISTRY, json_text, secret
from .plain import Anchor
from .worked import SECRET

TEST_KEY = keccak(b"sealtrail/vectors/v1\nreceipt key")
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
RECEIPT_TYPE = (
    "Receipt(uint32 participant,uint64 stream,bytes32 entries,uint64 receivedAt,uint64 anchorBy)"
)


def anchors() -> dict[str, Any]:
    first = Anchor(secret("root 1"), 16)
    second = replace(
        first,
        root=secret("root 2"),
        sequence=2,
        previous_tip=first.tip(CHAIN_ID, REGISTRY),
        block_number=1201,
        block_time=1_795_000_012,
    )
    third = replace(
        second,
        root=secret("root 3"),
        size=2**20,
        sequence=3,
        previous_tip=second.tip(CHAIN_ID, REGISTRY),
        block_number=2**53 - 1,
        block_time=2**53 - 1,
    )
    last = replace(first, stream=2**48 - 1)
    return {
        "chainId": CHAIN_ID,
        "registry": REGISTRY.hex(),
        "anchors": [anchor(one) for one in (first, second, third, last)],
    }


def anchor(one: Anchor) -> dict[str, Any]:
    tip = one.tip(CHAIN_ID, REGISTRY)
    place = plain.words(CHAIN_ID, REGISTRY, one.stream, one.sequence)
    return {
        "stream": one.stream,
        "sequence": one.sequence,
        "root": one.root.hex(),
        "size": one.size,
        "previousTip": one.previous_tip.hex(),
        "blockNumber": one.block_number,
        "blockTime": one.block_time,
        "tipPreimage": (place + plain.words(one.root, one.size, one.previous_tip)).hex(),
        "tip": tip.hex(),
        "recordPreimage": plain.words(tip, one.block_number, one.block_time).hex(),
        "record": one.record(CHAIN_ID, REGISTRY).hex(),
    }


def receipts() -> dict[str, Any]:
    entries = sorted(secret(f"entry {number}") for number in range(3))
    received_at, anchor_by = 1_795_000_000, 1_795_000_900
    domain = keccak(
        keccak(DOMAIN_TYPE.encode())
        + keccak(b"Sealtrail")
        + keccak(b"1")
        + plain.words(CHAIN_ID, REGISTRY)
    )
    digest_of_entries = plain.sha(b"".join(entries))
    struct = keccak(
        keccak(RECEIPT_TYPE.encode())
        + plain.words(7, 7 << 16, digest_of_entries, received_at, anchor_by)
    )
    digest = keccak(b"\x19\x01" + domain + struct)
    signature = Account.unsafe_sign_hash(digest, TEST_KEY).signature
    receipt = {
        "format": "sealtrail/receipt/v1",
        "participant": 7,
        "stream": 7 << 16,
        "entries": [entry.hex() for entry in entries],
        "receivedAt": received_at,
        "anchorBy": anchor_by,
        "chainId": CHAIN_ID,
        "registry": REGISTRY.hex(),
        "signature": bytes(signature).hex(),
    }
    return {
        "key": TEST_KEY.hex(),
        "signer": Account.from_key(TEST_KEY).address.lower().removeprefix("0x"),
        "receipt": receipt,
        "entriesDigest": digest_of_entries.hex(),
        "domainSeparator": domain.hex(),
        "structHash": struct.hex(),
        "digest": digest.hex(),
        "refused": [
            {"name": name, "change": change, "code": code}
            for name, change, code in refused_receipts(receipt)
        ],
    }


def refused_receipts(receipt: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    entries, signature = receipt["entries"], receipt["signature"]
    return [
        ("other format", {"format": "sealtrail/receipt/v2"}, "format_unknown"),
        ("unknown member", {"note": "x"}, "bundle_shape"),
        ("time as text", {"receivedAt": "1795000000"}, "bundle_shape"),
        ("upper case", {"registry": receipt["registry"].upper()}, "hash_form"),
        ("0x", {"registry": "0x" + receipt["registry"]}, "hash_form"),
        ("short signature", {"signature": signature[:-2]}, "hash_form"),
        ("participant 0", {"participant": 0, "stream": 0}, "anchor_values"),
        ("another's stream", {"stream": 8 << 16}, "participant_stream_mismatch"),
        ("no entry", {"entries": []}, "index_order"),
        ("unsorted", {"entries": entries[::-1]}, "index_order"),
        ("twice", {"entries": [entries[0], entries[0]]}, "index_order"),
        ("promise before capture", {"anchorBy": receipt["receivedAt"] - 1}, "receipt_times"),
    ]


def openings() -> dict[str, Any]:
    event = plain.commit(EVENT, DERIVED, secret=SECRET)
    codes = {
        "format": "sealtrail/codes-opening/v1",
        "secret": plain.stream("codes", SECRET, 32).hex(),
        "lists": {"epcList": EVENT["epcList"]},
    }
    full = {
        "format": "sealtrail/opening/v1",
        "participant": 7,
        "event": EVENT,
        "derived": DERIVED,
        "secret": SECRET.hex(),
    }
    none = plain.commit({"type": "ObjectEvent"}, {}, secret=SECRET)
    return {
        "codes": [
            {"opening": codes, "root": event.codes.root.hex()},
            {"opening": codes | {"lists": {}}, "root": none.codes.root.hex()},
        ],
        "full": [{"opening": full, "entry": event.entry.hex()}],
        "refused": [
            *({"text": text, "code": code} for text, code in refused_texts(codes)),
            *({"text": text, "code": code} for text, code in refused_texts(full)),
            *({"text": text, "code": code} for text, code in refused_lists(codes)),
            *({"text": text, "code": code} for text, code in refused_numbers(full)),
        ],
    }


def refused_texts(opening: dict[str, Any]) -> list[tuple[str, str]]:
    text = json_text(opening).decode()
    as_text: Callable[..., str] = lambda **change: json.dumps(opening | change)  # noqa: E731
    return [
        ("\ufeff" + text, "bom"),
        (text[:-1], "not_json"),
        (text[:-1] + ',"secret":""}', "duplicate_member"),
        (as_text(more=1), "bundle_shape"),
        (as_text(secret=1), "bundle_shape"),
        (as_text(secret="00" * 31), "hash_form"),
        (as_text(secret="AB" * 32), "hash_form"),
        (as_text(format="sealtrail/opening/v2"), "format_unknown"),
    ]


def refused_lists(opening: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (json.dumps(opening | {"lists": {"quantityList": []}}), "bundle_shape"),
        (json.dumps(opening | {"lists": {"epcList": "x"}}), "bundle_shape"),
        (json.dumps(opening | {"lists": {"epcList": [1]}}), "bundle_shape"),
    ]


def refused_numbers(opening: dict[str, Any]) -> list[tuple[str, str]]:
    text = json_text(opening).decode()
    return [
        (text.replace('"participant":7', f'"participant":{token}'), code)
        for token, code in (
            ("9007199254740992", "number_range"),
            ("1e400", "number_range"),
            ("0.12345678901234567890", "number_precision"),
            ("1e-400", "number_precision"),
            ("1e-99999999999999999999", "number_precision"),
            ("1.5", "bundle_shape"),
        )
    ]
