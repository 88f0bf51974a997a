"""What recalls from hand to hand are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from node_gateway.partners.recall_reach import Reach
from node_gateway.partners.recall_wire import REPORT, TASK
from node_gateway.partners.recalling import Recalling, ReportHandler, TaskHandler

if TYPE_CHECKING:
    from node_gateway.partners.assembly import Own
    from node_gateway.partners.ports import Channel


@dataclass(frozen=True, slots=True)
class Recalls:
    """`recalling` asks and answers in the background, `reach` says how far it has come."""

    recalling: Recalling
    reach: Reach


def recalls(own: Own, channel: Channel) -> Recalls:
    """Return what follows recalls from hand to hand."""
    base, directory = own.base, own.directory
    recalling = Recalling(
        base.store,
        channel,
        own.states,
        current=lambda: directory.current,
        settings=base.settings.recalls,
        clock=base.clock,
    )
    channel.on(TASK, TaskHandler(recalling, base.clock))
    channel.on(REPORT, ReportHandler(recalling, base.clock))
    directory.on_changed(recalling.changed)
    base.follower.on_followed(recalling.wake)
    return Recalls(recalling, Reach(base.store, recalling, lambda: directory.current))
