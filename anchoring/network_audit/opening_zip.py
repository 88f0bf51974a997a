"""Opening an evidence zip that somebody made: nothing is unpacked that was not weighed before."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError
from anchoring.network_audit.evidence import MANIFEST, encoded, manifest_of, pack

ZIP_SIZE_BYTES_MAX: Final = 1024 * 1024 * 1024
MEMBERS_MAX: Final = 200_000
_MANIFEST_SIZE_BYTES_MAX: Final = 64 * 1024 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:/[a-z0-9][a-z0-9-]*)?\.[a-z]{2,4}")
_NAME_LENGTH_MAX: Final = 200


class EvidenceError(FormatError):
    """The file is no evidence zip, or not the one that was made."""

    code = "evidence_form"


def open_evidence(raw: bytes) -> Mapping[str, bytes]:
    """Return the members of an evidence zip.

    Members are stored, never compressed, so nothing can grow; and packed again they must give the
    same bytes, so there is one file for one content: no byte anywhere can be changed, hidden
    between members or read in two ways.

    Args:
        raw: The file, at most `ZIP_SIZE_BYTES_MAX`.

    Raises:
        EvidenceError: `evidence_too_large`, `evidence_form` or `evidence_changed`.
    """
    if len(raw) > ZIP_SIZE_BYTES_MAX:
        raise EvidenceError("the file is larger than evidence may be", "evidence_too_large")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            members = _members(file, len(raw))
    # RuntimeError: it asks for a password, or for a method of packing that Python does not know.
    except (zipfile.BadZipFile, RuntimeError, EOFError, ValueError, OSError) as error:
        if isinstance(error, EvidenceError):
            raise
        raise EvidenceError(f"it is no evidence zip: {error}") from error
    if pack(members) != raw:
        raise EvidenceError("the file is not the one that was made", "evidence_changed")
    _check_manifest(members)
    return MappingProxyType(members)


def _members(file: zipfile.ZipFile, size_bytes: int) -> dict[str, bytes]:
    listed = file.infolist()
    if len(listed) > MEMBERS_MAX:
        raise EvidenceError(f"more than {MEMBERS_MAX} files", "evidence_too_large")
    names = [one.filename for one in listed]
    if len(set(names)) != len(names):
        raise EvidenceError("a file stands in it twice")
    for one in listed:
        is_plain = one.compress_type == zipfile.ZIP_STORED and not one.flag_bits & 1
        if not is_plain or one.file_size != one.compress_size:
            raise EvidenceError("a file in it is compressed or encrypted")
        if len(one.filename) > _NAME_LENGTH_MAX or _NAME.fullmatch(one.filename) is None:
            raise EvidenceError("a file in it has another name than evidence has")
    if sum(one.file_size for one in listed) > size_bytes:
        raise EvidenceError("its files lie over each other", "evidence_too_large")
    return {one.filename: file.read(one) for one in listed}


def _check_manifest(members: Mapping[str, bytes]) -> None:
    manifest = members.get(MANIFEST)
    if manifest is None:
        raise EvidenceError("it has no manifest")
    parse_plain(manifest, size_bytes_max=_MANIFEST_SIZE_BYTES_MAX)
    if manifest != encoded(manifest_of(members)):
        raise EvidenceError("a file is not the one of the manifest", "evidence_changed")
