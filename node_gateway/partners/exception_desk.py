"""The work on exceptions: lists, one case with all that is known of it, owners, cases by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from node_gateway.errors import NotPossibleError
from node_gateway.partners.exception_talking import found
from node_gateway.partners.exception_telling import Telling
from node_gateway.partners.exceptions import Cases, Rules
from node_gateway.partners.ports import Channel, NewException
from node_gateway.storage import exceptions as cases
from node_gateway.storage import exceptions_reading as reading
from node_gateway.storage.database import Database
from node_gateway.storage.exceptions import CaseRow, ChangeRow, MessageRow
from node_gateway.storage.exceptions_reading import CauseCount, Place, Wanted

CODES_SHOWN: int = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What such cases turned out to be.

    Attributes:
        partner: Only cases with this partner were counted; None: those with anybody.
        causes: Commonest first, with how many of the `resolved` cases had each.
        resolved: How many were counted.
    """

    partner: int | None
    causes: tuple[CauseCount, ...]
    resolved: int


@dataclass(frozen=True, slots=True)
class Detail:
    """One case with all that is known of it here."""

    row: CaseRow
    codes: tuple[str, ...]
    messages: tuple[MessageRow, ...]
    refusals: Mapping[bytes, str]
    changes: tuple[ChangeRow, ...]
    suggestion: Suggestion | None


class Desk:
    """The use cases of whoever works on exceptions."""

    def __init__(
        self,
        database: Database,
        rules: Rules,
        *,
        opening: Cases,
        telling: Telling,
        channel: Channel,
        is_participant: Callable[[int], bool],
    ) -> None:
        self._database, self.rules = database, rules
        self._opening, self._telling, self._channel = opening, telling, channel
        self._is_participant = is_participant

    async def page(self, wanted: Wanted, *, after: Place | None, limit: int) -> Sequence[CaseRow]:
        """Return cases: unresolved ones first, what is due first (so overdue) first."""
        return await self._database.read(
            lambda connection: reading.page(connection, wanted, after=after, limit=limit)
        )

    async def show(self, number: int) -> Detail:
        """Return one case.

        Raises:
            NotFoundError: no such case.
        """

        def work(connection: Connection) -> Detail:
            row = found(connection, number)
            return Detail(
                row=row,
                codes=tuple(reading.codes_of(connection, number, after="", limit=CODES_SHOWN)),
                messages=tuple(reading.messages_of(connection, number)),
                refusals=reading.refusals(connection, number),
                changes=tuple(reading.changes_of(connection, number)),
                suggestion=None if row.resolved else suggestion(connection, row),
            )

        return await self._database.read(work)

    async def codes(self, number: int, *, after: str, limit: int) -> Sequence[str]:
        """Return codes of a case in bytewise order, above `after`; errors as `show`."""

        def work(connection: Connection) -> Sequence[str]:
            found(connection, number)
            return reading.codes_of(connection, number, after=after, limit=limit)

        return await self._database.read(work)

    async def open(self, wish: NewException, *, who: str, tell: bool) -> int:
        """Open a case by hand; return its number.

        Args:
            wish: The mismatch; its detail is told to the partner, too, if `tell`.
            who: Opens it.
            tell: Tell the partner, even of kinds that the gateway does not tell by itself.

        Raises:
            NotPossibleError: the partner is no participant, or we are.
        """
        if wish.partner is not None and not self._is_participant(wish.partner):
            raise _no_partner()

        def work(connection: Connection) -> int:
            number = self._opening.open(connection, wish, who=who)
            row = found(connection, number)
            if tell and not row.told:
                self._tell(connection, row, wish.detail, who)
            return number

        number = await self._database.write("exception_opened", work)
        self._channel.wake()
        return number

    async def tell(self, number: int, *, text: str, who: str) -> None:
        """Tell the partner of a case that it was not told of.

        Raises:
            NotFoundError: no such case.
            NotPossibleError: it knows, or there is no participant to be told.
        """

        def work(connection: Connection) -> None:
            row = found(connection, number)
            if row.told:
                raise NotPossibleError("the partner has the case", code="exception_told")
            self._tell(connection, row, text, who)

        await self._database.write("exception_told", work)
        self._channel.wake()

    async def assign(self, number: int, owner: str, *, who: str) -> None:
        """Give a case to somebody. Raises NotFoundError: no such case."""

        def work(connection: Connection) -> None:
            row = found(connection, number)
            if row.owner == owner:
                return
            cases.change_case(connection, number, owner=owner)
            change = ChangeRow(self.rules.now_ms, who, "owner", owner)
            cases.add_change(connection, number, change)

        await self._database.write("exception_assigned", work)

    def _tell(self, connection: Connection, row: CaseRow, text: str, who: str) -> None:
        now_ms = self.rules.now_ms
        if not self._telling.tell(connection, row, text=text, who=who, at_ms=now_ms):
            raise _no_partner()
        cases.change_case(connection, row.number, told=True)
        cases.add_change(connection, row.number, ChangeRow(now_ms, who, "told"))


def _no_partner() -> NotPossibleError:
    return NotPossibleError(
        "there is no participant to be told",
        code="exception_no_partner",
        hint="sealtrail exception export NUMBER --dscsa makes a file for others.",
    )


def suggestion(connection: Connection, row: CaseRow) -> Suggestion | None:
    """Return what cases of this kind turned out to be: with this partner, else with anybody.

    None where none was resolved yet: nothing is guessed.
    """
    for partner in (row.partner, None):
        known = reading.causes(connection, row.kind, partner)
        if known:
            return Suggestion(partner, tuple(known), sum(one.cases for one in known))
    return None
