"""The signature under an answer to a challenge, as it is written; `challenge_signing` checks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anchoring.core import shape
from anchoring.core.receipt import ADDRESS_SIZE_BYTES, SIGNATURE_SIZE_BYTES


@dataclass(frozen=True, slots=True)
class AnswerSignature:
    """Who signed an answer, when, for which network.

    Attributes:
        at: Unix seconds, by the gateway's clock.
        signature: r, s, v (65 bytes), empty while unsigned.
    """

    chain_id: int
    consortium: bytes
    at: int
    signature: bytes = b""

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "chainId": self.chain_id,
            "consortium": self.consortium.hex(),
            "at": self.at,
            "signature": self.signature.hex(),
        }


def parse_signature(value: Any, pointer: str) -> AnswerSignature:
    """Return the signature of an answer, of its JSON value.

    Raises:
        FormatError: it is none.
    """
    wire = shape.members(value, ("chainId", "consortium", "at", "signature"), pointer=pointer)
    chain_id, at = (
        shape.integer(wire[name], pointer=f"{pointer}/{name}") for name in ("chainId", "at")
    )
    consortium, signature = (
        shape.hex_bytes(wire[name], size_bytes=size_bytes, pointer=f"{pointer}/{name}")
        for name, size_bytes in (
            ("consortium", ADDRESS_SIZE_BYTES),
            ("signature", SIGNATURE_SIZE_BYTES),
        )
    )
    return AnswerSignature(chain_id, consortium, at, signature)
