"""Acting in another participant's name: the provider's side of a delegation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

from anchoring.chain.statements import statement_digest
from anchoring.core.statement import Statement, parse_statement
from node_gateway.errors import NotPossibleError, ParameterError
from node_gateway.partners.delegations import DELEGATED, KEY, OUTCOME
from node_gateway.partners.ports import PeerAnswer, PeerError, Peers
from node_gateway.partners.statements import StatementError, Statements, body_of
from node_gateway.storage import delegated_requests
from node_gateway.storage.database import Database
from node_gateway.storage.delegated_requests import DONE, REFUSED, DelegatedRequest
from node_gateway.storage.errors import IdempotencyMismatchError

_CODE: Final = re.compile("[a-z0-9_]{1,64}")
_DETAIL_LENGTH_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of a request; both statements are kept."""

    owner: int
    key: str
    operation: str
    entry: str
    repeated: bool

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "owner": self.owner,
            "key": self.key,
            "operation": self.operation,
            "entry": self.entry,
            "repeated": self.repeated,
        }


class Acting:
    """Signs requests, sends them, and keeps what was asked and answered."""

    def __init__(self, database: Database, peers: Peers, statements: Statements) -> None:
        self._database, self._peers, self._statements = database, peers, statements

    async def act(self, owner: int, operation: str, order: dict[str, Any], *, key: str) -> Acted:
        """Ask an owner's gateway for an operation in its name.

        Args:
            owner: Whose goods they are.
            operation: Name of the operation.
            order: As for `/v1/operations/<operation>`, JSON.
            key: Our name for it: sent again it is done once.

        Raises:
            ParameterError: the key has another form.
            IdempotencyMismatchError: it was used for another order.
            NotPossibleError: the owner refuses; the code is the owner's.
            PeerError: no answer, or none that can be believed; ask again under the same key.
        """
        if not KEY.fullmatch(key):
            raise ParameterError("a key has letters, digits and . _ : -", code="request_key")
        request, repeated = await self._request(owner, operation, order, key)
        if repeated and request.outcome == DONE and request.entry is not None:
            return Acted(owner, key, operation, request.entry.hex(), repeated=True)
        answer = await self._peers.request(
            owner, "POST", f"/v1/peer/delegated/{operation}", body=request.statement
        )
        if not answer.ok:
            await self._refused(request, answer)
        said = self._believed(request, answer.body)
        entry = bytes.fromhex(str(body_of(said)["entry"]))
        raw = said.to_json()
        await self._database.write(
            "acted",
            lambda c: delegated_requests.answer(c, request, DONE, entry=entry, answer=raw),
        )
        return Acted(owner, key, operation, entry.hex(), repeated=repeated)

    async def _request(
        self, owner: int, operation: str, order: dict[str, Any], key: str
    ) -> tuple[DelegatedRequest, bool]:
        """Return the request to send, kept, and whether it was known before."""
        us = self._statements.participant
        known = await self._database.read(
            lambda c: delegated_requests.request_of(c, owner, us, key)
        )
        if known is not None and known.outcome != REFUSED:
            before = body_of(parse_statement(known.statement))
            if (known.operation, before.get("order")) != (operation, order):
                raise IdempotencyMismatchError(capture_id=key)
            return known, True
        body = {"owner": owner, "operation": operation, "key": key, "order": order}
        said = self._statements.say(DELEGATED, body)
        request = DelegatedRequest(
            owner=owner,
            provider=us,
            key=key,
            operation=operation,
            delegation="",
            asked_at_ms=said.at * 1000,
            statement=said.to_json(),
            digest=statement_digest(said),
        )
        await self._database.write("act_for", lambda c: delegated_requests.ask(c, request))
        return request, False

    def _believed(self, request: DelegatedRequest, raw: bytes) -> Statement:
        """Return the owner's outcome, signed by it and about this request.

        Raises:
            PeerError: it is something else.
        """
        try:
            said = self._statements.heard(raw, OUTCOME, request.owner)
            body = body_of(said)
            entry = bytes.fromhex(str(body.get("entry")))
        except (StatementError, ValueError) as error:
            raise _unbelieved(request.owner) from error
        wanted = (request.key, request.operation, DONE, len(request.digest))
        if (body.get("key"), body.get("operation"), body.get("outcome"), len(entry)) != wanted:
            raise _unbelieved(request.owner)
        return said

    async def _refused(self, request: DelegatedRequest, answer: PeerAnswer) -> None:
        """Keep a refusal and say it; an answer that is none leaves the request as it was."""
        try:
            problem = orjson.loads(answer.body)
            code, detail = str(problem["code"]), str(problem["detail"])
        except (ValueError, KeyError, TypeError):
            code, detail = "", ""
        if not 400 <= answer.status < 500 or not _CODE.fullmatch(code):
            raise PeerError(
                request.owner, f"the owner's gateway answers {answer.status}", status=answer.status
            )
        await self._database.write(
            "refused",
            lambda c: delegated_requests.answer(
                c, request, REFUSED, entry=None, answer=answer.body[:10_000]
            ),
        )
        raise NotPossibleError(detail[:_DETAIL_LENGTH_MAX], code=code)


def _unbelieved(owner: int) -> PeerError:
    return PeerError(owner, "the owner's outcome cannot be believed", code="peer_answer")
