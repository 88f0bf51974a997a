"""A gateway of a maker's customer, on a network with a notice board: recalls from block to till."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from anchoring.chain.governance_calls import NO_DIGEST, NoticeScope, NoticeText
from tests.anvil import Anvil
from tests.consortium import MANUFACTURER, PHARMACY, REGULATOR, VOTER, Net, Person, found
from tests.gateway.running import Deployed, Running

PRODUCT: Final = "gs1:690123412345"
TEXT: Final = NoticeText("停止销售,联系供应商。", "Stop selling; ask your supplier.")
APPLIED_S_MAX: Final = 10.0
PEOPLE: Final = (
    Person("pharmacy", PHARMACY | VOTER),
    Person("maker", MANUFACTURER | VOTER, ("gs1:69012341",)),
    Person("regulator", REGULATOR | VOTER),
)


@dataclass(frozen=True)
class Recalls:
    """The network, and the gateway of its pharmacy (participant 1)."""

    net: Net
    up: Running

    async def publish(
        self,
        *,
        level: int = 1,
        drill: bool = False,
        lots: tuple[str, ...] = (),
        digest: bytes = NO_DIGEST,
        product: str = PRODUCT,
        who: str = "maker",
        text: NoticeText = TEXT,
    ) -> int:
        """Publish a notice; return its number once it is in a block."""
        scope = NoticeScope(product, lots, digest)
        call = self.net.calls.publish_notice(level, scope, text, drill=drill)
        mined = await self.net.call(who, call)
        return int(mined.fields("NoticePublished")["id"])

    async def escalate(self, number: int, level: int, who: str = "maker") -> None:
        await self.net.call(who, self.net.calls.escalate_notice(number, level, TEXT))

    async def lift(self, number: int, who: str = "maker") -> None:
        await self.net.call(who, self.net.calls.lift_notice(number, TEXT))

    async def read(self) -> None:
        """Let the gateway read the chain now; the first test shows that it does so by itself."""
        await self.up.gateway.directory.catch_up()

    async def do(self, operation: str, *codes: str, **body: Any) -> httpx2.Response:
        body = {"codes": list(codes), **body}
        return await self.up.client.post(f"/v1/operations/{operation}", json=body)

    async def refused(self, operation: str, *codes: str, **body: Any) -> list[str]:
        """Return the rules for which an operation is refused; none if it was done."""
        answer = await self.do(operation, *codes, **body)
        if answer.status_code == 201:
            return []
        problem = answer.json()
        assert problem["code"] == "operation_refused", answer.text
        return [one["code"] for one in problem["errors"]]

    async def until_refused(self, code: str, **body: Any) -> float:
        """Ask to ship a code until it is refused; return the seconds that took.

        The first request that goes through would end it: so what asks is `check`, never a sale.
        """
        began = time.perf_counter()
        while True:
            spots = await self.up.gateway.notices.refusals(
                {"bizStep": "dispensing", "epcList": [code]}, body
            )
            if spots:
                return time.perf_counter() - began
            assert time.perf_counter() - began < 2 * APPLIED_S_MAX
            await asyncio.sleep(0.02)

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.up.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def banner(self, code: str) -> list[dict[str, Any]]:
        """Return the notices of the public answer, asked without a key."""
        async with self.up.stranger() as stranger:
            answer = await stranger.get(f"/v1/public/codes/{code}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["notices"]
        return found


async def network(anvil: Anvil) -> tuple[Net, Deployed]:
    """Deploy the contracts; return the network and the pharmacy's part of it."""
    net = await found(anvil, PEOPLE)
    own = net.member("pharmacy")
    return net, Deployed(net.network, own.anchor, own.sign)


def logged(text: str, folder: Path) -> str:
    """Return everything that a gateway wrote beside its database."""
    files = [one for one in folder.rglob("*") if one.is_file() and ".db" not in one.name]
    return text + "".join(one.read_text(errors="replace") for one in files)
