"""Batches and their public lists. A batch's row is its anchor's row."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Row,
    Select,
    bindparam,
    func,
    insert,
    join,
    select,
    true,
    union,
)

from anchoring.core import merkle
from anchoring.core.anchor import Anchor
from anchoring.ports import AnchorPlace
from node_gateway.storage import tables
from node_gateway.storage.backend import Backend
from node_gateway.storage.errors import BatchConflictError, DatabaseDamagedError
from node_gateway.storage.records import BatchPlace, NewBatch, StoredAnchor, Tile, Unbatched
from node_gateway.storage.tiles import TILE_HEIGHT, TILE_WIDTH

_batch, _page, _capture, _event = (
    tables.batch.c,
    tables.batch_page.c,
    tables.capture.c,
    tables.event.c,
)
_PAGE_BYTES: Final = tables.PAGE_ENTRIES * merkle.HASH_SIZE
_tile = tables.batch_tile.c

# What every proof asks for; see `tables.IS_ENTRY`.
_POSITION: Final = (
    select(_event.position, _capture.stream)
    .join_from(tables.event, tables.capture, _capture.number == _event.capture)
    .where(tables.IS_ENTRY)
)
_BATCH_OF: Final = (
    select(tables.batch)
    .where(_batch.stream == bindparam("stream"), _batch.through >= bindparam("position"))
    .order_by(_batch.through, _batch.sequence)
    .limit(1)
)
_SIZE: Final = select(_batch.size).where(
    _batch.stream == bindparam("stream"), _batch.sequence == bindparam("sequence")
)
_PAGE: Final = select(_page.entries).where(
    _page.stream == bindparam("stream"),
    _page.sequence == bindparam("sequence"),
    _page.page == bindparam("page"),
)
_TILE: Final = select(_tile.nodes).where(
    _tile.stream == bindparam("stream"),
    _tile.sequence == bindparam("sequence"),
    _tile.level == bindparam("level"),
    _tile.tile == bindparam("tile"),
)


def stream_numbers(connection: Connection) -> list[int]:
    """Return every stream with an event or a batch, ascending; one index step per stream."""
    streams: list[int] = []
    while True:
        after = streams[-1] if streams else -1
        nexts = union(
            select(func.min(_capture.stream)).where(
                _capture.stream > after, _capture.through.is_not(None)
            ),
            select(func.min(_batch.stream)).where(_batch.stream > after),
        )
        found = [stream for stream in connection.execute(nexts).scalars() if stream is not None]
        if not found:
            return streams
        streams.append(min(found))


def last_batch(connection: Connection, stream: int) -> Row[Any] | None:
    """Return the stream's batch row with the highest sequence."""
    query = select(tables.batch).where(_batch.stream == stream)
    return connection.execute(query.order_by(_batch.sequence.desc()).limit(1)).one_or_none()


