"""`sealtrail code`: issue, orders, status, commission, void, replace, range."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.findings import platform_rows
from node_gateway.cli.issuing_stream import Wanted, receive
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import SUSPICIOUS, USAGE, CommandError, command, put, say, table
from node_gateway.cli.writing import ForceOption, require_free

EVENT_CODES_MAX = 100_000
_PAGE_ORDERS = 1000

GtinArgument = Annotated[str | None, typer.Argument(help="GTIN of the product.")]
DrugOption = Annotated[
    str | None, typer.Option("--drug", help="Identification code (7 digits), for drug codes.")
]
SsccOption = Annotated[
    str | None, typer.Option("--sscc", help="GS1 company prefix, for logistics units.")
]
LineOption = Annotated[str, typer.Option("--line", help="Packaging line; it has its own range.")]
CountOption = Annotated[int, typer.Option("--count", "-n", min=1, help="How many codes.")]
OrderOption = Annotated[str, typer.Option("--order", help="Id of the order.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept with the code.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check only; change nothing.")]
_CODE = "A code in any spelling."


@command
def issue(
    count: CountOption,
    gtin: GtinArgument = None,
    drug: DrugOption = None,
    sscc: SsccOption = None,
    line: LineOption = "",
    order: Annotated[
        str | None,
        typer.Option("--order", help="Your name of the order; again, it gives the same codes."),
    ] = None,
    format: Annotated[  # noqa: A002  the name of the option
        str, typer.Option("--format", help="csv or json.")
    ] = "csv",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; else stdout.")
    ] = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Issue codes: GTIN serials, drug codes or SSCCs. They are valid once they are commissioned.

    A connection that breaks is taken up again; no code is lost and none comes twice.
    """
    if format not in ("csv", "json"):
        raise CommandError(f"no format {format}", attempt="--format csv or json", status=USAGE)
    client = Client.from_config(config, gateway)
    body = _named(gtin, drug, sscc) | {"count": count, "line": line}
    if dry_run:
        put(client.json("POST", "/v1/codes/issue", json=body, params={"dryRun": True}))
        return
    require_free(output, force=force)
    made = order or f"cli-{time.time_ns():x}"
    receive(client, Wanted({**body, "order": made}, made, count), format, output, force=force)
    say(f"order {made}: {count} codes. They are valid once commissioned:")
    say(f"  sealtrail code commission --order {made} --lot ... --expiry ...")


@command
def orders(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    order: Annotated[str | None, typer.Option("--order", help="This one, in detail.")] = None,
    json: JsonOption = False,
) -> None:
    """List the orders of codes, oldest first; or show what became of one."""
    client = Client.from_config(config, gateway)
    if order is not None:
        detail = client.get(_order_path(order))
        if json:
            put(detail)
            return
        table("", ["member", "value"], [[name, str(value)] for name, value in detail.items()])
        return
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = client.get("/v1/codes/orders", after=after, perPage=_PAGE_ORDERS)
        found += page["orders"]
        after = page["next"]
    if json:
        put(found)
        return
    rows = [
        [one["order"], one["kind"], one["name"], one["line"] or "-", str(one["count"])]
        for one in found
    ]
    table("", ["order", "kind", "of", "line", "codes"], rows)


