"""`sealtrail recall`: recalls and their exercises, on the chain, where nobody can hide them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli import notices
from node_gateway.cli.governing import Asked, govern, signing
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import command, put
from node_gateway.cli.reading import Known, ask, pages
from node_gateway.cli.recall_files import About, Said, publish

app = typer.Typer(no_args_is_help=True)

ProductArgument = Annotated[
    str, typer.Argument(metavar="PRODUCT", help="A GTIN, gs1: and 12 digits, or cn: and 7 digits.")
]
NoticeArgument = Annotated[
    int, typer.Argument(metavar="N", help="Number of the notice: sealtrail recall list.")
]
LotOption = Annotated[list[str] | None, typer.Option(help="A lot; repeatable. None: everything.")]
CodesOption = Annotated[
    Path | None,
    typer.Option(help="File with one code per line; only the digest of the list goes on chain."),
]
ListOption = Annotated[
    Path | None,
    typer.Option("--list", help="Where the salted list is written that partners get; new."),
]
LevelOption = Annotated[int, typer.Option(help="1 (gravest), 2 or 3.")]
ZhOption = Annotated[str, typer.Option(help="Public text in Chinese.")]
EnOption = Annotated[str, typer.Option(help="Public text in English.")]
ZhFileOption = Annotated[Path | None, typer.Option(help="The same, from a file.")]
EnFileOption = Annotated[Path | None, typer.Option(help="The same, from a file.")]
UriOption = Annotated[str, typer.Option(help="Where the full notice stands.")]
UriFileOption = Annotated[
    Path | None, typer.Option(help="The full notice; its SHA-256 goes beside the address.")
]


@app.command("list")
@command
def list_recalls(
    everything: Annotated[bool, typer.Option("--all", help="Lifted ones, too.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List the recalls and exercises that stand, straight from the chain if no gateway answers."""
    from node_gateway.services.notice_words import notice_wire

    def local(known: Known) -> list[dict[str, Any]]:
        directory = known.directory
        return [notice_wire(one, directory) for one in directory.notices.values()]

    answer = pages(config, gateway, "/v1/notices", "notices", local)
    found = [one for one in answer["notices"] if everything or one["level"]]
    if json:
        put({**answer, "notices": found})
    else:
        notices.put_table(found)


@app.command("show")
@command
def show_recall(
    notice: NoticeArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show one recall with its history."""
    from node_gateway.errors import NotFoundError
    from node_gateway.services.notice_words import notice_wire

    def local(known: Known) -> dict[str, Any]:
        found = known.directory.notices.get(notice)
        if found is None:
            text, hint = f"there is no notice {notice}", "sealtrail recall list"
            raise NotFoundError(text, code="notice_not_found", hint=hint)
        return notice_wire(found, known.directory)

    found = ask(config, gateway, f"/v1/notices/{notice}", local)
    if json:
        put(found)
    else:
        notices.put_notice(found)


@app.command("open")
@signing
def open_recall(
    asked: Asked,
    product: ProductArgument,
    level: LevelOption,
    lot: LotOption = None,
    codes: CodesOption = None,
    list_file: ListOption = None,
    zh: ZhOption = "",
    en: EnOption = "",
    zh_file: ZhFileOption = None,
    en_file: EnFileOption = None,
    uri: UriOption = "",
    uri_file: UriFileOption = None,
) -> None:
    """Recall a product, lots of it, or the codes of a list. Every gateway applies it."""
    said = Said(zh, en, zh_file, en_file, uri, uri_file)
    about = About(product, lot or [], codes, list_file)
    publish(asked, about, level, said, drill=False)


@app.command("drill")
@signing
def drill(
    asked: Asked,
    product: ProductArgument,
    level: LevelOption = 3,
    lot: LotOption = None,
    codes: CodesOption = None,
    list_file: ListOption = None,
    zh: ZhOption = "",
    en: EnOption = "",
    zh_file: ZhFileOption = None,
    en_file: EnFileOption = None,
    uri: UriOption = "",
    uri_file: UriFileOption = None,
) -> None:
    """Exercise a recall: marked as an exercise everywhere, blocks nothing."""
    said = Said(zh, en, zh_file, en_file, uri, uri_file)
    about = About(product, lot or [], codes, list_file)
    publish(asked, about, level, said, drill=True)


@app.command("escalate")
@signing
def escalate(
    asked: Asked,
    notice: NoticeArgument,
    level: LevelOption,
    zh: ZhOption = "",
    en: EnOption = "",
    zh_file: ZhFileOption = None,
    en_file: EnFileOption = None,
    uri: UriOption = "",
    uri_file: UriFileOption = None,
) -> None:
    """Make a recall graver: a smaller level."""
    from node_gateway.services.governing_actions import level_of
    from node_gateway.services.governing_wishes import EscalateNotice

    text = Said(zh, en, zh_file, en_file, uri, uri_file).text()
    wish = EscalateNotice(notice, level_of(level), text)
    govern(asked, lambda _: wish)


@app.command("close")
@signing
def close(
    asked: Asked,
    notice: NoticeArgument,
    zh: ZhOption = "",
    en: EnOption = "",
    zh_file: ZhFileOption = None,
    en_file: EnFileOption = None,
    uri: UriOption = "",
    uri_file: UriFileOption = None,
) -> None:
    """Lift a recall, or end an exercise, for good. The text says why."""
    from node_gateway.services.governing_wishes import LiftNotice

    wish = LiftNotice(notice, Said(zh, en, zh_file, en_file, uri, uri_file).text())
    govern(asked, lambda _: wish)
