"""What gateways ask and answer each other about the way of a code. Pure.

A question names the code and a direction; it goes from neighbour to neighbour. An answer holds
bundles, which say themselves whose they are, and holes, which name nobody: a hole has the role of
whoever shows nothing, never who that is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field

from anchoring.core.bundle import BUNDLE_FORMAT

PATH: Final = "/v1/peer/trace"
STEPS_MAX: Final = 256
HOLES_MAX: Final = 64
ANSWER_SIZE_BYTES_MAX: Final = 4 * 1024 * 1024
HOPS_MAX: Final = 32


class Way(StrEnum):
    """Where the question goes: to those who had the code before, or after."""

    UP = "up"
    DOWN = "down"


class Reason(StrEnum):
    """Why a step is not shown. Values are stable."""

    NOT_DISCLOSED = "not_disclosed"
    NO_ANSWER = "no_answer"
    PROOF_REFUSED = "proof_refused"
    BEING_SEALED = "being_sealed"
    ASKED_ALREADY = "asked_already"
    HOP_LIMIT = "hop_limit"
    NO_HANDOVER = "no_handover"
    TOO_MUCH = "too_much"


class Question(BaseModel):
    """A question on its way.

    Attributes:
        question: 32 hex digits that name it, so that no gateway answers it twice.
        distance: How far the asker of the beginning is, 1 for the direct neighbour.
        hops: How much farther it may go.
        budget_ms: How long whoever passed it on waits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(min_length=1, max_length=1000)
    way: Way
    question: str = Field(pattern=r"^[0-9a-f]{32}$")
    distance: int = Field(ge=1, le=HOPS_MAX)
    hops: int = Field(ge=0, le=HOPS_MAX)
    budget_ms: int = Field(ge=0, le=60_000)

    def onward(self, *, budget_ms: int) -> Question:
        """Return the question as it is passed on."""
        return self.model_copy(
            update={
                "distance": self.distance + 1,
                "hops": self.hops - 1,
                "budget_ms": max(0, budget_ms),
            }
        )


@dataclass(frozen=True, slots=True)
class Hole:
    """Where something is not shown.

    Attributes:
        hop: How far away, 0 for whoever says so.
        role: Of the participant there, in one word.
    """

    hop: int
    role: str
    reason: Reason

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"hop": self.hop, "role": self.role, "reason": self.reason.value}


@dataclass(frozen=True, slots=True)
class FoundStep:
    """One step: a bundle as JSON, and how far away it is said to be."""

    hop: int
    bundle: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one direction."""

    steps: tuple[FoundStep, ...] = ()
    holes: tuple[Hole, ...] = ()

    def farther(self) -> Found:
        """Return the same, seen from one hop away."""
        return Found(
            tuple(replace(one, hop=one.hop + 1) for one in self.steps),
            tuple(replace(one, hop=one.hop + 1) for one in self.holes),
        )

    def __add__(self, other: Found) -> Found:
        """Return both together."""
        return Found(self.steps + other.steps, self.holes + other.holes)

    def body(self) -> bytes:
        """Return the body of an answer, within its limits."""
        holes = self.holes[:HOLES_MAX]
        steps = self.steps[:STEPS_MAX]
        sizes = [len(orjson.dumps(one.bundle)) for one in steps]
        while sum(sizes[: len(steps)]) > ANSWER_SIZE_BYTES_MAX // 2:
            steps = steps[:-1]
        if len(steps) < len(self.steps):
            left_out = self.steps[len(steps)]
            holes = (*holes, Hole(left_out.hop, "participant", Reason.TOO_MUCH))
        return orjson.dumps(
            {
                "steps": [{"hop": one.hop, "bundle": one.bundle} for one in steps],
                "holes": [one.to_wire() for one in holes],
            }
        )


class _WireStep(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    hop: int = Field(ge=0, le=HOPS_MAX)
    bundle: dict[str, Any]


class _WireHole(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    hop: int = Field(ge=0, le=HOPS_MAX)
    role: str = Field(pattern=r"^[a-z]{1,20}$")
    reason: Reason


class _WireFound(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: list[_WireStep] = Field(max_length=STEPS_MAX)
    holes: list[_WireHole] = Field(max_length=HOLES_MAX + 1)


def read_found(body: bytes) -> Found:
    """Read an answer.

    Raises:
        ValueError: it has no form that is read here (pydantic's error is one).
    """
    wire = _WireFound.model_validate(orjson.loads(body))
    if any(one.bundle.get("format") != BUNDLE_FORMAT for one in wire.steps):
        raise ValueError("a step is no bundle")
    return Found(
        tuple(FoundStep(one.hop, one.bundle) for one in wire.steps),
        tuple(Hole(one.hop, one.role, one.reason) for one in wire.holes),
    )
