"""Which stream an event goes to, and the settings of each stream.

A stream is a technical sequence, never a place. There is the ordinary one and a slow one for
dispensing, because a bundle reveals the time of capture to one slot of the cadence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anchoring.core.anchor import stream_id
from node_gateway.settings import BatchingSection, StreamSection

ORDINARY, DISPENSING = 0, 1
"""Local stream numbers."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of this gateway."""

    number: int  # participant * 2^16 + local number
    cadence_s: int
    padding: str
    promise_s: int

    def slot(self, now_s: float) -> int:
        """Return the number of the cadence slot that `now_s` (Unix seconds) lies in."""
        return int(now_s) // self.cadence_s


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of this gateway and the rule that chooses between them."""

    ordinary: Stream
    dispensing: Stream
    dispensing_steps: frozenset[str]

    @classmethod
    def from_settings(cls, participant: int, batching: BatchingSection) -> Streams:
        """Return the streams that the settings describe."""
        return cls(
            _stream(participant, ORDINARY, batching),
            _stream(participant, DISPENSING, batching.dispensing),
            frozenset(batching.dispensing_steps),
        )

    @property
    def all(self) -> Sequence[Stream]:
        """Both streams."""
        return (self.ordinary, self.dispensing)

    def of_step(self, biz_step: str | None) -> Stream:
        """Return the stream for an event with this business step."""
        return self.dispensing if biz_step in self.dispensing_steps else self.ordinary


def _stream(participant: int, local: int, section: StreamSection) -> Stream:
    return Stream(
        stream_id(participant, local), section.cadence_s, section.padding, section.promise_s
    )
