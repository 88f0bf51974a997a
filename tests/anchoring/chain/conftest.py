from collections.abc import AsyncIterator

import pytest

from tests.anchoring.chain.worlds import MemoryWorld, World, anvil_world


@pytest.fixture(params=["memory", "anvil"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """One contract suite for both chains."""
    made = MemoryWorld() if request.param == "memory" else await anvil_world()
    yield made
    await made.close()


@pytest.fixture
async def anvil() -> AsyncIterator[World]:
    made = await anvil_world()
    yield made
    await made.close()