@command
def status(
    code: Annotated[str, typer.Argument(help=_CODE)],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a code is to the gateway that issues codes of its kind.

    Exit statuses: 0 commissioned, 14 never issued, wrong check characters, not commissioned,
    void or replaced.
    """
    client = Client.from_config(config, gateway)
    found = client.get(f"/v1/codes/{quote(code, safe='')}/status")
    if json:
        put(found)
    else:
        plain = {name: found[name] for name in found if name not in ("platformState", "packLevel")}
        rows = [[name, str(value)] for name, value in plain.items() if value not in (None, [])]
        rows += platform_rows(found)
        table("", ["member", "value"], rows)
    if found["status"] != "commissioned":
        raise typer.Exit(SUSPICIOUS)


@command
def commission(
    order: OrderOption,
    lot: Annotated[str, typer.Option("--lot", help="Lot of the goods.")],
    expiry: Annotated[str, typer.Option("--expiry", help="Expiry date, YYYY-MM-DD.")],
    first: Annotated[int, typer.Option("--first", min=0, help="First code, from 0.")] = 0,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="How many; default: the rest.")
    ] = None,
    location: Annotated[
        str | None, typer.Option("--location", help="Where: a GLN or another identifier.")
    ] = None,
    made_on: Annotated[
        str | None, typer.Option("--made-on", help="Production date, YYYY-MM-DD.")
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", help="When, with offset; default: now.")
    ] = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Commission the codes of an order. Doing it again is always safe."""
    client = Client.from_config(config, gateway)
    path = f"{_order_path(order)}/commission"
    last = client.get(_order_path(order))["count"] if count is None else first + count
    words = {
        "lot": lot,
        "expiry": expiry,
        "location": location,
        "madeOn": made_on,
        "eventTime": time,
    }
    done = []
    for start in range(first, max(last, first + 1), EVENT_CODES_MAX):
        size = max(1, min(EVENT_CODES_MAX, last - start))
        part = {**words, "first": start, "count": size}
        answer = client.json("POST", path, json=part, params={"dryRun": dry_run})
        done += answer["events"]
        say(f"{start + size} of {last}")
    put({"order": order, "dryRun": dry_run, "events": done})


@command
def void(
    code: Annotated[str, typer.Argument(help=_CODE)],
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Declare a code void; a commissioned one is decommissioned by an event."""
    client = Client.from_config(config, gateway)
    body = {"code": code, "reason": reason}
    put(client.json("POST", "/v1/codes/void", json=body, params={"dryRun": dry_run}))


@command
def replace(
    code: Annotated[str, typer.Argument(help="The old code, in any spelling.")],
    replacement: Annotated[str, typer.Argument(help="The code that takes its place.")],
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Put one code in the place of another; if that is commissioned, by an event."""
    client = Client.from_config(config, gateway)
    body = {"code": code, "replacement": replacement, "reason": reason}
    put(client.json("POST", "/v1/codes/replace", json=body, params={"dryRun": dry_run}))


ranges = typer.Typer(no_args_is_help=True)


@ranges.command("list")
@command
def list_ranges(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List the ranges that lines take their codes from."""
    answer = Client.from_config(config, gateway).get("/v1/codes/ranges")
    if json:
        put(answer)
        return
    _show(answer["ranges"])


@ranges.command("add")
@command
def add_range(
    count: CountOption,
    gtin: GtinArgument = None,
    drug: DrugOption = None,
    sscc: SsccOption = None,
    line: LineOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Set aside codes for a line, which from then on gets no others."""
    body = _named(gtin, drug, sscc) | {"count": count, "line": line}
    put(Client.from_config(config, gateway).json("POST", "/v1/codes/ranges", json=body))


@ranges.command("close")
@command
def close_ranges(
    gtin: GtinArgument = None,
    drug: DrugOption = None,
    sscc: SsccOption = None,
    skip: Annotated[
        int, typer.Option("--skip", min=0, help="Leave out so many of each for ever.")
    ] = 0,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Give out nothing more from these ranges, or from all; the next ones have new keys.

    After keys may have been stolen; with --skip, after an old copy of the database came back.
    """
    body = {**_named(gtin, drug, sscc), "skip": skip}
    answer = Client.from_config(config, gateway).json("POST", "/v1/codes/ranges/close", json=body)
    put(answer)


def _named(gtin: str | None, drug: str | None, sscc: str | None) -> dict[str, Any]:
    given = {"gtin": gtin, "drug": drug, "sscc": sscc}
    return {name: value for name, value in given.items() if value is not None}


def _order_path(order: str) -> str:
    return f"/v1/codes/orders/{quote(order, safe='')}"


def _show(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            str(one["range"]),
            one["kind"],
            one["name"],
            one["line"] or "-",
            str(one["used"]),
            "closed" if one["closed"] else str(one["left"]),
        ]
        for one in found
    ]
    table("", ["range", "kind", "of", "line", "used", "left"], rows)


def register(app: typer.Typer) -> None:
    """Add the commands to `sealtrail code`."""
    for function in (issue, orders, status, commission, void, replace):
        app.command(function.__name__)(function)
    app.add_typer(ranges, name="range", help="Ranges of codes: list, add, close.")
