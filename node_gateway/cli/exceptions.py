"""`sealtrail exception`: mismatches that somebody must resolve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.evidence import next_step
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, table
from node_gateway.cli.writing import ForceOption, require_free, write_file

app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(min=1, help="Number of the exception.")]
TextOption = Annotated[str, typer.Option("--text", help="What the partner reads with it.")]
_CODES_SHOWN = 20


@app.command("list")
@command
def list_exceptions(
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="open, waiting, escalated, resolved; may be repeated."),
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue.")] = False,
    kind: Annotated[str | None, typer.Option("--kind", help="shortage, overage, ...")] = None,
    partner: Annotated[
        int | None, typer.Option("--partner", min=1, help="Only with this participant.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only this owner's.")] = None,
    code: Annotated[str | None, typer.Option("--code", help="Only about this code.")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Where to go on.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List exceptions: what is overdue first, what is resolved last."""
    wished = {"state": state, "kind": kind, "partner": partner, "owner": owner, "code": code}
    params: dict[str, Any] = {name: value for name, value in wished.items() if value}
    params |= {"perPage": limit, "overdue": overdue}
    if after:
        params["after"] = after
    answer = Client.from_config(config, gateway).get("/v1/exceptions", **params)
    if json:
        put(answer)
        return
    rows = [
        [
            str(one["number"]),
            one["kind"],
            "overdue" if one["overdue"] else one["state"],
            one["dueAt"],
            one["owner"],
            _partner(one["partner"]),
            str(one["codeCount"]),
        ]
        for one in answer["exceptions"]
    ]
    table("", ["number", "kind", "state", "due", "owner", "partner", "codes"], rows)
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("show")
@command
def show(
    number: Number,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show an exception: what is wrong, who said what, how such ones ended."""
    found = Client.from_config(config, gateway).get(f"/v1/exceptions/{number}")
    _put(found, as_json=json)


@app.command("open")
@command
def open_exception(
    kind: Annotated[str, typer.Argument(help="shortage, overage, wrong_lot, other, ...")],
    detail: Annotated[str, typer.Option("--detail", help="What is wrong, one sentence.")],
    code: Annotated[
        list[str] | None, typer.Option("--code", help="A code concerned; may be repeated.")
    ] = None,
    codes: Annotated[
        Path | None, typer.Option("--codes", help="File with one code a line.")
    ] = None,
    partner: Annotated[
        int | None, typer.Option("--partner", min=1, help="The participant concerned.")
    ] = None,
    handover: Annotated[
        str | None, typer.Option("--handover", help="Digest of the handover concerned.")
    ] = None,
    expected: Annotated[int | None, typer.Option("--expected", min=0, help="How many.")] = None,
    found: Annotated[int | None, typer.Option("--found", min=0, help="How many are there.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Do not tell the partner.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Open an exception by hand; the partner is told the kind, the counts and the sentence.

    Of the codes it is told those that the handover between the two lists.
    """
    named = [*(code or []), *_lines(codes)]
    body = {
        "kind": kind,
        "detail": detail,
        "codes": named,
        "partner": partner,
        "handover": handover,
        "expected": expected,
        "found": found,
        "tell": not keep,
    }
    given = {name: value for name, value in body.items() if value is not None}
    answer = Client.from_config(config, gateway).json("POST", "/v1/exceptions", json=given)
    _put(answer, as_json=json)


@app.command("assign")
@command
def assign(
    number: Number,
    owner: Annotated[str, typer.Argument(help="Who cares for it from now on.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Give an exception to somebody."""
    _change(number, "owner", {"owner": owner}, (config, gateway), as_json=json)


@app.command("tell")
@command
def tell(
    number: Number,
    text: TextOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Tell the partner of an exception that it does not know of.

    It learns the kind, the counts, and the codes of the handover between the two.
    """
    _change(number, "tell", {"text": text}, (config, gateway), as_json=json)


@app.command("message")
@command
def message(
    number: Number,
    text: Annotated[str, typer.Argument(help="What the partner reads.")] = "",
    act: Annotated[str, typer.Option("--act", help="say, ask, propose, agree or reopen.")] = "say",
    action: Annotated[
        str | None, typer.Option("--action", help="Of a proposal: return, send_data, ...")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Say something to the partner: a remark, a question, a proposal, an agreement."""
    body = {"act": act, "text": text, **({"action": action} if action else {})}
    found = _change(number, "messages", body, (config, gateway), as_json=json)
    if not found["partnerKnows"]:
        say(f"No partner sees this: sealtrail exception tell {number} tells one of the case.")


@app.command("resolve")
@command
def resolve(
    number: Number,
    cause: Annotated[str, typer.Option("--cause", help="picking_error, data_late, ...")],
    action: Annotated[str, typer.Option("--action", help="keep, return, correct_data, ...")],
    text: TextOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Resolve an exception. An event states it, and is sealed like any other."""
    body = {"cause": cause, "action": action, "text": text}
    _change(number, "resolution", body, (config, gateway), as_json=json)


@app.command("proof")
@command
def proof(
    number: Number,
    partner: Annotated[
        bool, typer.Option("--partner", help="Of the partner's resolution, not of ours.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File; stdout without it.")] = None,
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Write the bundle that proves how an exception ended."""
    require_free(out, force=force)
    of = "partner" if partner else "ours"
    client = Client.from_config(config, gateway)
    _write(client.raw(f"/v1/exceptions/{number}/proof", of=of), out, force=force)


@app.command("import")
@command
def import_message(
    file: Annotated[Path, typer.Argument(help="A DSCSA exception message, JSON.")],
    partner: Annotated[
        int | None, typer.Option("--partner", min=1, help="Who sent it, if its GLN does not say.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Take over a DSCSA message: a report opens an exception, a response answers one."""
    from node_gateway.partners.dscsa import SIZE_BYTES_MAX

    params = {} if partner is None else {"partner": partner}
    answer = Client.from_config(config, gateway).json(
        "POST",
        "/v1/exceptions/import",
        content=_content(file, SIZE_BYTES_MAX),
        params=params,
        headers={"Content-Type": "application/json"},
    )
    if json:
        put(answer)
        return
    what = "was known already" if answer["repeated"] else "is kept"
    say(f"the {answer['kind']} {what}: exception {answer['number']}")
    if answer["partner"] is None:
        say("its sender is no participant that is known here; --partner names one")


@app.command("export")
@command
def export(
    number: Number,
    dscsa: Annotated[bool, typer.Option("--dscsa", help="As a DSCSA message.")] = False,
    kind: Annotated[
        str | None, typer.Option("--as", help="report or response; the usual one without it.")
    ] = None,
    order: Annotated[str, typer.Option("--order", help="Number of the order.")] = "",
    message: Annotated[
        str | None, typer.Option("--message", help="UUID of a message, as it came.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File; stdout without it.")] = None,
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Write an exception as a message for partners that are not on this network."""
    if not dscsa:
        raise CommandError("say in which form", attempt="--dscsa", status=USAGE)
    require_free(out, force=force)
    wished = {"as": kind, "order": order, "message": message}
    params = {name: value for name, value in wished.items() if value}
    client = Client.from_config(config, gateway)
    _write(client.raw(f"/v1/exceptions/{number}/dscsa", **params), out, force=force)


def _change(
    number: int,
    what: str,
    body: dict[str, Any],
    where: tuple[Path, str | None],
    *,
    as_json: bool,
) -> dict[str, Any]:
    client = Client.from_config(*where)
    found: dict[str, Any] = client.json("POST", f"/v1/exceptions/{number}/{what}", json=body)
    _put(found, as_json=as_json)
    return found


def _put(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        put(found)
        return
    rows = [
        ["kind", found["kind"]],
        ["says", found["detail"]],
        ["state", f"{found['state']}, overdue" if found["overdue"] else found["state"]],
        ["due", found["dueAt"]],
        ["owner", found["owner"]],
        ["partner", _partner(found["partner"]) + ("" if found["partnerKnows"] else ", not told")],
        ["case", found["case"]],
        ["about", found["subject"]],
    ]
    if found["expected"] is not None or found["found"] is not None:
        rows.append(["expected, found", f"{found['expected']}, {found['found']}"])
    if found["suggestion"] is not None:
        rows.append(["so far", found["suggestion"]["text"]])
    rows += [["code", code] for code in found["codes"][:_CODES_SHOWN]]
    if found["codeCount"] > _CODES_SHOWN:
        rows.append(["", f"and {found['codeCount'] - _CODES_SHOWN} more"])
    rows += [_message_row(one) for one in found["messages"]]
    if found["resolution"] is not None:
        rows.append(["ended", f"{found['resolution']['cause']}: {found['resolution']['action']}"])
        rows.append(["event", found["resolution"]["event"]])
    if found["partnerResolution"] is not None:
        proven = "proven" if found["partnerResolution"]["proven"] else "proof to come"
        rows.append(["partner's event", f"{found['partnerResolution']['event']} ({proven})"])
    rows += [["evidence", f"{one['kind']}: {one['name']}"] for one in found["evidence"]]
    table(f"exception {found['number']}", ["", ""], rows)
    for one in found["evidence"][:1]:
        say(next_step(one["name"]))


def _message_row(one: dict[str, Any]) -> list[str]:
    by = one["who"] or _partner(one["by"])
    action = f" {one['action']}" if one["action"] else ""
    refused = f" (refused by the partner: {one['refused']})" if one["refused"] else ""
    return [one["at"], f"{by}, {one['act']}{action}: {one['text']}{refused}"]


def _partner(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    return f"{found['name'] or 'unknown'} ({found['participant']})"


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    text = _content(file, 64 * 1024 * 1024).decode("utf-8", errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _content(file: Path, size_bytes_max: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(size_bytes_max + 1)
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="check the name", status=USAGE
        ) from error


def _write(content: bytes, out: Path | None, *, force: bool) -> None:
    if out is None:
        typer.echo(content.decode("utf-8"))
        return
    write_file(out, content, force=force)
    say(f"written to {out}")
