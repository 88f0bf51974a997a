"""Opening: revision, address, single-writer lease; migrations from nothing."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from node_gateway.storage.engine import migrate, open_store
from node_gateway.storage.errors import (
    DatabaseInUseError,
    DatabaseRevisionError,
    DatabaseUrlError,
)
from node_gateway.storage.migrations import head_revision
from node_gateway.storage.schema import metadata
from tests.gateway.storage.conftest import Database
from tests.gateway.storage.making import event, unit
from tests.postgres import RunningPostgres

HOLD = """
import asyncio, sys
from node_gateway.storage.engine import open_store
async def hold():
    store = await open_store(sys.argv[1])
    print("open", flush=True)
    sys.stdin.readline()
    await store.close()
asyncio.run(hold())
"""


def names_in(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir()]


def holder(url: str) -> subprocess.Popen[str]:
    """A process that has the database open."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def driver_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_migrating_from_nothing_gives_the_tables_of_the_code(database: Database) -> None:
    engine = sa.create_engine(driver_url(database.url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == head_revision()
    engine.dispose()


def test_the_prefix_indexes_are_there(sqlite_database: Database, postgres_url: str) -> None:
    """What the comparison above cannot see: indexes over expressions."""
    queries = {
        sqlite_database.url: "SELECT sql FROM sqlite_master WHERE name LIKE 'event_by_%'",
        driver_url(postgres_url): "SELECT indexdef FROM pg_indexes WHERE indexname ~ '^event_by_'",
    }
    for url, query in queries.items():
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            texts = " ".join(connection.execute(sa.text(query)).scalars())
        engine.dispose()
        assert "substr(entry, 1, 8)" in texts
        assert "substr(event_key, 1, 8)" in texts


async def test_a_missing_file_is_refused_and_not_created(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(DatabaseRevisionError) as refused:
        await open_store(f"sqlite:///{path}")
    assert (refused.value.code, refused.value.found) == ("database_revision", None)
    assert names_in(tmp_path) == []


async def test_an_empty_database_is_refused_and_left_empty(
    tmp_path: Path, postgres: RunningPostgres
) -> None:
    (tmp_path / "empty.db").touch()
    for url in (f"sqlite:///{tmp_path / 'empty.db'}", postgres.new_database()):
        with pytest.raises(DatabaseRevisionError):
            await open_store(url)
        engine = sa.create_engine(driver_url(url))
        assert sa.inspect(engine).get_table_names() == []
        engine.dispose()


async def test_another_revision_is_refused(database: Database) -> None:
    engine = sa.create_engine(driver_url(database.url))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseRevisionError) as refused:
        await open_store(database.url)
    assert (refused.value.found, refused.value.expected) == ("9999", head_revision())
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{head_revision()}'"))
    engine.dispose()
    store = await open_store(database.url)
    await store.close()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db", "no address", "sqlite+aio:///x"]
)
async def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(DatabaseUrlError):
        await open_store(url)
    with pytest.raises(DatabaseUrlError):
        migrate(url)


async def test_a_second_process_is_refused_until_the_first_ends(database: Database) -> None:
    """F19: one writer per database, whoever dies releases it."""
    first = holder(database.url)
    with pytest.raises(DatabaseInUseError, match=f"process {first.pid} ") as refused:
        await open_store(database.url)
    assert refused.value.code == "database_in_use"
    with pytest.raises(DatabaseInUseError):
        migrate(database.url)
    first.kill()
    first.communicate()
    store = await open_store(database.url)
    await store.close()


async def test_a_second_store_in_one_process_is_refused(database: Database) -> None:
    store = await open_store(database.url)
    with pytest.raises(DatabaseInUseError):
        await open_store(database.url)
    outcome = await store.capture(unit("c1", event("a")))
    assert outcome.events[0].kind == "stored"
    await store.close()
    again = await open_store(database.url)
    assert (await again.status()).event_count == 1
    await again.close()


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database.url)


def test_sqlite_flushes_every_commit(sqlite_database: Database) -> None:
    """Log mode is a property of the file; the writer's own pragmas are checked in its own test."""
    engine = sa.create_engine(sqlite_database.url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()


def test_the_lease_is_free_after_a_refusal(postgres: RunningPostgres) -> None:
    """A refused opening must not leave its connection behind."""
    with psycopg.connect(postgres.admin_url) as connection:
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        assert connection.execute(query).fetchone() == (0,)
