"""A gateway with a past, upgraded: nothing of it is handed over, and nothing of it is lost."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from node_gateway.storage import handovers
from node_gateway.storage.engine import migrate
from tests.anvil import Anvil
from tests.gateway.partners.arriving import came
from tests.gateway.partners.test_renumbered import QUIET, capture, handover_of
from tests.gateway.partners.ways import code, person
from tests.partners import Town, town

BEFORE = "0009"
"""The last revision without anything between gateways."""


def put_back(database: Path, folder: Path) -> None:
    """Make a database what it would be at the revision before: its own tables, and these rows.

    Migrations only go forward. So an empty database of then gets the rows of every table that it
    has; the cursors of projections that came later go.
    """
    old = folder / "old.db"
    migrate(f"sqlite:///{old}", BEFORE)
    with closing(sqlite3.connect(old)) as made, made:
        made.execute("ATTACH DATABASE ? AS later", (str(database),))
        tables = [
            name
            for (name,) in made.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
            if name != "alembic_version" and not name.startswith("sqlite_")
        ]
        for name in tables:
            columns = ", ".join(
                f'"{row[1]}"' for row in made.execute(f'PRAGMA main.table_info("{name}")')
            )
            made.execute(f'DELETE FROM main."{name}"')
            made.execute(
                f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM later."{name}"'
            )
        made.execute(
            "DELETE FROM projection "
            "WHERE name IN ('handovers', 'receipts', 'sales', 'granted_goods', 'webhooks')"
        )
        made.execute("DELETE FROM meta WHERE name LIKE '%handovers%'")
    for beside in database.parent.glob("gateway.db*"):
        beside.unlink()
    shutil.move(old, database)


async def state_of(t: Town, pack: str) -> object:
    answer = await t["maker"].client.get(f"/v1/codes/{quote(pack, safe='')}/state")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_history_stays_at_home_and_what_follows_is_handed_over(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    people = [person("maker"), person("shop")]
    async with town(anvil, template, tmp_path / "town", people, wishes=QUIET) as t:
        past, present = code(), code()
        await t.stop("shop")
        old = await capture(t["maker"], past)
        await t["maker"].gateway.follower.catch_up()
        before = await state_of(t, past)
        await t.stop("maker")
        put_back(t.database("maker"), tmp_path)
        migrate(f"sqlite:///{t.database('maker')}")
        await t.start("shop")
        maker = await t.start("maker")

        new = await capture(maker, present)
        await came(t["shop"], new)

        assert await state_of(t, past) == before
        assert (
            await maker.gateway.store.read(lambda c: handovers.handovers_of(c, bytes.fromhex(old)))
            == []
        )
        (one,) = await t["shop"].gateway.store.read(
            lambda c: handovers.handovers(c, after=0, limit=9)
        )
        assert one.shipment == bytes.fromhex(new)
        resent = await maker.client.post("/v1/handovers", json={"event": old})
        assert resent.status_code == 201, resent.text  # who wants it says so
        await handover_of(t["shop"], old)
