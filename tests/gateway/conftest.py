"""One Anvil and one empty database for all gateway tests; a gateway of its own for whoever asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from node_gateway import wiring
from tests.anvil import Anvil
from tests.gateway.running import Deployed, Running, Wishes, running_gateway

WISHES = Wishes()


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    """Mines at once; anchors are final at depth 0."""
    with Anvil() as chain:
        yield chain


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the current schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    wiring.prepare_database(f"sqlite:///{path}")
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """One gateway for a module of tests that do not disturb each other.

    Such a module says `pytestmark = pytest.mark.asyncio(loop_scope="module")`.
    """
    folder = tmp_path_factory.mktemp("shared")
    async with running_gateway(anvil, template, folder, WISHES) as up:
        yield up


class Start(Protocol):
    async def __call__(
        self, wishes: Wishes = ..., *, folder: Path | None = ..., deployed: Deployed | None = ...
    ) -> Running: ...


@pytest_asyncio.fixture
async def start(anvil: Anvil, template: Path, tmp_path: Path) -> AsyncIterator[Start]:
    """Start gateways that this test alone uses; they end with it."""
    async with AsyncExitStack() as stack:

        async def run(
            wishes: Wishes = WISHES,
            *,
            folder: Path | None = None,
            deployed: Deployed | None = None,
        ) -> Running:
            return await stack.enter_async_context(
                running_gateway(
                    anvil, template, folder or tmp_path / "gateway", wishes, deployed=deployed
                )
            )

        yield run
