"""Keystore files, version 3 (the Web3 Secret Storage form), with scrypt."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from anchoring.chain.recursion import recursion_limit_kept
from anchoring.chain.signer import Signer
from anchoring.errors import KeystoreError

with recursion_limit_kept():
    from eth_account import Account
    from eth_account.signers.local import LocalAccount

SCRYPT_COST = 262_144
"""Work factor n for new files: about one second to open one."""

_FILE_SIZE_BYTES_MAX = 64 * 1024
_ADDRESS_SIZE_BYTES = 20
_KEY_TEXT = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_KEY_TEXT_SIZE_MAX = 128


def create_keystore(path: Path, passphrase: str, *, scrypt_cost: int | None = None) -> bytes:
    """Make a new key, write it encrypted, and return its 20-byte address.

    The file is readable by its owner only. An existing file is never overwritten.

    Raises:
        KeystoreError: the file exists or cannot be written, or the passphrase is empty.
    """
    return store_key(path, Account.create(), passphrase, scrypt_cost=scrypt_cost)


def store_key(
    path: Path, account: LocalAccount, passphrase: str, *, scrypt_cost: int | None = None
) -> bytes:
    """Write an existing account's key encrypted; like `create_keystore` otherwise."""
    if not passphrase:
        raise KeystoreError("an empty passphrase protects nothing", code="keystore_passphrase")
    cost = scrypt_cost or SCRYPT_COST
    content = Account.encrypt(account.key, passphrase, kdf="scrypt", iterations=cost)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        reason = error.strerror or "error"
        raise KeystoreError(
            f"cannot write the key file {path}: {reason}", code="keystore_file"
        ) from error
    return Signer(account).address


def load_keystore(path: Path, passphrase: str) -> Signer:
    """Open a key file.

    Raises:
        KeystoreError: code `keystore_file` (unreadable or no keystore) or `keystore_passphrase`.
    """
    return _opened(path, _read(path), passphrase)


def keystore_address(path: Path) -> bytes:
    """Return the address (20 bytes) that a key file names; without its passphrase, unproven.

    Raises:
        KeystoreError: unreadable, no keystore, or one that names no address.
    """
    named = _read(path).get("address")
    try:
        address = bytes.fromhex(named.removeprefix("0x")) if isinstance(named, str) else b""
    except ValueError:
        address = b""
    if len(address) != _ADDRESS_SIZE_BYTES:
        raise KeystoreError(f"{path} names no address", code="keystore_file")
    return address


def import_key(
    path: Path, content: bytes, passphrase: str, *, source_passphrase: str | None = None
) -> bytes:
    """Write a key that exists already into a new key file, and return its address.

    Args:
        path: File to write; never overwritten.
        content: A keystore (version 3), or the key as 64 hex digits with or without 0x.
        passphrase: Of the new file.
        source_passphrase: Of `content`, if it is a keystore.

    Raises:
        KeystoreError: code `key_form` (neither of the two), otherwise as `load_keystore` and
            `create_keystore`. No text of it holds anything of the key.
    """
    known = _keystore(content) if len(content) <= _FILE_SIZE_BYTES_MAX else None
    if known is not None:
        if source_passphrase is None:
            raise KeystoreError("the source needs its own passphrase", code="keystore_passphrase")
        key = _key_of(known, source_passphrase, name="the source")
    else:
        text = content[: 2 * _KEY_TEXT_SIZE_MAX].decode("ascii", "replace").strip()
        if not _KEY_TEXT.fullmatch(text):
            said = "a key is a keystore of version 3, or 64 hex digits"
            raise KeystoreError(said, code="key_form")
        key = bytes.fromhex(text.removeprefix("0x"))
    try:
        account = Account.from_key(key)
    except Exception:  # noqa: BLE001  the library's errors may quote the key
        raise KeystoreError("the number is no key of this curve", code="key_form") from None
    return store_key(path, account, passphrase)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_FILE_SIZE_BYTES_MAX + 1)
    except OSError as error:
        reason = error.strerror or "error"
        raise KeystoreError(
            f"cannot read the key file {path}: {reason}", code="keystore_file"
        ) from error
    content = _keystore(raw) if len(raw) <= _FILE_SIZE_BYTES_MAX else None
    if content is None:
        raise KeystoreError(f"{path} is no keystore of version 3", code="keystore_file")
    return content


def _keystore(raw: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(raw)
        is_keystore = isinstance(content, dict) and content.get("version") == 3
        return content if is_keystore and "ciphertext" in content["crypto"] else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _opened(path: Path, content: dict[str, Any], passphrase: str) -> Signer:
    return Signer.from_key(_key_of(content, passphrase, name=f"the key file {path}"))


def _key_of(content: dict[str, Any], passphrase: str, *, name: str) -> bytes:
    try:
        return bytes(Account.decrypt(content, passphrase))
    except ValueError as error:
        if "MAC mismatch" in str(error):
            text = f"wrong passphrase for {name}"
            # The cause is left out: nothing that touched the passphrase goes into a traceback.
            raise KeystoreError(text, code="keystore_passphrase") from None
        raise KeystoreError(f"{name} is a damaged keystore", code="keystore_file") from None
    except (KeyError, TypeError):
        raise KeystoreError(f"{name} is a damaged keystore", code="keystore_file") from None
