"""How far a recall has come: counts, the direct partners by name, and the score of an exercise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from anchoring.directory.model import Directory
from node_gateway.partners.recall_counts import Tally, score
from node_gateway.partners.recall_wire import read_report
from node_gateway.partners.recalling import Recalling, reports_of
from node_gateway.storage import cascade
from node_gateway.storage.cascade import ASKED_US, WE_ASKED, Course, Task
from node_gateway.storage.database import Database


class Reach:
    """Answers operators."""

    def __init__(
        self, database: Database, recalling: Recalling, current: Callable[[], Directory]
    ) -> None:
        self._database, self._recalling, self._current = database, recalling, current

    async def of(self, number: int) -> dict[str, Any]:
        """Return how far a recall has come, as JSON.

        Raises:
            NotFoundError: no such notice.
        """
        notice = self._recalling.notice(number)
        picture = await self._recalling.picture(notice)

        def read(connection: Connection) -> tuple[list[Task], Course | None]:
            return cascade.tasks(connection, notice=number), cascade.course(connection, number)

        tasks, course = await self._database.read(read)
        reports = reports_of(tasks)
        total = picture.total(reports)
        own = [sum(fates.values()) for fates in picture.own.values()]
        asked = [one for one in tasks if one.way == WE_ASKED and one.units]
        partners = [self._partner(one) for one in asked if picture.answers_for(one.partner)]
        answer: dict[str, Any] = {
            "notice": number,
            "product": notice.product,
            "lots": list(notice.lots),
            "level": notice.level,
            "drill": notice.drill,
            "publishedAt": _time(notice.steps[0].at * 1000),
            **tally_wire(total),
            "closedPercent": _percent(total),
            "reachedPercent": _reached(total, sum(own) - picture.outside, partners),
            "outside": picture.outside,
            "here": sum(own) - picture.outside,
            "acknowledgedAt": _time(course.acknowledged_at_ms) if course else None,
            "closedAt": _time(course.closed_at_ms) if course else None,
            "partners": partners,
            "unreached": [one["name"] for one in partners if one["state"] == "asked"],
        }
        if notice.drill:
            answer["score"] = _score(total, partners, course)
        return answer

    async def tasks(self) -> list[dict[str, Any]]:
        """Return what partners ask us, and what we answered, as JSON."""

        def read(connection: Connection) -> tuple[list[Task], dict[int, Course | None]]:
            tasks = cascade.tasks(connection, way=ASKED_US)
            return tasks, {one.notice: cascade.course(connection, one.notice) for one in tasks}

        found, courses = await self._database.read(read)
        standing = self._current().notices
        return [
            {
                "notice": one.notice,
                "level": standing[one.notice].level if one.notice in standing else 0,
                "drill": one.notice in standing and standing[one.notice].drill,
                "partner": one.partner,
                "name": self._name(one.partner),
                **tally_wire(_told(one)),
                "asked": one.units,
                "askedAt": _time(one.asked_at_ms),
                "reportedAt": _time(one.reported_at_ms),
                "acknowledgedAt": _acknowledged(courses[one.notice]),
            }
            for one in found
        ]

    def _partner(self, task: Task) -> dict[str, Any]:
        told = _told(task)
        state = "asked"
        if task.report is not None:
            state = "acknowledged" if task.acknowledged_at_ms else "reported"
            if not told.open and task.acknowledged_at_ms:
                state = "closed"
        # What it says it got, against what we say we gave: equal unless somebody is wrong.
        differs = task.report is not None and told.units != task.units
        return {
            "participant": task.partner,
            "name": self._name(task.partner),
            "state": state,
            "handed": task.units,
            **tally_wire(told),
            "differs": differs,
            "askedAt": _time(task.asked_at_ms),
            "reportedAt": _time(task.reported_at_ms),
            "acknowledgedAt": _time(task.acknowledged_at_ms),
        }

    def _name(self, participant: int) -> str:
        found = self._current().participants.get(participant)
        return found.name if found else f"participant {participant}"


def tally_wire(tally: Tally) -> dict[str, int]:
    """Return counts as JSON."""
    return {
        "units": tally.units,
        "secured": tally.secured,
        "gone": tally.gone,
        "open": tally.open,
    }


def _told(task: Task) -> Tally:
    """Return what was answered about the handovers that are asked about now."""
    total = Tally()
    if task.report is not None:
        asked = {one["handover"] for one in orjson.loads(task.handovers)}
        for digest, one in read_report(task.report).tallies.items():
            total += one if digest.hex() in asked else Tally()
    return total


def _percent(tally: Tally) -> int:
    closed = tally.secured + tally.gone
    return 100 * closed // tally.units if tally.units else 100


def _reached(total: Tally, here: int, partners: list[dict[str, Any]]) -> int:
    """Return how much of the goods somebody has answered about, in per cent."""
    answered = sum(one["handed"] for one in partners if one["state"] != "asked")
    return 100 * min(total.units, here + answered) // total.units if total.units else 100


def _score(total: Tally, partners: list[dict[str, Any]], course: Course | None) -> dict[str, int]:
    closed_after_s = None
    if course is not None and course.closed_at_ms is not None:
        closed_after_s = (course.closed_at_ms - course.began_at_ms) / 1000
    acknowledged = sum(one["acknowledgedAt"] is not None for one in partners)
    return score(
        total, acknowledged=acknowledged, asked=len(partners), closed_after_s=closed_after_s
    )


def _acknowledged(course: Course | None) -> str | None:
    return None if course is None else _time(course.acknowledged_at_ms)


def _time(moment_ms: int | None) -> str | None:
    if moment_ms is None:
        return None
    text = datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
