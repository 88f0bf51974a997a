"""Erasing: what goes, what stays, and that the bytes are gone."""

from pathlib import Path

import pytest

from node_gateway.storage.engine import open_store
from node_gateway.storage.errors import StoreClosedError
from node_gateway.storage.ports import GatewayStore, NewEvent
from node_gateway.storage.tables import CHUNK_EVENTS_MAX
from tests.gateway.storage.conftest import Database
from tests.gateway.storage.making import STREAM, batch, code_name, digest, event, unit
from tests.gateway.storage.test_large_events import large, tree_of


async def test_an_erased_event_keeps_its_parts_and_its_place(store: GatewayStore) -> None:
    new = event("a", codes=[code_name(1)])
    outcome = await store.capture(unit("c1", new, event("b", codes=[code_name(1)])))
    await store.add_batch(batch(await store.unbatched(STREAM, limit=9), sequence=1))
    await store.cache_bundle(new.entry, "public", b"bundle")
    before = await store.event_by_entry(new.entry)
    place = await store.batch_place(new.entry)
    assert before is not None
    erased = await store.erase_event(new.entry)
    assert erased is not None
    after = await store.event_by_entry(new.entry)
    assert after is not None
    assert (after.payload, after.derived, after.secret, after.event_time_ms) == (None,) * 4
    assert after.header == erased.header
    assert (after.header.erased, after.header.state) == (True, "batched")
    kept = ("position", "entry", "stream", "fields_size", "fields_root", "codes_root", "receipt")
    assert all(getattr(after.header, name) == getattr(before.header, name) for name in kept)
    assert await store.batch_place(new.entry) == place
    assert await store.receipt_of_entry(new.entry) == outcome.receipt
    assert await store.cached_bundle(new.entry, "public") is None
    await store.cache_bundle(new.entry, "public", b"late")
    assert await store.cached_bundle(new.entry, "public") is None


async def test_nothing_leads_to_an_erased_event_but_its_entry(store: GatewayStore) -> None:
    new, other = event("a", codes=[code_name(1)]), event("b", codes=[code_name(1)])
    await store.capture(unit("c1", new, other))
    await store.erase_event(new.entry)
    assert await store.event_by_key(new.event_key) is None
    found = await store.events_of_code(code_name(1))
    assert [each.header.entry for each in found] == [other.entry]
    times = await store.events_by_time(from_ms=-(2**60), before_ms=2**60, limit=9)
    assert [each.header.entry for each in times] == [other.entry]
    feed = await store.events_after(0, limit=9)
    assert [each.header.erased for each in feed] == [True, False]


async def test_neighbours_of_an_erased_event_are_untouched(store: GatewayStore) -> None:
    events = [event(i) for i in range(CHUNK_EVENTS_MAX + 10)]
    await store.capture(unit("c1", *events))
    for gone in (0, 5, CHUNK_EVENTS_MAX - 1, CHUNK_EVENTS_MAX):
        await store.erase_event(events[gone].entry)
    found = await store.events_after(0, limit=100)
    left = [each for each in found if not each.header.erased]
    assert len(left) == len(events) - 4
    payloads = {e.entry: (e.payload, e.secret) for e in events}
    assert all((e.payload, e.secret) == payloads[e.header.entry] for e in left)


async def test_erasing_twice_or_the_unknown_is_harmless(store: GatewayStore) -> None:
    new = event("a")
    await store.capture(unit("c1", new))
    first = await store.erase_event(new.entry)
    second = await store.erase_event(new.entry)
    assert first is not None
    assert second is not None
    assert first.header == second.header
    assert await store.erase_event(digest("unknown")) is None


async def test_an_erased_event_can_wait_for_its_batch(store: GatewayStore) -> None:
    """Its receipt was promised: the entry is anchored all the same (I10)."""
    new = event("a")
    await store.capture(unit("c1", new))
    await store.erase_event(new.entry)
    waiting = await store.unbatched(STREAM, limit=9)
    assert waiting.entries == (new.entry,)
    await store.add_batch(batch(waiting, sequence=1))


