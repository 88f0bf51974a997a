"""Find the receivers of shipments that were captured before anybody knew them.

A gateway takes captures before its directory is read for the first time, and partners join later
than the goods leave for them. Such a shipment waits; whenever the chain or the operator's parties
say something new, each party that is waited for is looked up once. Beginning a handover and letting
its shipment wait no longer are one transaction: a crash in between leaves it waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Hashable
from typing import Final

import structlog
from sqlalchemy import Connection

from node_gateway.partners.handing_over import HandingOver
from node_gateway.partners.handover_noticing import Noticing
from node_gateway.partners.parties import Parties
from node_gateway.storage import handover_unaddressed as unaddressed
from node_gateway.storage.database import Database
from node_gateway.telemetry import without_values

_PARTIES_AT_ONCE: Final = 500
_SHIPMENTS_AT_ONCE: Final = 100
_PAUSE_S: Final = 0.2
_PAUSE_PER_LOOK: Final = 4
"""How much longer than a look the pause after it is, at least."""
_RETRY_S: Final = 5.0


class Addressing:
    """Looks whether receivers are known; runs beside the requests (`background.Background`)."""

    def __init__(
        self, database: Database, noticing: Noticing, parties: Parties, sending: HandingOver
    ) -> None:
        self._database, self._noticing = database, noticing
        self._parties, self._sending = parties, sending
        self._looked: Hashable = None
        self._changes = 0
        self._wake, self._stopped = asyncio.Event(), asyncio.Event()
        self._log = structlog.get_logger()

    def chain_changed(self) -> None:
        """Hear that the directory is another one; it is looked only if that matters here."""
        self._wake.set()

    def parties_changed(self) -> None:
        """Hear that the operator's parties and places have changed."""
        self._changes += 1
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end after the step that is running."""
        self._stopped.set()
        self._wake.set()

    async def run(self) -> None:
        """Look at the start, and then after every change. A failure is said and tried again."""
        while not self._stopped.is_set():
            self._wake.clear()
            began = time.monotonic()
            try:
                await self.catch_up()
                pause_s = max(_PAUSE_S, _PAUSE_PER_LOOK * (time.monotonic() - began))
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass tries again
                self._log.error("looking for receivers failed", **without_values(error))
                self._wake.set()
                pause_s = _RETRY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), pause_s)
            await self._wake.wait()

    async def catch_up(self) -> None:
        """Begin the handovers of which the receivers have become known since the last call."""
        now = (self._changes, self._parties.grounds)
        if now == self._looked:
            return
        # Shipments that are being noted were judged by what was known before: let them be written.
        await self._database.write("handover_addressing", lambda _: None)
        after: str | None = ""
        while after is not None and not self._stopped.is_set():
            known, after = await self._database.read(lambda c, at=after: self._known(c, at))  # type: ignore[misc]
            for party in known:
                await self._address(party)
        if after is None:
            self._looked = now

    def _known(self, connection: Connection, after: str) -> tuple[list[str], str | None]:
        """Return who of the next parties is known, and after whom to go on; None at the end."""
        named = unaddressed.parties_after(connection, after, _PARTIES_AT_ONCE)
        known = [one for one in named if self._parties.participant_of(one) is not None]
        return known, named[-1] if len(named) == _PARTIES_AT_ONCE else None

    async def _address(self, party: str) -> None:
        after = b""
        while not self._stopped.is_set():
            some = await self._database.read(
                lambda c, at=after: unaddressed.waiting_for(c, party, at, _SHIPMENTS_AT_ONCE)  # type: ignore[misc]
            )
            if not some:
                return

            def work(connection: Connection, some: list[unaddressed.Waiting] = some) -> None:
                for one in some:
                    self._noticing.address(connection, self._database.insert, one)

            await self._database.write("handover_addressed", work)
            self._sending.wake()
            after = some[-1].entry


__all__ = ["Addressing"]
