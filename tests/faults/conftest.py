"""Fixtures of the fault tests. All of them carry the marker `faults`."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest

from node_gateway.services.access import new_api_key
from node_gateway.storage.engine import migrate, open_store
from tests.faults.world import Chain, Forks, Template
from tests.postgres import RunningPostgres, database_name, running_postgres

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def is_long() -> bool:
    """True in the long form: `make faults`."""
    return os.environ.get("SEALTRAIL_FAULTS") == "long"


def first_key(url: str) -> str:
    """Register an API key with every scope; works where a loop runs already, too."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _first_key(url)).result()


async def _first_key(url: str) -> str:
    store = await open_store(url)
    try:
        text, _ = await new_api_key(store, name="tests", scopes=["admin"], now_s=int(time.time()))
    finally:
        await store.close()
    return text


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    file = tmp_path_factory.mktemp("template") / "empty.db"
    migrate(f"sqlite:///{file}")
    return Template(file, first_key(f"sqlite:///{file}"))


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    made = Forks()
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[RunningPostgres]:
    with running_postgres() as server:
        yield server


class NewChain(Protocol):
    async def __call__(self, *flags: str, by_hand: bool = ...) -> Chain: ...


@pytest.fixture
async def new_chain() -> AsyncIterator[NewChain]:
    """Start chains that this test alone uses; they end with it."""
    async with AsyncExitStack() as stack:

        async def start(*flags: str, by_hand: bool = False) -> Chain:
            chain = await Chain.start(*flags, by_hand=by_hand)
            stack.push_async_callback(chain.close)
            return chain

        yield start


@pytest.fixture
async def chain(new_chain: NewChain) -> Chain:
    """A chain on which nothing is mined unless the test says so."""
    return await new_chain(by_hand=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: RunningPostgres) -> tuple[str, str]:
    """A migrated database to be copied, and its API key."""
    url = postgres.new_database()
    migrate(url)
    return url, first_key(url)


@pytest.fixture
def new_postgres(
    postgres: RunningPostgres, postgres_template: tuple[str, str]
) -> Callable[[], tuple[str, str]]:
    """Return (address, API key) of a new empty database on PostgreSQL at every call."""
    url, api_key = postgres_template
    return lambda: (postgres.new_database(template=database_name(url)), api_key)
