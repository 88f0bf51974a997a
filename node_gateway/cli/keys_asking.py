"""What commands about one's own keys share: how they ask, and which file holds which key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node_gateway.cli.output import USAGE, CommandError, confirmed, say

if TYPE_CHECKING:
    from node_gateway.settings import Settings

_ADDRESS = re.compile(r"(0x)?[0-9a-fA-F]{40}")

KeystoreOption = Annotated[
    Path | None,
    typer.Option("--keystore", help="Key that signs; otherwise the admin or recovery key."),
]


@dataclass(frozen=True, slots=True)
class How:
    """How a command that signs was asked to go about it."""

    config: Path
    keystore: Path | None
    yes: bool
    dry_run: bool
    json: bool

    def may_sign(self, words: Sequence[str]) -> bool:
        """Say what will be done; ask.

        Returns:
            False if it ends with the words.

        Raises:
            CommandError: nobody agreed.
        """
        for sentence in words:
            say(sentence)
        if self.dry_run:
            say("Nothing was signed or sent.")
            return False
        if not self.yes and not confirmed("Sign and send this?"):
            raise CommandError("nothing was signed or sent", attempt="add --yes", status=USAGE)
        return True


def key_files(settings: Settings, config: Path) -> dict[bytes, str]:
    """Return the file of each key that is in the folders of keys, by the address it names."""
    from anchoring.chain.keystore import keystore_address
    from anchoring.errors import KeystoreError

    keys = settings.keys
    named = [keys.anchor_keystore, keys.sign_keystore, keys.admin_keystore]
    folders = {one.parent for one in named if one is not None} | {config.parent / "keys"}
    found: dict[bytes, str] = {}
    for folder in sorted(folders):
        for file in sorted(folder.glob("*.json")):
            try:
                found.setdefault(keystore_address(file), str(file))
            except KeystoreError:
                continue  # another file
    return found


def key_address(text: str) -> bytes:
    """Return an address as it was given.

    Raises:
        CommandError: it is none.
    """
    if not _ADDRESS.fullmatch(text):
        raise CommandError(
            "an address is 0x and 40 hex digits", attempt="sealtrail key list", status=USAGE
        )
    return bytes.fromhex(text.removeprefix("0x"))
