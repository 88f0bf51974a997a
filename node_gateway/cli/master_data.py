"""`sealtrail product`, `sealtrail location` and `sealtrail party`: through the running gateway."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import (
    FAILURE,
    USAGE,
    CommandError,
    command,
    confirmed,
    put,
    say,
    table,
)
from node_gateway.cli.writing import ForceOption, require_free, write_file

if TYPE_CHECKING:
    from node_gateway.master_data.records import Kind

FILE_SIZE_BYTES_MAX: Final = 256 * 1024 * 1024
_COLUMNS: Final = {
    "product": ("id", "nameZh", "nameEn", "specification", "levels"),
    "location": ("id", "nameZh", "nameEn", "city", "region"),
    "party": ("id", "nameZh", "nameEn", "companyPrefixes", "participant"),
}
_PLURALS: Final = {"product": "products", "location": "locations", "party": "parties"}
IdArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="A product's own name; a place's GLN; a party's GLN or credit code; or another URI.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="COLUMN=VALUE, columns as in the CSV file; repeatable."),
]
FromOption = Annotated[
    Path | None, typer.Option("--from", help="JSON file with the members, in place of --set.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write; otherwise stdout.")
]
ZhOption = Annotated[bool, typer.Option("--zh", help="Chinese names of columns.")]
ProceedOption = Annotated[
    bool, typer.Option("--proceed", help="Take the rows that can be taken; otherwise all or none.")
]
CheckOption = Annotated[bool, typer.Option("--check", help="Take nothing, only say what is wrong.")]
FileArgument = Annotated[str, typer.Argument(help="CSV file (UTF-8 or GB18030), or - for stdin.")]
LookFor = Annotated[str, typer.Option("--search", help="Part of a name or code.")]
PrefixOption = Annotated[str, typer.Option("--prefix", help="Ids that begin so.")]
AfterOption = Annotated[str, typer.Option("--after", help="Go on after this id.")]
LimitOption = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
VersionsOption = Annotated[bool, typer.Option("--versions", help="All versions, newest first.")]


def _commands(kind: Kind) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)
    _single(app, kind)
    _several(app, kind)
    _files(app, kind)
    return app


def _single(app: typer.Typer, kind: Kind) -> None:
    path = f"/v1/{_PLURALS[kind]}"

    @app.command("add", help=f"Create or replace a {kind}; what is not given is empty then.")
    @command
    def add(
        record: IdArgument,
        settings: SetOption = None,
        file: FromOption = None,
        config: ConfigOption = DEFAULT_CONFIG,
        gateway: GatewayOption = None,
    ) -> None:
        members = _members(kind, settings or [], file)
        client = Client.from_config(config, gateway)
        answer = client.json("PUT", f"{path}/{quote(record, safe='')}", json=members)
        put(answer)

    @app.command("show", help=f"Show a {kind}.")
    @command
    def show(
        record: IdArgument,
        versions: VersionsOption = False,
        config: ConfigOption = DEFAULT_CONFIG,
        gateway: GatewayOption = None,
        json: JsonOption = False,
    ) -> None:
        client = Client.from_config(config, gateway)
        if versions:
            answer = client.get(f"{path}/versions", id=record)
            rows = [[str(one[name]) for name in _HISTORY] for one in answer["versions"]]
        else:
            answer = client.get(f"{path}/{quote(record, safe='')}")
            rows = [[name, _shown(value)] for name, value in answer.items()]
        if json:
            put(answer)
            return
        table("", list(_HISTORY) if versions else ["member", "value"], rows)

    @app.command("remove", help=f"Remove a {kind}; its versions stay.")
    @command
    def remove(
        record: IdArgument,
        yes: YesOption = False,
        config: ConfigOption = DEFAULT_CONFIG,
        gateway: GatewayOption = None,
    ) -> None:
        if not yes and not confirmed(f"Remove the {kind}?"):
            raise CommandError("nothing was removed", attempt="add --yes", status=USAGE)
        client = Client.from_config(config, gateway)
        put(client.json("DELETE", f"{path}/{quote(record, safe='')}"))


_HISTORY: Final = ("version", "changedAtMs", "changedBy", "source", "removed")


def _several(app: typer.Typer, kind: Kind) -> None:
    plural = _PLURALS[kind]
    path = f"/v1/{plural}"

    @app.command("list", help=f"List {plural} by id.")
    @command
    def list_records(
        search: LookFor = "",
        prefix: PrefixOption = "",
        after: AfterOption = "",
        limit: LimitOption = 100,
        config: ConfigOption = DEFAULT_CONFIG,
        gateway: GatewayOption = None,
        json: JsonOption = False,
    ) -> None:
        params = {"q": search, "prefix": prefix, "after": after, "perPage": limit}
        answer = Client.from_config(config, gateway).get(path, **params)
        if json:
            put(answer)
            return
        columns = list(_COLUMNS[kind])
        rows = [[_shown(one.get(name)) for name in columns] for one in answer[plural]]
        table("", columns, rows)


def _files(app: typer.Typer, kind: Kind) -> None:
    plural = _PLURALS[kind]
    path = f"/v1/{plural}"

    @app.command("import", help=f"Create or replace {plural} from CSV; the same again is harmless.")
    @command
    def import_file(
        file: FileArgument,
        proceed: ProceedOption = False,
        check: CheckOption = False,
        config: ConfigOption = DEFAULT_CONFIG,
        gateway: GatewayOption = None,
        json: JsonOption = False,
    ) -> None:
        client = Client.from_config(config, gateway)
        answer = client.json(
            "POST",
            f"{path}/import",
            content=read_file(file, FILE_SIZE_BYTES_MAX),
            params={"proceed": proceed, "check": check},
            headers={"Content-Type": "text/csv"},
        )
        if json:
            put(answer)
        else:
            counts = ("created", "replaced", "unchanged", "refused")
            typer.echo(", ".join(f"{answer[name]} {name}" for name in counts))
        for one in answer["errors"]:
            say(f"  {one['pointer']}  {one['code']}: {one['detail']}")
        if answer["refused"]:
            say("Try: correct these lines and import the file again")
            raise typer.Exit(FAILURE)

    @app.command("export", help=f"Write all {plural} as CSV, as import takes it.")
    @command
    def export(
        output: OutputOption = None,
        zh: ZhOption = False,
        force: ForceOption = False,
        config: ConfigOption = DEFAULT_CONFIG,
        gateway: GatewayOption = None,
    ) -> None:
        require_free(output, force=force)
        client = Client.from_config(config, gateway)
        params = {"lang": "zh" if zh else "en"}
        raw = client.request("GET", path, params=params, headers={"Accept": "text/csv"}).content
        if output is None:
            sys.stdout.write(raw.decode("utf-8").removeprefix("\ufeff"))
        else:
            write_file(output, raw, force=force)
            say(f"{output}: {len(raw)} bytes")


def _members(kind: Kind, settings: list[str], file: Path | None) -> Any:
    """Return the JSON form of what `--from` or `--set` say."""
    import json

    from node_gateway.master_data.columns import read_columns, row_members

    if file is not None:
        try:
            return json.loads(read_file(str(file), FILE_SIZE_BYTES_MAX))
        except ValueError as error:
            raise CommandError(f"{file} is no JSON", attempt="correct it", status=USAGE) from error
    cells: dict[str, str] = {}
    for one in settings:
        name, found, value = one.partition("=")
        if not found:
            raise CommandError(f"{name} has no value", attempt="--set name=value", status=USAGE)
        cells[name] = value
    return row_members(read_columns(kind, ["id", *cells]), cells)


def read_file(file: str, size_bytes_max: int) -> bytes:
    """Return the content of a file, or of stdin for `-`.

    Raises:
        CommandError: it cannot be read, or is too large.
    """
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as stream:
            raw = stream.read(size_bytes_max + 1)
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="check the file's name", status=USAGE
        ) from error
    if len(raw) > size_bytes_max:
        raise CommandError(f"{file} is too large", attempt="split it", status=USAGE)
    return raw


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_shown(one) for one in value)
    if isinstance(value, dict):
        return " ".join(_shown(one) for one in value.values())
    return "-" if value is None else str(value)


product, location, party = _commands("product"), _commands("location"), _commands("party")
