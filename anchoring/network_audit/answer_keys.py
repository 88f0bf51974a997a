"""Whose signature stands under an answer to a challenge: by the directory, or by a proof."""

from __future__ import annotations

from collections.abc import Callable

from anchoring.chain.network import Network
from anchoring.challenge_signing import SignedAnswer
from anchoring.directory.model import Directory, Purpose
from anchoring.errors import ReceiptError
from anchoring.ports import KeyState

PURPOSE_SIGN = 2


class AnswerKeys:
    """Judges signatures by the directory as of the audit's newest block.

    The key has to be valid then: an answer was given to this audit, so no key of the past has
    signed it. One that began after that block counts from the answer's own time.
    """

    def __init__(self, network: Network, directory: Directory) -> None:
        self._network, self._directory = network, directory

    def refusal(self, signed: SignedAnswer) -> str:
        """Return why a signature is not the participant's, empty if it is."""
        head, at = self._directory.head.time, signed.signature.at
        times = (head, max(head, at))

        def is_theirs(key: bytes) -> bool:
            known = self._directory
            return any(
                known.key_valid_at(key, signed.participant, Purpose.SIGN, one) for one in times
            )

        return _refusal(signed, self._network, is_theirs)


def refusal_by_state(
    signed: SignedAnswer,
    network: Network,
    key_of: Callable[[bytes], KeyState | None],
    *,
    head_time: int,
) -> str:
    """Return why a signature is not the participant's, empty if it is.

    Args:
        signed: The answer.
        network: The viewer's own.
        key_of: What the Consortium has of an address in the state of the newest block.
        head_time: Of that block.
    """

    def is_theirs(address: bytes) -> bool:
        key = key_of(address)
        if key is None or (key.participant, key.purpose) != (signed.participant, PURPOSE_SIGN):
            return False
        times = (head_time, max(head_time, signed.signature.at))
        return any(_valid(key, one) for one in times)

    return _refusal(signed, network, is_theirs)


def _valid(key: KeyState, time: int) -> bool:
    ends = [one for one in (key.valid_until, key.revoked_at) if one]
    return key.valid_from <= time and all(time < one for one in ends)


def _refusal(signed: SignedAnswer, network: Network, is_theirs: Callable[[bytes], bool]) -> str:
    one = signed.signature
    if (one.chain_id, one.consortium) != (network.chain_id, network.consortium):
        return "the answer is signed for another network"
    try:
        key = signed.key()
    except ReceiptError as error:
        return f"the answer's signature is none: {error}"
    if not is_theirs(key):
        return f"the answer is signed by key 0x{key.hex()}, which is not the participant's"
    return ""
