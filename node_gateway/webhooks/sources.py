"""Where webhooks learn what has happened: each source is read from where it was read to.

What happened and how far it was read are written in one transaction, so nothing is missed over a
crash; the key of what happened keeps it from being told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import Connection, func, select

from anchoring.directory.model import Directory, Notice
from node_gateway.state.rules import Rule
from node_gateway.storage.code_state_tables import finding
from node_gateway.storage.exception_tables import exception_case
from node_gateway.storage.handover_tables import handover
from node_gateway.storage.tables import FINAL, batch, event
from node_gateway.webhooks.kinds import Happened, Kind

_PAGE: Final = 500


class Source(Protocol):
    """Something that is looked at again and again.

    Attributes:
        name: Stable; how far it was read is kept under it.
    """

    name: str

    def begin(self, connection: Connection) -> Any:
        """Return where reading begins: behind everything that is there."""
        ...

    def read(self, connection: Connection, reached: Any) -> tuple[Sequence[Happened], Any]:
        """Return what happened since, at most a page of it, and how far that is."""
        ...


class Batches:
    """Batches that are final, by stream.

    Args:
        streams: Numbers of the gateway's streams; to ask the table would read all of it.
    """

    name = "batches"

    def __init__(self, streams: Sequence[int]) -> None:
        self._streams = tuple(streams)

    def begin(self, connection: Connection) -> dict[str, int]:
        """See `Source`."""
        return {str(one): self._last(connection, one) for one in self._streams}

    def _last(self, connection: Connection, stream: int) -> int:
        final = (batch.c.stream == stream, batch.c.state == FINAL)
        query = select(batch.c.sequence).where(*final).order_by(batch.c.sequence.desc()).limit(1)
        return connection.execute(query).scalar() or 0

    def read(
        self, connection: Connection, reached: dict[str, int]
    ) -> tuple[Sequence[Happened], dict[str, int]]:
        """See `Source`. Anchors become final in order, so the last one tells how far."""
        found: list[Happened] = []
        now = dict(reached)
        for stream in self._streams:
            query = (
                select(batch)
                .where(
                    batch.c.stream == stream,
                    batch.c.sequence > reached.get(str(stream), 0),
                    batch.c.state == FINAL,
                )
                .order_by(batch.c.sequence)
                .limit(_PAGE)
            )
            for row in connection.execute(query):
                now[str(stream)] = row.sequence
                data = {
                    "stream": stream,
                    "sequence": row.sequence,
                    "root": row.root.hex(),
                    "size": row.size,
                    "blockNumber": row.block_number,
                    "blockTime": row.block_time,
                }
                name = f"{stream}/{row.sequence}"
                # Its own time is the chain's; a webhook counts from the gateway's.
                at_ms = row.created_at * 1000 + 999
                found.append(Happened(Kind.BATCH_ANCHORED, f"batch {name}", name, at_ms, data))
        return found, now


class Findings:
    """What state rules found, in the order of finding."""

    name = "findings"

    def begin(self, connection: Connection) -> int:
        """See `Source`."""
        return connection.execute(select(func.max(finding.c.number))).scalar() or 0

    def read(self, connection: Connection, reached: int) -> tuple[Sequence[Happened], int]:
        """See `Source`."""
        query = (
            select(finding, event.c.entry)
            .join(event, event.c.position == finding.c.event)
            .where(finding.c.number > reached)
            .order_by(finding.c.number)
            .limit(_PAGE)
        )
        found = []
        for row in connection.execute(query):
            reached = row.number
            data = {
                "finding": row.number,
                "rule": Rule(row.rule).name.lower(),
                "entry": row.entry.hex(),
            }
            if row.code:
                data["code"] = row.code
            key, at_ms = f"finding {row.number}", row.found_at_ms
            found.append(Happened(Kind.ANOMALY_DETECTED, key, str(row.number), at_ms, data))
        return found, reached


class Recalls:
    """Notices of the directory, and every step of each.

    Args:
        current: The directory as it is known now.
        clock: Unix seconds; a notice is told when it became known here.
    """

    name = "recalls"

    def __init__(self, current: Callable[[], Directory], clock: Callable[[], float]) -> None:
        self._current, self._clock = current, clock

    def begin(self, connection: Connection) -> dict[str, int]:  # noqa: ARG002
        """See `Source`."""
        return {str(one.id): len(one.steps) for one in self._current().notices.values()}

    def read(
        self,
        connection: Connection,  # noqa: ARG002
        reached: dict[str, int],
    ) -> tuple[Sequence[Happened], dict[str, int]]:
        """See `Source`."""
        found = []
        now = dict(reached)
        for one in self._current().notices.values():
            known, steps = reached.get(str(one.id), 0), len(one.steps)
            if steps == known:
                continue
            now[str(one.id)] = steps
            found.append(self._told(one, is_new=known == 0))
        return found, now

    def _told(self, notice: Notice, *, is_new: bool) -> Happened:
        kind = Kind.RECALL_OPENED if is_new else Kind.RECALL_CHANGED
        if not notice.level:
            kind = Kind.RECALL_LIFTED
        data = {
            "notice": notice.id,
            "product": notice.product,
            "level": notice.level,
            "drill": notice.drill,
        }
        # A reorg may give its number to another notice: what it says is part of the key.
        key = f"notice {notice.id} {len(notice.steps)} {notice.product} {notice.level}"
        return Happened(kind, key, str(notice.id), int(self._clock() * 1000), data)


class Shipments:
    """Handovers: announced to us, acknowledged by a partner, taken back by whoever stated them."""

    name = "shipments"

    def begin(self, connection: Connection) -> dict[str, int]:
        """See `Source`."""
        columns = (handover.c.number, handover.c.acknowledged_at, handover.c.withdrawn_at)
        last = connection.execute(select(*(func.max(one) for one in columns))).one()
        return {
            name: value or 0
            for name, value in zip(("number", "acknowledged", "withdrawn"), last, strict=True)
        }

    def read(
        self, connection: Connection, reached: dict[str, int]
    ) -> tuple[Sequence[Happened], dict[str, int]]:
        """See `Source`. Times are whole seconds, so a second is read again; keys tell it."""
        now, found = dict(reached), []
        table = handover.c
        ways = (
            (Kind.SHIPMENT_ANNOUNCED, "number", table.number > reached["number"]),
            (
                Kind.SHIPMENT_ACKNOWLEDGED,
                "acknowledged",
                table.acknowledged_at >= max(1, reached["acknowledged"]),
            ),
            (
                Kind.SHIPMENT_WITHDRAWN,
                "withdrawn",
                table.withdrawn_at >= max(1, reached["withdrawn"]),
            ),
        )
        for kind, name, condition in ways:
            order = table.number if name == "number" else getattr(table, f"{name}_at")
            query = select(handover).where(condition, table.digest.is_not(None)).order_by(order)
            for row in connection.execute(query.limit(_PAGE)):
                moment = row.created_at if name == "number" else getattr(row, f"{name}_at")
                now[name] = row.number if name == "number" else moment
                if kind is Kind.SHIPMENT_ANNOUNCED and row.direction:
                    continue  # ours: whoever stated it knows
                digest = row.digest.hex()
                data = {
                    "handover": digest,
                    "partner": row.partner,
                    "shipment": row.shipment.hex(),
                    "direction": "out" if row.direction else "in",
                }
                key = f"{kind.value.rpartition('.')[2]} {digest}"
                found.append(Happened(kind, key, digest, moment * 1000 + 999, data))
        return found, now


class ExceptionCases:
    """Exceptions that were opened or resolved."""

    name = "exceptions"

    def begin(self, connection: Connection) -> dict[str, int]:
        """See `Source`."""
        columns = (func.max(exception_case.c.number), func.max(exception_case.c.resolved_at_ms))
        number, resolved = connection.execute(select(*columns)).one()
        return {"number": number or 0, "resolved": resolved or 0}

    def read(
        self, connection: Connection, reached: dict[str, int]
    ) -> tuple[Sequence[Happened], dict[str, int]]:
        """See `Source`."""
        now, table = dict(reached), exception_case.c
        found = []
        opened = select(exception_case).where(table.number > reached["number"])
        for row in connection.execute(opened.order_by(table.number).limit(_PAGE)):
            now["number"] = row.number
            key, at_ms = f"exception {row.number} opened", row.opened_at_ms
            data = {**_case(row), "dueAt": row.due_at_ms // 1000}
            found.append(Happened(Kind.EXCEPTION_OPENED, key, str(row.number), at_ms, data))
        closed = select(exception_case).where(table.resolved_at_ms >= max(1, reached["resolved"]))
        for row in connection.execute(closed.order_by(table.resolved_at_ms).limit(_PAGE)):
            now["resolved"] = row.resolved_at_ms
            key = f"exception {row.number} resolved {row.resolved_at_ms}"
            data = {**_case(row), "action": row.action}
            found.append(
                Happened(Kind.EXCEPTION_RESOLVED, key, str(row.number), row.resolved_at_ms, data)
            )
        return found, now


def _case(row: Any) -> dict[str, Any]:
    return {
        "exception": row.number,
        "uuid": row.uuid,
        "kind": row.kind,
        "partner": row.partner,
        "subject": row.subject.hex(),
    }


def reached_of(text: str | None) -> Any:
    """Return how far a source was read, from its text; None if never."""
    return None if text is None else orjson.loads(text)


def reached_text(value: Any) -> str:
    """Return how far a source was read, as text."""
    return orjson.dumps(value).decode()
