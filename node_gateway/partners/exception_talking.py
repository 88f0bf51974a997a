"""What the two sides of a case say to each other, and what follows from it.

Each side has its own record, joined by the UUID; a partner can name only cases that it has with
us, and is answered alike whether another case does not exist or is not its own. Rules:

* `ask` and `propose` wait for an answer; whoever hears them has to act.
* `agree` answers the other side's last proposal.
* A resolved case takes no question, proposal or agreement; `say` changes nothing of it, and
  `reopen` opens it again, with a new due time.
* `resolve` says that the other side is done. Ours stays open until we are.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from node_gateway.errors import NotFoundError, NotPossibleError
from node_gateway.partners import exception_words as words
from node_gateway.partners.exception_words import Statement, body_of, statement_of
from node_gateway.partners.exceptions import Began, Cases, Rules
from node_gateway.partners.ports import (
    Channel,
    ExceptionKind,
    Message,
    MessageRefusedError,
    NewException,
)
from node_gateway.storage import exception_goods as goods
from node_gateway.storage import exceptions as cases
from node_gateway.storage.database import Database
from node_gateway.storage.exceptions import PARTNER, CaseRow, ChangeRow, MessageRow
from node_gateway.storage.exceptions_reading import last_proposal, message_count, open_count

_NEEDS_OPEN: Final = frozenset({words.ASK, words.PROPOSE, words.AGREE})
_WAITS: Final = frozenset({words.ASK, words.PROPOSE})


class RequireProof(Protocol):
    """Checks the bundle of a resolution."""

    def __call__(self, said: Statement, row: CaseRow, *, sender: int) -> bytes:
        """Return the bundle, or raise MessageRefusedError."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """What an operator says.

    Attributes:
        act: `say`, `ask`, `propose`, `agree` or `reopen`.
        action: Of a proposal.
        who: Says it; the partner hears only which participant.
    """

    act: str
    text: str
    who: str
    action: str | None = None


class Talking:
    """Says things about cases, and hears them: the handler of messages of kind `exception`."""

    def __init__(
        self,
        database: Database,
        rules: Rules,
        *,
        opening: Cases,
        channel: Channel,
        require_proof: RequireProof,
    ) -> None:
        self._database, self._rules, self._opening = database, rules, opening
        self._channel, self._require_proof = channel, require_proof

    async def say(self, number: int, said: Said) -> None:
        """Say something about a case, to its partner if the partner has the case.

        Raises:
            NotFoundError: no such case.
            NotPossibleError: its state does not allow that.
        """

        def work(connection: Connection) -> None:
            row = found(connection, number)
            problem = impossible(connection, row, said.act, by=self._rules.participant)
            if problem is not None:
                raise _not_possible(problem)
            self.put(connection, row, said, entry=None, cause=None)
            self.follow(connection, row, said.act, ours=True, who=said.who)

        await self._database.write("exception_said", work)
        self._channel.wake()

    def put(
        self,
        connection: Connection,
        row: CaseRow,
        said: Said,
        *,
        entry: bytes | None,
        cause: str | None,
    ) -> None:
        """Keep what was said here and send it, inside a transaction of the caller."""
        digest = None
        if row.told and row.partner is not None:
            stated = Statement(
                case=row.uuid,
                act=said.act,
                text=said.text,
                action=said.action,
                cause=cause,
                entry=entry,
            )
            digest = self._channel.put(connection, row.partner, words.MESSAGE_KIND, body_of(stated))
        now_ms = self._rules.now_ms
        kept = MessageRow(
            self._rules.participant, said.who, now_ms, said.act, said.action, said.text, digest
        )
        cases.add_message(connection, row.number, kept)

    def renumbered(self, connection: Connection, old: bytes, new: bytes) -> None:
        """Follow a message of ours that is named by another digest now."""
        cases.rename(connection, old, new)

    async def check(self, message: Message) -> Statement:
        """Read a partner's statement."""
        if len(message.body) > 64 * 1024:
            return await asyncio.to_thread(statement_of, message.body)
        return statement_of(message.body)

    def take(self, connection: Connection, message: Message, checked: Any) -> None:
        """Write down what a partner said, and what follows from it."""
        said: Statement = checked
        if said.act == words.OPEN:
            self._open(connection, message, said)
            return
        row = cases.case_by_uuid(connection, said.case, message.sender)
        if row is None:
            raise MessageRefusedError("no such case is known here", code="exception_unknown")
        if said.act == words.PROVE:
            proof = self._require_proof(said, row, sender=message.sender)
            cases.change_case(connection, row.number, proof_there=proof)
            return
        problem = impossible(connection, row, said.act, by=message.sender)
        if problem is not None:
            raise MessageRefusedError(_PROBLEMS[problem], code=problem)
        if said.act != words.RESOLVE or row.entry_there is None or not is_full(connection, row):
            cases.add_message(connection, row.number, _heard(message, said))
        self.follow(connection, row, said.act, ours=False, who=_name(message.sender))
        if said.act == words.RESOLVE:
            cases.change_case(connection, row.number, entry_there=said.entry, proof_there=None)

    def _open(self, connection: Connection, message: Message, said: Statement) -> None:
        sender, kind = message.sender, said.kind or ExceptionKind.OTHER
        if cases.case_by_uuid(connection, said.case, sender) is not None:
            raise MessageRefusedError("this case is known here", code="exception_known")
        if open_count(connection, sender) >= words.CASES_MAX:
            raise MessageRefusedError(
                f"there are {words.CASES_MAX} unresolved cases already", code="exception_full"
            )
        if said.handover is None:
            if said.codes:
                raise _foreign()
        elif not goods.is_between(connection, said.handover, sender):
            raise _foreign()
        wish = NewException(
            kind=kind,
            partner=sender,
            subject=said.handover or message.digest,
            detail=said.text or _DETAIL,
            codes=said.codes,
            expected=said.expected,
            found=said.found,
        )
        mark = sha256(b"sealtrail/exception/heard/v1\n" + message.digest).digest()
        began = Began(PARTNER, mark, said.case, _name(sender))
        row = self._opening.keep(connection, wish, said.codes, began)
        may_be_unlisted = said.handover is None or kind in words.FOUND
        if not may_be_unlisted and goods.unlisted_count(connection, row.number, row.subject):
            raise _foreign()
        cases.add_message(connection, row.number, _heard(message, said))

    def follow(
        self, connection: Connection, row: CaseRow, act: str, *, ours: bool, who: str
    ) -> None:
        """Write down what follows for a case from an act, inside a transaction of the caller."""
        now_ms = self._rules.now_ms
        if act == words.REOPEN:
            # Whichever side had closed it: both have to say again how it ends.
            values: dict[str, Any] = {"entry_there": None, "proof_there": None, "proof_owed": 0}
            if row.resolved:
                due_ms = self._rules.due_ms(now_ms)
                values |= {"state": cases.OPEN, "due_at_ms": due_ms, "resolved_at_ms": None}
            cases.change_case(connection, row.number, **values)
            cases.add_change(connection, row.number, ChangeRow(now_ms, who, "reopened"))
            return
        if row.state not in (cases.OPEN, cases.WAITING):
            return  # what is escalated stays so until it is resolved
        state = row.state
        if ours and act in _WAITS and row.told:
            state = cases.WAITING
        elif not ours and act != words.SAY:
            state = cases.OPEN
        if state != row.state:
            cases.change_case(connection, row.number, state=state)
            cases.add_change(connection, row.number, ChangeRow(now_ms, who, "state", state))