async def test_an_erased_event_may_be_captured_anew(store: GatewayStore) -> None:
    await store.capture(unit("c1", event("a")))
    gone = (await store.events_after(0, limit=1))[0].header.entry
    await store.erase_event(gone)
    again = await store.capture(unit("c2", event("a", content="corrected")))
    assert again.events[0].kind == "stored"
    assert again.events[0].entry != gone


async def test_erasing_a_large_event_removes_its_codes_and_tiles(store: GatewayStore) -> None:
    tree = tree_of(1100)
    new = large(tree)
    code = tree.codes[5][1]
    small = event("small", codes=[code])
    await store.capture(unit("c1", new, small))
    await store.erase_event(new.entry)
    assert await store.large_event_codes(new.entry, list_name="epcList", limit=9) == []
    assert await store.code_tiles(new.entry, tree.positions[5]) == []
    found = await store.events_of_code(code)
    assert [each.header.entry for each in found] == [small.entry]


class Stopped(BaseException):
    """Ends the writer on the spot, as a signal would."""


@pytest.mark.parametrize("crash", ["erase_secret.after_commit", "erase.before_commit"])
async def test_an_interrupted_erasure_is_finished_at_the_next_start(
    database: Database, crash: str
) -> None:
    """The secret goes first: between the two steps the event can already not be disclosed."""

    def stop(step: str) -> None:
        if step == crash:
            raise Stopped

    new = event("a")
    store = await open_store(database.url)
    await store.capture(unit("c1", new, event("b")))
    await store.close()
    broken = await open_store(database.url, on_step=stop)
    with pytest.raises(StoreClosedError, match="Stopped"):
        await broken.erase_event(new.entry)
    half = await broken.event_by_entry(new.entry)
    assert half is not None
    assert (half.header.erased, half.secret, half.payload) == (True, None, None)
    assert broken.failure == "store_closed"
    await broken.close()
    again = await open_store(database.url)
    assert await again.events_of_code(new.codes[0].code) == []
    assert await again.event_by_key(new.event_key) is None
    await again.close()


def holds(file: Path, needle: bytes) -> bool:
    """Whether the database, its log or its shared memory hold these bytes anywhere."""
    files = [each for each in file.parent.iterdir() if each.name.startswith(file.name)]
    assert file in files
    return any(needle in each.read_bytes() for each in files)


async def test_no_byte_of_a_secret_is_left_in_the_files(sqlite_database: Database) -> None:
    file = sqlite_database.file
    assert file is not None
    store = await open_store(sqlite_database.url)
    events: list[NewEvent] = []
    for part in range(8):
        group = [event((part, i), codes=[code_name(part * 50 + i)]) for i in range(50)]
        await store.capture(unit(f"c{part}", *group, document_digest=digest(part)))
        events += group
    big = large(tree_of(1100))
    await store.capture(unit("large", big))
    gone, kept = [*events[::9], big], [e for e in events if e not in events[::9]]
    assert all(holds(file, e.secret) for e in events)
    for each in gone:
        erased = await store.erase_event(each.entry)
        assert erased is not None
        assert erased.log_cleared
    for each in gone:
        assert not holds(file, each.secret)
        assert not holds(file, each.secret[:12])
        assert not holds(file, each.content_key)
    assert all(holds(file, e.secret) for e in kept)
    assert not holds(file, digest(0))  # the digest of a document with an erased event
    assert not any(holds(file, tile.nodes[2:34]) for tile in big.code_tiles)
    await store.close()
    assert not any(holds(file, e.secret) for e in gone)


async def test_payloads_are_gone_from_the_files(sqlite_database: Database) -> None:
    """Incompressible contents, so that they stand in the file as they are."""
    file = sqlite_database.file
    assert file is not None
    blob = [b"".join(digest("blob", i, k) for k in range(64)) for i in range(6)]
    events = [event(i, payload=blob[i]) for i in range(6)]
    store = await open_store(sqlite_database.url)
    await store.capture(unit("c1", *events))
    parts = [[blob[i][at : at + 24] for at in range(0, 2048, 24)] for i in range(6)]
    assert sum(holds(file, part) for part in parts[2]) > 60
    await store.erase_event(events[2].entry)
    assert not any(holds(file, part) for part in parts[2])
    assert sum(holds(file, part) for part in parts[3]) > 60
    await store.close()
