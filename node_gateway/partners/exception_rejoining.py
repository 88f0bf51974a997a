"""Know again what we said about exceptions, after our database was restored from an old copy.

What was fetched back is entered in its case, once, in the order in which it was said. The partner
says again what it had said since the copy; both sides' words are merged by their times, so that
each is heard in the state that it met. What is left when the partner has been quiet for a while is
entered then.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy import Connection, func, select

from node_gateway.partners import exception_words as words
from node_gateway.partners.exception_talking import Talking
from node_gateway.partners.exception_words import Statement, statement_of
from node_gateway.partners.exceptions import GATEWAY, Began, Cases, fingerprint
from node_gateway.partners.fetching_back import META_FETCHED
from node_gateway.partners.ports import ExceptionKind, Message, MessageRefusedError, NewException
from node_gateway.storage import code_states, peers, registers
from node_gateway.storage import exceptions as cases
from node_gateway.storage.database import Database
from node_gateway.storage.exception_tables import exception_message
from node_gateway.storage.exceptions import HERE, CaseRow, ChangeRow, MessageRow
from node_gateway.storage.peer_tables import peer_message
from node_gateway.storage.peers import StoredMessage, Way

QUIET_S: Final = 30
"""A partner that said nothing for so long has said again what it had to."""
_EARLIER: Final = frozenset({words.OPEN, words.ASK, words.PROPOSE})
"""What comes before the partner's words of the same second: they answer it."""
_DETAIL: Final = "We had told the partner of a mismatch; this database had forgotten it."
_said = peer_message.c


class _Forgotten(NamedTuple):
    """Something that we said and that stands in no case."""

    message: StoredMessage
    said: Statement


class Rejoining:
    """Enters what was fetched back; a handler of messages of kind `exception`, around `talking`.

    Args:
        database: Has the messages, and the cases.
        opening: Keeps cases.
        talking: What follows from what is said.
    """

    def __init__(self, database: Database, opening: Cases, talking: Talking) -> None:
        self._database, self._opening, self._talking = database, opening, talking
        self._log = structlog.get_logger()

    async def look(self) -> bool:
        """Enter what nothing of a partner's can come before any more; tell whether that is all."""
        if await self._database.read(lambda c: registers.meta(c, META_FETCHED)) is None:
            return True
        return await self._database.write("exception_rejoined", lambda c: not self._enter(c))

    async def check(self, message: Message) -> Statement:
        """See `ports.Handler`."""
        return await self._talking.check(message)

    def take(self, connection: Connection, message: Message, checked: Any) -> None:
        """Enter what we said before this, then take it; see `ports.Handler`."""
        if registers.meta(connection, META_FETCHED) is not None:
            self._enter(connection, message.sender, message.said_at)
        self._talking.take(connection, message, checked)

    def _enter(
        self, connection: Connection, partner: int | None = None, until: int | None = None
    ) -> int:
        """Enter what was said up to a time, in order; return how much is left to be entered."""
        waiting: set[tuple[int, str]] = set()
        left = came = 0
        for one in _forgotten(connection, partner):
            message, said = one
            about = (message.partner, said.case)
            if until is None:
                quiet = self._is_quiet(connection, message.partner)
                due = quiet or said.act == words.OPEN
            else:
                quiet = False
                due = (message.said_at, said.act not in _EARLIER) <= (until, False)
            if about in waiting or not due or not self._is_entered(connection, one):
                waiting.add(about)
                left += not quiet  # what has no case by then never gets one
                continue
            came += 1
        if came:
            self._log.warning("forgotten messages stand in their exceptions again", count=came)
        return left

    def _is_quiet(self, connection: Connection, partner: int) -> bool:
        since = int(registers.meta(connection, META_FETCHED) or b"0")
        heard = select(func.max(_said.answered_at)).where(
            _said.partner == partner, _said.direction == int(Way.HEARD)
        )
        last = max(since, connection.execute(heard).scalar() or 0)
        return last + QUIET_S <= self._opening.rules.now_ms // 1000

    def _is_entered(self, connection: Connection, one: _Forgotten) -> bool:
        """Enter a message; false if its case is not here."""
        message, said = one
        row = cases.case_by_uuid(connection, said.case, message.partner)
        if row is None:
            if said.act != words.OPEN:
                return False
            row = self._opened(connection, one)
        who, at_ms = GATEWAY, message.said_at * 1000
        kept = MessageRow(
            self._opening.rules.participant, None, at_ms, said.act, said.action, said.text,
            message.digest,
        )  # fmt: skip
        cases.add_message(connection, row.number, kept)
        if said.act == words.RESOLVE:
            _resolve(connection, row, one)
        elif said.act != words.OPEN:
            self._talking.follow(connection, row, said.act, ours=True, who=who)
        return True

    def _opened(self, connection: Connection, one: _Forgotten) -> CaseRow:
        """Open a case of ours again, or find it: the mismatch may have been found anew."""
        message, said = one
        wish = NewException(
            kind=said.kind or ExceptionKind.OTHER,
            partner=message.partner,
            subject=said.handover or message.digest,
            detail=said.text or _DETAIL,
            codes=said.codes,
            expected=said.expected,
            found=said.found,
        )
        mark = fingerprint(wish, said.codes)
        known = cases.case_by_fingerprint(connection, mark)
        if known is not None and not known.told:
            cases.change_case(connection, known.number, uuid=said.case, told=True)
            return known
        if known is not None:  # the partner has both
            mark = sha256(b"sealtrail/exception/said/v1\n" + message.digest).digest()
        began = Began(HERE, mark, said.case, GATEWAY)
        row = self._opening.keep(connection, wish, said.codes, began)
        opened_ms = message.said_at * 1000
        due_ms = self._opening.rules.due_ms(opened_ms)
        cases.change_case(
            connection, row.number, told=True, opened_at_ms=opened_ms, due_at_ms=due_ms
        )
        return row


