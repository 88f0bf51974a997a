"""Statements that participants sign: making ours, and believing theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from anchoring.chain.signer import Signer
from anchoring.chain.statements import sign_statement, statement_signer
from anchoring.core.statement import Statement, parse_statement, statement_from_wire
from anchoring.directory.model import Directory, Purpose
from anchoring.errors import AnchoringError
from node_gateway.errors import RequestError


class StatementError(RequestError):
    """A statement is malformed, or was not signed by whoever it names."""

    code = "statement_refused"


@dataclass(frozen=True, slots=True)
class Statements:
    """Signs in our name; knows whose key another statement was signed with.

    Attributes:
        registry: 20 bytes; with `chain_id` it names the network.
        directory: The network as of now.
        clock: Unix seconds.
    """

    participant: int
    signer: Signer
    chain_id: int
    registry: bytes
    directory: Callable[[], Directory]
    clock: Callable[[], float]

    def say(self, kind: str, body: Mapping[str, Any]) -> Statement:
        """Return a statement of ours, signed now."""
        said = Statement(
            participant=self.participant,
            kind=kind,
            body=orjson.dumps(body).decode(),
            at=int(self.clock()),
            chain_id=self.chain_id,
            registry=self.registry,
        )
        return sign_statement(said, self.signer)

    def heard(self, raw: bytes | dict[str, Any], kind: str, participant: int) -> Statement:
        """Return what a participant said.

        Args:
            raw: Its text, or the JSON value of it.
            kind: What it must be about.
            participant: Who must have said it.

        Raises:
            StatementError: it is something else, or its key was not valid then.
        """
        try:
            said = parse_statement(raw) if isinstance(raw, bytes) else statement_from_wire(raw)
            signed_by = statement_signer(said)
        except AnchoringError as error:
            raise StatementError(f"the statement cannot be read: {error.code}") from error
        expected = (kind, participant, self.chain_id, self.registry)
        if (said.kind, said.participant, said.chain_id, said.registry) != expected:
            raise StatementError("the statement is about something else, or another's")
        directory = self.directory()
        if not directory.key_valid_at(signed_by, participant, Purpose.SIGN, said.at):
            raise StatementError("the statement was not signed with a key valid then")
        return said


def body_of(said: Statement) -> dict[str, Any]:
    """Return the JSON object that is the body of a statement.

    Raises:
        StatementError: it is something else.
    """
    try:
        body = orjson.loads(said.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise StatementError("the body of the statement is no JSON object")
    return body
