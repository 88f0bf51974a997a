"""F11, F16: clocks that are wrong, and promises that are kept or provably broken (I10)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anchoring.audit_claims import Claims
from anchoring.audit_report import AuditReport, FindingCode
from anchoring.core.receipt import parse_receipt
from tests.faults.auditing import audit
from tests.faults.documents import event, single
from tests.faults.world import Chain, Clock, Here, Home, Template, gateway_here

DAY_S = 86_400


@pytest.fixture
def home(chain: Chain, template: Template, tmp_path: Path) -> Home:
    return template.home(chain, tmp_path / "home", batching={"promise_s": 60})


async def _judge(chain: Chain, here: Here, entries: list[str]) -> AuditReport:
    answers = [await here.client.get(f"/v1/events/{one}/receipt") for one in entries]
    return await audit(
        chain,
        here.stranger,
        Claims(receipts=[parse_receipt(answer.content) for answer in answers]),
    )


def _pass_time(chain: Chain, here: Here, seconds: int) -> None:
    """Let time pass for the gateway and for the chain, with blocks every half minute."""
    for _ in range(0, seconds, 30):
        here.clock.now += 30
        chain.anvil.rpc("evm_increaseTime", 30)
        chain.mine()


async def test_i10_a_promise_that_is_kept_is_found_kept(chain: Chain, home: Home) -> None:
    async with gateway_here(home) as here:
        entries = await here.capture(single(event(1)), single(event(2)))
        await here.slot()
        chain.mine(2)
        await here.step(2)
        _pass_time(chain, here, 120)
        report = await _judge(chain, here, entries)
        assert (report.findings, report.unchecked, report.receipts) == ([], [], 2)


async def test_f16_a_gateway_that_is_silent_after_its_promise_is_proven(
    chain: Chain, home: Home
) -> None:
    """It acknowledges, goes on to anchor empty batches, and never the event."""
    async with gateway_here(home) as here:
        (kept,) = await here.capture(single(event(1)))
        await here.slot()
        chain.mine(2)
        await here.step(2)
        (silent,) = await here.capture(single(event(2)))
        before_due = await _judge(chain, here, [kept, silent])
        assert (before_due.findings, before_due.not_due) == ([], 1)
        _pass_time(chain, here, 120)
        report = await _judge(chain, here, [kept, silent])
        (finding,) = report.findings
        assert finding.code == FindingCode.BROKEN_RECEIPT
        assert finding.evidence["entries"] == [silent]
        assert finding.evidence["receipt"]["signature"]


async def test_f16_an_anchor_after_the_promised_time_is_proven_late(
    chain: Chain, home: Home
) -> None:
    async with gateway_here(home) as here:
        (late,) = await here.capture(single(event(1)))
        _pass_time(chain, here, 120)
        await here.slot()
        chain.mine(2)
        await here.step(2)
        (finding,) = (await _judge(chain, here, [late])).findings
        assert finding.code == FindingCode.LATE_ANCHOR
        assert finding.evidence["entries"] == [late]


@pytest.mark.parametrize("days", [-1, 1])
async def test_f11_a_clock_that_is_a_day_off_breaks_no_promise_unseen(
    days: int, chain: Chain, home: Home
) -> None:
    """Ahead: promises come later than due, and are kept. Behind: every breach can be proven."""
    clock = Clock()
    clock.now += days * DAY_S
    async with gateway_here(home, clock=clock) as here:
        (entry,) = await here.capture(single(event(1)))
        await here.slot()
        chain.mine(2)
        await here.step(2)
        assert await here.state(entry) == "final"
        findings = [one.code for one in (await _judge(chain, here, [entry])).findings]
        assert findings == ([] if days > 0 else [FindingCode.LATE_ANCHOR])


@pytest.mark.parametrize("days", [-1, 1])
async def test_f11_a_clock_that_jumps_stops_no_batch(days: int, chain: Chain, home: Home) -> None:
    """Batches and anchors go by sequence; a slot is only ever "the present one" or another."""
    async with gateway_here(home) as here:
        await here.capture(single(event(1)))
        await here.slot()
        here.clock.now += days * DAY_S
        (entry,) = await here.capture(single(event(2)))
        for _ in range(3):
            await here.slot()
            chain.mine()
        await here.step()
        assert await here.state(entry) == "final"
        assert (await audit(chain, here.stranger)).findings == []


async def test_f11_an_event_from_the_future_is_refused(chain: Chain, home: Home) -> None:
    """The tolerance is ten minutes, by the gateway's own clock."""

    def stated(offset_s: float) -> bytes:
        moment = datetime.fromtimestamp(time.time() + offset_s, UTC) + timedelta(hours=8)
        text = moment.strftime("%Y-%m-%dT%H:%M:%S.000+08:00")
        return single(event(f"9{int(offset_s) + DAY_S}", time=text))

    async with gateway_here(home) as here:
        assert (await here.client.post("/epcis/events", content=stated(300))).status_code == 201
        refused = await here.client.post("/epcis/events", content=stated(900))
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/eventTime")
        assert (await here.client.post("/epcis/events", content=stated(-DAY_S))).status_code == 201
        here.clock.now -= DAY_S
        refused = await here.client.post("/epcis/events", content=stated(0))
        assert refused.status_code == 400
        assert (await here.client.get("/v1/status")).json()["events"] == 2
