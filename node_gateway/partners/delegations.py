"""Delegations: a logistics provider states operations in the owner's name, within limits.

The provider signs each request. The owner's gateway checks scope and time and keeps the request
before anything follows from it; the event says who acted, and by which request. The provider
learns whether it was done, and nothing of the goods: a refusal names no rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from anchoring.chain.statements import statement_digest
from anchoring.core.statement import Statement
from anchoring.directory.prefixes import product_of_code
from node_gateway.epcis.operations import OPERATIONS, ActedBy, Order
from node_gateway.epcis.times import time_ms
from node_gateway.errors import (
    GatewayError,
    NotFoundError,
    NotPossibleError,
    ParameterError,
    RefusedOperationError,
)
from node_gateway.partners.grant_terms import DelegationTerms, delegation_terms
from node_gateway.partners.grants import Rules, Wish
from node_gateway.partners.statements import Statements, body_of
from node_gateway.services.following import Follower
from node_gateway.services.operating import Operating
from node_gateway.storage import delegated_requests
from node_gateway.storage.database import Database
from node_gateway.storage.delegated_requests import DONE, REFUSED, DelegatedRequest
from node_gateway.storage.errors import IdempotencyMismatchError
from node_gateway.storage.granted_goods import covered, lots_of
from node_gateway.storage.grants import DELEGATIONS, Permission, page
from node_gateway.storage.notices import contents

DELEGATED: Final = "delegated"
OUTCOME: Final = "delegated-outcome"
KEY: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")
STATEMENT_AGE_S_MAX: Final = 3600
_INSIDE_MAX: Final = 100_000
_SHIPPING: Final = "shipping"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a provider, its signature checked.

    Attributes:
        order: As it stands in the statement, JSON.
    """

    provider: int
    operation: str
    key: str
    order: dict[str, Any]
    said: Statement

    @property
    def digest(self) -> bytes:
        """What its signature covers, 32 bytes."""
        return statement_digest(self.said)


