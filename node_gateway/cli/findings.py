"""`sealtrail finding` and `sealtrail code show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.drawing import (
    DEFAULT_LANGUAGE,
    LanguageOption,
    SvgOption,
    put_picture,
    require_drawable,
)
from node_gateway.cli.notices import rows_of
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import command, put, say, table
from node_gateway.cli.writing import ForceOption

if TYPE_CHECKING:
    from node_gateway.pictures.shapes import Picture

app = typer.Typer(no_args_is_help=True)

_CHILDREN_SHOWN = 20
CHILDREN_DRAWN = 24
"""As many as the page of a unit draws."""


@app.command("list")
@command
def list_findings(
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="Only this rule; may be repeated.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Found since this RFC 3339 time.")
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Number to go on from.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List what the state rules found in the events, oldest finding first."""
    params: dict[str, Any] = {"after": after, "perPage": limit}
    if rule:
        params["rule"] = rule
    if since:
        params["since"] = since
    answer = Client.from_config(config, gateway).get("/v1/findings", **params)
    if json:
        put(answer)
        return
    rows = [
        [
            str(one["number"]),
            one["severity"],
            one["rule"],
            one["code"] or one["lot"] or "(the event)",
            (one["event"] or "erased")[:16],
        ]
        for one in answer["findings"]
    ]
    table("", ["number", "severity", "rule", "about", "event"], rows)
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("show")
@command
def show_finding(
    number: Annotated[int, typer.Argument(min=1, help="Number of the finding.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show one finding: what it says, about what, and the event that speaks against it."""
    found = Client.from_config(config, gateway).get(f"/v1/findings/{number}")
    if json:
        put(found)
        return
    rows = [
        ["rule", f"{found['rule']} ({found['severity']})"],
        ["says", found["text"]["en"]],
        ["", found["text"]["zh"]],
        ["about", found["code"] or found["lot"] or "the event as a whole"],
        ["event", found["event"] or "erased"],
        ["against it", found["contradicts"] or "-"],
        ["found", found["foundAt"]],
    ]
    table("", ["", ""], rows)


@command
def show_code(
    code: Annotated[str, typer.Argument(help="A code in any spelling.")],
    svg: SvgOption = None,
    language: LanguageOption = DEFAULT_LANGUAGE,
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show what became of a code: its state, what it is packed in, what was found.

    The picture (--svg) is that of a unit's page: what it is in, and what is in it.
    """
    require_drawable(svg, language, json=json, force=force)
    client, path = Client.from_config(config, gateway), f"/v1/codes/{quote(code, safe='')}"
    state = client.get(f"{path}/state")
    if svg is not None:
        tree = client.get(f"{path}/tree", perPage=CHILDREN_DRAWN)
        picture = _packed(state, tree, language)
        if put_picture(picture, svg, language, name="packing", force=force):
            return
    if json:
        put(state)
        return
    rows = [["status", state["status"]], *rows_of(state["notices"])]
    rows += [[name, str(state[name])] for name in _PLAIN if state[name] is not None]
    rows += platform_rows(state)
    rows += [["commissioned", _said(state["commissioned"])], ["last event", _said(state["last"])]]
    rows += [["packed in" if not at else "", unit] for at, unit in enumerate(state["parents"])]
    if state["inTransit"] is not None:
        to = ", ".join(party["id"] for party in state["inTransit"]["to"])
        rows.append(["on its way to", to or "-"])
    if state["childCount"]:
        tree = client.get(f"{path}/tree", perPage=_CHILDREN_SHOWN)
        rows.append(["holds", str(state["childCount"])])
        rows += [["", f"{one['code']}  {one['status']}"] for one in tree["children"]]
    rows += [[f"finding {one['number']}", one["text"]["en"]] for one in state["findings"]]
    table(state["code"], ["", ""], rows)


def _packed(state: dict[str, Any], tree: dict[str, Any], language: str) -> Picture | None:
    from node_gateway.pictures.composing import packed

    return packed(
        state["code"],
        state["status"],
        parents=tree["parents"],
        children=tree["children"],
        child_count=state["childCount"],
        language=language,
    )


def platform_rows(answer: dict[str, Any]) -> list[list[str]]:
    """Return the rows of a table that say what the drug platform would say of a code."""
    platform, level = answer["platformState"], answer["packLevel"]
    if platform is None:
        return []
    text = platform["text"]
    rows = [["platform", f"{platform['letter']}  {text['en']}  {text['zh']}"]]
    return rows if level is None else [*rows, ["pack level", str(level)]]


_PLAIN = ("lot", "expiry", "place", "holder", "disposition")


def _said(said: dict[str, Any] | None) -> str:
    return "-" if said is None else f"{said['statedAt']}  {(said['event'] or 'erased')[:16]}"
