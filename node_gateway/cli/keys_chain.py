"""`sealtrail key list` and `rotate`: one's own keys on the chain."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.governing import DryRunOption, YesOption, chain_explained
from node_gateway.cli.keys_asking import How, KeystoreOption, key_address, key_files
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import (
    PENDING,
    USAGE,
    CommandError,
    command,
    put,
    say,
    table,
    talk,
)

if TYPE_CHECKING:
    from node_gateway.services.own_keys import OwnKeys
    from node_gateway.services.rotating import Rotation
    from node_gateway.services.rotating_admin import AdminRotation


class Which(StrEnum):
    """Keys that can be replaced."""

    ANCHOR = "anchor"
    SIGN = "sign"
    ADMIN = "admin"


@command
def list_(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """List this participant's keys: what the chain says of each, and which file holds it."""
    with chain_explained():
        rows = asyncio.run(_listed(config))
    if json:
        put({"keys": rows})
        return
    names = ("address", "purpose", "state", "validFrom", "revokedAt", "compromisedSince", "file")
    heads = ["key", "purpose", "state", "valid from", "revoked", "compromised since", "file"]
    table("", heads, [[str(row.get(name) or "") for name in names] for row in rows])


async def _listed(config: Path) -> list[dict[str, Any]]:
    from node_gateway.settings import load_settings
    from node_gateway.wiring_keys import open_key_calls

    settings = load_settings(config)
    async with open_key_calls(settings) as calls:
        own = await calls.read()
    return _rows(own, key_files(settings, config))


def _rows(own: OwnKeys, files: dict[bytes, str]) -> list[dict[str, Any]]:
    from node_gateway.services.own_keys import PURPOSES, shown_time, standing

    names = {number: name for name, number in PURPOSES.items()}
    rows: list[dict[str, Any]] = [
        {"address": f"0x{one.hex()}", "purpose": name, "state": "valid", "file": files.get(one)}
        for name, one in (
            ("admin", own.participant.admin_key),
            ("recovery", own.participant.recovery_key),
        )
    ]
    for one in own.keys:
        row = {
            "address": f"0x{one.address.hex()}",
            "purpose": names.get(one.purpose, str(one.purpose)),
            "state": standing(one, own.time),
            "validFrom": shown_time(one.valid_from) or None,
            "validUntil": shown_time(one.valid_until) or None,
            "revokedAt": shown_time(one.revoked_at) or None,
            "compromisedSince": shown_time(one.compromised_since) or None,
            "streams": list(own.streams.get(one.address, ())) or None,
            "file": files.get(one.address),
        }
        rows.append(row)
    return rows


@command
def rotate(
    which: Annotated[Which, typer.Argument(help="The key to replace.")],
    config: ConfigOption = DEFAULT_CONFIG,
    address: Annotated[
        str | None, typer.Option(help="The new anchor key, if a remote signer holds it.")
    ] = None,
    restarted: Annotated[
        bool, typer.Option("--restarted", help="The gateway was restarted with the new key.")
    ] = False,
    keystore: KeystoreOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Replace a key by a new one: make it, add it on the chain, take it into use, revoke the old.

    A gateway reads its keys when it starts. While one is running, the old key is not revoked:
    restart it, then give the same command with --restarted. After an interruption the same command
    goes on where it was. The admin key is replaced by the recovery key.
    """
    how = How(config, keystore, yes, dry_run, json)
    with chain_explained():
        if address is not None:
            waiting = asyncio.run(_rotate_remote(which, key_address(address), how))
        else:
            waiting = asyncio.run(_rotate(which, how, restarted=restarted))
    if waiting:
        raise typer.Exit(PENDING)


async def _rotate(which: Which, how: How, *, restarted: bool) -> bool:
    from node_gateway.settings import load_settings
    from node_gateway.wiring_keys import admin_rotation_of, open_key_signing, rotation_of

    settings, folder = load_settings(how.config), how.config.parent / "keys"
    signs = "recovery.json" if which is Which.ADMIN else "admin.json"
    keystore = how.keystore or (folder / signs if which is Which.ADMIN else None)
    async with open_key_signing(settings, otherwise=folder / signs, keystore=keystore) as signing:
        rotation: Rotation | AdminRotation
        if which is Which.ADMIN:
            rotation = admin_rotation_of(settings, folder / "admin.json", signing)
        else:
            rotation = rotation_of(settings, which.value, signing)
        plan = await rotation.plan()
        if not how.may_sign(plan.words):
            _put(how, which, plan.current, (), (), done=False)
            return False
        with talk().status("waiting for blocks"):
            made = await rotation.carry_out(plan, restarted=restarted)
    say(f"The {which} key is 0x{made.address.hex()} now.")
    for one in made.revoked:
        say(f"0x{one.hex()} is revoked.")
    for one in made.waiting:
        say(
            f"0x{one.hex()} is not revoked yet: a running gateway may still use it. Restart the "
            f"gateway, then: sealtrail key rotate {which} --restarted"
        )
    _put(how, which, made.address, made.revoked, made.waiting, done=True)
    return bool(made.waiting)


def _put(
    how: How,
    which: Which,
    address: bytes,
    revoked: tuple[bytes, ...],
    waiting: tuple[bytes, ...],
    *,
    done: bool,
) -> None:
    if how.json:
        put(
            {
                "purpose": which.value,
                "address": f"0x{address.hex()}",
                "revoked": [f"0x{one.hex()}" for one in revoked],
                "waitingForRestart": [f"0x{one.hex()}" for one in waiting],
                "done": done,
            }
        )


async def _rotate_remote(which: Which, new: bytes, how: How) -> bool:
    """Add a key that a remote signer holds; the settings are the operator's to change."""
    from node_gateway.services.own_keys import PURPOSES
    from node_gateway.settings import load_settings
    from node_gateway.wiring_keys import open_key_signing, remote_accounts

    settings = load_settings(how.config)
    known = await remote_accounts(settings) if which is Which.ANCHOR else None
    if known is None:
        raise CommandError(
            f"the {which} key is in a file, not with a remote signer",
            attempt=f"sealtrail key rotate {which}, without --address",
            status=USAGE,
        )
    if new not in known:
        raise CommandError(
            f"the remote signer has no key of 0x{new.hex()}",
            attempt="make the key there first",
            status=USAGE,
        )
    old = bytes.fromhex(str(settings.keys.anchor_address).removeprefix("0x"))
    otherwise = how.config.parent / "keys" / "admin.json"
    async with open_key_signing(settings, otherwise=otherwise, keystore=how.keystore) as signing:
        own = await signing.calls.read()
        signer = f"0x{signing.governor.address.hex()}"
        words = f"0x{new.hex()} is on the chain already."
        if own.of(new) is None:
            words = (
                f"Add the anchor key 0x{new.hex()} to participant {own.participant.participant} "
                f"({own.participant.slug}) on the chain, signed with the admin key {signer}."
            )
        if not how.may_sign([words]):
            _put(how, which, old, (), (), done=False)
            return False
        if own.of(new) is None:
            with talk().status("waiting for a block"):
                streams = own.streams.get(old, ())
                await signing.governor.call(signing.calls.add(new, PURPOSES["anchor"], streams))
    if new == old:
        return False
    say(f'Now set anchor_address = "0x{new.hex()}" in [keys] of {how.config}, and restart.')
    say(f"Then: sealtrail key revoke 0x{old.hex()}")
    _put(how, which, new, (), (old,), done=True)
    return True


def add_to(app: typer.Typer) -> None:
    """Add the commands to `sealtrail key`."""
    app.command("list")(list_)
    app.command("rotate")(rotate)
