"""A maker, a wholesaler and a shop with pages: one small network for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.anvil import Anvil
from tests.gateway.pages.fair import Fair, fair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stalls(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fair]:
    """The network, with packs of every fate."""
    async with fair(anvil, template, tmp_path_factory.mktemp("fair")) as found:
        yield found
