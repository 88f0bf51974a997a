"""`sealtrail init`: a folder with settings, keys and an empty database."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node_gateway.cli import joining
from node_gateway.cli.client import KEY_FILE
from node_gateway.cli.output import USAGE, CommandError, command, say, talk

if TYPE_CHECKING:
    from node_gateway.invites import Invite

ROLES = {
    "manufacturer": 1,
    "distributor": 2,
    "pharmacy": 4,
    "auditor": 8,
    "regulator": 16,
    "voter": 32,
}
KEY_NAMES = ("anchor", "sign", "admin", "recovery")
KEY_FILES = ("passphrase", *(f"{name}.json" for name in KEY_NAMES))
PARTICIPANT_FILE = "participant.json"
_RPC = "http://127.0.0.1:8545"
_SQLITE_SUFFIXES = ("", "-wal", "-shm", ".lock")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")

_TOML = """\
# Settings of one gateway. Environment goes first: SEALTRAIL_BATCHING__CADENCE_S=10
[gateway]
participant = {participant}{not_admitted}
database = {database}
host = "127.0.0.1"
port = {port}
# party = "9506000134376"   # our own GLN: who sends in `ship`, who gets in `receive`

[chain]
rpc = {rpc}
network_file = {network}        # written by `sealtrail chain deploy`
confirmations = 1

[keys]
anchor_keystore = "keys/anchor.json"
sign_keystore = "keys/sign.json"
passphrase_file = "keys/passphrase"

[batching]                      # every slot anchors the same number of entries, full or empty
cadence_s = {cadence_s}
padding = "{padding}"
promise_s = {promise_s}

