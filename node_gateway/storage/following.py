"""How far each projection has followed the events."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select, update

from node_gateway.storage.following_tables import projection


def positions(connection: Connection) -> dict[str, int]:
    """Return the position of the last event that each projection holds, by its name."""
    rows = connection.execute(select(projection.c.name, projection.c.position))
    return {row.name: row.position for row in rows}


def move(connection: Connection, names: Iterable[str], position: int) -> None:
    """Say that these projections hold every event up to `position`."""
    for name in names:
        moved = connection.execute(
            update(projection).where(projection.c.name == name).values(position=position)
        )
        if not moved.rowcount:
            connection.execute(insert(projection).values(name=name, position=position))


def restart(connection: Connection, names: Iterable[str]) -> None:
    """Let these projections begin again with the first event."""
    connection.execute(delete(projection).where(projection.c.name.in_(list(names))))