def _resolve(connection: Connection, row: CaseRow, one: _Forgotten) -> None:
    """Close a case as we had closed it. Its event may be forgotten: then nobody can prove it."""
    message, said = one
    entry = said.entry or b""
    owed = code_states.position_of(connection, entry) is not None and not _proven(connection, one)
    cases.change_case(
        connection,
        row.number,
        state=cases.RESOLVED,
        resolved_at_ms=message.said_at * 1000,
        cause=said.cause,
        action=said.action,
        resolution=said.text,
        entry=entry,
        proof_owed=int(owed),
    )
    change = ChangeRow(message.said_at * 1000, GATEWAY, "resolved", f"{said.cause} {said.action}")
    cases.add_change(connection, row.number, change)


def _proven(connection: Connection, one: _Forgotten) -> bool:
    """Tell whether we sent the bundle of a resolution."""
    number = one.message.number
    return any(
        later.number > number and said.act == words.PROVE and said.case == one.said.case
        for later, said in _all(connection, one.message.partner)
    )


def _forgotten(connection: Connection, partner: int | None) -> list[_Forgotten]:
    """Return what we said about exceptions and what stands in none, in order."""
    query = select(exception_message.c.digest).where(exception_message.c.digest.is_not(None))
    known = {bytes(one) for one in connection.execute(query).scalars()}
    return [one for one in _all(connection, partner, without=known) if one.said.act != words.PROVE]


def _all(
    connection: Connection, partner: int | None, without: set[bytes] | None = None
) -> list[_Forgotten]:
    query = select(_said.partner, _said.number, _said.digest).where(
        _said.direction == int(Way.SAID), _said.kind == words.MESSAGE_KIND
    )
    if partner is not None:
        query = query.where(_said.partner == partner)
    found = []
    for row in connection.execute(query.order_by(_said.partner, _said.number)).all():
        if bytes(row.digest) in (without or ()):
            continue
        message = peers.message(connection, row.partner, Way.SAID, row.number)
        if message is None:
            continue
        try:
            found.append(_Forgotten(message, statement_of(message.body)))
        except MessageRefusedError:
            continue  # nothing that this version would say
    return found


__all__ = ["QUIET_S", "Rejoining"]