[batching.dispensing]           # a slow stream: a bundle tells the time of capture to one slot
cadence_s = {slow_cadence_s}
padding = "{padding}"
promise_s = {slow_promise_s}
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new gateway is to be."""

    folder: Path
    participant: int
    slug: str
    name: str
    url: str
    roles: int
    rpc: str
    network: str
    database: str = "sqlite:///sealtrail.db"
    port: int = 8700
    cadence_s: int = 60
    slow_cadence_s: int = 86_400
    padding: str = "fixed:256"
    prefixes: tuple[str, ...] = ()


FolderArgument = Annotated[
    Path, typer.Argument(help="Folder to make; must not hold a gateway yet.")
]
SlugOption = Annotated[
    str, typer.Option(help="Short name: a-z, 0-9, -; with --join that of the invite.")
]
IdOption = Annotated[
    int | None, typer.Option(min=1, help="Id in the consortium: the place in `chain deploy`; 1.")
]
JoinOption = Annotated[
    Path | None, typer.Option(help="Invite to a network that stands: sealtrail consortium invite.")
]
PrefixOption = Annotated[
    list[str] | None,
    typer.Option(help="Whose codes it makes: gs1:950600013 or cn:1234567; repeatable."),
]
RpcOption = Annotated[
    str, typer.Option(help=f"Chain endpoint (JSON-RPC); {_RPC}, with --join the invite's first.")
]


@command
def init(
    folder: FolderArgument,
    name: Annotated[str, typer.Option(help="The organisation's name as others see it.")],
    slug: SlugOption = "",
    participant: IdOption = None,
    join: JoinOption = None,
    role: Annotated[list[str] | None, typer.Option(help=", ".join(ROLES))] = None,
    prefix: PrefixOption = None,
    url: Annotated[str, typer.Option(help="Where others reach this gateway.")] = "",
    rpc: RpcOption = "",
    network: Annotated[str, typer.Option(help="Network file.")] = "network.json",
    db: Annotated[
        str, typer.Option(help="sqlite:///file or postgresql://...")
    ] = "sqlite:///sealtrail.db",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8700,
    yes: Annotated[bool, typer.Option("--yes", help="With --join: do not ask.")] = False,
) -> None:
    """Make settings, four keys, an empty database and an operator's API key.

    Secrets are written to files that only you can read: keys/passphrase and admin.key.
    """
    from node_gateway.services.governing_actions import check_url

    roles = _roles(role or ["manufacturer", "voter"])
    invited = _invited(join, participant, network) if join else None
    slug = slug or (invited.slug if invited else "")
    _check_slug(slug)
    check_url(url)
    _check_prefixes(prefix or [])
    if invited is not None:
        joining.require_trust(invited, yes=yes)
    with talk().status("making keys and database"):
        make_gateway(
            Wanted(
                folder=folder,
                participant=joining.NOT_ADMITTED if invited else participant or 1,
                slug=slug,
                name=name,
                url=url or ("" if invited else f"http://127.0.0.1:{port}"),
                roles=roles,
                rpc=rpc or next(iter(invited.endpoints if invited else ()), _RPC),
                network=network,
                database=db,
                port=port,
                prefixes=tuple(prefix or ()),
            )
        )
    if invited is not None:
        joining.place_network(invited, folder)
        joining.next_steps(folder, url=url)
        return
    say(f"{folder}: settings, keys and database are there.")
    say(f"Give {PARTICIPANT_FILE} to whoever deploys the contracts; it holds no secret.")
    say(f"Next: sealtrail chain deploy --participant {folder}/{PARTICIPANT_FILE} ...")


def _check_slug(slug: str) -> None:
    if not slug:
        raise CommandError(
            "the short name is missing that others will know it by",
            attempt="--slug maker, or --join with an invite",
            status=USAGE,
        )
    if not _SLUG.fullmatch(slug):
        raise CommandError(
            f"{slug!r} is no short name: 1 to 32 of a-z, 0-9 and inner hyphens",
            attempt="--slug maker",
            status=USAGE,
        )


def _check_prefixes(prefixes: list[str]) -> None:
    from anchoring.directory.prefixes import is_prefix

    for one in prefixes:
        if not is_prefix(one):
            text = f"{one!r} is no prefix: gs1: and 4 to 12 digits, or cn: and 7"
            raise CommandError(text, attempt="--prefix gs1:950600013", status=USAGE)
    if len(set(prefixes)) != len(prefixes):
        raise CommandError("a prefix is named twice", attempt="each --prefix once", status=USAGE)


def _roles(names: list[str]) -> int:
    roles = 0
    for one in names:
        if one not in ROLES:
            raise CommandError(
                f"unknown role {one}", attempt=f"one of {', '.join(ROLES)}", status=USAGE
            )
        roles |= ROLES[one]
    return roles


def _invited(join: Path, participant: int | None, network: str) -> Invite:
    """Read an invite; the id comes from the chain, the network file from the invite."""
    if participant is not None or network != joining.NETWORK_FILE:
        raise CommandError(
            "--join takes id and network file from elsewhere",
            attempt="leave --participant and --network out",
            status=USAGE,
        )
    return joining.read_invite(join)


def make_gateway(wanted: Wanted, *, scrypt_cost: int | None = None) -> None:
    """Write the folder of a new gateway.

    Raises:
        CommandError: there is one already.
    """
    files = [wanted.folder / name for name in ("sealtrail.toml", PARTICIPANT_FILE, KEY_FILE)]
    files += [wanted.folder / "keys" / name for name in KEY_FILES]
    database = wanted.folder / wanted.database.removeprefix("sqlite:///")
    if wanted.database.startswith("sqlite:///"):
        files += [database.with_name(database.name + suffix) for suffix in _SQLITE_SUFFIXES]
    known = [file for file in files if file.exists()]
    if known:
        raise CommandError(f"{known[0]} exists already", attempt="another folder", status=USAGE)
    try:
        _make(wanted, scrypt_cost)
    except BaseException:  # nothing half-made stays behind
        for file in files:
            file.unlink(missing_ok=True)
        raise


def _make(wanted: Wanted, scrypt_cost: int | None) -> None:
    from anchoring.chain.keystore import SCRYPT_COST, create_keystore

    config, keys = wanted.folder / "sealtrail.toml", wanted.folder / "keys"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    config.write_text(_settings(wanted), encoding="utf-8")
    asyncio.run(_make_database(config, wanted.name, wanted.folder / KEY_FILE))
    passphrase = secrets.token_urlsafe(32)
    _write_secret(keys / "passphrase", passphrase)
    addresses = {
        name: create_keystore(
            keys / f"{name}.json", passphrase, scrypt_cost=scrypt_cost or SCRYPT_COST
        ).hex()
        for name in KEY_NAMES
    }
    public: dict[str, object] = {
        "slug": wanted.slug,
        "name": wanted.name,
        "url": wanted.url,
        "roles": wanted.roles,
        "keys": addresses,
    }
    if wanted.prefixes:
        public["prefixes"] = list(wanted.prefixes)
    (wanted.folder / PARTICIPANT_FILE).write_text(
        json.dumps(public, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _settings(wanted: Wanted) -> str:
    return _TOML.format(
        participant=wanted.participant,
        not_admitted="" if wanted.participant else "   # until `sealtrail consortium joined`",
        database=_toml_text(wanted.database),
        port=wanted.port,
        rpc=_toml_text(wanted.rpc),
        network=_toml_text(wanted.network),
        cadence_s=wanted.cadence_s,
        promise_s=max(60, wanted.cadence_s * 20),
        slow_cadence_s=wanted.slow_cadence_s,
        slow_promise_s=max(60, wanted.slow_cadence_s * 3),
        padding=wanted.padding,
    )


def _toml_text(text: str) -> str:
    """Return a TOML basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


async def _make_database(config: Path, name: str, key_file: Path) -> None:
    from node_gateway.services.access import new_api_key
    from node_gateway.settings import load_settings
    from node_gateway.wiring import META_NAME, open_database, prepare_database

    settings = load_settings(config)
    await asyncio.to_thread(prepare_database, settings.gateway.database)
    async with open_database(settings) as store:
        await store.set_meta(META_NAME, name.encode())
        text, _ = await new_api_key(
            store, name="operator (made by init)", scopes=["admin"], now_s=int(time.time())
        )
    _write_secret(key_file, text)


def _write_secret(path: Path, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
