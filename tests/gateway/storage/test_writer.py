"""The writer under faults: full disk, failed commits, cancelled callers, closing."""

import asyncio
import resource
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from node_gateway.storage import writer
from node_gateway.storage.engine import open_store
from node_gateway.storage.errors import DatabaseFullError, StoreBusyError, StoreClosedError
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.postgres import PostgresBackend
from tests.gateway.storage.conftest import Database
from tests.gateway.storage.making import STREAM, batch, event, unit


def raw(store: GatewayStore) -> sqlite3.Connection:
    connection: Any = store._connection.connection.dbapi_connection
    return connection


def steps_into(steps: list[str]) -> writer.OnStep:
    return steps.append


async def test_captures_that_wait_share_one_commit(database: Database) -> None:
    steps: list[str] = []
    store = await open_store(database.url, on_step=steps_into(steps))
    await asyncio.gather(*[store.capture(unit(f"c{i}", event(i))) for i in range(200)])
    commits = steps.count("store.before_commit")
    assert commits == steps.count("store.after_commit")
    assert commits <= 20
    await store.close()


async def test_every_kind_of_writing_has_its_steps(database: Database) -> None:
    steps: list[str] = []
    store = await open_store(database.url, on_step=steps_into(steps))
    await store.capture(unit("c1", event("a")))
    await store.add_batch(batch(await store.unbatched(STREAM, limit=1), sequence=1))
    await store.set_meta("a", b"b")
    assert steps == [
        f"{kind}.{moment}"
        for kind in ("store", "batch", "register")
        for moment in ("before_commit", "after_commit")
    ]
    await store.close()


async def test_the_writing_connection_flushes_and_overwrites(sqlite_database: Database) -> None:
    store = await open_store(sqlite_database.url)
    settings = {"synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "journal_mode": "wal"}
    found = {name: raw(store).execute(f"PRAGMA {name}").fetchone()[0] for name in settings}
    assert found == settings
    await store.close()


async def test_postgres_flushes_although_told_otherwise(postgres_url: str) -> None:
    name = make_url(postgres_url).database
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        store = await open_store(postgres_url)
        found = raw(store).execute("SHOW synchronous_commit").fetchone()
        raw(store).rollback()
        await store.close()
        connection.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')
    assert found == ("on",)


async def test_readers_cannot_write(database: Database) -> None:
    store = await open_store(database.url)
    with pytest.raises(Exception, match=r"(?i)read.?only"):
        await store._read(lambda connection: connection.exec_driver_sql("DELETE FROM meta"))
    await store.close()


async def test_a_full_database_stores_nothing_by_halves(sqlite_database: Database) -> None:
    """F2: the unit fails with a clear error; what was acknowledged stays; space heals it."""
    store = await open_store(sqlite_database.url)
    await store.capture(unit("c0", *[event(i) for i in range(50)]))
    pages = raw(store).execute("PRAGMA page_count").fetchone()[0]
    raw(store).execute(f"PRAGMA max_page_count={pages + 10}")
    huge = unit("huge", *[event(("huge", i), payload=event(i).secret * 400) for i in range(300)])
    with pytest.raises(DatabaseFullError) as refused:
        await store.capture(huge)
    assert refused.value.code == "database_full"
    assert await store.capture_job("huge") is None
    assert await store.event_by_entry(huge.events[0].entry) is None
    assert (await store.status()).event_count == 50
    assert len((await store.unbatched(STREAM, limit=999)).entries) == 50
    raw(store).execute("PRAGMA max_page_count=1000000")
    outcome = await store.capture(huge)
    assert {each.kind for each in outcome.events} == {"stored"}
    assert raw(store).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    await store.close()


async def test_a_failed_commit_ends_writing_for_good(sqlite_database: Database) -> None:
    """I8: unsure means stop writing, keep serving. The kernel refuses the log's next bytes."""
    assert sqlite_database.file is not None
    log = Path(f"{sqlite_database.file}-wal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(step: str) -> None:
        if step == "store.before_commit" and armed:
            resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))

    armed: list[bool] = []
    store = await open_store(sqlite_database.url, on_step=limit)
    await store.capture(unit("c1", event("a")))
    armed.append(True)
    try:
        with pytest.raises(StoreClosedError, match="OperationalError"):
            await store.capture(unit("c2", event("b")))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    armed.clear()
    assert store.failure == "store_closed"
    with pytest.raises(StoreClosedError):
        await store.capture(unit("c3", event("c")))
    found = await store.event_by_key(event("a").event_key)
    assert found is not None
    assert (await store.status()).failure == "store_closed"
    await store.close()
    again = await open_store(sqlite_database.url)
    kinds = [(await again.capture(unit(f"r{n}", event(n)))).events[0].kind for n in "abc"]
    assert kinds == ["duplicate", "stored", "stored"]
    assert (await again.status()).event_count == 3
    await again.close()


