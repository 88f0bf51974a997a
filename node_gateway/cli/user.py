"""`sealtrail user`: who may sign in to the console. Straight in the database, or by the gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client, address
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import command, put, say, table
from node_gateway.storage.errors import DatabaseInUseError

if TYPE_CHECKING:
    from node_gateway.console.people import People

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name that they sign in with.")]
_PAGE = 1000


@app.command("add")
@command
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, scanner, operator, quality, admin.")],
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Add a person. Their link goes to stdout, this once: it lets them choose a password."""
    try:
        made = asyncio.run(_add(config, name, role))
    except DatabaseInUseError:
        client = Client.from_config(config, None)
        made = client.json("POST", "/v1/people", json={"name": name, "role": role})
    _show_link(config, made, json=json)


@app.command("reset-link")
@command
def reset_link(name: Name, config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Make a new link for a person: for a lost password or phone. Their sessions end."""
    try:
        made = asyncio.run(_reset(config, name))
    except DatabaseInUseError:
        client = Client.from_config(config, None)
        made = client.json("POST", f"/v1/people/{quote(name, safe='')}/link")
    _show_link(config, made, json=json)


@app.command("disable")
@command
def disable(name: Name, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Let a person sign in no more, at once. `reset-link` lets them in again."""
    try:
        made = asyncio.run(_disable(config, name))
    except DatabaseInUseError:
        client = Client.from_config(config, None)
        made = client.json("DELETE", f"/v1/people/{quote(name, safe='')}")
    say(f"{made['name']} is disabled")


@app.command("list")
@command
def list_people(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """List who may sign in."""
    try:
        found = asyncio.run(_list(config))
    except DatabaseInUseError:
        found = _asked(Client.from_config(config, None))
    if json:
        put(found)
        return
    rows = [[one["name"], one["role"], one["state"], _day(one["createdAt"])] for one in found]
    table("", ["name", "role", "state", "added"], rows)


def _show_link(config: Path, made: dict[str, Any], *, json: bool) -> None:
    from node_gateway.settings import load_settings

    settings = load_settings(config)
    base = (settings.gateway.public_url or address(settings)).rstrip("/")
    link = f"{base}/app/join/{made['link']}"
    if json:
        put({**made, "link": link})
        return
    typer.echo(link)
    say("This is the only time that the link is shown. It works once.")


def _asked(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        answer = client.get("/v1/people", after=after, perPage=_PAGE)
        found += answer["people"]
        if answer["next"] is None:
            return found
        after = answer["next"]


def _day(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d")


@asynccontextmanager
async def _people(config: Path) -> AsyncIterator[People]:
    from node_gateway.console.people import People
    from node_gateway.settings import load_settings
    from node_gateway.storage.people import PeopleStore
    from node_gateway.wiring import open_database

    settings = load_settings(config)
    async with open_database(settings) as store:
        yield People(PeopleStore(store), settings.console, clock=time.time)


async def _add(config: Path, name: str, role: str) -> dict[str, Any]:
    async with _people(config) as people:
        link, made = await people.add(name, role)
        return {"link": link, **made}


async def _reset(config: Path, name: str) -> dict[str, Any]:
    async with _people(config) as people:
        link, made = await people.reset(name)
        return {"link": link, **made}


async def _disable(config: Path, name: str) -> dict[str, Any]:
    async with _people(config) as people:
        return await people.disable(name)


async def _list(config: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: str | None = ""
    async with _people(config) as people:
        while after is not None:
            some, after = await people.page(after=after, limit=_PAGE)
            found += some
    return found
