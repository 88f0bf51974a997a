"""`sealtrail webhook`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, table
from node_gateway.cli.webhook_listening import listen as listen_to

app = typer.Typer(no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(help="Id as in the list.")]
_PAGE = 1000


@app.command("add")
@command
def add(
    url: Annotated[str, typer.Argument(help="Where to tell it: https://...")],
    kind: Annotated[
        list[str] | None,
        typer.Option("--type", help="What to tell, such as unit.sold; repeatable."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Add a webhook. Its secret is shown now, and never again."""
    client = Client.from_config(config, gateway)
    made = client.json("POST", "/v1/webhooks", json={"url": url, "types": kind or []})
    if json:
        put(made)
        return
    say(f"{made['id']}: {len(made['types'])} types. Next: sealtrail webhook test {made['id']}")
    _show_keys(made)


@app.command("list")
@command
def list_webhooks(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List webhooks, and how they go; never their secrets."""
    answer = Client.from_config(config, gateway).get("/v1/webhooks")
    if json:
        put(answer)
        return
    rows = [
        [
            one["id"],
            urlsplit(one["url"]).netloc,  # the rest of an address may be a secret
            one["state"],
            _trouble(one),
            one["deliveredAt"] or "-",
        ]
        for one in answer["webhooks"]
    ]
    table("", ["id", "receiver", "state", "trouble", "last delivery"], rows)


@app.command("show")
@command
def show(
    webhook: IdArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show a webhook and its latest deliveries."""
    client = Client.from_config(config, gateway)
    found = client.get(_path(webhook))
    latest = client.get(_path(webhook, "/deliveries"), perPage=20)["deliveries"]
    if json:
        put({**found, "deliveries": latest})
        return
    for name in ("id", "url", "state", "createdAt"):
        say(f"{name}: {found[name]}")
    say(f"types: {' '.join(found['types'])}")
    _table(latest)


@app.command("deliveries")
@command
def deliveries(
    webhook: IdArgument,
    state: Annotated[str | None, typer.Option(help="waiting, delivered or given_up only.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List all deliveries that are kept, the newest first."""
    client = Client.from_config(config, gateway)
    found = list(_pages(client, webhook, state))
    if json:
        put(found)
        return
    _table(found)


@app.command("test")
@command
def try_out(
    webhook: IdArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Send it a test; one that is disabled is enabled."""
    answer = Client.from_config(config, gateway).json("POST", _path(webhook, "/test"))
    say(f"A test is on its way. Next: sealtrail webhook show {webhook}")
    if json:
        put(answer)


@app.command("rotate")
@command
def rotate(
    webhook: IdArgument,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=720, help="How long the old secret signs, too.")
    ] = 24,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Replace its secrets; meanwhile every request carries signatures by both."""
    body = {"overlapSeconds": int(overlap_hours * 3600)}
    made = Client.from_config(config, gateway).json("POST", _path(webhook, "/rotate"), json=body)
    if json:
        put(made)
        return
    say(f"{webhook}: the old secret signs for {overlap_hours:g} hours more.")
    _show_keys(made)


@app.command("replay")
@command
def replay(
    webhook: IdArgument,
    event: Annotated[int | None, typer.Option(min=1, help="This event only.")] = None,
    since: Annotated[
        int | None, typer.Option(min=0, help="All since this time, Unix seconds.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Send again what was given up, or one event, or all since a time."""
    if event is not None and since is not None:
        raise CommandError(
            "either one event or a time", attempt="--event N, or --since T", status=USAGE
        )
    body = {"event": event, "since": since}
    answer = Client.from_config(config, gateway).json("POST", _path(webhook, "/replay"), json=body)
    say(f"{answer['replayed']} go out again.")
    if json:
        put(answer)


@app.command("remove")
@command
def remove(
    webhook: IdArgument, config: ConfigOption = DEFAULT_CONFIG, gateway: GatewayOption = None
) -> None:
    """Remove a webhook and what waits for it."""
    Client.from_config(config, gateway).request("DELETE", _path(webhook))
    say(f"{webhook} is removed")


@app.command("listen")
@command
def listen(
    secret_file: Annotated[
        Path | None, typer.Option(help="File with the secret (whsec_...); else none is checked.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="On loopback; 0: a free one.")] = 0,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
) -> None:
    """Receive webhooks on this machine and print them, one JSON line each; for trying out.

    The gateway must be allowed to tell it: webhooks.allow_private and webhooks.allow_http.
    """
    secret = None if secret_file is None else secret_file.read_text(encoding="ascii").strip()
    listen_to(secret, port, count)


def _path(webhook: str, rest: str = "") -> str:
    return f"/v1/webhooks/{quote(webhook, safe='')}{rest}"


def _pages(client: Client, webhook: str, state: str | None) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {"perPage": _PAGE, **({"state": state} if state else {})}
    while True:
        page = client.get(_path(webhook, "/deliveries"), **params)
        yield from page["deliveries"]
        if page["next"] is None:
            return
        params["before"] = page["next"]


def _table(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            str(one["event"]),
            one["type"].removeprefix("sealtrail."),
            one["state"],
            str(one["tries"]),
            _trouble(one),
            one["nextAt"] or one["doneAt"] or "-",
        ]
        for one in found
    ]
    table("", ["event", "type", "state", "tries", "trouble", "next or done"], rows)


def _trouble(one: dict[str, Any]) -> str:
    if one["lastError"] is None:
        return "-"
    status = f" {one['lastStatus']}" if one["lastStatus"] else ""
    return f"{one['lastError']}{status}"


def _show_keys(made: dict[str, Any]) -> None:
    say("The secret, for the receiver; it is not shown again:")
    put({"id": made["id"], "secret": made["secret"], "publicKeys": made["publicKeys"]})
