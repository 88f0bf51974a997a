"""`sealtrail notice`: recalls of the board, and what they mean for the goods here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import SUSPICIOUS, USAGE, CommandError, command, put, say, table

app = typer.Typer(no_args_is_help=True)

_WHERE = ("here", "gone", "all")
Number = Annotated[int, typer.Argument(min=1, help="Number of the notice.")]


@app.command("list")
@command
def list_notices(
    product: Annotated[
        str | None, typer.Option("--product", help="Only of this product: gs1:... or cn:...")
    ] = None,
    standing: Annotated[
        bool, typer.Option("--standing", help="Only those that are not lifted.")
    ] = False,
    after: Annotated[int, typer.Option("--after", min=0, help="Number to go on from.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List the recalls of the notice board, as far as the gateway has read the chain."""
    params: dict[str, Any] = {"after": after, "perPage": limit, "standing": standing}
    if product:
        params["product"] = product
    answer = Client.from_config(config, gateway).get("/v1/notices", **params)
    if json:
        put(answer)
        return
    put_table(answer["notices"])
    say(f"read up to block {answer['head']['number']}")
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("show")
@command
def show_notice(
    number: Number,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show one recall with its history."""
    found = Client.from_config(config, gateway).get(f"/v1/notices/{number}")
    if json:
        put(found)
        return
    put_notice(found)


@app.command("affected")
@command
def affected(
    number: Number,
    where: Annotated[
        str, typer.Option("--where", help="here (in our hands), gone (ended, on its way), or all.")
    ] = "here",
    after: Annotated[str, typer.Option("--after", help="Code to go on from.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    findings: Annotated[
        bool, typer.Option("--findings", help="Show what went on nevertheless, in place of that.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show which codes known here a recall means. Exit status 14 if there are any on this page."""
    if where not in _WHERE:
        raise CommandError(
            f"--where is one of {', '.join(_WHERE)}", attempt="--where here", status=USAGE
        )
    client = Client.from_config(config, gateway)
    path = f"/v1/notices/{number}"
    if findings:
        answer = client.get(f"{path}/findings", after=after)
        found = answer["findings"]
    else:
        answer = client.get(f"{path}/affected", after=after, perPage=limit, where=where)
        found = answer["codes"]
    if json:
        put(answer)
    elif findings:
        columns = ["code", "at", "step", "event", "overridden"]
        table("", columns, [_finding(one) for one in found])
    else:
        _tell_affected(answer)
    if not json and answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")
    if found:
        raise typer.Exit(SUSPICIOUS)


@app.command("load")
@command
def load(
    number: Number,
    file: Annotated[Path, typer.Argument(help="The list, sealtrail/list/v1.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Give the gateway the list of codes that a recall names by its digest. It keeps it to itself.

    The list must be the very one that the notice means; the publisher hands it to whoever may have
    such goods.
    """
    from anchoring.directory.code_list import LIST_SIZE_BYTES_MAX, parse_code_list

    try:
        with file.open("rb") as stream:
            raw = stream.read(LIST_SIZE_BYTES_MAX + 1)
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="the file of a list", status=USAGE
        ) from error
    parse_code_list(raw)  # what is no list is not sent anywhere
    client = Client.from_config(config, gateway)
    answer = client.json("POST", f"/v1/notices/{number}/list", content=raw)
    if json:
        put(answer)
        return
    say(f"{answer['codeCount']} codes are known now; what is packed or sold is held against them")


def put_table(notices: list[dict[str, Any]]) -> None:
    """Write recalls as a table."""
    rows = [
        [str(one["id"]), _level(one), one["product"], _scope(one), one["since"], _text(one)]
        for one in notices
    ]
    table("", ["number", "level", "product", "what", "since", "says"], rows)


def put_notice(found: dict[str, Any]) -> None:
    """Write one recall with its history."""
    publisher = found["publisher"]
    by = f"{publisher['name'] or '-'} (participant {publisher['participant']})"
    rows = [
        ["says", found["headline"]["en"]],
        ["", found["headline"]["zh"]],
        ["product", found["product"]],
        ["what", _scope(found)],
        ["published by", by + (", as a regulator" if found["byRegulator"] else "")],
        ["full notice", found["uri"] or "-"],
        ["its SHA-256", found["uriDigest"] or "-"],
    ]
    for step in found["steps"]:
        what = f"level {step['level']}" if step["level"] else "lifted"
        rows.append([step["at"], f"{what}, by participant {step['by']}"])
        rows += [["", step["text"][tongue]] for tongue in ("en", "zh") if step["text"][tongue]]
    table("", ["", ""], rows)


def rows_of(notices: list[dict[str, Any]]) -> list[list[str]]:
    """Return the rows of a table that say which recalls concern a code."""
    rows = []
    for one in notices:
        sure = {"meant": "", "lot_unknown": "; lot not known here"}.get(
            one["match"], "; list not known here"
        )
        inside = f"; means {one['inside']} in it" if one["inside"] else ""
        rows.append([f"notice {one['id']}", f"{one['headline']['en']}{sure}{inside}"])
        rows.append(["", one["headline"]["zh"]])
    return rows


def _tell_affected(answer: dict[str, Any]) -> None:
    rows = [
        [one["code"], one["status"], one["lot"] or "-", one["match"]] for one in answer["codes"]
    ]
    table("", ["code", "status", "lot", "match"], rows)
    for match, counts in (answer["counts"] or {}).items():
        said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        say(f"{match}: {said}")
    if answer["countedAll"] is False:
        say("There are more codes of the product than are counted.")


def _finding(one: dict[str, Any]) -> list[str]:
    overridden = "with a reason" if one["overridden"] else "no"
    return [one["code"], one["statedAt"], one["bizStep"] or "-", one["event"][:16], overridden]


def _level(one: dict[str, Any]) -> str:
    level = str(one["level"]) if one["level"] else "lifted"
    return f"{level} (exercise)" if one["drill"] else level


def _scope(one: dict[str, Any]) -> str:
    if one["scope"] == "list":
        return "codes of a list"
    return f"lots {', '.join(one['lots'])}" if one["lots"] else "all of it"


def _text(one: dict[str, Any]) -> str:
    text = one["text"]["en"] or one["text"]["zh"]
    return str(text.splitlines()[0][:60])
