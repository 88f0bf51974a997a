"""What the issuer makes of claims, and what a shop makes of the issuer's answer.

Everything here runs inside a transaction of the caller: a message, its answer and what follows from
it are one step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Connection

from anchoring.directory.model import Directory
from node_gateway.partners.ports import Channel, ExceptionKind, Exceptions, NewException
from node_gateway.partners.sale_messages import SALE_ANSWER, SaleAnswered
from node_gateway.storage import sales
from node_gateway.storage.code_states import read_states
from node_gateway.storage.sales import Answer, Claim

CLAIMS_TOLD_MAX: Final = 16
"""Later sales of one code are counted, and told to their own shops only."""
_CLAIMS_MAX: Final = 10_000


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

    def count(self, connection: Connection, code: str) -> None:
        """Count the sales of a code of ours again, and tell those for whom the answer changed."""
        claims = sales.of_code(connection, code, limit=_CLAIMS_MAX)
        standing = [one for one in claims if one.target == sales.OURSELVES and one.stands]
        wanted = self._answer(connection, code, standing)
        for place, claim in enumerate(standing):
            is_news = (claim.answer, claim.times) != (wanted, len(standing))
            if is_news and (place < CLAIMS_TOLD_MAX or claim.answer is Answer.NONE):
                sales.change(connection, claim.number, answer=wanted, times=len(standing))
                self._tell(connection, claim, SaleAnswered(claim.token, wanted, len(standing)))
        if wanted is Answer.AGAIN and not any(one.is_own for one in standing):
            self.sold_again_here(connection, standing[0], len(standing))

    def take_answer(self, connection: Connection, claim: Claim, said: SaleAnswered) -> None:
        """Keep what the issuer says of a claim, and pass it on to where the claim came from."""
        sales.change(connection, claim.number, answer=said.answer, times=said.times)
        self._tell(connection, claim, said)

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

    def _answer(self, connection: Connection, code: str, standing: Sequence[Claim]) -> Answer:
        state = read_states(connection, [code], {}).get(code)
        if state is None or state.made is None:
            return Answer.UNKNOWN
        return Answer.FIRST if len(standing) < 2 else Answer.AGAIN

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
