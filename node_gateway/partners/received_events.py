"""Events that came with handovers: how they are kept, and the bundles that can be made of them."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Sequence

import orjson
from sqlalchemy import Connection, select

from anchoring.core import streams
from anchoring.core.bundle import Bundle, CodePath, FieldsProof
from anchoring.core.canonical import quote
from anchoring.core.codes import Code, CodesTree
from anchoring.core.items import CODE_LISTS, code_path, disclosure_of
from anchoring.core.opening import CodesOpening
from anchoring.handover import EventProof, HandedEvent, bundle_of, fields_to_wire
from anchoring.handover_reading import event_proof, fields_from_wire, opening_from_wire
from node_gateway.storage.handover_tables import handover_path
from node_gateway.storage.handovers import Sealed, received_event

_LEVEL = 1


def keep_fields(fields: FieldsProof) -> bytes:
    """Return disclosed fields as they are stored."""
    return zlib.compress(orjson.dumps(fields_to_wire(fields)), _LEVEL)


def read_fields(stored: bytes) -> FieldsProof:
    """Return what `keep_fields` stored."""
    return fields_from_wire(orjson.loads(zlib.decompress(stored)))


def keep_opening(opening: CodesOpening) -> bytes:
    """Return a codes opening as it is stored."""
    lists = {name: list(some) for name, some in opening.lists.items()}
    return zlib.compress(orjson.dumps({"secret": opening.secret.hex(), "lists": lists}), _LEVEL)


def read_opening(stored: bytes) -> CodesOpening:
    """Return what `keep_opening` stored."""
    return opening_from_wire(orjson.loads(zlib.decompress(stored)))


def keep_proof(proof: EventProof) -> bytes:
    """Return a proof as it is stored."""
    return orjson.dumps(proof.to_wire())


def read_proof(stored: bytes) -> EventProof:
    """Return what `keep_proof` stored."""
    return event_proof(orjson.loads(stored))


def received_bundle(
    connection: Connection, entry: bytes, codes: Sequence[str] = ()
) -> Bundle | None:
    """Return the `sealtrail/proof/v1` bundle of a received event, None if it is not sealed.

    Args:
        connection: Any connection.
        entry: Of the event.
        codes: Which codes it shall disclose, of those that were disclosed to us.
    """
    stored = received_event(connection, entry)
    if stored is None or stored.sealed is not Sealed.YES:
        return None
    if stored.fields is None or stored.proof is None:
        return None  # our own event: its bundle is made of what we store
    wanted = set(codes)
    if stored.opening is not None:
        tree = read_opening(stored.opening).tree()
        paths = list(paths_in(tree, {one for one in tree.codes if one[1] in wanted}))
    else:
        paths = [path for code in codes for _, path in kept_paths(connection, stored.number, code)]
        paths.sort(key=lambda path: path.index)
    handed = HandedEvent(
        stored.participant, read_fields(stored.fields), stored.codes_root or b"", tuple(paths)
    )
    return bundle_of(handed, read_proof(stored.proof))


def kept_paths(
    connection: Connection, number: int, code: str | None = None
) -> Iterator[tuple[str, CodePath]]:
    """Yield the code paths that we hold of a received event, ascending by position."""
    query = select(handover_path).where(handover_path.c.event == number)
    if code is not None:
        query = query.where(handover_path.c.code == code)
    for row in connection.execute(query.order_by(handover_path.c.position)):
        raw = bytes(row.siblings)
        siblings = tuple(raw[at : at + 32] for at in range(0, len(raw), 32))
        yield row.code, CodePath(row.disclosure, row.position, siblings)


def paths_in(tree: CodesTree, chosen: Collection[Code]) -> Iterator[CodePath]:
    """Yield the paths of some codes of a tree, ascending by position.

    Salts are drawn in one piece: one by one, the last of 100,000 would draw all before it.
    """
    salts = streams.salts(tree.sub_secret, len(tree.codes))
    quoted = {name: quote(code_path(name)) for name in CODE_LISTS}
    ordinals = [at for at, code in enumerate(tree.codes) if code in chosen]
    for ordinal in sorted(ordinals, key=tree.positions.__getitem__):
        list_name, code = tree.codes[ordinal]
        text = disclosure_of(salts[ordinal], quoted[list_name], quote(code)).decode("ascii")
        position = tree.positions[ordinal]
        yield CodePath(text, position, tuple(tree.path(position)))


__all__ = [
    "keep_fields",
    "keep_opening",
    "keep_proof",
    "kept_paths",
    "paths_in",
    "read_fields",
    "read_opening",
    "read_proof",
    "received_bundle",
]
