"""Challenging a gateway: asking for drawn leaves, checking what comes back, keeping the score."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from anchoring.challenge_signing import SignedAnswer, answered
from anchoring.challenges import (
    ChallengeFailedError,
    Leaf,
    OpenedKind,
    OpenedLeaf,
    Seed,
    challenge_text,
    check_opened,
    read_answer,
)
from anchoring.core.anchor import Anchor
from anchoring.errors import AnchoringError, FormatError
from anchoring.network_audit.model import ChallengeScore, NetworkCode, NetworkFinding, Unchecked

ASKED_AT_ONCE: Final = 16
"""Leaves of one request: few enough that an answer of large events stays within its limit."""
ANSWER_S: Final = 30.0
"""An answer that takes longer is late."""
GRANT_REQUIRED: Final = "grant_required"
TOO_LARGE: Final = "answer_too_large"

AnchorId = tuple[int, int]


class UnansweredError(AnchoringError):
    """A gateway gave no answer to a challenge; `code` says what came instead."""

    code = "challenge_unanswered"


class Asking(Protocol):
    """Puts a challenge to a gateway, signed by a participant."""

    async def ask(self, participant: int, challenge: bytes) -> bytes:
        """Return the answer's text.

        Raises:
            UnansweredError: there is none: `grant_required`, `answer_too_large`, or another code.
        """
        ...


@dataclass(slots=True)
class Challenged:
    """What came of challenging one participant."""

    score: ChallengeScore = field(default_factory=ChallengeScore)
    findings: list[NetworkFinding] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    opened: dict[Leaf, OpenedLeaf] = field(default_factory=dict)
    signed: dict[Leaf, SignedAnswer] = field(default_factory=dict)


class Challenging:
    """Puts one participant's leaves to it.

    Args:
        asking: How.
        participant: Whom.
        anchors: Of its streams, from the chain.
        refusal: Says why a signature is not the participant's, empty if it is.
        answer_s: An answer that takes longer is late.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        asking: Asking,
        participant: int,
        anchors: Mapping[AnchorId, Anchor],
        refusal: Callable[[SignedAnswer], str],
        *,
        answer_s: float = ANSWER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asking, self._participant = asking, participant
        self._anchors, self._refusal = anchors, refusal
        self._answer_s, self._clock = answer_s, clock
        self._counts: Counter[str] = Counter()
        self._slowest_ms = 0
        self._missing: list[tuple[Leaf, str]] = []
        self._late: list[tuple[int, list[Leaf]]] = []
        self._made = Challenged()

    async def put(self, seed: Seed, leaves: Sequence[Leaf]) -> Challenged:
        """Ask for every leaf and return what came of it."""
        waiting = [leaves[at : at + ASKED_AT_ONCE] for at in range(0, len(leaves), ASKED_AT_ONCE)]
        while waiting:
            part = waiting.pop(0)
            began = self._clock()
            try:
                raw = await self._asking.ask(self._participant, challenge_text(seed, part))
                answer = self._signed(raw, seed, part)
            except UnansweredError as error:
                if error.code == TOO_LARGE and len(part) > 1:
                    half = len(part) // 2
                    waiting[:0] = [part[:half], part[half:]]
                    continue
                waiting = self._give_up(error, [part, *waiting])
                continue
            except FormatError as error:
                self._missing += [(leaf, f"no answer to a challenge: {error}") for leaf in part]
                continue
            self._note_time(began, part)
            for leaf in part:
                self._check(leaf, answer.get(leaf))
        return self._finished(len(leaves))

    def _signed(self, raw: bytes, seed: Seed, part: Sequence[Leaf]) -> Mapping[Leaf, OpenedLeaf]:
        """Return what an answer opens that its gateway signed; of another, nobody said anything.

        Raises:
            FormatError: it is no answer, or `challenge_signature`.
        """
        answer = read_answer(raw, participant=self._participant)
        if answer.signature is None:
            raise FormatError("the answer is not signed", "challenge_signature")
        opened = list(answer.opened.values())
        signed = answered(self._participant, seed, part, opened, answer.signature)
        why = self._refusal(signed)
        if why:
            raise FormatError(why, "challenge_signature")
        self._made.signed |= dict.fromkeys(answer.opened, signed)
        return answer.opened

    def _give_up(self, error: UnansweredError, parts: list[Sequence[Leaf]]) -> list[Sequence[Leaf]]:
        """Note what was not answered; return what is still worth asking for."""
        if error.code == GRANT_REQUIRED:
            left = [leaf for part in parts for leaf in part]
            self._counts["refused"] += len(left)
            text = f"{len(left)} leaves: the gateway opens them under a grant, and there is none"
            self._made.unchecked.append(Unchecked(text, self._participant))
            return []
        part, *rest = parts
        self._missing += [(leaf, str(error)) for leaf in part]
        if len(self._missing) > len(part):  # the second time in vain: it is not asked on and on
            self._missing += [(leaf, str(error)) for one in rest for leaf in one]
            return []
        return rest

    def _note_time(self, began: float, part: Sequence[Leaf]) -> None:
        took_ms = int((self._clock() - began) * 1000)
        self._slowest_ms = max(self._slowest_ms, took_ms)
        if took_ms > self._answer_s * 1000:
            self._late.append((took_ms, list(part)))

    def _check(self, leaf: Leaf, opened: OpenedLeaf | None) -> None:
        if opened is None:
            self._missing.append((leaf, "the answer leaves it out"))
            return
        self._made.opened[leaf] = opened
        try:
            kind = check_opened(opened, self._anchors[leaf.stream, leaf.sequence])
        except ChallengeFailedError as error:
            self._counts["wrong"] += 1
            self._made.findings.append(self._wrong(leaf, error))
            return
        names = {OpenedKind.DECOY: "decoys", OpenedKind.EVENT: "events"}
        self._counts[names.get(kind, "erased")] += 1
        self._counts["held"] += 1

    def _wrong(self, leaf: Leaf, error: ChallengeFailedError) -> NetworkFinding:
        anchor = self._anchors[leaf.stream, leaf.sequence]
        return NetworkFinding(
            NetworkCode.CHALLENGE_WRONG,
            str(error),
            self._participant,
            leaf.stream,
            leaf.sequence,
            evidence={"leaf": leaf.to_wire(), "root": anchor.root.hex(), "size": anchor.size},
            references=(opened_name(leaf),),
        )

    def _finished(self, asked: int) -> Challenged:
        made, counts = self._made, self._counts
        if self._missing:
            text = f"{len(self._missing)} of {asked} leaves were not opened: {self._missing[0][1]}"
            evidence: dict[str, Any] = {"leaves": [leaf.to_wire() for leaf, _ in self._missing]}
            code = NetworkCode.CHALLENGE_UNANSWERED
            made.findings.append(NetworkFinding(code, text, self._participant, evidence=evidence))
        if self._late:
            slowest = max(took_ms for took_ms, _ in self._late)
            text = f"{len(self._late)} answers came late, after up to {slowest} ms"
            evidence = {
                "allowedMs": int(self._answer_s * 1000),
                "answers": [
                    {"tookMs": took_ms, "leaves": [leaf.to_wire() for leaf in leaves]}
                    for took_ms, leaves in self._late
                ],
            }
            code = NetworkCode.CHALLENGE_LATE
            made.findings.append(NetworkFinding(code, text, self._participant, evidence=evidence))
        made.score = ChallengeScore(
            asked=asked,
            unanswered=len(self._missing),
            slowest_ms=self._slowest_ms,
            **{name: counts[name] for name in _COUNTED},
        )
        return made


_COUNTED: Final = ("held", "decoys", "events", "erased", "wrong", "refused")


def opened_name(leaf: Leaf) -> str:
    """Return the name of an opened leaf's file in an evidence zip."""
    return f"leaves/{leaf.stream}-{leaf.sequence}-{leaf.index}.json"
