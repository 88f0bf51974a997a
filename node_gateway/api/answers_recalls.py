"""What the answers about recalls from hand to hand look like; see `answers`."""

from __future__ import annotations

from typing import Literal

from node_gateway.api.answers import _Answer


class RecallTally(_Answer):
    """Packs by what became of them; `open` are those that nobody has accounted for."""

    units: int
    secured: int
    gone: int
    open: int


class RecallPartner(RecallTally):
    """A direct partner that we handed recalled goods to; counts are what it reported.

    `differs`: it says that it got another number than we handed over.
    """

    participant: int
    name: str
    state: Literal["asked", "reported", "acknowledged", "closed"]
    handed: int
    differs: bool
    asked_at: str | None
    reported_at: str | None
    acknowledged_at: str | None


class DrillScore(_Answer):
    """Score of an exercise: goods of 60, people of 25, speed of 15."""

    goods: int
    people: int
    speed: int
    total: int


class RecallReach(RecallTally):
    """How far a recall has come, partners' reports included.

    `outside` were shipped to somebody who is no participant; `unreached` are partners without an
    answer. `score` stands with exercises only.
    """

    notice: int
    product: str
    lots: list[str]
    level: int
    drill: bool
    published_at: str
    closed_percent: int
    reached_percent: int
    outside: int
    here: int
    acknowledged_at: str | None
    closed_at: str | None
    partners: list[RecallPartner]
    unreached: list[str]
    score: DrillScore | None = None


class RecallTask(RecallTally):
    """What a partner asks us; counts are what we answered last."""

    notice: int
    level: int
    drill: bool
    partner: int
    name: str
    asked: int
    asked_at: str | None
    reported_at: str | None
    acknowledged_at: str | None


class RecallTasks(_Answer):
    """All of them."""

    tasks: list[RecallTask]
