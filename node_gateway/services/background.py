"""What runs beside the requests for as long as a gateway does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol


class Background(Protocol):
    """Work with a loop of its own; each pass is durable or can be done again."""

    async def run(self) -> None:
        """Work until `stop`. A failure is said and tried again; it never ends the gateway."""
        ...

    def stop(self) -> None:
        """Let `run` end after the step that is running."""
        ...


@asynccontextmanager
async def running(work: Sequence[Background]) -> AsyncIterator[None]:
    """Run all of `work` inside the block; at its end each may finish the step it is in."""
    tasks = [asyncio.create_task(one.run()) for one in work]
    try:
        yield
    finally:
        for one in work:
            one.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
