"""Exceptions: every mismatch is a case that somebody owns and that is due at a time.

A case is opened in the transaction that finds the mismatch, and the partner is told in the same
one: neither side can come to know of it without the other. What the partner is told is what it
needs to look at its own side, see `exception_telling`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import orjson
from sqlalchemy import Connection

from node_gateway.partners.exception_telling import Telling
from node_gateway.partners.ports import NewException
from node_gateway.settings_exceptions import ExceptionsSection
from node_gateway.storage import exceptions as cases
from node_gateway.storage.database import Database
from node_gateway.storage.exceptions import HERE, PARTNER, CaseRow, ChangeRow

GATEWAY: Final = "gateway"
"""Who does what nobody asked for by hand."""
DETAIL_LENGTH_MAX: Final = 2000


@dataclass(frozen=True, slots=True)
class Rules:
    """What every case gets: who cares for it, and by when.

    Attributes:
        participant: We.
        clock: Unix seconds.
    """

    participant: int
    settings: ExceptionsSection
    clock: Callable[[], float]

    @property
    def now_ms(self) -> int:
        """Now, Unix milliseconds."""
        return int(self.clock() * 1000)

    def due_ms(self, opened_ms: int) -> int:
        """Return when a case is due that is opened, or opened again, at `opened_ms`."""
        due = self.settings.calendar().due(opened_ms / 1000, self.settings.due_working_days)
        return int(due * 1000)


@dataclass(frozen=True, slots=True)
class Began:
    """Where a case comes from.

    Attributes:
        origin: `here`, `partner` or `file`.
        fingerprint: What makes it the same case, 32 bytes.
        uuid: Names it at both sides.
        who: Opened it.
    """

    origin: str
    fingerprint: bytes
    uuid: str
    who: str


class Cases:
    """Opens cases: `ports.Exceptions`.

    Attributes:
        rules: What every case gets.
    """

    def __init__(self, database: Database, rules: Rules, telling: Telling) -> None:
        self._database, self.rules, self._telling = database, rules, telling

    def open(self, connection: Connection, wish: NewException, *, who: str = GATEWAY) -> int:
        """Open a case inside a transaction of the caller; return its number.

        The same kind about the same subject and codes, with the same partner, is the same case,
        resolved or not: its number comes back and nothing is written.
        """
        codes = sorted(set(wish.codes))
        mark = fingerprint(wish, codes)
        known = cases.case_by_fingerprint(connection, mark)
        if known is not None:
            return known.number
        row = self.keep(connection, wish, codes, Began(HERE, mark, str(uuid.uuid4()), who))
        if self._telling.tell(connection, row, at_ms=row.opened_at_ms):
            cases.change_case(connection, row.number, told=True)
        return row.number

    def keep(
        self, connection: Connection, wish: NewException, codes: Sequence[str], began: Began
    ) -> CaseRow:
        """Write a new case down and return it; nobody is told.

        Args:
            connection: Inside a transaction.
            wish: The mismatch.
            codes: Its codes, each once.
            began: Where it comes from.
        """
        now_ms = self.rules.now_ms
        row = CaseRow(
            number=cases.next_case(connection),
            uuid=began.uuid,
            fingerprint=began.fingerprint,
            origin=began.origin,
            kind=wish.kind.value,
            partner=wish.partner,
            subject=wish.subject,
            detail=wish.detail[:DETAIL_LENGTH_MAX],
            code_count=len(codes),
            expected=wish.expected,
            found=wish.found,
            owner=self.rules.settings.owner,
            state=cases.OPEN,
            told=began.origin == PARTNER,
            opened_at_ms=now_ms,
            due_at_ms=self.rules.due_ms(now_ms),
        )
        change = ChangeRow(now_ms, began.who, "opened", wish.kind.value)
        cases.add_case(connection, self._database.insert, row, codes, change)
        return row


def fingerprint(wish: NewException, codes: Sequence[str]) -> bytes:
    """Return what makes two mismatches the same one, 32 bytes.

    Args:
        wish: The mismatch.
        codes: Its codes, each once, sorted.
    """
    about = [wish.kind.value, wish.partner, wish.subject.hex(), list(codes)]
    return sha256(b"sealtrail/exception/v1\n" + orjson.dumps(about)).digest()
