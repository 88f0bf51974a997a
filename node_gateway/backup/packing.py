"""The form of a backup: an age file around a zstd-compressed tar, written and read as a stream.

The first member is `manifest.json`, the last `end.json` with the SHA-256 of every member before
it. age authenticates every piece; what is cut off or changed is noticed before anything is used.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

import pyrage
import zstandard

from node_gateway.backup.errors import BackupDamagedError, BackupKeyError

FORMAT: Final = "sealtrail/backup/v1"
MANIFEST: Final = "manifest.json"
END: Final = "end.json"
_SMALL_SIZE_BYTES_MAX: Final = 16 * 1024 * 1024
_NAME: Final = re.compile(r"(?!.*(?:^|/)\.\.?(?:/|$))[\w][\w.@+ /-]{0,400}")
_PIECE_SIZE_BYTES: Final = 1024 * 1024
_IDENTITY_SIZE_BYTES_MAX: Final = 64 * 1024
_PASSPHRASE_HEADER: Final = b"age-encryption.org/v1"


def recipients_of(texts: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    """Return the public keys that a backup is encrypted for.

    Raises:
        BackupKeyError: there is none, or one is malformed.
    """
    if not texts:
        raise BackupKeyError(
            "a backup is encrypted for somebody: there is no recipient",
            hint="sealtrail backup key -o FILE makes one; put its recipient into backup.recipients",
        )
    try:
        return [pyrage.x25519.Recipient.from_str(one) for one in texts]
    except pyrage.RecipientError as error:
        raise BackupKeyError(
            "a recipient is no age public key (age1...)", hint="see backup.recipients"
        ) from error


def new_identity(file: Path) -> str:
    """Write a new secret key into a file that only its owner can read; return its recipient."""
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(f"# public key: {recipient}\n{identity}\n")
    return recipient


def identities_of(file: Path, passphrase: Callable[[], str]) -> list[pyrage.x25519.Identity]:
    """Return the secret keys of an age identity file, which may itself be encrypted.

    Args:
        file: As `sealtrail backup key` or `age-keygen` writes it.
        passphrase: Asked only if the file is encrypted with one.

    Raises:
        BackupKeyError: there is none in it, or the passphrase is wrong.
    """
    with file.open("rb") as stream:
        raw = stream.read(_IDENTITY_SIZE_BYTES_MAX)
    if raw.startswith(_PASSPHRASE_HEADER):
        try:
            raw = pyrage.passphrase.decrypt(raw, passphrase())
        except pyrage.DecryptError as error:
            raise BackupKeyError("the passphrase does not open the identity file") from error
    lines = raw.decode("ascii", "replace").splitlines()
    try:
        found = [
            pyrage.x25519.Identity.from_str(line.strip())
            for line in lines
            if line.strip() and not line.startswith("#")
        ]
    except pyrage.IdentityError as error:
        raise BackupKeyError(f"{file} holds no age identity") from error
    if not found:
        raise BackupKeyError(f"{file} holds no age identity")
    return found


class Packer:
    """Adds members to a backup that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._digests: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> None:
        """Add a member from memory."""
        self._put(name, io.BytesIO(data), len(data))

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as long as it is at the moment."""
        with path.open("rb") as stream:
            self._put(name, stream, os.fstat(stream.fileno()).st_size)

    def _put(self, name: str, stream: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashed = _Hashing(stream)
        self._tar.addfile(info, hashed)
        self._digests[name] = hashed.digest.hexdigest()

    def end(self) -> None:
        """Close the list of members."""
        raw = json.dumps(self._digests).encode()
        info = tarfile.TarInfo(END)
        info.size, info.mode = len(raw), 0o600
        self._tar.addfile(info, io.BytesIO(raw))


class _Hashing:
    """A stream that is hashed while it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.digest = stream, sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        return data


def write_backup(
    target: Path,
    recipients: Sequence[pyrage.x25519.Recipient],
    fill: Callable[[Packer], None],
) -> None:
    """Write a backup into a new file; what `fill` adds is encrypted as it comes.

    Nothing is left behind if it fails, and the file is flushed to the disk before it has its name.
    """
    staged = target.with_name(target.name + ".part")
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            _encrypt(out, recipients, fill)
            out.flush()
            os.fsync(out.fileno())
        os.link(staged, target)  # never overwrites
    finally:
        staged.unlink(missing_ok=True)
    _flush_folder(target.absolute().parent)