def found(connection: Connection, number: int) -> CaseRow:
    """Return a case.

    Raises:
        NotFoundError: there is none of this number.
    """
    row = cases.case_by_number(connection, number)
    if row is None:
        raise NotFoundError("there is no such exception", code="exception_not_found")
    return row


def is_full(connection: Connection, row: CaseRow) -> bool:
    """Tell whether a case has as many messages as it may have."""
    return message_count(connection, row.number) >= words.MESSAGES_MAX


def impossible(connection: Connection, row: CaseRow, act: str, *, by: int) -> str | None:
    """Return the code of what speaks against an act of participant `by` on a case, None if nothing.

    The limit of messages leaves room for what ends a case: one agreement, which needs a proposal,
    and one resolution of each side. A partner that resolves a full case once more is followed, but
    its message is not listed.
    """
    if act not in (words.RESOLVE, words.AGREE) and is_full(connection, row):
        return "exception_full"
    if row.resolved and act in _NEEDS_OPEN:
        return "exception_closed"
    if act == words.REOPEN and not row.resolved and row.entry_there is None:
        return "exception_not_closed"
    if act == words.AGREE:
        proposal = last_proposal(connection, row.number)
        if proposal is None or proposal.participant == by:
            return "exception_nothing_proposed"
    return None


_DETAIL: Final = "The partner reports a mismatch."
_PROBLEMS: Final = {
    "exception_full": f"a case has at most {words.MESSAGES_MAX} messages",
    "exception_closed": "the case is resolved; reopen it first",
    "exception_not_closed": "the case is not resolved",
    "exception_nothing_proposed": "the other side has proposed nothing that is not answered",
}


def _not_possible(problem: str) -> NotPossibleError:
    return NotPossibleError(_PROBLEMS[problem], code=problem, hint="sealtrail exception show")


def _foreign() -> MessageRefusedError:
    return MessageRefusedError(
        "it is about no handover between the two, or names codes that are in none",
        code="exception_foreign",
    )


def _name(participant: int) -> str:
    return f"participant {participant}"


def _heard(message: Message, said: Statement) -> MessageRow:
    return MessageRow(
        participant=message.sender,
        who=None,
        at_ms=message.said_at * 1000,
        act=said.act,
        action=said.action,
        text=said.text,
        digest=message.digest,
    )
