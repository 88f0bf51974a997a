"""`sealtrail grant`: what others may read here, what they read, and reading at others."""

from __future__ import annotations

import json as json_module
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import MISMATCH, USAGE, CommandError, command, put, say, table

app = typer.Typer(no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="Short name or id of the participant.")]
GrantArgument = Annotated[str, typer.Argument(metavar="GRANT", help="Id of the grant.")]
Codes = Annotated[list[str] | None, typer.Option("--code", help="A code; repeatable.")]
Lots = Annotated[
    list[str] | None,
    typer.Option("--lot", metavar="PRODUCT/LOT", help="A lot of a product; repeatable."),
]
Products = Annotated[list[str] | None, typer.Option("--product", help="A GTIN; repeatable.")]
Places = Annotated[list[str] | None, typer.Option("--place", help="GLN or place; repeatable.")]
Until = Annotated[str, typer.Option("--until", help="Date, or time with offset; not after it.")]
Start = Annotated[
    str | None, typer.Option("--from", help="Date, or time with offset; from now on without.")
]
Purpose = Annotated[str, typer.Option("--purpose", help="What it is for; the other side sees it.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")]
After = Annotated[int, typer.Option("--after", min=0, help="Number to go on from.")]


@app.command("add")
@command
def add(
    slug: Slug,
    purpose: Purpose,
    until: Until,
    start: Start = None,
    items: Annotated[
        list[str] | None,
        typer.Option("--item", help="Path or derived name that is shown, * for all; repeatable."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Show what public or partner is shown.")
    ] = None,
    no_codes: Annotated[
        bool, typer.Option("--no-codes", help="Do not disclose codes, not even of the scope.")
    ] = False,
    opening: Annotated[
        str, typer.Option("--opening", help="Hand over secrets, for ever: none, codes or full.")
    ] = "none",
    codes: Codes = None,
    lots: Lots = None,
    products: Products = None,
    steps: Annotated[
        list[str] | None, typer.Option("--step", help="Business step; repeatable.")
    ] = None,
    places: Places = None,
    since: Annotated[
        str | None, typer.Option("--events-from", help="Only events that happened from then on.")
    ] = None,
    before: Annotated[
        str | None, typer.Option("--events-before", help="Only events that happened before.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every event, also to come.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Let another participant read chosen items of chosen events until a date.

    Codes, lots and products are a union; everything else must hold together. All reads are logged.
    """
    times = {"eventFrom": since, "eventBefore": before}
    body = {
        "participant": slug,
        "purpose": purpose,
        "until": moment(until),
        "items": _items(preset, items, opening, codes=not no_codes),
        "scope": {
            **goods(codes, lots, products),
            "steps": steps or [],
            "places": places or [],
            **{name: moment(text) for name, text in times.items() if text is not None},
            "all": everything,
        },
        **({"from": moment(start)} if start is not None else {}),
    }
    given = Client.from_config(config, gateway).json("POST", "/v1/grants", json=body)
    if json:
        put(given)
        return
    say(f"participant {given['participant']} may read until {day(given['validUntil'])}")
    typer.echo(given["id"])


@app.command("list")
@command
def list_grants(
    of: Annotated[
        str | None, typer.Option("--of", help="What this participant lets us read, instead.")
    ] = None,
    after: After = 0,
    limit: Limit = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List the grants that we gave, ended ones too; or those that somebody gave us."""
    client = Client.from_config(config, gateway)
    if of is not None:
        answer = client.get(f"/v1/granted/{of}")
        answer["next"] = None
    else:
        answer = client.get("/v1/grants", after=after, perPage=limit)
    if json:
        put(answer)
        return
    rows = [
        [
            one["id"],
            one.get("slug") or str(one.get("participant", "us")),
            one.get("state", "active"),
            day(one["validUntil"]),
            one["purpose"],
        ]
        for one in answer["grants"]
    ]
    table("", ["grant", "to", "state", "until", "purpose"], rows)
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("show")
@command
def show(
    grant: GrantArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show a grant with its terms."""
    found = Client.from_config(config, gateway).get(f"/v1/grants/{grant}")
    if json:
        put(found)
        return
    items, scope = found["terms"]["items"], found["terms"]["scope"]
    shown = [*([f"as {items['preset']}"] if items["preset"] else []), *items["paths"]]
    rows = [
        ["to", f"{found['slug']} (participant {found['participant']})"],
        ["state", found["state"]],
        ["purpose", found["purpose"]],
        ["from", day(found["validFrom"])],
        ["until", day(found["validUntil"])],
        ["items", ", ".join(shown) or "-"],
        ["codes", "those of the scope" if items["codes"] else "none"],
        ["opening", items["opening"]],
        *([name, ", ".join(scope[name])] for name in ("goods", "steps", "types", "places")),
    ]
    table("", ["", ""], [row for row in rows if row[1]])


@app.command("revoke")
@command
def revoke(
    grant: GrantArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """End a grant: the next request under it is refused. What was read stays read."""
    done = Client.from_config(config, gateway).json("POST", f"/v1/grants/{grant}/revoke")
    if json:
        put(done)
        return
    say(f"{grant} is {done['state']}")


@app.command("log")
@command
def log(
    slug: Annotated[
        str | None, typer.Argument(help="What this participant read here under grants.")
    ] = None,
    of: Annotated[
        str | None, typer.Option("--of", help="What this participant says that we read there.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Recompute the log, and compare it with its anchors.")
    ] = False,
    after: After = 0,
    limit: Limit = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show who read what under grants. Exit status 10 if the log does not hold."""
    client = Client.from_config(config, gateway)
    if (slug is None) == (of is None) and not verify:
        raise CommandError(
            "whose reads?", attempt="sealtrail grant log SLUG, --of SLUG or --verify", status=USAGE
        )
    if verify:
        found = client.get("/v1/reads/check")
        _tell_check(found, json=json)
        return
    if of is not None:
        answer = client.get(f"/v1/granted/{of}/reads", after=after)
    else:
        answer = client.get("/v1/reads", participant=slug, after=after, perPage=limit)
    if json:
        put(answer)
    else:
        rows = [
            [str(one["number"]), moment_of(one["atMs"]), one["kind"], one["grant"], one["entry"]]
            for one in answer["reads"]
        ]
        table("", ["number", "at", "what", "grant", "event"], rows)
    if of is not None:
        if not json:
            anchored = answer["anchored"]
            say(
                "signed by the owner; "
                + (f"anchored up to {anchored}" if anchored else "no anchor yet")
            )
        if not answer["holds"]:
            raise CommandError(
                "the owner's log does not hold", attempt="ask the owner", status=MISMATCH
            )


@app.command("fetch")
@command
def fetch(
    slug: Slug,
    grant: GrantArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a file per event.")
    ] = None,
    opening: Annotated[
        bool, typer.Option("--opening", help="Fetch full openings, if the grant has them.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Fetch what a participant lets us read: a bundle for each event, checked in itself.

    Check the files against witnesses you chose: sealtrail verify FILE.
    """
    client = Client.from_config(config, gateway)
    kind = "opening" if opening else "bundle"
    path = f"/v1/granted/{slug}/{grant}/events"
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    fetched, waiting, after = 0, 0, None
    while True:
        page = client.get(path, **({"after": after} if after else {}))
        for entry in page["entries"]:
            try:
                raw = client.raw(f"{path}/{entry}/{kind}")
            except CommandError as error:
                if error.problem.get("code") != "not_final":
                    raise
                waiting += 1
                continue
            fetched += 1
            if output is not None:
                _write(output / f"{entry}.{kind}.json", raw)
            else:
                put(json_module.loads(raw))
        after = page["next"]
        if after is None:
            break
    if json and output is not None:
        put({"fetched": fetched, "beingSealed": waiting, "folder": str(output)})
    say(f"{fetched} events" + (f"; {waiting} are still being sealed" if waiting else ""))


def _items(
    preset: str | None, paths: list[str] | None, opening: str, *, codes: bool
) -> dict[str, Any]:
    return {"preset": preset, "paths": paths or [], "codes": codes, "opening": opening}


def _write(file: Path, raw: bytes) -> None:
    """Write what was disclosed to us alone: readable by its owner only."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(raw)


def _tell_check(found: dict[str, Any], *, json: bool) -> None:
    if json:
        put(found)
    else:
        say(
            f"{found['reads']} reads of {found['grantees']} participants; "
            f"{found['stated']} statements, {found['final']} of them sealed"
        )
    if not found["holds"]:
        raise CommandError(
            "the log does not hold: " + "; ".join(found["broken"]),
            attempt="compare with a backup; grantees can show what was signed",
            status=MISMATCH,
        )


def goods(
    codes: list[str] | None, lots: list[str] | None, products: list[str] | None
) -> dict[str, Any]:
    """Return the goods of a scope as the gateway takes them.

    Raises:
        CommandError: a lot without its product.
    """
    split = [one.partition("/") for one in lots or ()]
    if any(not lot for _, _, lot in split):
        raise CommandError(
            "a lot needs its product", attempt="--lot 06901234123456/L-1", status=USAGE
        )
    named = [{"product": product, "lot": lot} for product, _, lot in split]
    return {"codes": codes or [], "lots": named, "products": products or []}


def moment(text: str) -> str:
    """Return a time with offset: a bare date is its midnight here.

    Raises:
        CommandError: it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"{text} is no date", attempt="2028-02-29, or 2028-02-29T00:00:00+08:00", status=USAGE
        ) from None
    return (found if found.tzinfo else found.astimezone()).isoformat(timespec="milliseconds")


def day(seconds: int) -> str:
    """Return a time as people read it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%MZ")


def moment_of(milliseconds: int) -> str:
    """Return a time of the log, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
