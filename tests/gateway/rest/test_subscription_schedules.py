"""Scheduled deliveries, with a clock of the test's own: the runs themselves, a real receiver."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from node_gateway.api.epcis_deliveries import standing_pages
from node_gateway.services.delivery_runs import Means, SubscriptionRuns, spread
from node_gateway.services.posting import Poster
from node_gateway.storage.subscriptions import Subscription
from tests.gateway.conftest import Start
from tests.gateway.rest.receiving import QUICK, Receiver, add_query, receiving, shown, subscribe
from tests.gateway.running import Running, Wishes, events_of, sgtin, shipping

BEGIN = datetime(2026, 3, 28, 0, 50, tzinfo=UTC)
SLOW = QUICK.model_copy(update={"retry_s_min": 5.0, "retry_s_max": 21_600.0})


@dataclass
class Clock:
    now_s: float = BEGIN.timestamp()

    def __call__(self) -> float:
        return self.now_s

    def at(self, text: str) -> None:
        self.now_s = datetime.fromisoformat(text).timestamp()


class Stand:
    """A gateway without its worker; the runs are made by hand, when the clock says so."""

    def __init__(self, up: Running, clock: Clock, made: dict[str, Any], settings: Any) -> None:
        self.up, self.clock, self.made = up, clock, made
        self.poster = Poster(settings)
        self.counts: list[str] = []
        self.means = Means(
            store=up.gateway.subscribing.store,
            pages=standing_pages(up.gateway),
            post=self.poster.post,
            settings=settings,
            clock=clock,
            counted=self.counts.append,
        )

    async def load(self) -> None:
        """Begin as after a restart."""
        found = await self.up.gateway.subscribing.store.get(self.made["subscriptionID"])
        assert isinstance(found, Subscription)
        named = await self.up.gateway.queries.get(found.query)
        self.runs = SubscriptionRuns(found, named.query, self.means)

    def due_at(self) -> str:
        due_in_s = self.runs.due_in_s()
        assert due_in_s is not None
        moment = datetime.fromtimestamp(self.clock() + due_in_s, UTC)
        return moment.isoformat(timespec="seconds").removesuffix("+00:00")


async def stand(start: Start, receiver: Receiver, clock: Clock, **members: Any) -> Stand:
    up = await start(Wishes(subscriptions=QUICK, clock=clock, with_worker=False))
    await add_query(up, "all")
    made = await subscribe(up, "all", dest=receiver.url, **members)
    up.gateway.gate.ready()
    found = Stand(up, clock, made, SLOW)
    await found.load()
    return found


async def captured(up: Running, *codes: str) -> None:
    answer = await up.capture(*(shipping(code) for code in codes))
    assert answer.status_code == 202, answer.text


async def test_every_morning_once_across_the_change_to_summer_time(start: Start) -> None:
    clock = Clock()
    async with receiving(Receiver()) as receiver:
        one = await stand(start, receiver, clock, schedule={"hour": "1", "minute": "5"})
        assert one.due_at() == "2026-03-28T01:05:00"
        first, second = sgtin(), sgtin()
        await captured(one.up, first)
        clock.at("2026-03-28T01:05:00+00:00")
        assert await one.runs.run()
        assert receiver.codes == [first]
        assert one.due_at() == "2026-03-29T01:05:00"  # Europe's clocks have no such time that day
        await captured(one.up, second)
        clock.at("2026-03-29T01:05:00+00:00")
        assert await one.runs.run()
        assert receiver.codes == [first, second]
        assert one.due_at() == "2026-03-30T01:05:00"
        clock.at("2026-03-30T01:05:00+00:00")
        assert await one.runs.run()
        assert len(receiver.got) == 2  # nothing new, nothing said
        found = await shown(one.up, one.made)
        assert found["nextAttemptAt"] == "2026-03-31T01:05:00.000Z"
        assert found["minRecordTime"] == "2026-03-30T01:05:00.000Z"
        one.poster.close()


async def test_runs_missed_while_the_gateway_was_down_are_one_run(start: Start) -> None:
    clock = Clock()
    async with receiving(Receiver()) as receiver:
        one = await stand(start, receiver, clock, schedule={"minute": "0"})
        codes = [sgtin(), sgtin()]
        await captured(one.up, codes[0])
        clock.at("2026-04-02T07:30:00+00:00")
        await captured(one.up, codes[1])
        await one.load()
        assert one.due_at() == "2026-04-02T07:30:00"
        assert await one.runs.run()
        assert receiver.codes == codes
        assert one.due_at() == "2026-04-02T08:00:00"
        one.poster.close()


async def test_a_report_of_nothing_is_made_if_wanted(start: Start) -> None:
    clock = Clock()
    receiver = Receiver(reply=lambda _request: 500)
    async with receiving(receiver):
        one = await stand(start, receiver, clock, schedule={"minute": "0"}, reportIfEmpty=True)
        clock.at("2026-03-28T01:00:00+00:00")
        assert await one.runs.run()
        failed = one.runs.progress
        assert (failed.state, failed.failures, failed.through) == ("failing", 1, None)
        receiver.reply = lambda _request: 200
        clock.now_s += 10
        assert await one.runs.run()
        (document,) = [each.document for each in receiver.taken]
        assert events_of(document) == []
        first, again = receiver.got
        assert first.headers["webhook-id"] == again.headers["webhook-id"]
        assert first.headers["webhook-timestamp"] != again.headers["webhook-timestamp"]
        assert one.due_at() == "2026-03-28T02:00:00"
        clock.at("2026-03-28T02:00:00+00:00")
        code = sgtin()
        await captured(one.up, code)
        assert await one.runs.run()
        assert receiver.codes == [code]
        assert len(receiver.taken) == 2  # what was found is report enough
        assert receiver.got[-1].headers["webhook-id"] != again.headers["webhook-id"]
        one.poster.close()


async def test_a_run_holds_what_was_there_when_it_was_due(start: Start) -> None:
    clock = Clock()
    receiver = Receiver(reply=lambda _request: 503)
    async with receiving(receiver):
        one = await stand(start, receiver, clock, schedule={"hour": "1"})
        codes = [sgtin(), sgtin()]
        await captured(one.up, codes[0])
        clock.at("2026-03-28T01:00:00+00:00")
        await one.runs.run()
        await captured(one.up, codes[1])  # after the run had begun
        await one.load()  # and a restart
        receiver.reply = lambda _request: 200
        clock.now_s += 30
        assert await one.runs.run()
        assert receiver.codes == codes[:1]
        assert one.due_at() == "2026-03-29T01:00:00"
        clock.at("2026-03-29T01:00:00+00:00")
        assert await one.runs.run()
        assert receiver.codes == codes
        one.poster.close()


async def test_reports_of_nothing_before_the_beginning_do_not_begin(start: Start) -> None:
    clock = Clock()
    async with receiving(Receiver()) as receiver:
        one = await stand(
            start,
            receiver,
            clock,
            schedule={"minute": "0"},
            reportIfEmpty=True,
            initialRecordTime="2026-03-28T01:30:00Z",
        )
        clock.at("2026-03-28T01:00:00+00:00")
        assert await one.runs.run()
        assert [events_of(each.document) for each in receiver.taken] == [[]]
        assert one.runs.progress.position is None
        assert (await shown(one.up, one.made))["minRecordTime"] == "2026-03-28T01:30:00Z"
        await one.load()
        assert one.due_at() == "2026-03-28T02:00:00"
        one.poster.close()


async def test_what_is_still_to_come_is_never_older_than_said(start: Start) -> None:
    """So that a subscription in place of a disabled one can begin there."""
    clock = Clock()
    receiver = Receiver()
    async with receiving(receiver):
        one = await stand(start, receiver, clock, stream=True)
        codes = [sgtin(), sgtin(), sgtin()]
        await captured(one.up, codes[0])

        def late(_request: object) -> int:  # captured while a delivery is on its way
            clock.now_s += 100
            return 200

        receiver.reply = late
        assert await one.runs.run()
        last = events_of(receiver.taken[-1].document)[-1]["recordTime"]
        assert (await shown(one.up, one.made))["minRecordTime"] == last
        await captured(one.up, *codes[1:])
        receiver.reply = lambda _request: 410
        assert not await one.runs.run()
        old = await shown(one.up, one.made)
        receiver.reply = lambda _request: 200
        made = await subscribe(
            one.up,
            "all",
            dest=receiver.url,
            stream=True,
            initialRecordTime=old["minRecordTime"],
        )
        again = Stand(one.up, clock, made, SLOW)
        clock.at("2099-01-01T00:00:00+00:00")
        await again.load()
        assert await again.runs.run()
        assert set(receiver.codes) == set(codes)
        one.poster.close()
        again.poster.close()


async def test_tries_grow_apart_until_the_gateway_gives_up(start: Start) -> None:
    clock = Clock()
    receiver = Receiver(reply=lambda _request: 500)
    async with receiving(receiver):
        one = await stand(start, receiver, clock, stream=True)
        await captured(one.up, sgtin())
        waits: list[float] = []
        while await one.runs.run():
            due_in_s = one.runs.due_in_s()
            assert due_in_s is not None
            waits.append(due_in_s)
            clock.now_s += due_in_s + 0.001
        expected = [5 * 4.0**n for n in range(7)]
        for wait, middle in zip(waits, expected, strict=False):
            assert 0.79 * middle <= wait <= 1.21 * middle
        assert all(0.79 * 21_600 <= wait <= 1.21 * 21_600 for wait in waits[7:])
        assert 5 * 86_400 < sum(waits) < 5.3 * 86_400
        found = await shown(one.up, one.made)
        assert (found["state"], found["lastError"], found["lastStatus"]) == (
            "disabled", "status", 500,
        )  # fmt: skip
        assert one.counts == ["failed"] * len(waits) + ["disabled"]
        assert len({each.headers["webhook-id"] for each in receiver.got}) == 1
        one.poster.close()


async def test_a_receiver_may_say_when_to_come_back(start: Start) -> None:
    clock = Clock()
    head = "HTTP/1.1 429 X\r\nRetry-After: 1000\r\nContent-Length: 0\r\n\r\n"
    async with receiving(Receiver(reply=lambda _request: head)) as receiver:
        one = await stand(start, receiver, clock, stream=True)
        await captured(one.up, sgtin())
        assert await one.runs.run()
        due_in_s = one.runs.due_in_s()
        assert due_in_s is not None
        assert 799 <= due_in_s <= 1201
        one.poster.close()


async def test_a_beginning_that_lies_ahead(start: Start) -> None:
    """In real time: when an event was captured is not said by the test's clock."""
    up = await start(Wishes(subscriptions=QUICK))
    await add_query(up, "all")
    ahead = datetime.now(UTC) + timedelta(seconds=3)
    async with receiving(Receiver()) as receiver:
        made = await subscribe(
            up, "all", dest=receiver.url, stream=True, initialRecordTime=ahead.isoformat()
        )
        assert made["minRecordTime"] == made["initialRecordTime"] == ahead.isoformat()
        early, late = sgtin(), sgtin()
        await captured(up, early)
        assert datetime.now(UTC) < ahead
        await asyncio.sleep((ahead - datetime.now(UTC)).total_seconds() + 0.05)
        await captured(up, late)
        await receiver.until(lambda one: bool(one.codes))
        assert receiver.codes == [late]


@pytest.mark.parametrize("name", ["a", "b", "df5a33e3"])
def test_waits_are_spread(name: str) -> None:
    found = {spread(name, count) for count in range(100)}
    assert len(found) == 100
    assert 0.8 <= min(found) < 0.85
    assert 1.15 < max(found) <= 1.2
