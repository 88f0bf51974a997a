"""What every gateway on the way of a claim does with it: keep it, count it, tell the next one.

Everything here runs inside a transaction of the caller's. A neighbour's word is bounded at each
step: what counts of it (`sale_counting`), how many claims of one code it may hold here, and of how
many codes that never went to it it may tell. So nobody's flood reaches anybody else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from node_gateway.partners.ports import Channel, Direction, MessageRefusedError
from node_gateway.partners.sale_judging import CLAIMS_MAX, SaleJudging
from node_gateway.partners.sale_messages import SALE, SaleAnswered, SaleSaid
from node_gateway.settings_partners import SalesSection
from node_gateway.storage import sale_findings, sales
from node_gateway.storage.code_ways import partners_of, supplier_of, went_to
from node_gateway.storage.sale_counting import LIVE_MAX, counted, to_tell
from node_gateway.storage.sales import Claim, ClaimState, Kind, NewClaim

KEPT_MAX: Final = 8
"""Most claims of one code by one neighbour that stand no more, the newest."""
_DAY_S: Final = 24 * 3600


class SaleRelay:
    """Takes claims and answers, and passes on what the next one has to hear."""

    def __init__(
        self,
        channel: Channel,
        judging: SaleJudging,
        settings: SalesSection,
        clock: Callable[[], float],
    ) -> None:
        self._channel, self._judging = channel, judging
        self._settings, self._clock = settings, clock

    def take_claim(self, connection: Connection, sender: int, said: SaleSaid) -> None:
        """Take a claim of a neighbour.

        Raises:
            MessageRefusedError: `sale_token` (another's token), `sale_without_custody` (neither
                the code nor its product ever went from us to the sender), `sale_claims_many` (its
                earlier claims of this code stand), `sale_strange_codes` (too many codes in a day
                that never went to it).
        """
        known = sales.by_token(connection, said.token)
        if known is not None and known.source != sender:
            raise MessageRefusedError("this token is not the sender's", code="sale_token")
        if said.taken_back:
            self._take_back(connection, known, said)
        elif known is None:
            self._keep(connection, sender, said)

    def take_answer(self, connection: Connection, sender: int, said: SaleAnswered) -> None:
        """Take what the next one says of a claim, and tell it to whoever is concerned.

        Raises:
            MessageRefusedError: `sale_token`.
        """
        known = sales.by_token(connection, said.token)
        if known is None or known.target != sender:
            raise MessageRefusedError("nothing was asked about this", code="sale_token")
        sales.change(connection, known.number, heard=said.answer, heard_times=said.times)
        self.settle(connection, known.code)

    def settle(self, connection: Connection, code: str) -> None:
        """Tell the next one of claims that count now, and everybody what became of theirs."""
        claims = sales.of_code(connection, code, limit=CLAIMS_MAX)
        if self._judging.is_ours(code):
            self._settle_own_code(connection, claims)
        else:
            for one in to_tell(claims, counted(claims)):
                self._pass_on(connection, one)
        claims = sales.of_code(connection, code, limit=CLAIMS_MAX)
        self._judging.judge(connection, code, claims)
        claims = sales.of_code(connection, code, limit=CLAIMS_MAX)
        sale_findings.keep(connection, code, claims, at_ms=int(self._clock() * 1000))

    def pass_on_taking_back(self, connection: Connection, claim: Claim) -> None:
        """Tell whoever heard of a claim that it does not stand any more."""
        if claim.target:
            said = SaleSaid(claim.token, "", claim.taken_back)
            self._channel.put(connection, claim.target, SALE, said.body())

    def _keep(self, connection: Connection, sender: int, said: SaleSaid) -> None:
        if not went_to(connection, said.code, sender):
            raise MessageRefusedError(
                "no handover of this code or product is known", code="sale_without_custody"
            )
        self._make_room(connection, sender, said)
        now = int(self._clock())
        strange = sender not in partners_of(connection, said.code, Direction.OUT)
        if strange:
            told = sales.strange_since(connection, sender, now - _DAY_S)
            if told >= self._settings.strange_per_day:
                raise MessageRefusedError(
                    "too many codes in a day that never went to you", code="sale_strange_codes"
                )
        made = NewClaim(
            said.token,
            said.code,
            source=sender,
            target=None,
            state=ClaimState.HELD,
            since=now,
            kind=said.kind,
            strange=strange,
        )
        sales.add(connection, [made])
        self.settle(connection, said.code)

    def _make_room(self, connection: Connection, sender: int, said: SaleSaid) -> None:
        """Refuse what changes nothing; forget the oldest that stand no more."""
        claims = sales.of_code(connection, said.code, limit=CLAIMS_MAX)
        here = [one for one in claims if one.source == sender]
        if sum(one.stands and one.kind is said.kind for one in here) >= LIVE_MAX:
            raise MessageRefusedError(
                "your earlier claims of this code stand", code="sale_claims_many"
            )
        over = [one.number for one in here if not one.stands][:-KEPT_MAX]
        if over:
            sales.remove(connection, over)

    def _settle_own_code(self, connection: Connection, claims: list[Claim]) -> None:
        """Mark what counts; by our policy a return elsewhere may not."""
        keeps = self._settings.returned_elsewhere == "keep"
        for one in claims:
            if not one.stands or one.state is not ClaimState.HELD:
                continue
            void = keeps and one.kind is Kind.CAME_BACK
            state = ClaimState.CANCELLED if void else ClaimState.SAID
            sales.change(connection, one.number, state=state, target=sales.OURSELVES)

    def _pass_on(self, connection: Connection, claim: Claim) -> None:
        """Tell the next one of a claim, or note that there is none."""
        found = None
        if self._settings.network != "off":
            found = supplier_of(connection, claim.code)
        if found == claim.source:
            found = None
        state = ClaimState.UNASKED if found is None else ClaimState.SAID
        sales.change(connection, claim.number, state=state, target=found)
        if found is not None:
            said = SaleSaid(claim.token, claim.code, kind=claim.kind)
            self._channel.put(connection, found, SALE, said.body())

    def _take_back(self, connection: Connection, known: Claim | None, said: SaleSaid) -> None:
        if known is None:
            raise MessageRefusedError("this token is not the sender's", code="sale_token")
        if known.taken_back:
            return
        values = {"taken_back": said.taken_back, "state": ClaimState.TAKEN_BACK}
        sales.change(connection, known.number, **values)
        self.pass_on_taking_back(connection, known._replace(taken_back=said.taken_back))
        self.settle(connection, known.code)
