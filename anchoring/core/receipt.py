"""Receipts: a gateway's signed promise to anchor what it captured.

The digest that is signed is EIP-712's; Keccak-256 is passed in, because the standard library
does not have it and this package imports nothing that does.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

from anchoring.core import shape
from anchoring.core.anchor import STREAM_BITS
from anchoring.core.strict_json import parse_plain
from anchoring.errors import BundleFormatError, FormatError

RECEIPT_FORMAT = "sealtrail/receipt/v1"
RECEIPT_SIZE_BYTES_MAX = 32 * 1024 * 1024
SIGNATURE_SIZE_BYTES = 65
ADDRESS_SIZE_BYTES = 20

Keccak = Callable[[bytes], bytes]

_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_RECEIPT_TYPE = (
    b"Receipt(uint32 participant,uint64 stream,bytes32 entries,uint64 receivedAt,uint64 anchorBy)"
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a gateway promised: these entries are anchored in this stream by that block time.

    `entries` are sorted; times are Unix seconds; `registry` is 20 bytes; `signature` is r, s, v
    (65 bytes, v 27 or 28, low s), empty while unsigned.
    """

    participant: int
    stream: int
    entries: tuple[bytes, ...]
    received_at: int
    anchor_by: int
    chain_id: int
    registry: bytes
    signature: bytes = b""

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value of the receipt."""
        return {
            "format": RECEIPT_FORMAT,
            "participant": self.participant,
            "stream": self.stream,
            "entries": [entry.hex() for entry in self.entries],
            "receivedAt": self.received_at,
            "anchorBy": self.anchor_by,
            "chainId": self.chain_id,
            "registry": self.registry.hex(),
            "signature": self.signature.hex(),
        }

    def to_json(self) -> bytes:
        """Return the receipt as UTF-8 JSON text."""
        return json.dumps(self.to_wire(), separators=(",", ":")).encode()


def entries_digest(entries: Sequence[bytes]) -> bytes:
    """Return SHA-256 of the concatenated sorted entries (32 bytes)."""
    return sha256(b"".join(sorted(entries))).digest()


def domain_separator(*, chain_id: int, registry: bytes, keccak: Keccak) -> bytes:
    """Return the EIP-712 domain separator (32 bytes); worth keeping, it never changes."""
    return keccak(
        keccak(_DOMAIN_TYPE)
        + keccak(b"Sealtrail")
        + keccak(b"1")
        + chain_id.to_bytes(32)
        + registry.rjust(32, b"\x00")
    )


def struct_digest(receipt: Receipt, keccak: Keccak, *, separator: bytes | None = None) -> bytes:
    """Return the 32-byte digest that the gateway's `sign` key signs (EIP-712).

    Args:
        receipt: Signed or not; the signature is not part of it.
        keccak: Keccak-256.
        separator: From `domain_separator`, if it was kept.
    """
    if separator is None:
        separator = domain_separator(
            chain_id=receipt.chain_id, registry=receipt.registry, keccak=keccak
        )
    struct = keccak(
        keccak(_RECEIPT_TYPE)
        + receipt.participant.to_bytes(32)
        + receipt.stream.to_bytes(32)
        + entries_digest(receipt.entries)
        + receipt.received_at.to_bytes(32)
        + receipt.anchor_by.to_bytes(32)
    )
    return keccak(b"\x19\x01" + separator + struct)


_MEMBERS = (
    "format",
    "participant",
    "stream",
    "entries",
    "receivedAt",
    "anchorBy",
    "chainId",
    "registry",
    "signature",
)


def parse_receipt(raw: bytes) -> Receipt:
    """Return the receipt of a `sealtrail/receipt/v1` text; the signature is not checked here.

    Raises:
        FormatError: text, shape or numbers are not a receipt's.
    """
    document = parse_plain(raw, size_bytes_max=RECEIPT_SIZE_BYTES_MAX)
    if isinstance(document, dict) and document.get("format") != RECEIPT_FORMAT:
        raise BundleFormatError(f"the format is not {RECEIPT_FORMAT}", "format_unknown")
    wire = shape.members(document, _MEMBERS)

    def number(name: str) -> int:
        return shape.integer(wire[name], pointer=f"/{name}")

    receipt = Receipt(
        participant=number("participant"),
        stream=number("stream"),
        entries=shape.hashes(wire["entries"], pointer="/entries"),
        received_at=number("receivedAt"),
        anchor_by=number("anchorBy"),
        chain_id=number("chainId"),
        registry=shape.hex_bytes(
            wire["registry"], size_bytes=ADDRESS_SIZE_BYTES, pointer="/registry"
        ),
        signature=shape.hex_bytes(
            wire["signature"], size_bytes=SIGNATURE_SIZE_BYTES, pointer="/signature"
        ),
    )
    _check(receipt)
    return receipt


def _check(receipt: Receipt) -> None:
    if not 1 <= receipt.participant <= 2**32 - 1:
        raise FormatError("a participant's id is 1..2^32-1", "anchor_values")
    if receipt.stream >> STREAM_BITS != receipt.participant:
        raise FormatError("the stream is another participant's", "participant_stream_mismatch")
    if not receipt.entries or any(a >= b for a, b in pairwise(receipt.entries)):
        raise FormatError("entries are strictly ascending, at least one", "index_order")
    if receipt.anchor_by < receipt.received_at:
        raise FormatError("anchorBy lies before receivedAt", "receipt_times")
