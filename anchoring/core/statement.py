"""Signed statements: what a participant said once, to show to others (`sealtrail/statement/v1`).

The digest that is signed is EIP-712's, under the same domain as receipts. Keccak-256 is passed in.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from anchoring.core import shape
from anchoring.core.receipt import (
    ADDRESS_SIZE_BYTES,
    SIGNATURE_SIZE_BYTES,
    Keccak,
    domain_separator,
)
from anchoring.core.strict_json import parse_plain
from anchoring.errors import BundleFormatError, FormatError

STATEMENT_FORMAT = "sealtrail/statement/v1"
STATEMENT_SIZE_BYTES_MAX = 32 * 1024 * 1024

_STATEMENT_TYPE = b"Statement(uint32 participant,string kind,bytes32 body,uint64 at)"
_MEMBERS = ("format", "participant", "kind", "body", "at", "chainId", "registry", "signature")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a participant said.

    Attributes:
        participant: Who.
        kind: What it is about: `reads`, `delegated`, `delegated-outcome`.
        body: The text that is meant, JSON; its bytes are what counts.
        at: Unix seconds.
        registry: 20 bytes; with `chain_id` it names the network.
        signature: r, s, v (65 bytes), empty while unsigned.
    """

    participant: int
    kind: str
    body: str
    at: int
    chain_id: int
    registry: bytes
    signature: bytes = b""

    def digest(self, keccak: Keccak) -> bytes:
        """Return the 32-byte digest that the `sign` key signs (EIP-712)."""
        separator = domain_separator(chain_id=self.chain_id, registry=self.registry, keccak=keccak)
        struct = keccak(
            keccak(_STATEMENT_TYPE)
            + self.participant.to_bytes(32)
            + keccak(self.kind.encode())
            + sha256(self.body.encode()).digest()
            + self.at.to_bytes(32)
        )
        return keccak(b"\x19\x01" + separator + struct)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        return {
            "format": STATEMENT_FORMAT,
            "participant": self.participant,
            "kind": self.kind,
            "body": self.body,
            "at": self.at,
            "chainId": self.chain_id,
            "registry": self.registry.hex(),
            "signature": self.signature.hex(),
        }

    def to_json(self) -> bytes:
        """Return the statement as UTF-8 JSON text."""
        return json.dumps(self.to_wire(), ensure_ascii=False, separators=(",", ":")).encode()


def parse_statement(raw: bytes) -> Statement:
    """Return the statement of a `sealtrail/statement/v1` text; the signature is not checked here.

    Raises:
        FormatError: text, shape or numbers are not a statement's.
    """
    document = parse_plain(raw, size_bytes_max=STATEMENT_SIZE_BYTES_MAX)
    return statement_from_wire(document)


def statement_from_wire(document: Any) -> Statement:
    """Return the statement of a JSON value; errors as `parse_statement`."""
    if isinstance(document, dict) and document.get("format") != STATEMENT_FORMAT:
        raise BundleFormatError(f"the format is not {STATEMENT_FORMAT}", "format_unknown")
    wire = shape.members(document, _MEMBERS)
    participant = shape.integer(wire["participant"], pointer="/participant")
    if not 1 <= participant <= 2**32 - 1:
        raise FormatError("a participant's id is 1..2^32-1", "anchor_values")
    return Statement(
        participant=participant,
        kind=shape.string(wire["kind"], pointer="/kind"),
        body=shape.string(wire["body"], pointer="/body"),
        at=shape.integer(wire["at"], pointer="/at"),
        chain_id=shape.integer(wire["chainId"], pointer="/chainId"),
        registry=shape.hex_bytes(
            wire["registry"], size_bytes=ADDRESS_SIZE_BYTES, pointer="/registry"
        ),
        signature=shape.hex_bytes(
            wire["signature"], size_bytes=SIGNATURE_SIZE_BYTES, pointer="/signature"
        ),
    )
