"""`sealtrail proof` and `sealtrail verify`."""

from __future__ import annotations

import json as json_module
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client, address
from node_gateway.cli.drawing import (
    DEFAULT_LANGUAGE,
    LanguageOption,
    SvgOption,
    put_picture,
    require_drawable,
)
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import (
    ATTEMPTS,
    NOT_FOUND,
    PENDING,
    USAGE,
    CommandError,
    command,
    say,
    whole_entry,
)
from node_gateway.cli.writing import ForceOption, require_free, write_file

app = typer.Typer(no_args_is_help=True)

_ENTRY_LENGTH = 64
_BUNDLE_SIZE_BYTES_MAX = 8 * 1024 * 1024


@app.command("get")
@command
def get(
    what: Annotated[str, typer.Argument(metavar="CODE|ENTRY", help="A code, or an event entry.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    audience: Annotated[str, typer.Option(help="public, partner or owner.")] = "owner",
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Fetch the bundle of an event, or of every event that names a code."""
    require_free(output, force=force)
    client = Client.from_config(config, gateway)
    if len(what) == _ENTRY_LENGTH and set(what) <= set("0123456789abcdef"):
        raw = client.raw(f"/v1/events/{what}/bundle", audience=audience)
    else:
        raw = _bundles_of_code(client, what, audience)
    if output is None:
        sys.stdout.buffer.write(raw + b"\n")
        return
    write_file(output, raw, force=force)
    say(f"{output}: {len(raw)} bytes. Check it with: sealtrail verify {output}")


def _bundles_of_code(client: Client, code: str, audience: str) -> bytes:
    answer = client.get(f"/v1/codes/{quote(code, safe='')}")
    bundles: list[Any] = []
    pending = 0
    for one in answer["events"]:
        if one["erased"] or one.get("role") == "parent":
            continue
        if one["state"] != "final":
            pending += 1
            continue
        params = {"audience": audience, "code": answer["code"]}
        bundles.append(client.get(f"/v1/events/{one['entry']}/bundle", **params))
    if not bundles:
        raise CommandError(
            "every event of this code is still being sealed" if pending else "nothing to prove",
            attempt="again in a little while",
            status=PENDING if pending else NOT_FOUND,
        )
    if pending:
        say(f"{pending} events are still being sealed and are left out")
    document = {"format": "sealtrail/proofs/v1", "bundles": bundles}
    return json_module.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@app.command("open")
@command
def open_event(
    entry: Annotated[str, typer.Argument(help="Event entry, 64 hex digits.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    codes: Annotated[
        bool, typer.Option("--codes", help="Only the codes, for the receiver of a shipment.")
    ] = False,
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Hand over an event for good: all of it to an auditor, or every code to a receiver.

    Whoever has the file can show what is in it to anybody. It cannot be taken back.
    """
    require_free(output, force=force)
    client = Client.from_config(config, gateway)
    whole_entry(entry)
    kind = "codes-opening" if codes else "opening"
    raw = client.raw(f"/v1/events/{entry}/{kind}")
    write_file(output, raw, force=force, secret=True)
    if codes:
        say(f"{output} is written. It opens every code of the event to whoever has it.")
    else:
        say(f"{output} is written. Look into it: python -m anchoring inspect --opening {output}")


@command
def verify(
    what: Annotated[str, typer.Argument(metavar="FILE|CODE", help="A bundle file, or a code.")],
    rpc: Annotated[
        list[str] | None, typer.Option(help="[ORG=]URL of a witness you chose; repeatable.")
    ] = None,
    network: Annotated[Path | None, typer.Option(help="Your own network file.")] = None,
    quorum: Annotated[
        int | None, typer.Option(min=1, help="Organisations that must agree (2).")
    ] = None,
    seals_suffice: Annotated[
        bool,
        typer.Option(
            "--seals-suffice",
            help="One witness is enough for the anchor, if it proves it under a block that enough "
            "known validators sealed.",
        ),
    ] = False,
    svg: SvgOption = None,
    language: LanguageOption = DEFAULT_LANGUAGE,
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Check a bundle, or what a gateway publishes about a code, against witnesses you chose.

    Nothing that the gateway says is believed: every hash is recomputed here. The picture (--svg) is
    of a file: the way from each event to the root that its anchor names, and whether they agree.
    Exit statuses: 0 verified, 10 refused, 11 not found, 12 being sealed, 13 could not check,
    14 recalled, commissioned by somebody without a right to the code, or witnesses disagree.
    """
    if Path(what).is_dir():
        raise CommandError(f"{what} is a folder", attempt="name a bundle file", status=USAGE)
    require_drawable(svg, language, json=json, force=force)
    arguments = ["--network", str(network or own_network(config))]
    for one in rpc or []:
        arguments += ["--rpc", one]
    if quorum is not None:
        arguments += ["--quorum", str(quorum)]
    if seals_suffice:
        arguments.append("--seals-suffice")
    if json:
        arguments.append("--json")
    if Path(what).is_file():
        if svg is not None and _draw(Path(what), svg, language, force=force):
            with redirect_stdout(sys.stderr):  # stdout has the picture
                raise typer.Exit(_anchoring("verify", what, *arguments))
        raise typer.Exit(_anchoring("verify", what, *arguments))
    if svg is not None:
        attempt = f"sealtrail proof get {what} -o proof.json, then verify that"
        raise CommandError("--svg draws a bundle file", attempt=attempt, status=USAGE)
    code, asked = _canonical(what), gateway or _own_gateway(config)
    raise typer.Exit(_anchoring("verify", f"--code={code}", f"--gateway={asked}", *arguments))


def _draw(file: Path, svg: Path, language: str, *, force: bool) -> bool:
    """Draw the paths of a file's bundles; a root that differs is drawn as such."""
    from anchoring.core.bundle import parse_bundles
    from anchoring.errors import AnchoringError
    from node_gateway.pictures.composing import entry_of, proven, stacked

    with file.open("rb") as opened:
        raw = opened.read(_BUNDLE_SIZE_BYTES_MAX + 1)
    try:
        bundles = parse_bundles(raw)
        pictures = [proven(one, entry_of(one), language) for one in bundles]
    except AnchoringError as error:
        say(f"{file} cannot be drawn: {error}")  # the verifier refuses it, with a verdict
        return False
    return put_picture(stacked(pictures), svg, language, name="path", force=force)


def own_network(config: Path) -> Path:
    """Return the network file that the settings name."""
    from node_gateway.settings import load_settings

    if not config.is_file():
        raise CommandError(
            f"no network file is given, and there are no settings {config} that name one",
            attempt="--network FILE, or --config FILE",
            status=USAGE,
        )
    return load_settings(config).chain.network_file


def _own_gateway(config: Path) -> str:
    from node_gateway.settings import load_settings

    return address(load_settings(config))


def _canonical(what: str) -> str:
    """Return the canonical code: our own, for a gateway might answer about another one."""
    from node_gateway.epcis.identifiers import IdentifierError, canonical_identifier
    from node_gateway.epcis.identifiers.element_string import is_element_string

    looks_like_a_file = what.startswith((".", "/", "~")) or what.endswith(".json")
    if looks_like_a_file or not (":" in what or is_element_string(what)):
        raise CommandError(
            f"there is no file {what}, and it is no code", attempt="check its name", status=USAGE
        )
    try:
        return canonical_identifier(what)
    except IdentifierError as error:
        attempt = ATTEMPTS.get(error.code) or error.hint or "type the code as it is printed"
        raise CommandError(error.detail, attempt=attempt, status=USAGE) from error


def _anchoring(*arguments: str) -> int:
    from anchoring.cli import main

    return main(list(arguments))
