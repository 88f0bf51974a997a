"""Chapters: one line each, told if it came out as it should, and the end of the demo if not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from node_gateway.demo.narration import Narration

T = TypeVar("T")
Told = tuple[str, str]
"""The sentence that tells what was proven, and details for those who know the formats."""

WAIT_S = 60.0
"""Longer than anything takes on a machine that has much else to do."""
_POLL_S = 0.1


class UnexpectedError(Exception):
    """A chapter came out otherwise than it should."""


def demand(holds: object, text: str) -> None:
    """Raise unless something holds.

    Raises:
        UnexpectedError: it does not.
    """
    if not holds:
        raise UnexpectedError(text)


async def until(
    look: Callable[[], Awaitable[T]], otherwise: str, *, timeout_s: float = WAIT_S
) -> T:
    """Look again and again until what is found is true; return it.

    Raises:
        UnexpectedError: `otherwise`: not in time.
    """
    ends_at = time.monotonic() + timeout_s
    while not (found := await look()):
        if time.monotonic() > ends_at:
            raise UnexpectedError(otherwise)
        await asyncio.sleep(_POLL_S)
    return found


async def play_chapters(
    chapters: Sequence[tuple[str, Callable[[], Awaitable[Told]]]], narration: Narration
) -> bool:
    """Play chapters in order up to the first that does not hold; return whether all held."""
    for label, chapter in chapters:
        try:
            told, detail = await chapter()
        except UnexpectedError as error:
            narration.failed(label, f"{error}: THIS DID NOT HOLD")
            return False
        tell = narration.refused if label.startswith("attack") else narration.held
        tell(label, told)
        narration.detail(detail)
    return True