async def test_a_lost_server_ends_writing_for_good(postgres_url: str) -> None:
    """The lease goes with the writing connection, so it must never reconnect behind our back."""

    def cut(step: str) -> None:
        if step == "store.before_commit" and armed:
            with psycopg.connect(postgres_url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", armed)

    armed: list[int] = []
    store = await open_store(postgres_url, on_step=cut)
    await store.capture(unit("lost1", event("lost-a")))
    armed.append(raw(store).info.backend_pid)
    waiting = [store.capture(unit(f"lost{i}", event(("lost", i)))) for i in range(2, 30)]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in results} == {StoreClosedError}
    assert store.failure == "store_closed"
    assert await store.event_by_key(event("lost-a").event_key) is not None
    assert await store.event_by_key(event(("lost", 2)).event_key) is None
    await store.close()


def test_a_full_disk_of_the_server_is_called_so(postgres_url: str) -> None:
    backend = PostgresBackend(make_url(postgres_url), reader_count=1)
    assert backend.fault_of(psycopg.errors.DiskFull("no space")) == "full"
    assert backend.fault_of(psycopg.OperationalError("gone")) == "broken"
    assert backend.fault_of(psycopg.errors.UniqueViolation("twice")) == "refused"
    assert backend.fault_of(ValueError("a value")) == "refused"


async def test_a_locked_database_is_busy_and_not_broken(sqlite_database: Database) -> None:
    store = await open_store(sqlite_database.url)
    raw(store).execute("PRAGMA busy_timeout=50")
    with sqlite3.connect(str(sqlite_database.file), isolation_level=None) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            await store.capture(unit("c1", event("a")))
        stranger.execute("ROLLBACK")
    stranger.close()
    outcome = await store.capture(unit("c1", event("a")))
    assert outcome.events[0].kind == "stored"
    await store.close()


async def test_too_many_waiting_units_are_turned_away(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F21: bounded memory; who is turned away may retry."""
    monkeypatch.setattr(writer, "WAITING_UNITS_MAX", 10)
    store = await open_store(sqlite_database.url)
    calls = [store.capture(unit(f"c{i}", event(i))) for i in range(400)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    busy = [each for each in results if isinstance(each, StoreBusyError)]
    assert busy
    assert all(each.retryable for each in busy)
    assert (await store.status()).event_count == len(results) - len(busy)
    await store.close()


async def test_a_cancelled_caller_harms_nobody(database: Database) -> None:
    store = await open_store(database.url)
    tasks = [asyncio.create_task(store.capture(unit(f"c{i}", event(i)))) for i in range(100)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    done = [each for each in results if not isinstance(each, BaseException)]
    assert len(done) >= 66
    late = await store.capture(unit("late", event("late")))
    assert late.events[0].kind == "stored"
    assert len(done) + 1 <= (await store.status()).event_count <= 101
    await store.close()


async def test_closing_writes_what_waits_and_refuses_what_comes(database: Database) -> None:
    store = await open_store(database.url)
    tasks = [asyncio.create_task(store.capture(unit(f"c{i}", event(i)))) for i in range(50)]
    await asyncio.sleep(0)
    await store.close()
    outcomes = await asyncio.gather(*tasks)
    assert {each.events[0].kind for each in outcomes} == {"stored"}
    with pytest.raises(StoreClosedError):
        await store.capture(unit("late", event("late")))
    await store.close()
