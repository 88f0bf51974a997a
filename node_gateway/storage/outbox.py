"""The anchorer's outbox: signed variants and where anchors stand on the chain."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from anchoring.core.anchor import Anchor
from anchoring.ports import AnchorPlace, PendingAnchor, SignedTransaction
from node_gateway.storage import tables
from node_gateway.storage.batches import anchor_of_row, check_root, last_batch, place_of_row
from node_gateway.storage.errors import AnchorConflictError

_batch, _link, _signed = tables.batch.c, tables.transaction_anchor.c, tables.signed_transaction.c


def pending(connection: Connection, limit: int) -> list[PendingAnchor]:
    """See `AnchorOutbox`."""
    query = (
        select(tables.batch)
        .where(_batch.state < tables.FINAL)
        .order_by(_batch.stream, _batch.sequence)
        .limit(limit)
    )
    return [
        PendingAnchor(
            anchor=anchor_of_row(row),
            state="batched" if row.state == tables.BATCHED else "anchoring",
            created_at=row.created_at,
            anchor_by=row.anchor_by,
            place=place_of_row(row),
        )
        for row in connection.execute(query)
    ]


def add_transaction(connection: Connection, tx: SignedTransaction) -> None:
    """See `AnchorOutbox`. Signed bytes for a damaged batch are not kept, and so never sent."""
    known = connection.execute(select(_signed.nonce).where(_signed.tx_hash == tx.tx_hash))
    if known.one_or_none() is not None:
        return
    connection.execute(
        insert(tables.signed_transaction).values(
            tx_hash=tx.tx_hash, raw=tx.raw, nonce=tx.nonce, sender=tx.sender
        )
    )
    for ordinal, (stream, sequence) in enumerate(tx.anchors):
        _require(connection, stream, sequence)
        check_root(connection, stream, sequence)
        connection.execute(
            insert(tables.transaction_anchor).values(
                tx_hash=tx.tx_hash, ordinal=ordinal, stream=stream, sequence=sequence
            )
        )
        connection.execute(
            update(tables.batch)
            .where(_is(stream, sequence), _batch.state == tables.BATCHED)
            .values(state=tables.ANCHORING)
        )


def transactions(connection: Connection) -> list[SignedTransaction]:
    """See `AnchorOutbox`."""
    open_hashes = (
        select(_link.tx_hash)
        .join_from(
            tables.batch,
            tables.transaction_anchor,
            and_(_link.stream == _batch.stream, _link.sequence == _batch.sequence),
        )
        .where(_batch.state < tables.FINAL)
    )
    rows = connection.execute(
        select(tables.signed_transaction)
        .where(_signed.tx_hash.in_(open_hashes))
        .order_by(_signed.nonce, _signed.tx_hash)
    ).all()
    found = []
    for row in rows:
        links = connection.execute(
            select(_link.stream, _link.sequence)
            .where(_link.tx_hash == row.tx_hash)
            .order_by(_link.ordinal)
        )
        anchors = tuple((stream, sequence) for stream, sequence in links)
        found.append(SignedTransaction(row.tx_hash, row.raw, row.nonce, row.sender, anchors))
    return found


def mark_seen(connection: Connection, places: Sequence[AnchorPlace]) -> None:
    """See `AnchorOutbox`. What is final stays where it is."""
    for place in places:
        _require(connection, place.stream, place.sequence)
        _put(connection, place, tables.ANCHORING)


def mark_unseen(connection: Connection, anchors: Sequence[tuple[int, int]]) -> None:
    """See `AnchorOutbox`. What is final stays where it is."""
    for stream, sequence in anchors:
        _require(connection, stream, sequence)
        connection.execute(
            update(tables.batch)
            .where(_is(stream, sequence), _batch.state < tables.FINAL)
            .values(block_number=None, block_time=None, block_hash=None, tx_hash=None)
        )


def mark_final(connection: Connection, places: Sequence[AnchorPlace]) -> None:
    """See `AnchorOutbox`.

    Raises:
        AnchorConflictError: one is final in another block already; nothing is marked then.
    """
    for place in places:
        found = _require(connection, place.stream, place.sequence)
        if found is None:
            _put(connection, place, tables.FINAL)
        elif found.block_hash != place.block_hash:
            raise AnchorConflictError(
                f"anchor {place.sequence} of stream {place.stream} is final in another block"
            )


def last_batched(connection: Connection, stream: int) -> Anchor | None:
    """See `AnchorOutbox`."""
    row = last_batch(connection, stream)
    return None if row is None else anchor_of_row(row)


def _is(stream: int, sequence: int) -> ColumnElement[bool]:
    return and_(_batch.stream == stream, _batch.sequence == sequence)


def _require(connection: Connection, stream: int, sequence: int) -> AnchorPlace | None:
    """Return the final place of an anchor, None if it is not final.

    Raises:
        AnchorConflictError: there is no such anchor.
    """
    row = connection.execute(select(tables.batch).where(_is(stream, sequence))).one_or_none()
    if row is None:
        raise AnchorConflictError(f"there is no anchor {sequence} of stream {stream}")
    return place_of_row(row) if row.state == tables.FINAL else None


def _put(connection: Connection, place: AnchorPlace, state: int) -> None:
    connection.execute(
        update(tables.batch)
        .where(_is(place.stream, place.sequence), _batch.state < tables.FINAL)
        .values(
            state=state,
            block_number=place.block_number,
            block_time=place.block_time,
            block_hash=place.block_hash,
            tx_hash=place.tx_hash,
        )
    )
