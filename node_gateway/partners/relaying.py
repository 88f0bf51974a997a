"""Wake the channel for what was said inside the taking of another message."""

from __future__ import annotations

import asyncio
from typing import Final

from node_gateway.partners.ports import Channel

_AFTER_COMMIT_S: Final = 0.05
_AGAIN_S: Final = 1.0


class Relaying:
    """What is taken is written on another thread, and may be sent only after its commit.

    The commit comes in a moment; should it take longer, the second wake finds it.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Remember the loop; called on it, before the message is taken."""
        self._loop = asyncio.get_running_loop()

    def said(self) -> None:
        """Let the channel send soon; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            for pause_s in (_AFTER_COMMIT_S, _AGAIN_S):
                self._loop.call_soon_threadsafe(self._loop.call_later, pause_s, self._channel.wake)