class Delegations:
    """The owner's side."""

    def __init__(
        self,
        database: Database,
        follower: Follower,
        operating: Operating,
        rules: Rules,
        statements: Statements,
        participant_of: Callable[[str], int | None],
    ) -> None:
        self._database, self._follower, self._operating = database, follower, operating
        self.rules, self._statements = rules, statements
        self._participant_of = participant_of

    async def give(self, wish: Wish, *, by: str) -> Permission:
        """Let a provider act. Errors as those of a grant."""
        terms = delegation_terms(wish.terms)
        unknown = sorted(set(terms.operations) - OPERATIONS.keys())
        if unknown or not terms.operations:
            raise ParameterError(
                f"there is no operation {unknown[0]}" if unknown else "no operation is named",
                code="operation_not_found",
                hint="sealtrail --help lists the operations.",
            )
        new = self.rules.permission(wish, by=by)
        return await self._database.write("delegate", lambda c: DELEGATIONS.add(c, new))

    async def revoke(self, delegation_id: str, *, by: str) -> Permission:
        """End a delegation now. Raises NotFoundError: there is none."""
        now_s = int(self.rules.clock())
        revoked = await self._database.write(
            "revoke_delegation", lambda c: DELEGATIONS.revoke(c, delegation_id, at=now_s, by=by)
        )
        if revoked is None:
            raise _none()
        return revoked

    async def listed(self, *, after: int, limit: int) -> tuple[list[Permission], int | None]:
        """Return a page of delegations by number, and the number to go on from."""
        found = await self._database.read(lambda c: DELEGATIONS.after(c, after, limit + 1))
        some, following = page(found, limit)
        return list(some), following

    def asked(self, provider: int, operation: str, raw: bytes) -> Asked:
        """Read a provider's request.

        Raises:
            StatementError: it is not the provider's, or about something else.
            ParameterError: it is too old, or lacks something.
        """
        said = self._statements.heard(raw, DELEGATED, provider)
        body = body_of(said)
        key, order = body.get("key"), body.get("order")
        if (body.get("owner"), body.get("operation")) != (self.rules.participant, operation):
            raise ParameterError("the request is meant for another owner or operation")
        if not isinstance(key, str) or not KEY.fullmatch(key) or not isinstance(order, dict):
            raise ParameterError("the request lacks its key or its order", code="request_key")
        return Asked(provider, operation, key, order, said)

    async def act(self, asked: Asked, order: Order) -> bytes:
        """Do what a provider asks for; return our signed outcome, JSON.

        Args:
            asked: The request.
            order: What it asks for, identifiers in canonical form.

        Raises:
            NotFoundError: nothing is delegated that allows this operation now.
            NotPossibleError: goods, place, time or receiver are beyond the scope, or it is
                refused; why stays with the owner.
            IdempotencyMismatchError: the key was used for another request.
            EpcisError, DocumentRefusedError, NotReadyError: as capturing does.
        """
        known = await self._known(asked)
        if known is not None and known.outcome == DONE:
            return known.answer or b""
        delegation = await self._delegation(asked, order)
        request = self._request(asked, delegation)
        if known is not None and known.outcome == delegated_requests.ASKED:
            request = known  # what a crash left: the event names this request, not the new one
        else:
            await self._keep(asked.provider, delegation.id, request)
        acted = ActedBy(asked.provider, request.delegation, request.digest.hex())
        key = f"delegated/{asked.provider}/{asked.key}"
        try:
            report = await self._operating.do(
                asked.operation, replace(order, acted_by=acted), idempotency_key=key
            )
        except RefusedOperationError:
            await self._answer(request, REFUSED, None)
            raise _refused(asked.operation) from None
        except GatewayError as error:
            await self._answer(request, REFUSED, None)
            raise error from None
        return await self._answer(request, DONE, report.entry)

    async def request(self, provider: int, key: str) -> DelegatedRequest:
        """Return a request as it was kept. Raises NotFoundError: there is none."""
        owner = self.rules.participant
        found = await self._database.read(
            lambda c: delegated_requests.request_of(c, owner, provider, key)
        )
        if found is None:
            raise NotFoundError("no such request", code="request_not_found")
        return found

    async def _known(self, asked: Asked) -> DelegatedRequest | None:
        owner = self.rules.participant
        known = await self._database.read(
            lambda c: delegated_requests.request_of(c, owner, asked.provider, asked.key)
        )
        if known is None or known.outcome == REFUSED:
            if asked.said.at < self.rules.clock() - STATEMENT_AGE_S_MAX:
                raise ParameterError("the request was signed too long ago", code="request_old")
            return known
        before = body_of(self._statements.heard(known.statement, DELEGATED, asked.provider))
        if (known.operation, before.get("order")) != (asked.operation, asked.order):
            raise IdempotencyMismatchError(capture_id=asked.key)
        return known

    async def _delegation(self, asked: Asked, order: Order) -> Permission:
        """Return the first delegation that allows an order."""
        if not self.rules.is_active(asked.provider):
            raise _none()
        now_s = int(self.rules.clock())
        held = await self._database.read(lambda c: DELEGATIONS.active(c, now_s, asked.provider))
        allowing = [
            one for one in held if asked.operation in delegation_terms(one.terms).operations
        ]
        if not allowing:
            raise _none()
        if order.override is not None:
            raise _beyond()
        await self._follower.catch_up()  # what was packed just now counts
        covering = [one for one in allowing if await self._covers(one, order)]
        for one in covering:
            if self._may_receive(delegation_terms(one.terms), asked.operation, order):
                return one
        raise _to_nobody() if covering else _beyond()

    def _may_receive(self, terms: DelegationTerms, operation: str, order: Order) -> bool:
        """Tell whether goods may go where an order says, if it says so or sends them somewhere."""
        sends = OPERATIONS[operation].step == _SHIPPING or order.receiver is not None
        if not terms.receivers or not sends:
            return True
        to = None if order.receiver is None else self._participant_of(order.receiver)
        return to in terms.receivers

    async def _covers(self, delegation: Permission, order: Order) -> bool:
        terms = delegation_terms(delegation.terms)
        if terms.places and order.place not in terms.places:
            return False
        if order.event_time and not (
            delegation.valid_from <= time_ms(order.event_time) / 1000 < delegation.valid_until
        ):
            return False
        return not terms.goods or await self._database.read(_all_covered(terms, order))

    def _request(self, asked: Asked, delegation: Permission) -> DelegatedRequest:
        return DelegatedRequest(
            owner=self.rules.participant,
            provider=asked.provider,
            key=asked.key,
            operation=asked.operation,
            delegation=delegation.id,
            asked_at_ms=int(self.rules.clock() * 1000),
            statement=asked.said.to_json(),
            digest=asked.digest,
        )

    async def _keep(self, provider: int, delegation_id: str, request: DelegatedRequest) -> None:
        def work(connection: Connection) -> bool:
            found = DELEGATIONS.of_id(connection, delegation_id)
            active = found is not None and found.state_at(self.rules.clock()) == "active"
            if active and self.rules.is_active(provider):
                delegated_requests.ask(connection, request)
                return True
            return False

        if not await self._database.write("delegated_request", work):
            raise _none()

    async def _answer(self, request: DelegatedRequest, outcome: str, entry: bytes | None) -> bytes:
        body = {
            "request": request.digest.hex(),
            "operation": request.operation,
            "key": request.key,
            "outcome": outcome,
            "entry": None if entry is None else entry.hex(),
        }
        said = self._statements.say(OUTCOME, body).to_json()
        await self._database.write(
            "delegated_outcome",
            lambda c: delegated_requests.answer(c, request, outcome, entry=entry, answer=said),
        )
        return said


def _all_covered(terms: DelegationTerms, order: Order) -> Callable[[Connection], bool]:
    """Return what tells whether all goods of an order, and all in them, are in the terms."""
    goods = set(terms.goods)

    def work(connection: Connection) -> bool:
        named = {*order.codes, *([order.parent] if order.parent else [])}
        inner = contents(connection, named, codes_max=_INSIDE_MAX)
        if not inner.is_whole:
            return False
        every = named.union(*inner.inside.values())
        units = {one for one in every if product_of_code(one) is None} - goods
        new_unit = {order.parent} if order.parent and order.codes else set()
        if any(not inner.inside.get(one) for one in units - new_unit):
            return False  # nobody knows what is in it
        lots = {**order.lots, **lots_of(connection, every)}
        return all(covered(one, lots.get(one), goods) for one in every - units)

    return work


def _none() -> NotFoundError:
    return NotFoundError("no delegation allows this now", code="delegation_not_found")


def _beyond() -> NotPossibleError:
    return NotPossibleError("this is beyond what is delegated", code="delegation_scope")


def _to_nobody() -> NotPossibleError:
    return NotPossibleError(
        "goods may not go to this receiver under what is delegated", code="delegation_receiver"
    )


def _refused(operation: str) -> NotPossibleError:
    return NotPossibleError(
        f"{operation} is refused; the owner of the goods knows why",
        code="operation_refused",
        hint="Ask the owner.",
    )


__all__ = ["DELEGATED", "KEY", "OUTCOME", "Asked", "Delegations"]
