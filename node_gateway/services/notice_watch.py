"""Tell the operator of a recall that concerns goods here: by metric, by log, and in the status.

Logs and metrics have the numbers of notices, which are public, and never a code or how many there
are.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import Final

import structlog

from anchoring.directory.model import Directory, Notice
from node_gateway.services.notice_goods import NoticeGoods
from node_gateway.services.notices import Notices
from node_gateway.storage.errors import StorageError
from node_gateway.telemetry import Metrics

LOOK_S: Final = 60.0
"""How often goods that arrived meanwhile are held against the notices."""


@dataclass(frozen=True, slots=True)
class NoticeCounts:
    """How many notices stand, and how many of them are about products known here.

    Attributes:
        drills: Exercises, which are in none of the other figures.
    """

    standing: int = 0
    here: int = 0
    drills: int = 0


class NoticeWatch:
    """Looks whenever the notices have changed, and once in a while.

    Attributes:
        goods: Which goods notices mean.
    """

    def __init__(self, notices: Notices, goods: NoticeGoods, *, metrics: Metrics) -> None:
        self._notices, self.goods, self._metrics = notices, goods, metrics
        self._wake = asyncio.Event()
        self._ending = False
        self._told: set[tuple[Notice, int]] = set()
        self._seen: object = None
        self._log = structlog.get_logger()

    def changed(self, directory: Directory) -> None:
        """Take note of a new directory."""
        if directory.notices is not self._seen:  # a block without notices keeps the old ones
            self._seen = directory.notices
            self._wake.set()

    def stop(self) -> None:
        """Let `run` end."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Look until `stop`."""
        while not self._ending:
            self._wake.clear()
            with contextlib.suppress(StorageError):  # the next look tries again
                await self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_S)

    async def look(self) -> NoticeCounts:
        """Count, show it in the metrics, and log every notice once that concerns goods here.

        A notice that became graver is logged again.
        """
        standing = self._notices.standing.all()
        known = await self.goods.known_here() if standing else set()
        counts = NoticeCounts(
            standing=sum(not one.drill for one in standing),
            here=sum(not one.drill and one.id in known for one in standing),
            drills=sum(one.drill for one in standing),
        )
        self._metrics.notices.labels("real").set(counts.standing)
        self._metrics.notices.labels("drill").set(counts.drills)
        self._metrics.notices_here.set(counts.here)
        for one in standing:
            # By all that it says at first: a reorg may give its number to another notice.
            told = replace(one, steps=one.steps[:1]), one.level
            if one.id in known and told not in self._told:
                self._told.add(told)
                say = self._log.info if one.drill else self._log.warning
                say(
                    "a notice is about a product that is known here",
                    notice=one.id,
                    level=one.level,
                    drill=one.drill,
                )
        return counts
