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

from node_gateway.partners.ports import Channel, Message, MessageRefusedError
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
from node_gateway.settings_partners import SalesSection
from node_gateway.storage import sales
from node_gateway.storage.code_ways import supplier_of, went_to
from node_gateway.storage.database import Database
from node_gateway.storage.ports import EventStore
from node_gateway.storage.sales import Claim, ClaimState, NewClaim
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
        self._wake = asyncio.Event()
        self._ending = False
        self._log = structlog.get_logger()
        relaying = Relaying(channel)
        channel.on(SALE, _Claims(self, relaying))
        channel.on(SALE_ANSWER, _Answers(self, relaying))

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
            self.pass_on_taking_back(connection, claim)
            return
        target = self._target(connection, claim)
        state = ClaimState.UNASKED if target is None else ClaimState.SAID
        sales.change(connection, claim.number, state=state, target=target, due_at=None)
        here = sales.own_standing(connection, claim.code)
        if len(here) > 1:  # whoever answers or not: both were sold here
            self._judging.sold_again_here(connection, claim, len(here))
        if target == sales.OURSELVES:
            self._judging.count(connection, claim.code)
        elif target is not None:
            said = SaleSaid(claim.token, claim.code)
            self._channel.put(connection, target, SALE, said.body())

    def _target(self, connection: Connection, claim: Claim) -> int | None:
        if self._judging.is_ours(claim.code):
            return sales.OURSELVES
        if self._rules.settings.network == "off":
            return None
        return supplier_of(connection, claim.code)

    def pass_on_taking_back(self, connection: Connection, claim: Claim) -> None:
        """Tell whoever heard of a claim that it does not stand any more."""
        if claim.target == sales.OURSELVES:
            self._judging.count(connection, claim.code)
        elif claim.target is not None:
            said = SaleSaid(claim.token, "", claim.taken_back)
            self._channel.put(connection, claim.target, SALE, said.body())

    def take_claim(self, connection: Connection, sender: int, said: SaleSaid) -> None:
        """Take a claim of a neighbour and pass it on.

        Raises:
            MessageRefusedError: `sale_token` (another's token), `sale_without_custody` (neither
                the code nor its product ever went from us to the sender).
        """
        known = sales.by_token(connection, said.token)
        if known is not None and known.source != sender:
            raise MessageRefusedError("this token is not the sender's", code="sale_token")
        if said.taken_back:
            self._take_back(connection, known, said)
            return
        if known is not None:
            return
        if not went_to(connection, said.code, sender):
            raise MessageRefusedError(
                "no handover of this code or product is known", code="sale_without_custody"
            )
        is_ours = self._judging.is_ours(said.code)
        target = sales.OURSELVES if is_ours else self._next(connection, said.code, sender)
        state = ClaimState.UNASKED if target is None else ClaimState.SAID
        now = int(self._rules.clock())
        sales.add(connection, [NewClaim(said.token, said.code, sender, target, state, now)])
        if target == sales.OURSELVES:
            self._judging.count(connection, said.code)
        elif target is not None:
            self._channel.put(connection, target, SALE, said.body())

    def _next(self, connection: Connection, code: str, sender: int) -> int | None:
        if self._rules.settings.network == "off":
            return None
        found = supplier_of(connection, code)
        return None if found == sender else found

    def _take_back(self, connection: Connection, known: Claim | None, said: SaleSaid) -> None:
        if known is None:
            raise MessageRefusedError("this token is not the sender's", code="sale_token")
        if known.taken_back:
            return
        values = {"taken_back": said.taken_back, "state": ClaimState.TAKEN_BACK}
        sales.change(connection, known.number, **values)
        self.pass_on_taking_back(connection, known._replace(taken_back=said.taken_back))


class _Claims:
    """Takes `sale` messages."""

    def __init__(self, owner: Sales, relaying: Relaying) -> None:
        self._owner, self._relaying = owner, relaying

    async def check(self, message: Message) -> SaleSaid:
        """See `ports.Handler`."""
        self._relaying.begin()
        return read_sale(message.body)

    def take(self, connection: Connection, message: Message, checked: SaleSaid) -> None:
        """See `ports.Handler`."""
        self._owner.take_claim(connection, message.sender, checked)
        self._relaying.said()


class _Answers:
    """Takes `sale_answer` messages."""

    def __init__(self, owner: Sales, relaying: Relaying) -> None:
        self._owner, self._relaying = owner, relaying

    async def check(self, message: Message) -> SaleAnswered:
        """See `ports.Handler`."""
        self._relaying.begin()
        return read_answer(message.body)

    def take(self, connection: Connection, message: Message, checked: SaleAnswered) -> None:
        """See `ports.Handler`."""
        known = sales.by_token(connection, checked.token)
        if known is None or known.target != message.sender:
            raise MessageRefusedError("nothing was asked about this", code="sale_token")
        self._owner.judging.take_answer(connection, known, checked)
        self._relaying.said()
