"""A town that recalls: notices, how far they have come, and what tests of it ask."""

from __future__ import annotations

from typing import Any, Final

from anchoring.chain.governance_calls import NO_DIGEST, NoticeScope, NoticeText
from node_gateway.settings_partners import RecallsSection
from tests.gateway.partners.ways import until, wishes
from tests.gateway.running import Running, Wishes
from tests.partners import Town

PRODUCT: Final = "gs1:690123412345"
TEXT: Final = NoticeText("停止销售。", "Stop selling.")
QUICK: Final = RecallsSection(report_s=0.1, look_s=0.3)


def quick_wishes(**changes: Any) -> Wishes:
    """Return what a gateway is like that looks after recalls all the time."""
    plain = wishes()
    return plain.but(sections={**plain.sections, "recalls": QUICK}, **changes)


def lot(name: str) -> dict[str, Any]:
    """Return the members of a commissioning that state a lot."""
    return {"ilmd": {"cbvmda:lotNumber": name, "cbvmda:itemExpirationDate": "2028-02-29"}}


async def publish(t: Town, name: str, *, drill: bool = False) -> int:
    """Recall a lot of the maker's; every gateway has read of it afterwards."""
    scope = NoticeScope(PRODUCT, (name,), NO_DIGEST)
    mined = await t.net.call("maker", t.net.calls.publish_notice(1, scope, TEXT, drill=drill))
    await t.seen()
    return int(mined.fields("NoticePublished")["id"])


async def reach(up: Running, number: int) -> dict[str, Any]:
    """Return how far a recall has come."""
    answer = await up.client.get(f"/v1/recalls/{number}/reach")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until_reach(
    up: Running, number: int, *, timeout_s: float = 90, **wanted: Any
) -> dict[str, Any]:
    """Wait until it has come so far, and return how far that is."""
    last: dict[str, Any] = {}

    async def there() -> bool:
        last.update(await reach(up, number))
        return all(last[name] == value for name, value in wanted.items())

    try:
        await until(there, timeout_s=timeout_s)
    except AssertionError:
        raise AssertionError(f"wanted {wanted}, last {last}") from None
    return last
