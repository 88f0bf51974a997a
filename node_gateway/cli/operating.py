"""`sealtrail ship`, `receive`, `pack`, `dispense`, ...: what is done to goods, one command each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say
from node_gateway.epcis.operations import OPERATIONS, Operation

FILE_SIZE_BYTES_MAX = 32 * 1024 * 1024

Codes = Annotated[
    list[str] | None, typer.Argument(help="Codes in any spelling: packs, cases, an SSCC.")
]
CodesFile = Annotated[
    str | None, typer.Option("--codes", help="File with one code per line, - for stdin.")
]
Document = Annotated[
    str | None, typer.Option("--doc", help="Number of the document, or a URI that names it.")
]
DocumentType = Annotated[
    str | None, typer.Option("--doc-type", help="Its type, a CBV word: po, desadv, inv, ...")
]
To = Annotated[str | None, typer.Option("--to", help="Party that gets the goods: GLN, URI, name.")]
From = Annotated[str | None, typer.Option("--from", help="Party that gave the goods.")]
Place = Annotated[str | None, typer.Option("--place", help="Where: GLN, URI or known name.")]
Time = Annotated[
    str | None, typer.Option("--time", help="When, with offset: 2026-03-01T09:00:00+08:00. Now.")
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; some operations need it.")]
Override = Annotated[
    str | None, typer.Option("--override", help="Do it although rules forbid it: why. Recorded.")
]
Lot = Annotated[
    str | None, typer.Option("--lot", help="Lot of the codes, where no symbol states it.")
]
Key = Annotated[
    str | None,
    typer.Option("--key", help="A name for this request: sent again it is done once."),
]


def add_to(app: typer.Typer) -> None:
    """Add a command for every operation, and `undo`."""
    for operation in OPERATIONS.values():
        build = _packing if operation.packs else _goods
        app.command(operation.name, help=_help(operation))(command(build(operation)))
    app.command("merge")(merge)
    app.command("undo")(undo)


def _help(operation: Operation) -> str:
    needs = sorted(operation.needs - {"codes", "parent"})
    text = f"{operation.what} Refused where the state rules forbid it."
    return f"{text} Needs {' and '.join(f'--{one}' for one in needs)}." if needs else text


def _goods(operation: Operation) -> Callable[..., None]:
    def run(
        codes: Codes = None,
        codes_file: CodesFile = None,
        document: Document = None,
        document_type: DocumentType = None,
        to: To = None,
        sender: From = None,
        place: Place = None,
        time: Time = None,
        reason: Reason = None,
        override: Override = None,
        lot: Lot = None,
        key: Key = None,
        config: ConfigOption = DEFAULT_CONFIG,
        gateway: GatewayOption = None,
        json: JsonOption = False,
    ) -> None:
        body = {
            "codes": codes_given(codes, codes_file),
            "lot": lot,
            "document": document,
            "documentType": document_type,
            "to": to,
            "from": sender,
            "place": place,
            "eventTime": time,
            "reason": reason,
            "override": override,
        }
        _send(Client.from_config(config, gateway), operation.name, body, key, json=json)

    return run


def _packing(operation: Operation) -> Callable[..., None]:
    def run(
        parent: Annotated[str, typer.Argument(help="The unit: an SSCC, a case code.")],
        codes: Codes = None,
        codes_file: CodesFile = None,
        document: Document = None,
        place: Place = None,
        time: Time = None,
        override: Override = None,
        key: Key = None,
        config: ConfigOption = DEFAULT_CONFIG,
        gateway: GatewayOption = None,
        json: JsonOption = False,
    ) -> None:
        body = {
            "parent": parent,
            "codes": codes_given(codes, codes_file),
            "document": document,
            "place": place,
            "eventTime": time,
            "override": override,
        }
        _send(Client.from_config(config, gateway), operation.name, body, key, json=json)

    return run


@command
def merge(
    parent: Annotated[str, typer.Argument(help="The unit that everything goes into.")],
    units: Annotated[list[str], typer.Argument(help="The units that are emptied.")],
    document: Document = None,
    document_type: DocumentType = None,
    place: Place = None,
    time: Time = None,
    reason: Reason = None,
    override: Override = None,
    key: Key = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Take all out of some units and pack it into another. Refused where the rules forbid it."""
    body = {
        "parent": parent,
        "units": units,
        "document": document,
        "documentType": document_type,
        "place": place,
        "eventTime": time,
        "reason": reason,
        "override": override,
    }
    _send(Client.from_config(config, gateway), "merge", body, key, json=json)


@command
def undo(
    operation: Annotated[str, typer.Argument(help="What was done: dispense, ship, ...")],
    code: Annotated[str, typer.Argument(help="The code of which it was said.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Take back the latest statement of an operation about a code: it did not occur."""
    client = Client.from_config(config, gateway)
    answer = client.json("POST", f"/v1/operations/{operation}/undo", json={"code": code})
    _tell(answer, json=json)


def codes_given(codes: list[str] | None, file: str | None) -> list[str]:
    """Return the codes of the command line and of the file, without empty lines."""
    given = list(codes or ())
    if file is None:
        return given
    try:
        if file == "-":
            text = sys.stdin.read(FILE_SIZE_BYTES_MAX + 1)
        else:
            with Path(file).open(encoding="utf-8-sig") as stream:
                text = stream.read(FILE_SIZE_BYTES_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"cannot read {file}: {type(error).__name__}",
            attempt="a text file with one code per line",
            status=USAGE,
        ) from error
    if len(text) > FILE_SIZE_BYTES_MAX:
        raise CommandError(f"{file} is too large", attempt="split the file", status=USAGE)
    return given + [line.strip() for line in text.splitlines() if line.strip()]


def _send(
    client: Client, operation: str, body: dict[str, Any], key: str | None, *, json: bool
) -> None:
    wanted = {name: value for name, value in body.items() if value not in (None, [])}
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.json("POST", f"/v1/operations/{operation}", json=wanted, headers=headers)
    _tell(answer, json=json)


def _tell(answer: dict[str, Any], *, json: bool) -> None:
    if json:
        put(answer)
        return
    for one in answer["overridden"]:
        say(f"overridden: {one['rule']}: {one['detail']}")
    say("done before; nothing was stored" if answer["repeated"] else "stored; being sealed")
    for one in answer.get("events", [answer]):
        typer.echo(one["entry"])
