"""`sealtrail anchor`."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.drawing import (
    DEFAULT_LANGUAGE,
    LanguageOption,
    SvgOption,
    put_picture,
    require_drawable,
)
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import NOT_FOUND, CommandError, command, put, say, table
from node_gateway.cli.writing import ForceOption

app = typer.Typer(no_args_is_help=True)

_PAGE, _DRAWN_MAX = 1000, 5000
StreamOption = Annotated[int | None, typer.Option(help="Stream number; default: the ordinary one.")]


@app.command("now")
@command
def now(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    dispensing: Annotated[bool, typer.Option("--dispensing", help="The slow stream.")] = False,
) -> None:
    """Make a batch at once, outside of the cadence (which shows that something happened now)."""
    stream = "dispensing" if dispensing else "ordinary"
    client = Client.from_config(config, gateway)
    answer = client.json("POST", "/v1/operations/anchor", params={"stream": stream})
    put(answer)
    say("Durable; being sealed. See: sealtrail anchor list")


@app.command("list")
@command
def list_anchors(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    stream: StreamOption = None,
    after: Annotated[int, typer.Option(help="Go on after this sequence.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    svg: SvgOption = None,
    language: LanguageOption = DEFAULT_LANGUAGE,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """List the anchors of a stream, by sequence.

    The picture (--svg) is the heartbeat: what the streams sealed in each hour of the last day.
    """
    require_drawable(svg, language, json=json, force=force)
    if svg is not None and _draw(config, gateway, stream, svg, language, force):
        return
    answer = _anchors(config, gateway, stream, after, limit)
    if json:
        put(answer)
        return
    rows = [
        [
            str(one["sequence"]),
            one["state"],
            str(one["size"]),
            str(one["blockNumber"] or "-"),
            one["root"][:16],
        ]
        for one in answer["anchors"]
    ]
    table(f"stream {answer['stream']}", ["sequence", "state", "size", "block", "root"], rows)


@app.command("show")
@command
def show(
    sequence: Annotated[int, typer.Argument(min=1)],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    stream: StreamOption = None,
    json: JsonOption = False,
) -> None:
    """Show one anchor."""
    answer = _anchors(config, gateway, stream, sequence - 1, 1)
    if not answer["anchors"] or answer["anchors"][0]["sequence"] != sequence:
        raise CommandError(
            f"no anchor {sequence} in stream {answer['stream']}",
            attempt="sealtrail anchor list",
            status=NOT_FOUND,
        )
    anchor = answer["anchors"][0]
    if json:
        put(anchor)
        return
    table("", ["member", "value"], [[name, str(value)] for name, value in anchor.items()])


def _draw(
    config: Path, gateway: str | None, stream: int | None, svg: Path, language: str, force: bool
) -> bool:
    from node_gateway.pictures.composing import HOUR_S, HOURS, beat, hours_of

    client, now = Client.from_config(config, gateway), time.time()
    found: list[int] = []
    is_whole = True
    for one in client.get("/v1/status")["streams"]:
        if stream not in (None, one["stream"]):
            continue
        last = one["lastSequence"]
        while last > 0 and len(found) < _DRAWN_MAX:
            first = max(0, last - _PAGE)
            params = {"stream": one["stream"], "after": first, "perPage": last - first}
            page = client.get("/v1/anchors", **params)["anchors"]
            # What is on its way has no block yet: it is of now.
            found += [int(now) if it["blockTime"] is None else it["blockTime"] for it in page]
            if not page or (page[0]["blockTime"] or now) < now - HOURS * HOUR_S:
                break
            last = first
        is_whole = is_whole and last <= 0
    began = min(found, default=math.inf) if is_whole else 0.0
    picture = beat(hours_of(found, now=now), now=now, language=language, began=began)
    return put_picture(picture, svg, language, name="heartbeat", force=force)


def _anchors(config: Any, gateway: str | None, stream: int | None, after: int, limit: int) -> Any:
    params: dict[str, Any] = {"after": after, "perPage": limit}
    if stream is not None:
        params["stream"] = stream
    return Client.from_config(config, gateway).get("/v1/anchors", **params)
