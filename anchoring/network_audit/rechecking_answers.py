"""Who signed what lies opened in an evidence zip: checked against the keys that it proves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from anchoring.chain.network import Network
from anchoring.chain.proofs import check_proof
from anchoring.challenge_signing import SignedAnswer, signed_from_wire
from anchoring.challenges import OpenedLeaf, Seed
from anchoring.errors import FormatError, ReceiptError, VerificationError
from anchoring.evidence.layout import key_of, key_slot
from anchoring.network_audit.answer_keys import refusal_by_state
from anchoring.ports import KeyState

UNSIGNED: Final = "who opened the leaves: these answers were not signed, as in older audits"
KEYS_MISSING: Final = "whose keys signed what was opened: proofs are missing"


class AnswerCheck:
    """Checks the signatures of opened leaves.

    Args:
        network: The viewer's own.
        proven: `eth_getProof` answers with one slot each, by (address, slot as a number).
        state_root: Of the newest block; None without its header.
        head_time: Of that block.

    Attributes:
        unchecked: What rests on the auditor's word.
    """

    def __init__(
        self,
        network: Network,
        proven: Mapping[tuple[bytes, int], Mapping[str, Any]],
        state_root: bytes | None,
        head_time: int,
    ) -> None:
        self._network, self._proven = network, proven
        self._root, self._head_time = state_root, head_time
        self._judged: dict[bytes, str] = {}
        self.unchecked: dict[str, None] = {}

    def problem(self, opened: OpenedLeaf, answer: Any, seed: Seed) -> str:
        """Return what is wrong with the signature of an opened leaf, empty if nothing is known.

        Args:
            opened: The leaf.
            answer: What lies beside it, None if nothing does.
            seed: Of the audit.

        Raises:
            FormatError: it is no such signature.
        """
        if answer is None:
            self.unchecked[UNSIGNED] = None
            return ""
        participant = opened.leaf.participant
        signed = signed_from_wire(answer, participant=participant, seed=seed, pointer="/answer")
        if not signed.covers(opened):
            return "the signature is not of what was opened"
        name = signed.digest() + signed.signature.signature
        if name not in self._judged:
            self._judged[name] = self._judge(signed)
        return self._judged[name]

    def _judge(self, signed: SignedAnswer) -> str:
        try:
            key = signed.key()
        except ReceiptError as error:
            return f"the answer's signature is none: {error}"
        consortium = self._network.consortium
        wire = self._proven.get((consortium, int.from_bytes(key_slot(key))))
        if self._root is None or all(address != consortium for address, _ in self._proven):
            self.unchecked[KEYS_MISSING] = None
            return ""
        if wire is None:  # also of a statement that was changed: another key seems to have signed
            return f"the answer is signed by key 0x{key.hex()}, which is not proven"
        try:
            state = self._state(key, wire, self._root)
        except (FormatError, VerificationError) as error:
            return f"the key of the answer is not proven: {error}"
        return refusal_by_state(signed, self._network, {key: state}.get, head_time=self._head_time)

    def _state(self, key: bytes, wire: Mapping[str, Any], root: bytes) -> KeyState | None:
        consortium, pinned = self._network.consortium, self._network.consortium_code_hash
        found = check_proof(wire, state_root=root, address=consortium, slot=key_slot(key))
        if found.code_hash is None or pinned not in (None, found.code_hash):
            raise VerificationError("another contract is at the Consortium's address")
        return key_of(key, found.value)
