"""Ask before a sale: has the issuer heard of another one? For tills that must know at once.

The question goes the way that the claim will go, hop by hop, and says as little: a code, and how
long the till waits. Nothing is kept of it; the claim follows when the sale is stated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from time import monotonic
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from anchoring.directory.prefixes import product_of_code
from node_gateway.errors import GatewayError, Spot
from node_gateway.partners.ports import Peers
from node_gateway.partners.sale_judging import CLAIMS_MAX, SaleJudging
from node_gateway.services.limiter import Limiter
from node_gateway.settings_partners import SalesSection
from node_gateway.state.words import SELLING
from node_gateway.storage import sales
from node_gateway.storage.code_states import read_states
from node_gateway.storage.code_ways import supplier_of, went_to
from node_gateway.storage.database import Database
from node_gateway.storage.sale_counting import counted

PATH: Final = "/v1/peer/sale"
HOPS_MAX: Final = 32
_MARGIN_MS: Final = 30
_CODES_MAX: Final = 200
_AT_ONCE: Final = 16
_ANSWER_SIZE_BYTES_MAX: Final = 1024


class Heard(StrEnum):
    """What the issuer has heard. Values are stable."""

    NOTHING = "nothing"
    SOLD = "sold"
    NEVER_ISSUED = "never_issued"
    NO_ANSWER = "no_answer"


class SaleQuestion(BaseModel):
    """A question on its way; `budget_ms` is how long whoever passed it on waits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(min_length=1, max_length=1000)
    hops: int = Field(ge=0, le=HOPS_MAX)
    budget_ms: int = Field(ge=0, le=60_000)


class SaleAsking:
    """Asks along the custody of a pack, and answers those behind us."""

    def __init__(
        self,
        database: Database,
        peers: Peers,
        judging: SaleJudging,
        settings: SalesSection,
    ) -> None:
        self._database, self._peers = database, peers
        self._judging, self._settings = judging, settings
        self._share = Limiter(
            settings.relayed_per_partner, member="sales.relayed_per_partner", many=True
        )

    async def answer(self, caller: int, question: SaleQuestion) -> Heard:
        """Return what the issuer has heard of a code, for a neighbour that had it from us."""
        gave = await self._database.read(lambda c: went_to(c, question.code, caller))
        if not gave:
            return Heard.NO_ANSWER
        return await self._ask(question, without=caller)

    async def refusals(self, event: Mapping[str, Any]) -> Sequence[Spot]:
        """Return what forbids a sale that is about to be stated; nothing unless it is required."""
        if self._settings.network != "require" or event.get("bizStep") not in SELLING:
            return ()
        codes = [one for one in event.get("epcList", ()) if product_of_code(one) is not None]
        if len(codes) > _CODES_MAX:
            return (_unanswered(codes[0]),) if self._settings.unanswered == "refuse" else ()
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(code: str) -> Heard:
            question = SaleQuestion(code=code, hops=HOPS_MAX, budget_ms=self._settings.wait_ms)
            async with turns:
                return await self._ask(question, without=None)

        heard = await asyncio.gather(*(ask(one) for one in codes))
        spots = [self._spot(code, one) for code, one in zip(codes, heard, strict=True)]
        return [one for one in spots if one is not None]

    def _spot(self, code: str, heard: Heard) -> Spot | None:
        if heard is Heard.SOLD:
            return Spot(
                "sold_again",
                f"{code} was sold already, somewhere in the network",
                hint="It may be a forgery: keep the pack, and do not hand it out.",
            )
        if heard is Heard.NEVER_ISSUED:
            return Spot("never_issued", f"its issuer never put {code} into the trade")
        if heard is Heard.NO_ANSWER and self._settings.unanswered == "refuse":
            return _unanswered(code)
        return None

    async def _ask(self, question: SaleQuestion, *, without: int | None) -> Heard:
        """Answer as the issuer, or ask the one before us."""
        began = monotonic()
        if self._judging.is_ours(question.code):
            return await self._database.read(lambda c: _heard(c, question.code))
        supplier = await self._database.read(lambda c: supplier_of(c, question.code))
        taken_ms = round((monotonic() - began) * 1000)
        budget_ms = question.budget_ms - taken_ms - (_MARGIN_MS if without is not None else 0)
        if supplier is None or supplier == without or question.hops == 0 or budget_ms <= 0:
            return Heard.NO_ANSWER
        if without is not None and not self._share.takes(str(without)):
            return Heard.NO_ANSWER
        onward = question.model_copy(update={"hops": question.hops - 1, "budget_ms": budget_ms})
        try:
            answer = await self._peers.request(
                supplier,
                "POST",
                PATH,
                body=onward.model_dump_json().encode(),
                answer_size_bytes_max=_ANSWER_SIZE_BYTES_MAX,
                timeout_s=budget_ms / 1000,
            )
            return Heard(orjson.loads(answer.body)["heard"]) if answer.ok else Heard.NO_ANSWER
        except (GatewayError, ValueError, KeyError, TypeError):
            return Heard.NO_ANSWER


def _heard(connection: Connection, code: str) -> Heard:
    """Return what we know as the issuer: claims of others, and our own sales."""
    state = read_states(connection, [code], {}).get(code)
    if state is None or state.made is None:
        return Heard.NEVER_ISSUED
    count = counted(sales.of_code(connection, code, limit=CLAIMS_MAX), early=True)
    return Heard.SOLD if count.net else Heard.NOTHING


def _unanswered(code: str) -> Spot:
    return Spot(
        "sale_unanswered",
        f"nobody could say in time whether {code} was sold before",
        hint="Try again; or sell it with a reason, and it is reported afterwards.",
    )
