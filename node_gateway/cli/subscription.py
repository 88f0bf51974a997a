"""`sealtrail subscription`: look after the webhook subscriptions of a gateway that runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import parse_qs, quote, urlsplit

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import CommandError, command, put, say, table

app = typer.Typer(no_args_is_help=True)

_PAGE = 1000
QueryArgument = Annotated[str, typer.Argument(help="Name of the query.")]
IdArgument = Annotated[str, typer.Argument(help="Id as in the list.")]


@app.command("list")
@command
def list_subscriptions(
    query: Annotated[str | None, typer.Option(help="Of this query only.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List subscriptions, and how their deliveries go; never their secrets."""
    client = Client.from_config(config, gateway)
    names = [query] if query else [one["name"] for one in _pages(client, "/epcis/queries")]
    found = [one for name in names for one in _pages(client, _path(name))]
    if json:
        put(found)
        return
    rows = [
        [
            one["subscriptionID"],
            one["queryName"],
            urlsplit(one["dest"]).netloc,  # the rest of an address may be a secret
            one["state"],
            _trouble(one),
            one.get("lastNotifiedAt", "-"),
        ]
        for one in found
    ]
    table("", ["id", "query", "receiver", "state", "trouble", "last delivery"], rows)


@app.command("show")
@command
def show(
    query: QueryArgument,
    subscription: IdArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Show a subscription as JSON, without its secret."""
    client = Client.from_config(config, gateway)
    put(client.json("GET", f"{_path(query)}/{quote(subscription, safe='')}"))


@app.command("remove")
@command
def remove(
    query: QueryArgument,
    subscription: IdArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Remove a subscription: nothing more is delivered to it."""
    client = Client.from_config(config, gateway)
    client.request("DELETE", f"{_path(query)}/{quote(subscription, safe='')}")
    say(f"{subscription} is removed")


def _path(query: str) -> str:
    return f"/epcis/queries/{quote(query, safe='')}/subscriptions"


def _pages(client: Client, path: str) -> Iterator[dict[str, Any]]:
    """Yield the members of a list that comes in pages.

    Raises:
        CommandError: the answer is no list; so this is no gateway.
    """
    params: dict[str, Any] | None = {"perPage": _PAGE}
    while params is not None:
        answer = client.request("GET", path, params=params)
        try:
            members = answer.json()
        except ValueError:
            members = None
        if not isinstance(members, list):
            raise CommandError(
                f"{client.base_url} answers with something else than a list",
                attempt="check the address: is it a Sealtrail gateway?",
            )
        yield from members
        following = answer.links.get("next", {}).get("url")
        params = None if following is None else _token(following)


def _token(following: str) -> dict[str, Any]:
    return {name: values[0] for name, values in parse_qs(urlsplit(following).query).items()}


def _trouble(one: dict[str, Any]) -> str:
    if "lastError" not in one:
        return "-"
    status = f" {one['lastStatus']}" if one.get("lastStatus") else ""
    return f"{one['lastError']}{status}"
