"""Opening keys: keystores with their passphrase, remote signers with their credentials.

Secrets are read here and in `wiring`, nowhere else, and never put into a text.
"""

from __future__ import annotations

import base64
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from anchoring.chain.keystore import load_keystore
from anchoring.chain.remote_signer import RemoteSigner, is_private
from anchoring.chain.signer import Signer, TransactionSigner
from anchoring.errors import SignerUnavailableError
from node_gateway.errors import SettingsError
from node_gateway.settings_keys import KeysSection

PASSPHRASE_VARIABLE = "SEALTRAIL_PASSPHRASE"  # noqa: S105  the name of a variable

_TOKEN_SIZE_BYTES_MAX = 8192


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of a gateway: where anchors are signed, and the key of receipts, opened."""

    anchor: TransactionSigner
    sign: Signer


def passphrase(section: KeysSection) -> str:
    """Return the keystore passphrase from its file, or from the environment.

    Raises:
        SettingsError: neither is there, or the file cannot be read.
    """
    if section.passphrase_file is not None:
        try:
            return section.passphrase_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(
                f"cannot read the passphrase file: {error.strerror}",
                member="keys.passphrase_file",
            ) from error
    text = os.environ.get(PASSPHRASE_VARIABLE)
    if not text:
        raise SettingsError(
            "no passphrase for the keystores",
            member="keys.passphrase_file",
            hint=f"Name a file there, or set {PASSPHRASE_VARIABLE}.",
        )
    return text


def open_keys(section: KeysSection) -> Keys:
    """Open both keys of a gateway.

    Raises:
        KeystoreError, SettingsError: a file, the passphrase or a signer's settings are wrong.
    """
    sign = load_keystore(section.sign_keystore, passphrase(section))
    return Keys(anchor=open_anchor(section), sign=sign)


def open_anchor(section: KeysSection) -> TransactionSigner:
    """Open the anchor key, or the way to it; a remote signer is not asked yet.

    Raises:
        KeystoreError, SettingsError: as `open_keys`.
    """
    if section.anchor_signer is not None:
        return _remote(section, "anchor")
    if section.anchor_keystore is None:  # the settings' own check makes this impossible
        raise SettingsError("no anchor key", member="keys.anchor_keystore")
    return load_keystore(section.anchor_keystore, passphrase(section))


def open_admin(
    section: KeysSection, *, otherwise: Path | None = None, keystore: Path | None = None
) -> TransactionSigner:
    """Open the admin key, or the way to it.

    Args:
        section: The settings.
        otherwise: Keystore to take if the settings name none; for the command line.
        keystore: Goes before both: another key that is to sign, such as the recovery key.

    Raises:
        KeystoreError, SettingsError: as `open_keys`, or there is no admin key.
    """
    if keystore is not None:
        return load_keystore(keystore, passphrase(section))
    if section.admin_signer is not None:
        return _remote(section, "admin")
    keystore = section.admin_keystore or otherwise
    if keystore is None:
        raise SettingsError(
            "this gateway has no admin key",
            member="keys.admin_keystore",
            hint="Use the command line where the admin key is, or name it there.",
        )
    return load_keystore(keystore, passphrase(section))


def _remote(section: KeysSection, name: str) -> RemoteSigner:
    url: str = getattr(section, f"{name}_signer")
    address: str = getattr(section, f"{name}_address")
    token_file: Path | None = getattr(section, f"{name}_signer_token_file")
    member = f"keys.{name}_signer_token_file"
    if token_file is not None:
        if not is_private(url):
            raise SettingsError(
                "a signer's token would be sent in the clear",
                member=member,
                hint=f"Use https:// in keys.{name}_signer.",
            )
        try:
            _authorization(token_file)  # so that a wrong file is said at the start
        except SignerUnavailableError as error:
            raise SettingsError(str(error), member=member) from error
    return RemoteSigner(
        url,
        bytes.fromhex(address.removeprefix("0x")),
        authorization=lambda: None if token_file is None else _authorization(token_file),
        tls=_tls(section) if url.startswith("https:") else None,
    )


def _authorization(file: Path) -> str:
    """Return the value of the header for a file that holds a token or `user:password`."""
    try:
        with file.open("rb") as stream:
            text = stream.read(_TOKEN_SIZE_BYTES_MAX + 1).decode("ascii").strip()
    except OSError as error:
        reason = error.strerror or "error"
        raise SignerUnavailableError(f"cannot read the signer's token file: {reason}") from error
    except UnicodeDecodeError:
        text = ""
    if not text or len(text) > _TOKEN_SIZE_BYTES_MAX or not text.isprintable() or " " in text:
        raise SignerUnavailableError("the signer's token file holds no token and no user:password")
    if ":" in text:
        return "Basic " + base64.b64encode(text.encode()).decode()
    return f"Bearer {text}"


def _tls(section: KeysSection) -> ssl.SSLContext:
    member = "keys.signer_ca_file"
    try:
        context = ssl.create_default_context(
            cafile=str(section.signer_ca_file) if section.signer_ca_file else None
        )
        if section.signer_certificate_file is not None:
            member = "keys.signer_certificate_file"
            # No question at a terminal: a key that is encrypted is refused.
            context.load_cert_chain(section.signer_certificate_file, password=lambda: b"")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise SettingsError(
            f"{member} cannot be used: {type(error).__name__}",
            member=member,
            hint="It is a PEM file; the certificate's key is in it, without a passphrase.",
        ) from error
    return context
