"""`sealtrail api-key`: straight in the database, or through the gateway while it runs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import NOT_FOUND, CommandError, command, put, say, table
from node_gateway.storage.errors import DatabaseInUseError

app = typer.Typer(no_args_is_help=True)

_DAY_S = 86_400


@app.command("new")
@command
def new(
    name: Annotated[str, typer.Option(help="Who or what uses it.")],
    scope: Annotated[list[str], typer.Option(help="capture, query, operate, audit, admin.")],
    config: ConfigOption = DEFAULT_CONFIG,
    days: Annotated[int | None, typer.Option(min=1, help="Expires after so many days.")] = None,
) -> None:
    """Make an API key. Its text goes to stdout, this once; only a hash is kept."""
    expires_at = int(time.time()) + days * _DAY_S if days else None
    try:
        text = asyncio.run(_new(config, name, scope, expires_at))
    except DatabaseInUseError:
        wanted = {"name": name, "scopes": scope, "expiresAt": expires_at}
        client = Client.from_config(config, None)
        text = client.json("POST", "/v1/api-keys", json=wanted)["key"]
    typer.echo(text)
    say("This is the only time that the key is shown.")


@app.command("list")
@command
def list_keys(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """List API keys, without their text."""
    try:
        keys = asyncio.run(_list(config))
    except DatabaseInUseError:
        keys = Client.from_config(config, None).get("/v1/api-keys")["keys"]
    if json:
        put(keys)
        return
    rows = [
        [
            one["id"],
            one["name"],
            " ".join(one["scopes"]),
            _state(one),
        ]
        for one in keys
    ]
    table("", ["id", "name", "scopes", "state"], rows)


@app.command("revoke")
@command
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id as in the list.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Revoke an API key at once."""
    try:
        asyncio.run(_revoke(config, key_id))
    except DatabaseInUseError:
        Client.from_config(config, None).request("DELETE", f"/v1/api-keys/{key_id}")
    say(f"{key_id} is revoked")


def _state(key: dict[str, Any]) -> str:
    if key["revokedAt"]:
        return "revoked"
    return "expired" if key["expiresAt"] and key["expiresAt"] <= time.time() else "valid"


async def _new(config: Path, name: str, scopes: list[str], expires_at: int | None) -> str:
    from node_gateway.services.access import new_api_key
    from node_gateway.settings import load_settings
    from node_gateway.wiring import open_database

    async with open_database(load_settings(config)) as store:
        text, _ = await new_api_key(
            store, name=name, scopes=scopes, now_s=int(time.time()), expires_at=expires_at
        )
        return text


async def _list(config: Path) -> list[dict[str, Any]]:
    from node_gateway.api.administration import key_wire
    from node_gateway.settings import load_settings
    from node_gateway.wiring import open_database

    async with open_database(load_settings(config)) as store:
        return [key_wire(one) for one in await store.api_keys()]


async def _revoke(config: Path, key_id: str) -> None:
    from node_gateway.settings import load_settings
    from node_gateway.wiring import open_database

    async with open_database(load_settings(config)) as store:
        if await store.revoke_api_key(key_id, revoked_at=int(time.time())) is None:
            raise CommandError(
                "no such API key", attempt="sealtrail api-key list", status=NOT_FOUND
            )
