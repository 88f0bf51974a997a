"""What was handed to the auditor: receipts, bundles, openings, signed transactions, in a folder.

Each file is known by what it says it is. A file that is none of these is named, not judged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from anchoring.artifacts import load
from anchoring.audit_claims import Claims
from anchoring.chain.abi import ContractAbi
from anchoring.chain.transactions import decode_signed
from anchoring.core.opening import OPENING_FORMAT, OPENING_SIZE_BYTES_MAX, parse_opening
from anchoring.core.receipt import RECEIPT_FORMAT, parse_receipt
from anchoring.core.verify import check_bundles
from anchoring.errors import AnchoringError

FILES_MAX: Final = 10_000
FILE_SIZE_BYTES_MAX: Final = OPENING_SIZE_BYTES_MAX
_BUNDLE_FORMATS: Final = ("sealtrail/proof/v1", "sealtrail/proofs/v1")


class Kind:
    """Kinds of files, which are also the folders of an evidence zip."""

    RECEIPT: Final = "receipts"
    BUNDLE: Final = "bundles"
    OPENING: Final = "openings"
    TRANSACTION: Final = "transactions"


@dataclass(frozen=True, slots=True)
class Handed:
    """One file as it was handed over, with the participants that it is about."""

    name: str
    kind: str
    raw: bytes
    participants: frozenset[int]


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that was handed over.

    Attributes:
        claims: By participant, ready to be checked.
        refused: A sentence about each file that could not be read.
    """

    files: Sequence[Handed] = ()
    claims: Mapping[int, Claims] = field(default_factory=lambda: MappingProxyType({}))
    refused: Sequence[str] = ()


def read_folder(folder: Path) -> Material:
    """Read every file of a folder, by name; folders in it are left alone.

    Raises:
        OSError: it cannot be read.
    """
    named = sorted(one for one in folder.iterdir() if one.is_file())
    refused = [f"{one.name}: more than {FILES_MAX} files" for one in named[FILES_MAX:][:1]]
    files: list[tuple[str, bytes]] = []
    for one in named[:FILES_MAX]:
        with one.open("rb") as stream:
            files.append((one.name, stream.read(FILE_SIZE_BYTES_MAX + 1)))
    return read_files(files, refused=refused)


def read_files(files: Sequence[tuple[str, bytes]], *, refused: Sequence[str] = ()) -> Material:
    """Sort what was handed over by what it says it is.

    Args:
        files: (name, content).
        refused: Sentences to begin with.
    """
    abi = ContractAbi(load("AnchorRegistry").abi)
    handed: list[Handed] = []
    sorted_by: dict[int, dict[str, list[object]]] = {}
    complaints = list(refused)
    for name, raw in files:
        try:
            kind, found = _read(raw, abi)
        except (AnchoringError, ValueError) as error:
            code = getattr(error, "code", "unreadable_file")
            complaints.append(f"{name}: {code}")
            continue
        handed.append(Handed(name, kind, raw, frozenset(one for one, _ in found)))
        for participant, value in found:
            sorted_by.setdefault(participant, {}).setdefault(kind, []).append(value)
    claims = {number: _claims(kinds) for number, kinds in sorted_by.items()}
    return Material(tuple(handed), MappingProxyType(claims), tuple(complaints))


def _claims(kinds: Mapping[str, list[object]]) -> Claims:
    def of(kind: str) -> list[object]:
        return kinds.get(kind, [])

    return Claims(
        receipts=of(Kind.RECEIPT),  # type: ignore[arg-type]
        openings=of(Kind.OPENING),  # type: ignore[arg-type]
        bundles=of(Kind.BUNDLE),  # type: ignore[arg-type]
        transactions=of(Kind.TRANSACTION),  # type: ignore[arg-type]
    )


def _read(raw: bytes, abi: ContractAbi) -> tuple[str, list[tuple[int, object]]]:
    """Return what kind of file it is, and what is in it for which participant."""
    if len(raw) > FILE_SIZE_BYTES_MAX:
        raise ValueError("too large")
    text = raw.decode("utf-8").strip()
    if not text.startswith("{"):
        signed_raw = bytes.fromhex(text.removeprefix("0x"))
        signed = decode_signed(signed_raw, abi)
        numbers = sorted({one.participant for one in signed.anchors})
        return Kind.TRANSACTION, [(number, (signed_raw, signed)) for number in numbers]
    return _read_json(raw, _format(text))


def _format(text: str) -> str:
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep") from error
    form = document.get("format") if isinstance(document, dict) else None
    return form if isinstance(form, str) else ""


def _read_json(raw: bytes, form: str) -> tuple[str, list[tuple[int, object]]]:
    readers: dict[str, Callable[[], tuple[str, list[tuple[int, object]]]]] = {
        RECEIPT_FORMAT: lambda: _one(Kind.RECEIPT, parse_receipt(raw)),
        OPENING_FORMAT: lambda: _one(Kind.OPENING, parse_opening(raw)),
        **dict.fromkeys(_BUNDLE_FORMATS, lambda: _bundles(raw)),
    }
    reader = readers.get(form)
    if reader is None:
        raise AnchoringError("neither receipt, bundle, opening nor transaction", "format_unknown")
    return reader()


def _one(kind: str, value: object) -> tuple[str, list[tuple[int, object]]]:
    return kind, [(getattr(value, "participant"), value)]  # noqa: B009  of either type


def _bundles(raw: bytes) -> tuple[str, list[tuple[int, object]]]:
    return Kind.BUNDLE, [(one.bundle.participant, one) for one in check_bundles(raw)]
