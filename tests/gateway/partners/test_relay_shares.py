"""Each partner has its own share of the questions that we ask others for it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from anchoring.directory.model import Directory
from node_gateway.errors import SettingsError
from node_gateway.partners.ports import PeerAnswer
from node_gateway.partners.sale_asking import Heard, SaleAsking, SaleQuestion
from node_gateway.partners.trace_answering import TraceAnswering
from node_gateway.partners.trace_asking import Neighbours
from node_gateway.partners.trace_wire import Question, Reason, Way
from node_gateway.services.disclosing import Disclosing
from node_gateway.settings import PoliciesSection
from node_gateway.settings_partners import SalesSection, TraceSection
from tests.gateway.partners.markets import START, Market, market
from tests.gateway.running import sgtin

SHARE = 3


@dataclass
class Asked:
    """Answers every request, and notes whom it went to."""

    answer: dict[str, Any]
    to: list[int] = field(default_factory=list)

    async def request(self, participant: int, *args: Any, **kwargs: Any) -> PeerAnswer:
        del args, kwargs
        self.to.append(participant)
        return PeerAnswer(200, orjson.dumps(self.answer))


def answering(m: Market, peers: Asked) -> TraceAnswering:
    """What the distributor answers; its partners' questions go on so often a minute."""
    nobody = SimpleNamespace(roles_at=lambda participant, at: 0)
    neighbours = Neighbours(peers, lambda: cast("Directory", nobody), lambda: START)
    return TraceAnswering(
        m["dist"].store,
        cast("Disclosing", None),
        neighbours,
        participant=m["dist"].number,
        settings=TraceSection(relayed_per_partner=f"{SHARE}/minute"),
        policies=PoliciesSection(),
    )


async def test_a_chatty_partner_uses_up_its_own_share_only(template: Path, tmp_path: Path) -> None:
    async with market(template, tmp_path, "maker", "dist", "shop", "corner") as m:
        pack = sgtin()
        await m.goes(pack, "maker", "dist", "shop")
        await m.goes(other := sgtin(), "maker", "dist", "corner")
        peers = Asked({"steps": [], "holes": []})
        trace = answering(m, peers)

        async def ask(who: str, code: str) -> list[Reason]:
            question = Question(
                code=code,
                way=Way.UP,
                question=secrets.token_hex(16),
                distance=1,
                hops=5,
                budget_ms=30_000,
            )
            found = await trace.answer(m[who].number, question)
            return [one.reason for one in found.holes if one.hop == 1]

        chatty = [await ask("shop", pack) for _ in range(3 * SHARE)]
        assert len(peers.to) == SHARE
        assert chatty[SHARE:] == [[Reason.NO_ANSWER]] * (2 * SHARE)
        await ask("corner", other)
        assert peers.to == [m["maker"].number] * (SHARE + 1)


async def test_so_it_is_with_questions_before_a_sale(template: Path, tmp_path: Path) -> None:
    async with market(template, tmp_path, "maker", "dist", "shop", "corner") as m:
        pack = sgtin()
        await m.goes(pack, "maker", "dist", "shop")
        await m.goes(other := sgtin(), "maker", "dist", "corner")
        peers = Asked({"heard": "nothing"})
        share = SalesSection(relayed_per_partner=f"{SHARE}/minute")
        asking = SaleAsking(m["dist"].store, peers, m["dist"].judging, share)

        async def ask(who: str, code: str) -> Heard:
            question = SaleQuestion(code=code, hops=5, budget_ms=30_000)
            return await asking.answer(m[who].number, question)

        heard = [await ask("shop", pack) for _ in range(2 * SHARE)]
        assert heard == [Heard.NOTHING] * SHARE + [Heard.NO_ANSWER] * SHARE
        assert await ask("corner", other) is Heard.NOTHING
        assert len(peers.to) == SHARE + 1


async def test_what_is_no_rate_is_said_at_the_start(template: Path, tmp_path: Path) -> None:
    async with market(template, tmp_path, "maker") as m:
        often = SalesSection(relayed_per_partner="often")
        with pytest.raises(SettingsError, match=r"sales\.relayed_per_partner"):
            SaleAsking(m["maker"].store, Asked({}), m["maker"].judging, often)