def last_final(connection: Connection, stream: int) -> AnchorPlace | None:
    """See `AnchorOutbox`."""
    query = (
        select(tables.batch)
        .where(_batch.stream == stream, _batch.state == tables.FINAL)
        .order_by(_batch.sequence.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else place_of_row(row)


def anchor_of_row(row: Row[Any]) -> Anchor:
    """Return the anchor of a batch row."""
    return Anchor(row.stream, row.sequence, row.root, row.size, row.previous_tip)


def place_of_row(row: Row[Any]) -> AnchorPlace | None:
    """Return where a batch row's anchor was seen."""
    if row.block_number is None:
        return None
    return AnchorPlace(
        row.stream, row.sequence, row.block_number, row.block_time, row.block_hash, row.tx_hash
    )


def _stored(row: Row[Any]) -> StoredAnchor:
    return StoredAnchor(
        anchor=anchor_of_row(row),
        created_at=row.created_at,
        anchor_by=row.anchor_by,
        event_count=row.event_count,
        state=tables.STATE_NAMES[row.state],
        place=place_of_row(row),
    )


def _events_between(
    connection: Connection, stream: int, done: int, through: int | None
) -> Select[tuple[int, bytes, int, int]]:
    """Select (position, entry, created_at_ms, anchor_by) of a stream's events above `done`.

    Units lead, each bringing its range of positions; the bounds on single events matter where a
    unit is half batched. Both planners must be held to that order: SQLite by hiding the bound
    from its indexes (`+ 0`), PostgreSQL by a lateral subquery that it cannot flatten (`OFFSET 0`).
    """
    inside = _event.position.between(_capture.first, _capture.through)
    if connection.dialect.name == "postgresql":
        events = select(_event.position, _event.entry).where(inside).correlate(tables.capture)
        lateral = events.offset(0).lateral("events")
        position, entry = lateral.c.position, lateral.c.entry
        source = join(tables.capture, lateral, true())
    else:
        position, entry = _event.position, _event.entry
        source = join(tables.capture, tables.event, inside)
    query = (
        select(position, entry, _capture.created_at_ms, _capture.anchor_by)
        .select_from(source)
        .where(_capture.stream == stream, _capture.through > done, position + 0 > done)
        .order_by(_capture.through, position)
    )
    if through is None:
        return query
    return query.where(_capture.first <= through, position + 0 <= through)


def unbatched(connection: Connection, stream: int, limit: int) -> Unbatched:
    """See `BatchStore`."""
    last = last_batch(connection, stream)
    query = _events_between(connection, stream, last.through if last else 0, None)
    rows = connection.execute(query.limit(limit)).all()
    if not rows:
        return Unbatched((), None, None, None)
    return Unbatched(
        entries=tuple(row.entry for row in rows),
        through=rows[-1].position,
        received_at_ms=min(row.created_at_ms for row in rows),
        anchor_by=min(row.anchor_by for row in rows),
    )


def add_batch(connection: Connection, new: NewBatch, *, backend: Backend) -> None:
    """See `BatchStore`. The check reads every event of the batch: a lost one is never silent."""
    anchor = new.anchor
    last = last_batch(connection, anchor.stream)
    expected = last.sequence + 1 if last else 1
    if anchor.sequence != expected:
        raise BatchConflictError(f"the stream's next batch is {expected}, not {anchor.sequence}")
    done = last.through if last else 0
    _check_entries(connection, new, done)
    connection.execute(
        insert(tables.batch).values(
            stream=anchor.stream,
            sequence=anchor.sequence,
            root=anchor.root,
            size=anchor.size,
            previous_tip=anchor.previous_tip,
            created_at=new.created_at,
            anchor_by=new.anchor_by,
            event_count=new.event_count,
            through=done if new.through is None else new.through,
            state=tables.BATCHED,
        )
    )
    key = (anchor.stream, anchor.sequence)
    starts = range(0, len(new.entries), _PAGE_BYTES)
    pages = [(*key, at // _PAGE_BYTES, new.entries[at : at + _PAGE_BYTES]) for at in starts]
    backend.insert(connection, tables.batch_page, pages)
    tiles = [(*key, tile.level, tile.index, tile.nodes) for tile in new.tiles]
    backend.insert(connection, tables.batch_tile, tiles)
    backend.insert(connection, tables.batch_decoys, [(*key, new.decoys)])


def _check_entries(connection: Connection, new: NewBatch, done: int) -> None:
    step = merkle.HASH_SIZE
    entries = [new.entries[at : at + step] for at in range(0, len(new.entries), step)]
    if len(new.entries) != new.anchor.size * step:
        raise BatchConflictError(f"{len(new.entries)} bytes are not {new.anchor.size} entries")
    if any(a >= b for a, b in pairwise(entries)):
        raise BatchConflictError("the entries are not strictly ascending")
    events: set[bytes] = set()
    if new.through is not None:
        query = _events_between(connection, new.anchor.stream, done, new.through)
        events = {row.entry for row in connection.execute(query)}
    if len(events) != new.event_count or not events.issubset(entries):
        raise BatchConflictError("the batch does not hold exactly the events it names")


def check_root(connection: Connection, stream: int, sequence: int) -> None:
    """Compute a batch's root again from its stored entries: asked before it is signed for ever.

    Raises:
        DatabaseDamagedError: row and entries contradict each other.
    """
    stored = stored_anchor(connection, stream, sequence)
    entries = batch_entries(connection, stream, sequence, 0, None)
    step = merkle.HASH_SIZE
    leaves = merkle.leaf_hashes(entries[at : at + step] for at in range(0, len(entries), step))
    if stored is None or len(entries) != stored.anchor.size * step:
        raise DatabaseDamagedError("a batch does not have the entries that it states")
    if merkle.tree_root(merkle.build_levels(leaves)) != stored.anchor.root:
        raise DatabaseDamagedError("a batch's entries do not give its root")


def stored_anchor(connection: Connection, stream: int, sequence: int) -> StoredAnchor | None:
    """See `BatchStore.anchor`."""
    query = select(tables.batch).where(_batch.stream == stream, _batch.sequence == sequence)
    row = connection.execute(query).one_or_none()
    return None if row is None else _stored(row)


def stored_anchors(
    connection: Connection, stream: int, after: int, limit: int
) -> list[StoredAnchor]:
    """See `BatchStore.anchors`."""
    query = (
        select(tables.batch)
        .where(_batch.stream == stream, _batch.sequence > after)
        .order_by(_batch.sequence)
        .limit(limit)
    )
    return [_stored(row) for row in connection.execute(query)]


def batch_entries(
    connection: Connection, stream: int, sequence: int, first: int, limit: int | None
) -> bytes:
    """See `BatchStore`; reads only the pages that are asked for."""
    start = first * merkle.HASH_SIZE
    page = start // _PAGE_BYTES
    query = select(_page.entries).where(
        _page.stream == stream, _page.sequence == sequence, _page.page >= page
    )
    end = None
    if limit is not None:
        end = start + limit * merkle.HASH_SIZE
        query = query.where(_page.page <= end // _PAGE_BYTES)
    entries = b"".join(connection.execute(query.order_by(_page.page)).scalars())
    skipped = page * _PAGE_BYTES
    return entries[start - skipped : None if end is None else end - skipped]


def batch_decoys(connection: Connection, stream: int, sequence: int) -> bytes | None:
    """See `BatchStore`."""
    decoys = tables.batch_decoys.c
    query = select(decoys.nonces).where(decoys.stream == stream, decoys.sequence == sequence)
    return connection.execute(query).scalar()


def batch_place(connection: Connection, entry: bytes) -> BatchPlace | None:
    """See `BatchStore`."""
    found = connection.execute(_POSITION, tables.entry_values(entry)).one_or_none()
    if found is None:
        return None
    place = {"stream": found.stream, "position": found.position}
    row = connection.execute(_BATCH_OF, place).one_or_none()
    return None if row is None else BatchPlace(_stored(row), _index_of(connection, row, entry))


def _index_of(connection: Connection, row: Row[Any], entry: bytes) -> int:
    """Find an entry in a sorted list by interpolation: hashes are spread evenly."""
    page: int
    lowest, highest = 0, (row.size - 1) // tables.PAGE_ENTRIES
    page = int.from_bytes(entry[:8]) * (highest + 1) >> 64
    while lowest <= highest:
        entries = _entries_of_page(connection, row.stream, row.sequence, page)
        if entry < entries[: merkle.HASH_SIZE]:
            highest = page - 1
            page = highest
        elif entry > entries[-merkle.HASH_SIZE :]:
            lowest = page + 1
            page = lowest
        else:
            return page * tables.PAGE_ENTRIES + _index_in(entries, entry)
    raise DatabaseDamagedError("an event is not in the batch that holds it")


def _index_in(entries: bytes, entry: bytes) -> int:
    at = entries.find(entry)
    while at % merkle.HASH_SIZE and at >= 0:
        at = entries.find(entry, at + 1)
    if at < 0:
        raise DatabaseDamagedError("an event is not in the batch that holds it")
    return at // merkle.HASH_SIZE


def _entries_of_page(connection: Connection, stream: int, sequence: int, page: int) -> bytes:
    key = {"stream": stream, "sequence": sequence, "page": page}
    entries = connection.execute(_PAGE, key).scalar()
    if not entries:
        raise DatabaseDamagedError(f"page {page} of a batch's entries is missing")
    return bytes(entries)


def batch_tiles(connection: Connection, stream: int, sequence: int, index: int) -> list[Tile]:
    """See `BatchStore`."""
    key = {"stream": stream, "sequence": sequence}
    size = connection.execute(_SIZE, key).scalar()
    if size is None or not 0 <= index < size:
        return []
    page = _entries_of_page(connection, stream, sequence, index // TILE_WIDTH)
    step = merkle.HASH_SIZE
    leaves = merkle.leaf_hashes(page[at : at + step] for at in range(0, len(page), step))
    tiles = [Tile(0, index // TILE_WIDTH, leaves)]
    for level in range(TILE_HEIGHT, (size - 1).bit_length(), TILE_HEIGHT):
        tile = index >> (level + TILE_HEIGHT)
        nodes = connection.execute(_TILE, {**key, "level": level, "tile": tile}).scalar()
        if nodes is None:
            raise DatabaseDamagedError(f"tile {tile} of level {level} of a batch is missing")
        tiles.append(Tile(level, tile, nodes))
    return tiles
