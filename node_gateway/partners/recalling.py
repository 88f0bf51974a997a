"""Recalls from hand to hand: a notice becomes questions along custody that only two ends know.

Each gateway asks the partners that it handed recalled goods to, accounts for its own, and adds up
what they report for whoever gave it the goods. The issuer sees how much of its goods is accounted
for, and the names of those it dealt with itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import orjson
import structlog
from sqlalchemy import Connection

from anchoring.directory.model import Directory, Notice
from node_gateway.errors import NotFoundError, StateError
from node_gateway.partners.ports import Channel, Direction, Message, MessageRefusedError
from node_gateway.partners.recall_counts import CLOSED_SHARE, Fate, Picture, Tally
from node_gateway.partners.recall_ways import Way, way_of
from node_gateway.partners.recall_wire import (
    REPORT,
    TASK,
    Report,
    TaskAsked,
    handovers_wire,
    read_report,
    read_task,
)
from node_gateway.services.notice_goods import code_ranges, range_end
from node_gateway.services.states import CodeView, States
from node_gateway.settings_partners import RecallsSection
from node_gateway.storage import cascade, handovers
from node_gateway.storage.cascade import ASKED_US, WE_ASKED, Task
from node_gateway.storage.database import Database
from node_gateway.storage.notices import lists_of
from node_gateway.telemetry import without_values

_PAGE: Final = 1000
_RETRY_S: Final = 5.0
_PAUSE_PER_LOOK: Final = 4
"""How much longer than a look the pause after it is, at least."""
_SECURED_ENDS: Final = frozenset({"destroyed", "decommissioned"})
_GONE_ENDS: Final = frozenset({"dispensed", "lost", "consumed"})


class NoticeUnknownError(StateError):
    """A partner asks about a notice that our own chain endpoint does not show yet."""

    code = "notice_not_seen"


class Recalling:
    """Looks whenever notices, goods or answers have changed; implements `Background`."""

    def __init__(
        self,
        database: Database,
        channel: Channel,
        states: States,
        *,
        current: Callable[[], Directory],
        settings: RecallsSection,
        clock: Callable[[], float],
    ) -> None:
        self._database, self._channel, self._states = database, channel, states
        self._current, self._settings, self._clock = current, settings, clock
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._seen: object = None
        self._log = structlog.get_logger()

    def wake(self) -> None:
        """Look soon."""
        self._wake.set()

    def changed(self, directory: Directory) -> None:
        """Take note of a new directory."""
        if directory.notices is not self._seen:
            self._seen = directory.notices
            self._wake.set()

    def stop(self) -> None:
        """See `Background`."""
        self._ended.set()
        self._wake.set()

    async def run(self) -> None:
        """See `Background`. Between two looks lies `report_s`, and longer where a look is long.

        A look counts all packs of every recalled product: with millions of them it must not be
        all that a gateway does while a recall stands.
        """
        while not self._ended.is_set():
            self._wake.clear()
            pause_s, began = self._settings.report_s, time.monotonic()
            try:
                await self.look()
                pause_s = max(pause_s, _PAUSE_PER_LOOK * (time.monotonic() - began))
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look tries again
                self._log.error("looking after recalls failed", **without_values(error))
                pause_s = max(pause_s, _RETRY_S)
            await self._pause(pause_s)

    async def _pause(self, pause_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), pause_s)
        if not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._settings.look_s)

    async def look(self) -> None:
        """Ask and answer about every notice that stands, where something has changed."""
        for notice in list(self._current().notices.values()):
            if notice.level:
                await self._look_at(notice)

    async def _look_at(self, notice: Notice) -> None:
        picture = await self.picture(notice)
        known = await self._database.read(partial(cascade.tasks, notice=notice.id))
        if not (picture.own or picture.passed or known):
            return
        said = await self._database.write("recall_look", partial(self._say, notice, picture))
        if said:
            self._channel.wake()

    async def picture(self, notice: Notice) -> Picture:
        """Count the packs that a notice means, by where they came from and what became of them."""
        picture = Picture()
        for low in code_ranges(notice.product):
            after = ""
            while True:
                codes = await self._database.read(
                    partial(cascade.goods, low=low, high=range_end(low), after=after, limit=_PAGE)
                )
                if codes:
                    await self._count(notice, codes, picture)
                    after = codes[-1]
                if len(codes) < _PAGE:
                    break
        return picture

    async def _count(self, notice: Notice, codes: list[str], picture: Picture) -> None:
        views = await self._states.of(codes)

        def read(connection: Connection) -> tuple[Any, Any, Any]:
            return (
                cascade.steps(connection, codes),
                cascade.told(connection, codes),
                lists_of(connection, codes),
            )

        steps, told, lists = await self._database.read(read)
        for code in codes:
            view, said = views.get(code), told.get(code)
            holds = (said is not None and said.holds) or (
                view is not None and view.state.filled is not None
            )
            lot = (view.state.lot if view else None) or (said.lot if said else None)
            if holds or not notice.concerns(lot, lists.get(code, ())):
                continue
            is_made_here = view is not None and view.state.made is not None
            way = way_of(steps.get(code, ()), made_here=is_made_here)
            if view is not None or way.moves:  # else it was announced, and taken back
                picture.add(way, _fate(view, way))

    def _say(self, notice: Notice, picture: Picture, connection: Connection) -> bool:
        """Write down and say what is new; return whether anything is."""
        now_ms = self._now_ms()
        course = cascade.course(connection, notice.id)
        if course is None:
            cascade.keep_course(connection, notice.id, began_at_ms=now_ms)
        said = False
        tasks = cascade.tasks(connection, notice=notice.id)
        known = {one.partner for one in tasks if one.way == WE_ASKED and one.units}
        for partner in sorted(known.union(picture.receivers.values())):
            said |= self._ask(connection, notice, partner, picture.handed_to(partner))
        tasks = cascade.tasks(connection, notice=notice.id)
        reports = reports_of(tasks)
        acknowledged = None if course is None else course.acknowledged_at_ms
        for task in tasks:
            if task.way == ASKED_US:
                said |= self._answer(connection, task, picture, reports, acknowledged)
        total = picture.total(reports)
        is_closed = total.units and total.secured + total.gone >= CLOSED_SHARE * total.units
        if is_closed and (course is None or course.closed_at_ms is None):
            cascade.keep_course(connection, notice.id, closed_at_ms=now_ms)
        return said

    def _ask(
        self, connection: Connection, notice: Notice, partner: int, handed: Mapping[bytes, int]
    ) -> bool:
        known = cascade.task(connection, notice.id, WE_ASKED, partner)
        wire = orjson.dumps(handovers_wire(handed))
        if known is not None and known.handovers == wire:
            return False
        values: dict[str, Any] = {"handovers": wire, "units": sum(handed.values())}
        if known is None:
            values["asked_at_ms"] = self._now_ms()
        cascade.keep_task(connection, notice.id, WE_ASKED, partner, **values)
        asked = TaskAsked(notice.id, notice.product, handed)
        self._channel.put(connection, partner, TASK, asked.to_json())
        return True

    def _answer(
        self,
        connection: Connection,
        task: Task,
        picture: Picture,
        reports: Mapping[bytes, Tally],
        acknowledged_at_ms: int | None,
    ) -> bool:
        asked = [bytes.fromhex(one["handover"]) for one in orjson.loads(task.handovers)]
        tallies = picture.tallies(task.partner, asked, reports)
        at_s = None if acknowledged_at_ms is None else acknowledged_at_ms // 1000
        raw = Report(task.notice, tallies, at_s).to_json()
        if raw == task.report:
            return False
        values = {"report": raw, "reported_at_ms": self._now_ms()}
        cascade.keep_task(connection, task.notice, ASKED_US, task.partner, **values)
        self._channel.put(connection, task.partner, REPORT, raw)
        return True

    async def acknowledge(self, number: int, note: str) -> None:
        """Note that a person here has taken note of a recall; whoever asked is told.

        Raises:
            NotFoundError: no such notice.
        """
        if number not in self._current().notices:
            raise NotFoundError(f"there is no notice {number}", code="notice_not_found")

        def work(connection: Connection) -> None:
            now_ms = self._now_ms()
            known = cascade.course(connection, number)
            if known is None:
                cascade.keep_course(connection, number, began_at_ms=now_ms)
            if known is None or known.acknowledged_at_ms is None:
                cascade.keep_course(connection, number, acknowledged_at_ms=now_ms, note=note)

        await self._database.write("recall_acknowledge", work)
        self.wake()

    def notice(self, number: int) -> Notice:
        """Return a notice as the chain has it.

        Raises:
            NotFoundError: no such notice.
        """
        found = self._current().notices.get(number)
        if found is None:
            raise NotFoundError(f"there is no notice {number}", code="notice_not_found")
        return found

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


class TaskHandler:
    """Takes a partner's question about recalled goods."""

    def __init__(self, recalling: Recalling, clock: Callable[[], float]) -> None:
        self._recalling, self._clock = recalling, clock

    async def check(self, message: Message) -> TaskAsked:
        """See `Handler`. A notice that our endpoint lacks may come; then so does the question."""
        asked = read_task(message.body)
        try:
            notice = self._recalling.notice(asked.notice)
        except NotFoundError as error:
            raise NoticeUnknownError("this notice is not known here yet") from error
        if notice.product != asked.product:
            raise MessageRefusedError("the notice is about another product", code="recall_form")
        return asked

    def take(self, connection: Connection, message: Message, checked: TaskAsked) -> None:
        """See `Handler`. Handovers that we refused, say, are left out: the others are answered."""
        known = {
            digest: units
            for digest, units in checked.handovers.items()
            if _is_theirs(connection, digest, message.sender)
        }
        if checked.handovers and not known:
            raise MessageRefusedError("no such handover is known here", code="recall_handover")
        cascade.keep_task(
            connection,
            checked.notice,
            ASKED_US,
            message.sender,
            handovers=orjson.dumps(handovers_wire(known)),
            units=sum(known.values()),
            asked_at_ms=int(self._clock() * 1000),
            report=None,
        )
        self._recalling.wake()


