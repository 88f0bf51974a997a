"""Keystore files, version 3 (the Web3 Secret Storage form), with scrypt."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from anchoring.chain.signer import Signer
from anchoring.errors import KeystoreError

SCRYPT_COST = 262_144
"""Work factor n for new files: about one second to open one."""

_FILE_SIZE_BYTES_MAX = 64 * 1024


def create_keystore(path: Path, passphrase: str, *, scrypt_cost: int = SCRYPT_COST) -> bytes:
    """Make a new key, write it encrypted, and return its 20-byte address.

    The file is readable by its owner only. An existing file is never overwritten.

    Raises:
        KeystoreError: the file exists or cannot be written, or the passphrase is empty.
    """
    return store_key(path, Account.create(), passphrase, scrypt_cost=scrypt_cost)


def store_key(
    path: Path, account: LocalAccount, passphrase: str, *, scrypt_cost: int = SCRYPT_COST
) -> bytes:
    """Write an existing account's key encrypted; like `create_keystore` otherwise."""
    if not passphrase:
        raise KeystoreError("an empty passphrase protects nothing", code="keystore_passphrase")
    content = Account.encrypt(account.key, passphrase, kdf="scrypt", iterations=scrypt_cost)
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
    try:
        with path.open("rb") as stream:
            raw = stream.read(_FILE_SIZE_BYTES_MAX + 1)
    except OSError as error:
        reason = error.strerror or "error"
        raise KeystoreError(
            f"cannot read the key file {path}: {reason}", code="keystore_file"
        ) from error
    try:
        content = json.loads(raw)
        is_keystore = isinstance(content, dict) and content.get("version") == 3
        is_keystore = is_keystore and "ciphertext" in content["crypto"]
    except (ValueError, KeyError, TypeError, RecursionError):
        is_keystore = False
    if not is_keystore or len(raw) > _FILE_SIZE_BYTES_MAX:
        raise KeystoreError(f"{path} is no keystore of version 3", code="keystore_file")
    return _opened(path, content, passphrase)


def _opened(path: Path, content: dict[str, Any], passphrase: str) -> Signer:
    try:
        return Signer.from_key(bytes(Account.decrypt(content, passphrase)))
    except ValueError as error:
        if "MAC mismatch" in str(error):
            text = f"wrong passphrase for the key file {path}"
            # The cause is left out: nothing that touched the passphrase goes into a traceback.
            raise KeystoreError(text, code="keystore_passphrase") from None
        raise KeystoreError(f"{path} is a damaged keystore", code="keystore_file") from None
    except (KeyError, TypeError):
        raise KeystoreError(f"{path} is a damaged keystore", code="keystore_file") from None
