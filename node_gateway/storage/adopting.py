"""Taking over what the chain holds, after an old copy of the database was restored."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from anchoring.core.anchor import Anchor
from anchoring.ports import AnchorPlace
from node_gateway.storage import tables
from node_gateway.storage.batches import anchor_of_row, last_batch
from node_gateway.storage.errors import AnchorConflictError
from node_gateway.storage.outbox import mark_final
from node_gateway.storage.records import AdoptedAnchor, Adoption

_batch = tables.batch.c
_SEQUENCED = (tables.batch_page, tables.batch_tile, tables.batch_decoys, tables.batch)


def adopt_anchors(
    connection: Connection, stream: int, adopted: Sequence[AdoptedAnchor], created_at: int
) -> Adoption:
    """See `BatchStore.adopt_anchors`."""
    by_sequence = {one.anchor.sequence: one for one in adopted}
    if sorted(by_sequence) != list(range(1, len(adopted) + 1)):
        raise AnchorConflictError("the chain's anchors of a stream are dense from 1")
    fork = _first_difference(connection, stream, by_sequence)
    # Those before it must be final too: the anchorer looks for a place after the last final one.
    mark_final(connection, [one.place for one in adopted if one.anchor.sequence < fork])
    dissolved = _dissolve(connection, stream, fork)
    through = _through(connection, stream)
    missing = [one for one in adopted if one.anchor.sequence >= fork]
    for one in missing:
        connection.execute(
            insert(tables.batch).values(_row(one.anchor, one.place, created_at, through))
        )
    return Adoption(stream, adopted=len(missing), dissolved=dissolved)


def _first_difference(
    connection: Connection, stream: int, by_sequence: dict[int, AdoptedAnchor]
) -> int:
    """Return the first sequence at which this database and the chain do not agree.

    Batches that follow on beyond the chain's end agree with it: they may be signed and on their
    way, and dissolving them would lead to a second root for their sequence.
    """
    query = select(tables.batch).where(_batch.stream == stream).order_by(_batch.sequence)
    fork = 1
    for row in connection.execute(query):
        one = by_sequence.get(row.sequence)
        is_on_chain = one is not None and one.anchor == anchor_of_row(row)
        if row.state == tables.FINAL and not is_on_chain:
            raise AnchorConflictError(
                f"final anchor {stream}/{row.sequence} is not what the chain holds"
            )
        if one is not None and not is_on_chain:
            return int(row.sequence)
        fork = row.sequence + 1
    return fork


def _dissolve(connection: Connection, stream: int, fork: int) -> int:
    """Remove batches that the chain has others for; their events wait for a batch again.

    Their signed variants go too: the registry takes none of them any more, since each names the
    tip of the anchor before it.
    """
    forget_signed(connection, stream, fork)
    count = 0
    for table in _SEQUENCED:
        removed = connection.execute(
            delete(table).where(table.c.stream == stream, table.c.sequence >= fork)
        )
        count = removed.rowcount
    return count


def forget_signed(connection: Connection, stream: int, fork: int) -> None:
    """Remove the signed variants of anchors from sequence `fork` on, that no registry takes."""
    link = tables.transaction_anchor.c
    hashes = (
        connection.execute(
            select(link.tx_hash).where(link.stream == stream, link.sequence >= fork).distinct()
        )
        .scalars()
        .all()
    )
    for tx_hash in hashes:
        connection.execute(delete(tables.transaction_anchor).where(link.tx_hash == tx_hash))
        signed = tables.signed_transaction
        connection.execute(delete(signed).where(signed.c.tx_hash == tx_hash))


def _through(connection: Connection, stream: int) -> int:
    last = last_batch(connection, stream)
    return int(last.through) if last else 0


def _row(anchor: Anchor, place: AnchorPlace, created_at: int, through: int) -> dict[str, object]:
    return {
        "stream": anchor.stream,
        "sequence": anchor.sequence,
        "root": anchor.root,
        "size": anchor.size,
        "previous_tip": anchor.previous_tip,
        "created_at": created_at,
        "anchor_by": None,
        "event_count": 0,
        "through": through,
        "state": tables.FINAL,
        "block_number": place.block_number,
        "block_time": place.block_time,
        "block_hash": place.block_hash,
        "tx_hash": place.tx_hash,
    }
