"""`sealtrail key revoke`."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from node_gateway.cli.governing import DryRunOption, YesOption, chain_explained
from node_gateway.cli.keys_asking import How, KeystoreOption, key_address, key_files
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, talk

if TYPE_CHECKING:
    from node_gateway.services.own_keys import OwnKeys

_TIME_HINT = "2026-03-01T08:00:00Z, with an offset, or Unix seconds"


@command
def revoke(
    key: Annotated[str, typer.Argument(metavar="ADDRESS", help="Address of the key.")],
    config: ConfigOption = DEFAULT_CONFIG,
    compromised_since: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"Since when it is not ours: {_TIME_HINT}.")
    ] = None,
    keystore: KeystoreOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Revoke a key of one's own at once, for good.

    What it signed before stays valid, unless --compromised-since says from when on somebody else
    may have used it. That time can be moved to an earlier one later, never back.
    """
    account, since = key_address(key), _seconds(compromised_since)
    how = How(config, keystore, yes, dry_run, json)
    with chain_explained():
        asyncio.run(_revoke(account, since, how))


async def _revoke(account: bytes, since: int, how: How) -> None:
    from node_gateway.settings import load_settings
    from node_gateway.wiring_keys import open_key_signing

    settings = load_settings(how.config)
    otherwise = how.config.parent / "keys" / "admin.json"
    async with open_key_signing(settings, otherwise=otherwise, keystore=how.keystore) as signing:
        own = await signing.calls.read()
        known = own.of(account)
        if known is None:
            raise CommandError(
                f"0x{account.hex()} is no anchor or sign key of participant "
                f"{own.participant.participant}",
                attempt="sealtrail key list",
                status=USAGE,
            )
        report = {"address": f"0x{account.hex()}", "compromisedSince": since or None}
        earlier = since and (not known.compromised_since or since < known.compromised_since)
        if known.revoked_at and not earlier:
            say(f"0x{account.hex()} is revoked already; there is nothing to do.")
            if how.json:
                put({**report, "done": True})
            return
        words = _revocation(own, account, since, in_use=key_files(settings, how.config))
        words.append(f"It is signed with 0x{signing.governor.address.hex()}.")
        agreed = how.may_sign(words)
        if agreed:
            with talk().status("waiting for a block"):
                await signing.governor.call(signing.calls.revoke(account, since))
            say(f"0x{account.hex()} is revoked.")
        if how.json:
            put({**report, "done": agreed})


def _revocation(own: OwnKeys, account: bytes, since: int, *, in_use: dict[bytes, str]) -> list[str]:
    from node_gateway.services.own_keys import PURPOSES, shown_time

    known = own.of(account)
    anchors = known is not None and known.purpose == PURPOSES["anchor"]
    what = "anchor key" if anchors else "sign key"
    who = f"participant {own.participant.participant} ({own.participant.slug})"
    words = [
        f"Revoke the {what} 0x{account.hex()} of {who}, for good. From that block on it can "
        + ("anchor nothing." if anchors else "sign no receipt.")
    ]
    if since:
        at = shown_time(since)
        words.append(
            f"Say that it was compromised since {at}: whatever it "
            + ("anchored" if anchors else "signed")
            + " from then on proves nothing any more, and every verifier will say so. What is "
            "older stays valid. This time can be moved to an earlier one later, never back."
        )
    else:
        words.append("What it signed before stays valid.")
    file = in_use.get(account)
    if file is not None and ".old-" not in file and ".next" not in file:
        purpose = "anchor" if anchors else "sign"
        stops = "anchoring stops" if anchors else "its receipts are worth nothing"
        words.append(
            f"{file} holds it: if this gateway uses it, {stops} until it runs with another key. "
            f"Better first: sealtrail key rotate {purpose}"
        )
    return words


def _seconds(text: str | None) -> int:
    """Return a time in Unix seconds; 0 if none is given."""
    if text is None:
        return 0
    try:
        seconds = int(text) if text.isdigit() else int(_moment(text).timestamp())
    except (ValueError, OverflowError) as error:
        raise CommandError(
            f"{text[:40]} is no time", attempt=f"--compromised-since {_TIME_HINT}", status=USAGE
        ) from error
    if not 0 < seconds <= time.time():
        raise CommandError(
            "a key is compromised since a time in the past",
            attempt=f"--compromised-since {_TIME_HINT}",
            status=USAGE,
        )
    return seconds


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment


def add_to(app: typer.Typer) -> None:
    """Add the commands to `sealtrail key`."""
    app.command("revoke")(revoke)
