"""What the answers about readiness look like; see `answers`."""

from __future__ import annotations

from typing import Literal

from node_gateway.api.answers import _Answer


class ProblemMeaning(_Answer):
    """What a problem code means; `status` is that of HTTP, `-` for what is never an answer."""

    code: str
    status: str
    meaning: str
    remedy: str


class DirectoryAge(_Answer):
    """How new the directory of the network is; `code` says what is wrong, null if nothing is."""

    state: Literal["starting", "current", "catching_up", "stale", "unavailable", "another_chain"]
    code: str | None
    block: int | None
    lag_blocks: int
    age_seconds: int | None


class Readiness(_Answer):
    """What the gateway takes: `reason` for what is not ready, `degraded` for what runs short.

    `directory` stands there if `?verbose` was asked for.
    """

    status: Literal["starting", "ready", "read_only", "fatal"]
    reason: str | None = None
    degraded: str | None = None
    directory: DirectoryAge | None = None
