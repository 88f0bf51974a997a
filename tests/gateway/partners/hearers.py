"""Who takes messages in tests, and notes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from node_gateway.partners.ports import Message, MessageRefusedError
from node_gateway.storage import peers
from node_gateway.storage.peers import Way
from tests.gateway.running import Running

KIND = "note"


@dataclass
class Noting:
    """Takes everything but what begins with `refuse`."""

    taken: list[bytes] = field(default_factory=list)

    async def check(self, message: Message) -> Any:
        if message.body.startswith(b"refuse early"):
            raise MessageRefusedError("not this", code="not_this")
        return message.body

    def take(self, connection: Connection, message: Message, checked: Any) -> None:
        if message.body.startswith(b"refuse late"):
            raise MessageRefusedError("not this", code="too_late")
        del connection
        self.taken.append(checked)


def listening(up: Running, kind: str = KIND) -> Noting:
    """Let a gateway take messages of a kind."""
    made = Noting()
    up.gateway.partners.channel.on(kind, made)
    return made


async def until(condition: Callable[[], Awaitable[bool]], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def settled(up: Running, to: int) -> None:
    """Wait until everything that was said to a participant is answered."""

    async def nothing_waits() -> bool:
        partner = await up.gateway.store.read(lambda one: peers.partner(one, to))
        return partner.waiting_count == 0

    await until(nothing_waits)


async def said(up: Running, to: int) -> list[tuple[int, str | None]]:
    """Return numbers and answers of what was said."""
    found = await up.gateway.store.read(lambda one: peers.messages(one, to, Way.SAID, limit=1000))
    return [(one.number, one.answer_code) for one in found]
