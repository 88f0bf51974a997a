"""The sections `[keys]` and `[backup]`: files and addresses of keys, never a secret one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, model_validator

_ADDRESS = re.compile(r"(0x)?[0-9a-fA-F]{40}")


class Section(BaseModel):
    """What every section has in common: unknown keys are errors, values are not quoted."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class KeysSection(Section):
    """Keys: in keystore files (version 3), or elsewhere behind a remote signer.

    A remote signer speaks JSON-RPC `eth_signTransaction`, as Web3Signer does; what it returns is
    compared with what it was asked, byte for byte. The key of receipts is always in a file: it
    signs at every capture. The admin key is for operators: without a setting the command line
    takes `keys/admin.json` beside the settings, and the gateway itself has none.
    """

    anchor_keystore: Path | None = None
    """The key that sends anchors; this or `anchor_signer` is required."""
    anchor_signer: str | None = None
    """Address of a remote signer that holds it, http:// or https://."""
    anchor_address: str | None = None
    """The key's address (40 hex digits); required with `anchor_signer`."""
    anchor_signer_token_file: Path | None = None
    """File with a token (sent as Bearer) or with `user:password` (Basic); read at every request."""
    sign_keystore: Path
    """The key that signs receipts."""
    admin_keystore: Path | None = None
    """The admin key. If it is named, the gateway votes and recalls for whoever has `admin`."""
    admin_signer: str | None = None
    """Address of a remote signer that holds it, in place of `admin_keystore`."""
    admin_address: str | None = None
    """The admin key's address; required with `admin_signer`."""
    admin_signer_token_file: Path | None = None
    """As `anchor_signer_token_file`."""
    signer_ca_file: Path | None = None
    """Certificates (PEM) that remote signers are checked against, in place of the system's."""
    signer_certificate_file: Path | None = None
    """Our own certificate and its key (PEM), for signers that ask for one."""
    passphrase_file: Path | None = None
    """File with the passphrase of all keystores; readable by the gateway's user alone."""

    @model_validator(mode="after")
    def _one_place_each(self) -> Self:
        if self.anchor_keystore is None and self.anchor_signer is None:
            raise ValueError("anchor_keystore is missing")
        for name in ("anchor", "admin"):
            signer, address = getattr(self, f"{name}_signer"), getattr(self, f"{name}_address")
            if signer is not None and getattr(self, f"{name}_keystore") is not None:
                raise ValueError(f"{name}_keystore or {name}_signer, not both")
            if (signer is None) != (address is None):
                raise ValueError(f"{name}_signer and {name}_address go together")
            if signer is None and getattr(self, f"{name}_signer_token_file") is not None:
                raise ValueError(f"{name}_signer_token_file needs {name}_signer")
            if signer is not None:
                _check_signer(name, signer, address)
        return self


class BackupSection(Section):
    """Whom backups are encrypted for. The secret keys lie elsewhere, best on no machine."""

    recipients: tuple[str, ...] = ()
    """age public keys (`age1...`); each opens every backup. `sealtrail backup key` makes one."""


def _check_signer(name: str, url: str, address: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"{name}_signer is an http:// or https:// address")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{name}_signer holds credentials: they stand in {name}_signer_token_file")
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{name}_address is an address: 0x and 40 hex digits")
