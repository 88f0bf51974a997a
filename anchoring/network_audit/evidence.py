"""The evidence of an audit as one file that anybody checks again, offline, with this library.

Every member is stored as it is, in one order, with one date: the same audit gives the same bytes,
and whoever packs the contents again gets the same file. Openings are secrets: they are left out
unless asked for.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from anchoring.audit_chain import Sighting
from anchoring.core.receipt import parse_receipt
from anchoring.network_audit.auditor import NetworkAudit
from anchoring.network_audit.challenging import opened_name
from anchoring.network_audit.material import Handed, Kind
from anchoring.network_audit.participant import Audited, anchors_name, list_name, receipt_name

ZIP_FORMAT: Final = "sealtrail/audit-evidence/v1"
MANIFEST: Final = "manifest.json"
_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
_FILE_MODE: Final = 0o100644 << 16

README: Final = """\
Evidence of an audit of a Sealtrail network.

Check it again, offline, with nothing but the library `anchoring`:

    python -m anchoring recheck THIS.zip --network YOUR-NETWORK.json

Use the network file that you hold to be the network, not the one in here. The SHA-256 of the whole
file must be the one that the auditor published.

  report.json     what was found (sealtrail/audit-report/v1)
  network.json    the auditor's network file
  manifest.json   the SHA-256 of every other file
  anchors/        anchors by participant, as the chain has them
  headers/        block headers; each gives the hash of its block
  proofs/         eth_getProof answers: the records of the anchors, and the keys that signed
                  answers to challenges, under the newest block
  lists/          public entry lists, 32 bytes for each entry
  receipts/ bundles/ transactions/    what was handed to the auditor
  leaves/ openings/                   what was opened, if the auditor may pass it on; each leaf
                  with the signature of the answer that it came in

如何复核：安装 anchoring 库后，离线运行上面的命令即可；无需信任审计方。
"""
RECHECK: Final = '''\
"""Checks the evidence beside this file again: python recheck.py THIS.zip [--network FILE]"""

import sys

from anchoring.cli import main

sys.exit(main(["recheck", *sys.argv[1:]]))
'''


def write_evidence(path: Path, audit: NetworkAudit, *, with_openings: bool = False) -> bytes:
    """Write the zip and return its SHA-256.

    Args:
        path: Replaced if it is there.
        audit: Finished, with `with_evidence`.
        with_openings: Also what was opened to the auditor: whoever has the file reads it.
    """
    raw = pack(members_of(audit, with_openings=with_openings))
    staged = path.with_name(path.name + ".part")
    staged.write_bytes(raw)
    staged.replace(path)
    return sha256(raw).digest()


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return the one zip of these members: stored, in the order of their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _FIRST_DATE)
            info.create_system = 3  # or the bytes would depend on where it was made
            info.external_attr = _FILE_MODE
            made.writestr(info, members[name])
    return file.getvalue()


def members_of(audit: NetworkAudit, *, with_openings: bool) -> dict[str, bytes]:
    """Return every member of the zip by name, the manifest among them."""
    found = {
        "report.json": encoded(audit.report.to_json()),
        "network.json": encoded(audit.network.to_json()),
        "README.txt": README.encode(),
        "recheck.py": RECHECK.encode(),
    }
    for one in audit.audited:
        found |= _of_participant(one, with_openings=with_openings)
    for handed in audit.material.files:
        if handed.kind != Kind.OPENING or with_openings:
            found[handed_name(handed)] = handed.raw
    for number, header in audit.headers.by_number.items():
        found[f"headers/{number}.json"] = encoded(header)
    for registry, proofs in audit.headers.proofs.items():
        for at, proof in enumerate(proofs):
            found[f"proofs/{registry.hex()}-{at}.json"] = encoded(proof)
    found[MANIFEST] = encoded(manifest_of(found))
    return found


def manifest_of(members: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the manifest of all other members."""
    files = {name: sha256(members[name]).hexdigest() for name in sorted(members)}
    return {"format": ZIP_FORMAT, "files": {n: d for n, d in files.items() if n != MANIFEST}}


def encoded(value: object) -> bytes:
    """Return a value as JSON text with one member to a line, in one order."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def handed_name(handed: Handed) -> str:
    """Return the name of a file that was handed over: nothing of its own name is kept."""
    if handed.kind == Kind.RECEIPT:
        return receipt_name(parse_receipt(handed.raw).signature.hex())
    suffix = "hex" if handed.kind == Kind.TRANSACTION else "json"
    return f"{handed.kind}/{sha256(handed.raw).hexdigest()[:32]}.{suffix}"


def anchor_wire(one: Sighting) -> dict[str, Any]:
    """Return an anchor as the chain has it."""
    log, anchor = one.log, one.log.anchor
    return {
        "registry": log.registry.hex(),
        "stream": anchor.stream,
        "sequence": anchor.sequence,
        "root": anchor.root.hex(),
        "size": anchor.size,
        "previousTip": anchor.previous_tip.hex(),
        "signer": log.signer.hex(),
        "blockNumber": log.block_number,
        "blockHash": log.block_hash.hex(),
        "blockTime": one.time,
        "record": one.stored.hex(),
        "tx": log.tx_hash.hex(),
    }


def _of_participant(audited: Audited, *, with_openings: bool) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    wire = [anchor_wire(one) for _, one in sorted(audited.sightings.items())]
    if wire:
        found[anchors_name(audited.line.id)] = encoded({"anchors": wire})
    for (stream, sequence), entries in audited.lists.items():
        found[list_name(stream, sequence)] = b"".join(entries)
    if with_openings:
        for leaf, opened in audited.opened.items():
            signed = audited.signed.get(leaf)
            answer = {"answer": signed.to_wire()} if signed is not None else {}
            found[opened_name(leaf)] = encoded({**opened.to_wire(), **answer})
    return found
