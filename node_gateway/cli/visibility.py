"""`sealtrail event who`: who can see an event, or will see one that is not captured yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, table, whole_entry

DRAFT_SIZE_BYTES_MAX = 32 * 1024 * 1024


@command
def who(
    entry: Annotated[str | None, typer.Argument(help="Event entry, 64 hex digits.")] = None,
    draft: Annotated[
        Path | None, typer.Option("--draft", help="An EPCIS document, JSON, before its capture.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show who can see an event: the public, partners, grants, and who read it already."""
    if (entry is None) == (draft is None):
        raise CommandError(
            "an entry, or a draft", attempt="sealtrail event who ENTRY", status=USAGE
        )
    client = Client.from_config(config, gateway)
    if draft is not None:
        answer = client.json("POST", "/v1/visibility", content=_draft(draft))
        seen = answer["events"]
    else:
        answer = client.get(f"/v1/events/{whole_entry(entry or '')}/visibility")
        seen = [answer]
    if json:
        put(answer)
        return
    for one in seen:
        table(one["entry"] or "draft", ["who", "sees"], _rows(one))


def _rows(one: dict[str, Any]) -> list[list[str]]:
    partners, chain = one["partners"], one["chainOfCustody"]
    where = "the event itself" if one["presetFrom"] == "event" else "the settings"
    rows = [
        ["preset", f"{one['preset']}, by {where}"],
        ["public", _audience(one["public"])],
        ["custody", ", ".join(chain["paths"]) if chain["sees"] else "nothing"],
        ["partners", _audience(partners)],
    ]
    if partners["acknowledged"] is not None:
        rows.append(["sender", _audience(partners["acknowledged"])])
    if partners["receiver"] is not None:
        rows.append(["goes to", _named(partners["receiver"])])
    rows += [
        ["got it", _named(got) + (", withdrawn" if got["withdrawn"] else "")]
        for got in partners["gotIt"]
    ]
    for grant in one.get("grants", []):
        shown = [*grant["paths"], *(["codes"] if grant["codes"] else [])]
        opens = "" if grant["opening"] == "none" else f"; opening: {grant['opening']}"
        rows.append([f"{grant['slug']} ({grant['state']})", f"{', '.join(shown)}{opens}"])
    if "reads" in one:
        rows.append(["reads", str(one["reads"]["count"])])
    rows.append(["chain", one["chain"]])
    if "private" in one:
        rows.append(["nobody else", ", ".join(one["private"]) or "-"])
    return rows


def _audience(view: dict[str, Any]) -> str:
    if not view["sees"]:
        return "nothing"
    shown = list(view["paths"]) or ["what kind of event it is"]
    return ", ".join([*shown, f"codes: {view['codes']}"])


def _named(one: dict[str, Any]) -> str:
    return f"{one['slug']} (participant {one['participant']})"


def _draft(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            raw = stream.read(DRAFT_SIZE_BYTES_MAX + 1)
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="an EPCIS document", status=USAGE
        ) from error
    if len(raw) > DRAFT_SIZE_BYTES_MAX:
        raise CommandError(f"{file} is too large", attempt="split the file", status=USAGE)
    say("nothing is stored")
    return raw
