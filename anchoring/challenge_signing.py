"""Signatures of answers to challenges: what a gateway opened wrongly, it said.

One EIP-712 statement for each answer, in the domain of messages between participants:
`ChallengeAnswer(uint32 participant,bytes32 challenge,bytes32 openings,uint64 at)`. `challenge` is
the SHA-256 of the challenge's RFC 8785 form, so that no answer can be older than its seed;
`openings` is the SHA-256 of the digests of all opened leaves, in the order of the answer. So one
leaf is shown to a third party with the digests of the others, which tell nothing of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import rfc8785

from anchoring.answer_signature import AnswerSignature, parse_signature
from anchoring.chain.messages import keccak
from anchoring.chain.receipts import recovered_address
from anchoring.chain.signer import Signer
from anchoring.challenges import (
    CHALLENGE_FORMAT,
    LEAVES_MAX,
    Leaf,
    OpenedLeaf,
    Seed,
    parse_leaf,
)
from anchoring.core import shape
from anchoring.core.message import domain_separator
from anchoring.errors import BundleFormatError

_TYPE: Final = b"ChallengeAnswer(uint32 participant,bytes32 challenge,bytes32 openings,uint64 at)"
_MEMBERS: Final = ("asked", "openings", "signature")


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """What a gateway signed when it answered a challenge.

    Attributes:
        seed: Of the challenge.
        asked: All leaves that it asked for, in its order.
        openings: Digests of what was opened, in the order of the answer (`opened_digest`).
    """

    participant: int
    seed: Seed
    asked: tuple[Leaf, ...]
    openings: tuple[bytes, ...]
    signature: AnswerSignature

    def digest(self) -> bytes:
        """Return the 32 bytes that are signed (EIP-712)."""
        one = self.signature
        struct = keccak(
            keccak(_TYPE)
            + self.participant.to_bytes(32)
            + challenge_digest(self.seed, self.asked)
            + sha256(b"".join(self.openings)).digest()
            + one.at.to_bytes(32)
        )
        separator = domain_separator(
            chain_id=one.chain_id, consortium=one.consortium, keccak=keccak
        )
        return keccak(b"\x19\x01" + separator + struct)

    def key(self) -> bytes:
        """Return the address (20 bytes) whose key signed.

        Raises:
            ReceiptError: the signature is malformed, malleable or opens to no key.
        """
        return recovered_address(self.digest(), self.signature.signature)

    def covers(self, opened: OpenedLeaf) -> bool:
        """Tell whether this leaf was asked for, and opened in just this way."""
        return opened.leaf in self.asked and opened_digest(opened) in self.openings

    def to_wire(self) -> dict[str, Any]:
        """Return what stands beside one opened leaf of the answer; the seed is told elsewhere."""
        return {
            "asked": [one.to_wire() for one in self.asked],
            "openings": [one.hex() for one in self.openings],
            "signature": self.signature.to_wire(),
        }


def challenge_digest(seed: Seed, leaves: Sequence[Leaf]) -> bytes:
    """Return what stands for a challenge in its answer, 32 bytes."""
    wire: Any = {
        "format": CHALLENGE_FORMAT,
        "seed": {"blockNumber": seed.block_number, "blockHash": seed.block_hash.hex()},
        "leaves": [one.to_wire() for one in leaves],
    }
    return sha256(rfc8785.dumps(wire)).digest()


def opened_digest(opened: OpenedLeaf) -> bytes:
    """Return what stands for one opened leaf: SHA-256 of its RFC 8785 form, 32 bytes."""
    return sha256(rfc8785.dumps(opened.to_wire())).digest()


def answered(
    participant: int,
    seed: Seed,
    asked: Sequence[Leaf],
    opened: Sequence[OpenedLeaf],
    signature: AnswerSignature,
) -> SignedAnswer:
    """Return what an answer with these openings, in its order, says."""
    digests = tuple(opened_digest(one) for one in opened)
    return SignedAnswer(participant, seed, tuple(asked), digests, signature)


def sign_answer(unsigned: SignedAnswer, signer: Signer) -> AnswerSignature:
    """Return the signature of an answer; what stands for it in `unsigned` does not matter."""
    return replace(unsigned.signature, signature=signer.sign_digest(unsigned.digest()))


def signed_from_wire(value: Any, *, participant: int, seed: Seed, pointer: str) -> SignedAnswer:
    """Return what `SignedAnswer.to_wire` made.

    Raises:
        FormatError: it is none.
    """
    wire = shape.members(value, _MEMBERS, pointer=pointer)
    asked = shape.array(wire["asked"], pointer=f"{pointer}/asked")
    openings = shape.hashes(wire["openings"], pointer=f"{pointer}/openings")
    if not 1 <= len(asked) <= LEAVES_MAX or len(openings) > LEAVES_MAX:
        raise BundleFormatError(f"at most {LEAVES_MAX} leaves are asked for", pointer=pointer)
    return SignedAnswer(
        participant,
        seed,
        tuple(parse_leaf(one, f"{pointer}/asked/{at}") for at, one in enumerate(asked)),
        tuple(openings),
        parse_signature(wire["signature"], f"{pointer}/signature"),
    )


__all__ = [
    "SignedAnswer",
    "answered",
    "challenge_digest",
    "opened_digest",
    "sign_answer",
    "signed_from_wire",
]
