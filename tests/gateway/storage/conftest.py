"""Every test of this directory that asks for `database` or `store` runs on both databases."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from node_gateway.storage.engine import migrate, open_store
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.schema import metadata
from tests.gateway.storage.making import NOW_MS
from tests.postgres import RunningPostgres, running_postgres


@dataclass(frozen=True)
class Database:
    """An empty, migrated database of its own."""

    kind: str
    url: str
    file: Path | None


@pytest.fixture(scope="session")
def postgres() -> Iterator[RunningPostgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: RunningPostgres) -> str:
    url = postgres.new_database()
    migrate(url)
    return url


def _empty(url: str) -> None:
    """A database per test would cost more than all tests: the same one, without rows."""
    with psycopg.connect(url) as connection:
        for table in metadata.sorted_tables:
            connection.execute(f'DELETE FROM "{table.name}"')


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_database(tmp_path: Path, sqlite_template: Path) -> Database:
    path = tmp_path / "gateway.db"
    shutil.copy(sqlite_template, path)
    return Database("sqlite", f"sqlite:///{path}", path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    if request.param == "sqlite":
        found: Database = request.getfixturevalue("sqlite_database")
        return found
    url = request.getfixturevalue("postgres_url")
    _empty(url)
    return Database("postgresql", url, None)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[GatewayStore]:
    opened = await open_store(database.url, now_ms=lambda: NOW_MS + 5)
    yield opened
    await opened.close()
