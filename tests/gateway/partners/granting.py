"""A maker with a few events, an auditor and an insurer: what the tests of grants play with."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx2

from node_gateway.partners.ports import PeerAnswer
from node_gateway.settings_partners import GrantsSection
from tests.consortium import Person
from tests.gateway.running import Running, commissioning, sgtin, shipping
from tests.partners import PEERS, WISHES, Town

PEOPLE: Final = (Person("maker", prefixes=("gs1:6901234",)), Person("auditor"), Person("insurer"))
GRANTS: Final = GrantsSection(log_anchor_s=3600, page_events_max=3)
"""Nothing is stated by itself, and pages are short."""
TOWN: Final = WISHES.but(sections={"peers": PEERS, "grants": GRANTS})
GTIN: Final = "06901234123456"
MONTH: Final = "sealtrail:month"


def later(seconds: float = 3600) -> str:
    """Return a time from now, with offset."""
    return datetime.fromtimestamp(time.time() + seconds, UTC).isoformat(timespec="milliseconds")


def lot(name: str) -> dict[str, Any]:
    """Return the members of a commissioning that state a lot."""
    return {"ilmd": {"cbvmda:lotNumber": name, "cbvmda:itemExpirationDate": "2028-02-29"}}


def grant(to: str = "auditor", **changes: Any) -> dict[str, Any]:
    """Return the body of a grant: of everything, the month and the codes, for an hour."""
    return {
        "participant": to,
        "purpose": "yearly audit",
        "until": later(),
        "items": {"paths": [MONTH]},
        "scope": {"all": True},
        **changes,
    }


async def give(up: Running, **changes: Any) -> str:
    """Give a grant and return its id."""
    answer = await up.client.post("/v1/grants", json=grant(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def revoke(up: Running, grant_id: str) -> None:
    answer = await up.client.post(f"/v1/grants/{grant_id}/revoke")
    assert answer.status_code == 200, answer.text


async def entries(up: Running, owner: str, grant_id: str) -> list[str]:
    """Return all entries under a grant, as the grantee lists them page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        params = {"after": after} if after else {}
        answer = await up.client.get(f"/v1/granted/{owner}/{grant_id}/events", params=params)
        assert answer.status_code == 200, answer.text
        found += answer.json()["entries"]
        after = answer.json()["next"]
        if after is None:
            return found


async def fetched(
    up: Running, owner: str, grant_id: str, entry: str, kind: str = "bundle", *codes: str
) -> httpx2.Response:
    path = f"/v1/granted/{owner}/{grant_id}/events/{entry}/{kind}"
    return await up.client.get(path, params={"code": list(codes)} if codes else {})


async def asked(town: Town, who: str, target: str, **parts: Any) -> PeerAnswer:
    """Ask the maker's gateway with a participant's own signature."""
    method = "POST" if parts else "GET"
    answer: PeerAnswer = await town[who].gateway.partners.peers.request(
        town.member("maker").id, method, target, **parts
    )
    return answer


def code_of(answer: httpx2.Response | PeerAnswer) -> str:
    """Return the code of a problem."""
    body = answer.body if isinstance(answer, PeerAnswer) else answer.content
    return str(json.loads(body)["code"])


@dataclass(frozen=True)
class Made:
    """Packs of a lot with the entries of the two events about them."""

    codes: list[str]
    commissioned: str
    shipped: str


async def made(up: Running, lot_name: str, count: int = 2, *, final: bool = True) -> Made:
    """Commission packs of a lot and ship them; return codes and both entries."""
    codes = [sgtin() for _ in range(count)]
    first = await up.entry(commissioning(*codes, **lot(lot_name)), final=False)
    second = await up.entry(shipping(*codes), final=False)
    if final:
        await up.final(first, second)
    return Made(codes, first, second)