def _encrypt(
    out: io.BufferedIOBase,
    recipients: Sequence[pyrage.x25519.Recipient],
    fill: Callable[[Packer], None],
) -> None:
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def produce() -> None:
        try:
            with (
                os.fdopen(writing, "wb") as pipe,
                zstandard.ZstdCompressor(level=3).stream_writer(pipe) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
            ):
                packer = Packer(tar)
                fill(packer)
                packer.end()
        except BaseException as error:  # noqa: BLE001  raised again below
            failures.append(error)

    thread = threading.Thread(target=produce, name="packing")
    thread.start()
    try:
        with os.fdopen(reading, "rb") as pipe:
            pyrage.encrypt_io(pipe, out, list(recipients))
    finally:
        thread.join()
    if failures:
        raise failures[0]


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def opened_backup(
    file: Path, identities: Sequence[pyrage.x25519.Identity]
) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Open a backup and go through its members in order; each is read before the next.

    The whole of it must have been gone through, else it was not checked to its end.

    Raises:
        BackupKeyError: none of the identities opens it.
        BackupDamagedError: it is no backup, ends too early, or was changed.
    """
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def produce() -> None:
        try:
            with file.open("rb") as sealed, os.fdopen(writing, "wb") as pipe:
                pyrage.decrypt_io(sealed, pipe, list(identities))
        except BaseException as error:  # noqa: BLE001  raised again below
            failures.append(error)

    thread = threading.Thread(target=produce, name="unpacking")
    thread.start()
    try:
        with os.fdopen(reading, "rb") as pipe:
            try:
                with zstandard.ZstdDecompressor().stream_reader(pipe) as plain:
                    yield _members(plain)
            except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
                raise BackupDamagedError("the backup ends too early, or is none") from error
    except BackupDamagedError as error:
        thread.join()
        raise _better(error, failures) from error
    finally:
        thread.join()
    if failures:
        raise _better(BackupDamagedError("the backup was changed, or ends too early"), failures)


def _better(error: BackupDamagedError, failures: Sequence[BaseException]) -> Exception:
    """Say that the key does not fit where that is why nothing could be read."""
    for one in failures:
        if isinstance(one, pyrage.DecryptError) and "No matching keys" in str(one):
            return BackupKeyError("this identity does not open the backup")
    return error


def _members(plain: Any) -> Iterator[tuple[str, IO[bytes]]]:
    digests: dict[str, str] = {}
    ended: Mapping[str, str] | None = None
    with tarfile.open(fileobj=plain, mode="r|") as tar:
        for info in tar:
            stream = tar.extractfile(info) if info.isreg() else None
            if stream is None or ended is not None or not _NAME.fullmatch(info.name):
                raise BackupDamagedError("the backup holds something that no backup holds")
            if info.name in digests:
                raise BackupDamagedError("the backup holds a member twice")
            if info.name == END:
                ended = read_json(stream)
                continue
            hashed = _Hashing(stream)
            yield info.name, hashed  # type: ignore[misc]  # reads only
            while hashed.read(_PIECE_SIZE_BYTES):
                pass
            digests[info.name] = hashed.digest.hexdigest()
    while plain.read(_PIECE_SIZE_BYTES):  # so that its last piece is authenticated, too
        pass
    if ended != digests:
        raise BackupDamagedError("members are missing from the backup")


def read_json(stream: IO[bytes]) -> Any:
    """Read a small member.

    Raises:
        BackupDamagedError: it is no JSON, or is not small.
    """
    raw = stream.read(_SMALL_SIZE_BYTES_MAX + 1)
    if len(raw) > _SMALL_SIZE_BYTES_MAX:
        raise BackupDamagedError("a member of the backup is too large")
    try:
        return json.loads(raw)
    except ValueError as error:
        raise BackupDamagedError("a member of the backup cannot be read") from error
