"""What recalls from hand to hand ask of the database. Every call takes a connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, and_, insert, select, update

from node_gateway.partners.ports import Direction
from node_gateway.partners.recall_ways import Step
from node_gateway.storage.cascade_tables import recall_course, recall_task
from node_gateway.storage.code_state_tables import code_state
from node_gateway.storage.code_states import among
from node_gateway.storage.handover_tables import handover_code
from node_gateway.storage.handovers import ARRIVED, DIRECTIONS, State

ASKED_US: Final = 0
WE_ASKED: Final = 1

_STEPS: Final = (
    "SELECT c.code, h.number, h.direction, h.partner, h.digest, h.replaces, h.state, "  # noqa: S608
    f"COALESCE(m.number, 0) AS said, COALESCE(m.answer_code, '') AS refused, {ARRIVED} AS arrived "
    "FROM handover_code c JOIN handover h ON h.number = c.handover AND h.digest IS NOT NULL "
    f"AND h.state IN ({State.SAID:d}, {State.WITHDRAWN:d}) "
    "LEFT JOIN peer_message m ON m.digest = h.digest WHERE c.code IN {}"
)

_task, _course = recall_task.c, recall_course.c


class Told(NamedTuple):
    """What handovers say of a code.

    Attributes:
        lot: As its commissioner stated it.
        holds: Whether other codes are packed in it.
    """

    lot: str | None
    holds: bool


class Task(NamedTuple):
    """A question about recalled goods; times are Unix milliseconds."""

    notice: int
    way: int
    partner: int
    handovers: bytes
    units: int
    asked_at_ms: int
    report: bytes | None
    reported_at_ms: int | None
    acknowledged_at_ms: int | None


class Course(NamedTuple):
    """What became of a notice here; times are Unix milliseconds."""

    notice: int
    began_at_ms: int
    acknowledged_at_ms: int | None
    note: str | None
    closed_at_ms: int | None


def goods(connection: Connection, low: str, high: str, *, after: str, limit: int) -> list[str]:
    """Return codes from `low` on and before `high`, above `after`, that anybody told us of."""
    found: set[str] = set()
    for column in (code_state.c.code, handover_code.c.code):
        query = select(column).where(column >= low, column < high, column > after).distinct()
        found |= set(connection.execute(query.order_by(column).limit(limit)).scalars())
    return sorted(found, key=str.encode)[:limit]


def steps(connection: Connection, codes: Collection[str]) -> dict[str, list[Step]]:
    """Return the handovers that codes went by, in the order of coming and going.

    A handover that replaces another one stands in that one's place, and what has come by the first
    has come by the second. One that its receiver refused is none.
    """
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in among(connection, _STEPS, codes):
        found[row.code].append(row)
    return {code: _in_order(rows) for code, rows in found.items()}


def _in_order(rows: Iterable[Any]) -> list[Step]:
    """Return the handovers of one code that stand."""
    by_digest = {bytes(row.digest): row for row in rows}
    placed: list[tuple[int, int, Step]] = []
    for digest, row in by_digest.items():
        if row.state != State.SAID or row.refused:
            continue
        first, arrived = row, bool(row.arrived)
        while first.replaces is not None:
            before = by_digest.get(bytes(first.replaces))
            if before is None or before.number >= first.number:
                break
            first, arrived = before, arrived or bool(before.arrived)
        way = DIRECTIONS[row.direction]
        arrived |= way is Direction.OUT
        step = Step(way, row.partner, digest, arrived=arrived, said=row.said)
        placed.append((first.number, row.number, step))
    return [step for *_, step in sorted(placed, key=lambda one: one[:2])]


def told(connection: Connection, codes: Collection[str]) -> dict[str, Told]:
    """Return what the latest handover to us says of codes that brought them; others are left out.

    Of codes that nothing has brought yet, what the latest one says.
    """
    statement = (
        "SELECT c.code, h.number, e.lot, EXISTS (SELECT 1 FROM handover_code k "  # noqa: S608
        f"WHERE k.parent = c.code AND k.handover = c.handover) AS holds, {ARRIVED} AS arrived "
        "FROM handover_code c "
        f"JOIN handover h ON h.number = c.handover AND h.state = {State.SAID:d} "
        f"AND h.direction = {DIRECTIONS.index(Direction.IN):d} "
        "LEFT JOIN handover_event e ON e.number = c.made WHERE c.code IN {}"
    )
    found: dict[str, Told] = {}
    for row in sorted(
        among(connection, statement, codes), key=lambda row: (row.arrived, row.number)
    ):
        found[row.code] = Told(row.lot, bool(row.holds))
    return found


def tasks(
    connection: Connection, *, way: int | None = None, notice: int | None = None
) -> list[Task]:
    """Return tasks, by notice and partner."""
    query = select(recall_task).order_by(_task.notice, _task.way, _task.partner)
    if way is not None:
        query = query.where(_task.way == way)
    if notice is not None:
        query = query.where(_task.notice == notice)
    return [Task(*row) for row in connection.execute(query)]


def task(connection: Connection, notice: int, way: int, partner: int) -> Task | None:
    """Return one task."""
    here = and_(_task.notice == notice, _task.way == way, _task.partner == partner)
    row = connection.execute(select(recall_task).where(here)).first()
    return None if row is None else Task(*row)


def keep_task(connection: Connection, notice: int, way: int, partner: int, **values: Any) -> None:
    """Write columns of a task, which may be new (then all that must be there are given)."""
    here = and_(_task.notice == notice, _task.way == way, _task.partner == partner)
    done = connection.execute(update(recall_task).where(here).values(**values))
    if not done.rowcount:
        key = {"notice": notice, "way": way, "partner": partner}
        connection.execute(insert(recall_task).values(**key, **values))


def course(connection: Connection, notice: int) -> Course | None:
    """Return what became of a notice here."""
    query = select(recall_course).where(_course.notice == notice)
    row = connection.execute(query).first()
    return None if row is None else Course(*row)


def keep_course(connection: Connection, notice: int, **values: Any) -> None:
    """Write columns of a course, which may be new (then `began_at_ms` is given)."""
    done = connection.execute(
        update(recall_course).where(_course.notice == notice).values(**values)
    )
    if not done.rowcount:
        connection.execute(insert(recall_course).values(notice=notice, **values))