class ReportHandler:
    """Takes a partner's answer."""

    def __init__(self, recalling: Recalling, clock: Callable[[], float]) -> None:
        self._recalling, self._clock = recalling, clock

    async def check(self, message: Message) -> Report:
        """See `Handler`."""
        return read_report(message.body)

    def take(self, connection: Connection, message: Message, checked: Report) -> None:
        """See `Handler`."""
        task = cascade.task(connection, checked.notice, WE_ASKED, message.sender)
        if task is None:
            raise MessageRefusedError("nobody asked about this notice", code="recall_unasked")
        asked = {one["handover"] for one in orjson.loads(task.handovers)}
        if not {digest.hex() for digest in checked.tallies} <= asked:
            raise MessageRefusedError("nobody asked about this handover", code="recall_unasked")
        at_s = checked.acknowledged_at
        values: dict[str, Any] = {
            "report": message.body,
            "reported_at_ms": int(self._clock() * 1000),
            "acknowledged_at_ms": None if at_s is None else at_s * 1000,
        }
        cascade.keep_task(connection, checked.notice, WE_ASKED, message.sender, **values)
        self._recalling.wake()


def _is_theirs(connection: Connection, digest: bytes, partner: int) -> bool:
    found = handovers.handover(connection, digest)
    return found is not None and (found.direction, found.partner) == (Direction.IN, partner)


def reports_of(tasks: list[Task]) -> dict[bytes, Tally]:
    """Return what partners last reported, by handover."""
    found: dict[bytes, Tally] = {}
    for task in tasks:
        if task.way == WE_ASKED and task.report is not None:
            found.update(read_report(task.report).tallies)
    return found


def _fate(view: CodeView | None, way: Way) -> Fate:
    if view is None:
        return Fate.SECURED if any(one.arrived for one in way.came) else Fate.OPEN
    if view.status in _GONE_ENDS:
        return Fate.GONE
    if view.status in _SECURED_ENDS:
        return Fate.SECURED
    return Fate.OUTSIDE if view.status == "in_transit" else Fate.SECURED


__all__ = ["NoticeUnknownError", "Recalling", "ReportHandler", "TaskHandler", "reports_of"]
