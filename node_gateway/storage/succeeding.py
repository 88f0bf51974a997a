"""Going on in the successor of a stopped registry: what was not anchored gets its new tips."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from sqlalchemy import Connection, select, update

from anchoring.core.anchor import ZERO_HASH
from anchoring.succession import Succession
from node_gateway.storage import tables
from node_gateway.storage.adopting import forget_signed
from node_gateway.storage.batches import anchor_of_row
from node_gateway.storage.errors import AnchorConflictError
from node_gateway.storage.registers import set_meta

META_SUCCESSION = "succession"

_batch = tables.batch.c


def succeed(connection: Connection, succession: Succession, chain_id: int) -> int:
    """Move everything that is in no block to the successor; return how many anchors were moved.

    Roots, sizes and sequences stay. The previous tips are computed again, because a tip holds the
    registry's address, and signed variants for the stopped registry are forgotten.

    Raises:
        AnchorConflictError: an anchor is in a block but not final; nothing is changed.
    """
    query = select(tables.batch).where(_batch.state < tables.FINAL)
    rows = connection.execute(query.order_by(_batch.stream, _batch.sequence)).all()
    for stream, group in groupby(rows, key=lambda row: row.stream):
        waiting = list(group)
        if any(row.block_number is not None for row in waiting):
            raise AnchorConflictError(f"anchors of stream {stream} are not final yet")
        first = waiting[0].sequence
        forget_signed(connection, stream, first)
        tip = _tip_before(connection, succession, chain_id, stream, first)
        for row in waiting:
            connection.execute(
                update(tables.batch)
                .where(_batch.stream == stream, _batch.sequence == row.sequence)
                .values(previous_tip=tip, state=tables.BATCHED)
            )
            moved = replace(anchor_of_row(row), previous_tip=tip)
            tip = succession.tip(moved, chain_id=chain_id)
    set_meta(connection, META_SUCCESSION, succession.to_json().encode())
    return len(rows)


def _tip_before(
    connection: Connection, succession: Succession, chain_id: int, stream: int, sequence: int
) -> bytes:
    query = select(tables.batch).where(_batch.stream == stream, _batch.sequence == sequence - 1)
    row = connection.execute(query).one_or_none()
    if row is None:
        return ZERO_HASH
    return succession.tip(anchor_of_row(row), chain_id=chain_id)
