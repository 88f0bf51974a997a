"""Sold once: what is sold here is told to the issuer, hop by hop along the custody of the pack.

A claim goes from the shop to whoever gave it the pack, from there to the one before, and so on to
the issuer; the answer comes back the same way. Everybody on it knows two neighbours. A shop that
never got the pack from anybody (a clone lies on its counter) asks whoever gives it that product.

When a claim leaves must not tell when the pack was sold: it waits until the sale is sealed, since
the proof tells that slot anyway, and then a random time longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from sqlalchemy import Connection

from node_gateway.partners.ports import Channel, Message
from node_gateway.partners.relaying import Relaying
from node_gateway.partners.sale_judging import SaleJudging
from node_gateway.partners.sale_messages import (
    SALE,
    SALE_ANSWER,
    SaleAnswered,
    SaleSaid,
    read_answer,
    read_sale,
)
from node_gateway.partners.sale_relay import SaleRelay
from node_gateway.settings_partners import SalesSection
from node_gateway.storage import sales
from node_gateway.storage.database import Database
from node_gateway.storage.ports import EventStore
from node_gateway.storage.sales import Claim, ClaimState
from node_gateway.telemetry import without_values

_AT_ONCE: Final = 100
_POLL_S: Final = 2.0
_RETRY_S: Final = 5.0


def new_token() -> bytes:
    """Draw the token of a sale."""
    return os.urandom(sales.TOKEN_SIZE)


class SalesStore(EventStore, Database, Protocol):
    """What sales need of the store."""


@dataclass(frozen=True, slots=True)
class SaleRules:
    """How sales are told.

    Attributes:
        cadence_s: Length of a slot of the dispensing stream.
    """

    settings: SalesSection
    cadence_s: int
    clock: Callable[[], float]

    @property
    def spread_s(self) -> int:
        """Return within how many seconds after sealing a sale is told."""
        if self.settings.network == "require":
            return 0  # the till has asked already: nothing is left to hide
        chosen = self.settings.spread_s
        return self.cadence_s if chosen is None else chosen

    def due(self) -> int:
        """Return a random moment at which something may be told, Unix seconds."""
        return int(self.clock()) + secrets.randbelow(self.spread_s + 1)


class Sales:
    """Says and hears who sold what; `run` tells what is due.

    Args:
        also: Done in every round of `run`, after what sales need.
    """

    def __init__(
        self,
        store: SalesStore,
        channel: Channel,
        judging: SaleJudging,
        rules: SaleRules,
        *,
        also: Sequence[Callable[[], Awaitable[object]]] = (),
    ) -> None:
        self._rounds = (self.tell, *also)
        self._store, self._channel = store, channel
        self._judging, self._rules = judging, rules
        self._relay = SaleRelay(channel, judging, rules.settings, rules.clock)
        self._wake = asyncio.Event()
        self._ending = False
        self._log = structlog.get_logger()
        relaying = Relaying(channel)
        channel.on(SALE, _Claims(self._relay, relaying))
        channel.on(SALE_ANSWER, _Answers(self._relay, relaying))

    @property
    def judging(self) -> SaleJudging:
        """What is made of claims."""
        return self._judging

    def wake(self) -> None:
        """Look at what is due, now."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end after its pass."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Tell what is due until `stop`. A failure is said and tried again."""
        while not self._ending:
            self._wake.clear()
            try:
                for work in self._rounds:
                    await work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass tries again
                self._log.error("telling sales failed", **without_values(error))
                await asyncio.sleep(_RETRY_S)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _POLL_S)

    async def tell(self) -> int:
        """Do what is due; return how many claims were told."""
        await self._seal()
        now, told = int(self._rules.clock()), 0
        while due := await self._store.read(lambda c: sales.due(c, now, limit=_AT_ONCE)):
            numbers = [one.token for one in due]

            def work(connection: Connection, tokens: list[bytes] = numbers) -> None:
                for token in tokens:
                    claim = sales.by_token(connection, token)
                    if claim is not None and claim.due_at is not None:
                        self._tell(connection, claim)

            await self._store.write("sales", work)
            told += len(due)
        if told:
            self._channel.wake()
        return told

    async def _seal(self) -> None:
        """Let the claims of sales go on that are sealed now; they are sealed in order."""
        at_once = self._rules.settings.network == "require"
        while waiting := await self._store.read(lambda c: sales.waiting(c, limit=_AT_ONCE)):
            sealed = []
            for one in waiting:
                if not at_once and not await self._is_sealed(one):
                    break
                sealed.append(one)

            def work(connection: Connection, claims: list[Claim] = sealed) -> None:
                for claim in claims:
                    self._go_on(connection, claim.token)

            if sealed:
                await self._store.write("sales_sealed", work)
            if len(sealed) < len(waiting):
                return

    async def _is_sealed(self, claim: Claim) -> bool:
        stored = await self._store.event_by_entry(claim.entry or b"")
        return stored is None or stored.header.state == "final"

    def _go_on(self, connection: Connection, token: bytes) -> None:
        claim = sales.by_token(connection, token)
        if claim is None or claim.state is not ClaimState.WAITING:
            return
        stands = not claim.taken_back and sales.event_counts(connection, claim.event or 0)
        if stands:
            due_at = self._rules.due()
            sales.change(connection, claim.number, state=ClaimState.DUE, due_at=due_at)
        else:
            sales.change(connection, claim.number, state=ClaimState.CANCELLED)

    def _tell(self, connection: Connection, claim: Claim) -> None:
        if claim.state is ClaimState.TAKING_BACK:
            values = {"state": ClaimState.TAKEN_BACK, "due_at": None}
            sales.change(connection, claim.number, **values)
            self._relay.pass_on_taking_back(connection, claim)
        else:
            sales.change(connection, claim.number, state=ClaimState.HELD, due_at=None)
        self._relay.settle(connection, claim.code)


class _Claims:
    """Takes `sale` messages."""

    def __init__(self, relay: SaleRelay, relaying: Relaying) -> None:
        self._relay, self._relaying = relay, relaying

    async def check(self, message: Message) -> SaleSaid:
        """See `ports.Handler`."""
        self._relaying.begin()
        return read_sale(message.body)

    def take(self, connection: Connection, message: Message, checked: SaleSaid) -> None:
        """See `ports.Handler`."""
        self._relay.take_claim(connection, message.sender, checked)
        self._relaying.said()


class _Answers:
    """Takes `sale_answer` messages."""

    def __init__(self, relay: SaleRelay, relaying: Relaying) -> None:
        self._relay, self._relaying = relay, relaying

    async def check(self, message: Message) -> SaleAnswered:
        """See `ports.Handler`."""
        self._relaying.begin()
        return read_answer(message.body)

    def take(self, connection: Connection, message: Message, checked: SaleAnswered) -> None:
        """See `ports.Handler`."""
        self._relay.take_answer(connection, message.sender, checked)
        self._relaying.said()
