"""The network in trade: from the maker over two distributors to two pharmacies.

Everything goes over the gateways' own routes and from gateway to gateway. What is looked up in a
database is that something is not there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from node_gateway.demo.chapters import until
from node_gateway.demo.companies import CompanyGateway
from node_gateway.demo.story import gln
from node_gateway.demo.world import World


@dataclass
class Trade:
    """What the chapters about trade share. `stated` are (company, entry) that become final."""

    world: World
    stated: list[tuple[str, str]] = field(default_factory=list)
    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __getitem__(self, slug: str) -> CompanyGateway:
        return self.world.gateways[slug]

    async def do(self, slug: str, operation: str, *codes: str, **more: str) -> str:
        """Let a company do an operation on codes; return the entry of its event."""
        body: dict[str, Any] = {"codes": list(codes), **more}
        done = await self[slug].post(f"/v1/operations/{operation}", **body)
        self.stated.append((slug, str(done["entry"])))
        return str(done["entry"])

    async def send(self, giver: str, taker: str, *codes: str) -> dict[str, Any]:
        """Ship codes; return the shipment as it came to the taker."""
        entry = await self.do(giver, "ship", *codes, to=gln(taker))
        return await self.came(taker, entry)

    async def came(self, taker: str, entry: str) -> dict[str, Any]:
        """Wait until a shipment has come, by the entry of the event that states it."""

        async def listed() -> dict[str, Any]:
            found = await self[taker].get("/v1/shipments", state="all", perPage=1000)
            return next((one for one in found["shipments"] if one["shipment"] == entry), {})

        return await until(listed, f"{taker} is told of no shipment")

    async def receive(self, slug: str, number: int, *scans: dict[str, Any]) -> dict[str, Any]:
        """Scan what is there of a shipment and receive it; return the shipment."""
        await self[slug].post(f"/v1/shipments/{number}/scans", scans=list(scans))
        done = await self[slug].post(f"/v1/shipments/{number}/finish")
        self.stated += [(slug, str(entry)) for entry in done["events"]]
        return done

    async def answer(self, giver: str, handover: str) -> dict[str, Any]:
        """Wait until the receiver of a handover has answered for it; return the signed answer."""

        async def answered() -> dict[str, Any]:
            found = await self[giver].get("/v1/handovers", direction="out", perPage=1000)
            mine = next(one for one in found["handovers"] if one["digest"] == handover)
            if mine["acknowledgedAt"] is None:
                return {}
            return await self[giver].get(f"/v1/acknowledgements/{handover}")

        return await until(answered, f"{giver} got no answer")

    async def cases_of(self, slug: str, kind: str, code: str) -> list[dict[str, Any]]:
        """Return the exceptions of a kind about a code at a company."""
        found = await self[slug].get("/v1/exceptions", kind=kind, code=code)
        return list(found["exceptions"])

    async def case_of(self, slug: str, kind: str, code: str) -> dict[str, Any]:
        """Wait until a company has one exception of a kind about a code; return it."""

        async def opened() -> dict[str, Any]:
            found = await self.cases_of(slug, kind, code)
            return found[0] if len(found) == 1 else {}

        return await until(opened, f"{slug} has no case {kind}")

    async def all_final(self) -> int:
        """Wait until everything that was stated is final; return how many events."""
        stated, self.stated = self.stated, []
        await asyncio.gather(*(self[slug].wait_final(entry) for slug, entry in stated))
        return len(stated)
