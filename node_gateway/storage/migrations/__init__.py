"""Schema revisions and the only function that applies them.

The service never creates or migrates a database by itself: it calls `require_revision` and
refuses. `upgrade` is for the operator's command and for tests.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from node_gateway.storage.errors import DatabaseRevisionError


def _config() -> Config:
    config = Config()
    here = str(Path(__file__).parent)
    config.set_main_option("script_location", here.replace("%", "%%"))
    return config


def head_revision() -> str:
    """Return the revision that this version of the code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise AssertionError("the package ships no revision")
    return head


def current_revision(connection: Connection) -> str | None:
    """Return the revision of a database, None if it has no schema."""
    return MigrationContext.configure(connection).get_current_revision()


def require_revision(connection: Connection) -> None:
    """Check the revision and change nothing.

    Raises:
        DatabaseRevisionError: the schema is missing, older or newer.
    """
    found, expected = current_revision(connection), head_revision()
    if found != expected:
        raise DatabaseRevisionError(found=found, expected=expected)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring a database to a revision in one transaction; the newest one again is a no-op."""
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
