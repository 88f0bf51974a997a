"""What answers to challenges look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel

from node_gateway.api.answers import Hash, _Answer


class ErasedLeaf(_Answer):
    """What is left of an erased event; with the participant it gives the entry."""

    fields_size: int
    fields_root: Hash
    codes_root: Hash


class OpenedLeafAnswer(_Answer):
    """One leaf, opened in exactly one way; `siblings` lead to the anchored root.

    `decoy` is a nonce in base64url, `opening` the text of a full opening.
    """

    stream: int
    sequence: int
    index: int
    siblings: list[Hash]
    decoy: str | None = None
    opening: str | None = None
    erased: ErasedLeaf | None = None


class AnswerSignatureAnswer(_Answer):
    """What the gateway signed: `at` by its clock, for the network of `consortium`."""

    chain_id: int
    consortium: str
    at: int
    signature: str


class ChallengeAnswer(_Answer):
    """`sealtrail/challenge-answer/v1`; an audit takes none without its `signature`."""

    format: Literal["sealtrail/challenge-answer/v1"]
    participant: int
    openings: list[OpenedLeafAnswer]
    signature: AnswerSignatureAnswer


ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = {
    "answerChallenge": {200: ChallengeAnswer},
    "putChallenge": {200: ChallengeAnswer},
}
