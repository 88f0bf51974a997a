"""One chain for a module of tests; each has its own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.anchoring.evidence.scene import Scene, open_scene


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    made = await open_scene()
    yield made
    await made.close()
