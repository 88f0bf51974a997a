"""Doubts about what partners hand over become exceptions: somebody must look at them.

A handover that is refused, an event that the chain contradicts, and proofs that never come all look
alike at the dock: goods without data that hold. Each is a `data_refused`, once per handover.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Protocol

from sqlalchemy import Connection

from node_gateway.partners.ports import ExceptionKind, Exceptions, Message, NewException
from node_gateway.storage import exceptions_reading
from node_gateway.storage.database import Database
from node_gateway.storage.handover_doubting import Doubtful, contradicted, unproven_since

REFUSALS_MAX: Final = 100
"""So many unresolved cases about refused data of one partner tell enough."""
LOOKS: Final = 100
"""How often it is looked for late proofs within the time that they may take."""
_KIND: Final = ExceptionKind.DATA_REFUSED
_HARMLESS: Final = frozenset({"handover_withdrawn"})
"""A refusal that comes of two messages that crossed."""


class DoubtsStore(Database, Protocol):
    """What doubts need of the store."""


class Doubts:
    """Opens the exceptions.

    Args:
        store: Knows what came.
        exceptions: Where doubts become somebody's task.
        late_s: Proofs that do not come for so long are in doubt, in seconds.
        clock: Unix seconds.
    """

    def __init__(
        self, store: DoubtsStore, exceptions: Exceptions, *, late_s: int, clock: Callable[[], float]
    ) -> None:
        self._store, self._exceptions = store, exceptions
        self._late_s, self._clock = late_s, clock
        self._next_look = 0.0

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self._clock()

    def refused(self, connection: Connection, message: Message, code: str) -> None:
        """Take note of a manifest that is being refused, in the transaction that refuses it."""
        if code not in _HARMLESS:
            self._open(
                connection,
                Doubtful(message.sender, message.digest),
                f"A shipment was handed over whose data do not hold; they were refused ({code}).",
            )

    def contradicted(self, connection: Connection, brought: Collection[tuple[int, int]]) -> None:
        """Take note of proofs that the chain contradicts, in the transaction that marks them.

        Args:
            connection: Writing.
            brought: The event and who brought its proof: nobody else is in doubt.
        """
        for one in contradicted(connection, brought):
            self._open(
                connection,
                one,
                "A proof of this handover does not hold: the chain has no such anchor.",
            )

    async def catch_up(self) -> None:
        """Look for proofs that have not come in time, from time to time."""
        now = self._clock()
        if now < self._next_look:
            return
        before = int(now) - self._late_s
        late = await self._store.read(lambda c: unproven_since(c, before))

        def work(connection: Connection) -> None:
            for one in late:
                self._open(
                    connection,
                    one,
                    "The sender has not proven that the events of this handover are sealed.",
                )

        if late:
            await self._store.write("handover_doubts", work)
        self._next_look = now + self._late_s / LOOKS

    def _open(self, connection: Connection, one: Doubtful, detail: str) -> None:
        if exceptions_reading.unresolved(connection, one.partner, _KIND.value) >= REFUSALS_MAX:
            return
        self._exceptions.open(
            connection,
            NewException(kind=_KIND, partner=one.partner, subject=one.digest, detail=detail),
        )


__all__ = ["REFUSALS_MAX", "Doubts"]
