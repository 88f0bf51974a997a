"""Ask the neighbours of a code about its way, all at once, each within what is left of the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from anchoring.directory.model import Directory
from node_gateway.errors import GatewayError
from node_gateway.partners.ports import Peers
from node_gateway.partners.trace_wire import (
    ANSWER_SIZE_BYTES_MAX,
    PATH,
    Found,
    Hole,
    Question,
    Reason,
    read_found,
)
from node_gateway.services.steps import role_of

MARGIN_MS: Final = 150
"""What a gateway keeps for itself of the time that whoever asked it waits."""


class Neighbours:
    """Asks other gateways. Whoever does not answer is a hole; the others' answers stay."""

    def __init__(
        self, peers: Peers, directory: Callable[[], Directory], clock: Callable[[], float]
    ) -> None:
        self._peers, self._directory, self._clock = peers, directory, clock

    def hole(self, participant: int, reason: Reason, *, hop: int = 0) -> Hole:
        """Return a hole in the place of a participant."""
        return Hole(hop, self.role(participant), reason)

    def role(self, participant: int) -> str:
        """Return what a participant is, in one word."""
        return role_of(self._directory(), participant, int(self._clock()))

    async def ask(self, participants: Sequence[int], question: Question) -> list[tuple[int, Found]]:
        """Return what each of them answers, as seen from there (its own steps have hop 0)."""
        answers = await asyncio.gather(*(self._ask(one, question) for one in participants))
        return list(zip(participants, answers, strict=True))

    async def _ask(self, participant: int, question: Question) -> Found:
        timeout_s = max(question.budget_ms, 1) / 1000
        try:
            answer = await self._peers.request(
                participant,
                "POST",
                PATH,
                body=question.model_dump_json().encode(),
                answer_size_bytes_max=ANSWER_SIZE_BYTES_MAX,
                timeout_s=timeout_s,
            )
            found = read_found(answer.body) if answer.ok else None
        except (GatewayError, ValueError):
            found = None
        if found is None:
            return Found(holes=(self.hole(participant, Reason.NO_ANSWER),))
        if not found.steps and not found.holes:  # it does not know the code, or says so
            return Found(holes=(self.hole(participant, Reason.NOT_DISCLOSED),))
        return found
