"""What the issuer makes of claims, and what a shop makes of the issuer's answer.

Everything here runs inside a transaction of the caller: a message, its answer and what follows from
it are one step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from sqlalchemy import Connection

from anchoring.directory.model import Directory
from node_gateway.partners.ports import Channel, ExceptionKind, Exceptions, NewException
from node_gateway.partners.sale_messages import SALE_ANSWER, SaleAnswered
from node_gateway.storage import sales
from node_gateway.storage.code_states import read_states
from node_gateway.storage.sale_counting import Counted, counted
from node_gateway.storage.sales import Answer, Claim, Kind

CLAIMS_TOLD_MAX: Final = 16
"""Later sales of one code are counted, and told to their own shops only."""
CLAIMS_MAX: Final = 10_000
_Found: TypeAlias = tuple[Answer, int]


class Alarm(Protocol):
    """Counts what was found; carries no code and no partner."""

    def __call__(self, kind: str) -> None:
        """Count one."""


@dataclass(frozen=True, slots=True)
class SaleJudging:
    """Judges the sales of codes: those of ours as their issuer, those of others as told.

    Attributes:
        participant: Whose gateway this is.
        alarm: Told of every sale that is found to be another one.
    """

    participant: int
    channel: Channel
    exceptions: Exceptions
    directory: Callable[[], Directory]
    clock: Callable[[], float]
    alarm: Alarm

    def is_ours(self, code: str) -> bool:
        """Tell whether we are the issuer of a code, as the chain has it."""
        owner = self.directory().owner_at(code, int(self.clock()))
        return owner is not None and owner.participant.id == self.participant

    def judge(self, connection: Connection, code: str, claims: Sequence[Claim]) -> None:
        """Count the sales of a code again, and tell those for whom the answer changed.

        Whoever is on the way of two claims knows already that they are two; the issuer knows of
        more ways, and whoever hears from it passes that on.
        """
        count = counted(claims)
        is_issuer = self.is_ours(code)
        found = self._as_issuer(connection, code, count) if is_issuer else _as_heard(claims, count)
        if found is None:
            return
        answer, times = found
        standing = [
            one
            for one in claims
            if one.kind is Kind.SOLD and one.stands and not (one.is_own and one.is_at_home)
        ]
        for place, claim in enumerate(standing):
            is_news = (claim.answer, claim.times) != (answer, times)
            if is_news and (place < CLAIMS_TOLD_MAX or claim.answer is Answer.NONE):
                sales.change(connection, claim.number, answer=answer, times=times)
                self._tell(connection, claim, SaleAnswered(claim.token, answer, times))
        if is_issuer and answer is Answer.AGAIN and not any(one.is_own for one in standing):
            self.sold_again_here(connection, standing[0], times)

    def _as_issuer(self, connection: Connection, code: str, count: Counted) -> _Found:
        state = read_states(connection, [code], {}).get(code)
        if state is None or state.made is None:
            return Answer.UNKNOWN, count.gross
        return _sold(count.net)

    def sold_again_here(self, connection: Connection, claim: Claim, times: int) -> None:
        """Open the exception of a sale of our own that is not the only one."""
        self.alarm(ExceptionKind.SOLD_AGAIN)
        self.exceptions.open(
            connection,
            NewException(
                kind=ExceptionKind.SOLD_AGAIN,
                partner=None,
                subject=claim.entry or claim.token,
                codes=(claim.code,),
                expected=1,
                found=times,
                detail=f"A pack with this code was sold {times} times: one of them is no original, "
                "or a sale or return was not stated.",
            ),
        )

    def _tell(self, connection: Connection, claim: Claim, said: SaleAnswered) -> None:
        if not claim.is_own:
            self.channel.put(connection, claim.source, SALE_ANSWER, said.body())
        elif claim.stands and said.answer is Answer.AGAIN:
            self.sold_again_here(connection, claim, said.times)
        elif claim.stands and said.answer is Answer.UNKNOWN:
            self._unknown(connection, claim)

    def _unknown(self, connection: Connection, claim: Claim) -> None:
        self.alarm(ExceptionKind.UNKNOWN_CODE)
        self.exceptions.open(
            connection,
            NewException(
                kind=ExceptionKind.UNKNOWN_CODE,
                partner=None,
                subject=claim.entry or claim.token,
                codes=(claim.code,),
                detail="A pack was sold whose code its issuer never put into the trade.",
            ),
        )


def _as_heard(claims: Sequence[Claim], count: Counted) -> _Found | None:
    """Return what is known on the way to the issuer, None while that is nothing."""
    heard = [one for one in claims if one.kind is Kind.SOLD and one.stands and one.heard]
    times = max([count.net, *(one.heard_times for one in heard)])
    if any(one.heard is Answer.UNKNOWN for one in heard):
        return Answer.UNKNOWN, times
    return _sold(times) if heard or count.net > 1 else None


def _sold(times: int) -> _Found:
    """Return the answer; whoever sold it is not told that it came back to somebody else."""
    return (Answer.FIRST, 1) if times < 2 else (Answer.AGAIN, times)
