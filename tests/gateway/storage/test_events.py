"""Look-ups of events and codes, cached bundles, API keys and meta values."""

from dataclasses import replace

import pytest

from node_gateway.storage.errors import ApiKeyExistsError
from node_gateway.storage.ports import ApiKey, GatewayStore
from tests.gateway.storage.making import NOW_MS, code_name, digest, event, unit

KEY = ApiKey("k1", "ERP", digest("key"), ("capture", "query"), 1_790_000_000, 1_800_000_000)


async def test_events_of_a_code_in_the_order_of_storing(store: GatewayStore) -> None:
    code, other = code_name(1), code_name(10)  # one is no prefix match of the other
    named = [event(i, codes=[code, code_name(100 + i)]) for i in range(30)]
    strangers = [event(("s", i), codes=[other]) for i in range(5)]
    await store.capture(unit("c1", *named[:20], *strangers))
    await store.capture(unit("c2", *named[20:]))
    found = await store.events_of_code(code)
    assert [each.payload for each in found] == [e.payload for e in named]
    page = await store.events_of_code(code, limit=12)
    after = await store.events_of_code(code, after=page[-1].header.position, limit=50)
    assert [*page, *after] == found
    assert await store.events_of_code(code_name(2)) == []


async def test_a_code_named_twice_by_an_event_gives_it_once(store: GatewayStore) -> None:
    new = event("a", codes=[code_name(1), code_name(1)])
    await store.capture(unit("c1", new))
    assert len(await store.events_of_code(code_name(1))) == 1


async def test_codes_by_prefix_are_ascending_and_paged(store: GatewayStore) -> None:
    codes = [f"https://id.gs1.org/01/{gtin}/21/{s}" for gtin in (1, 2, 3) for s in "aZ0é药"]
    await store.capture(unit("c1", *[event(c, codes=[c]) for c in codes]))
    await store.capture(unit("c2", event("again", codes=codes[:7])))
    prefix = "https://id.gs1.org/01/2/"
    expected = sorted((c for c in codes if c.startswith(prefix)), key=str.encode)
    assert await store.codes_with_prefix(prefix, limit=10) == expected
    first = await store.codes_with_prefix(prefix, limit=2)
    assert first + await store.codes_with_prefix(prefix, after=first[-1], limit=9) == expected
    assert await store.codes_with_prefix("https://id.gs1.org/02/", limit=9) == []
    assert len(await store.codes_with_prefix("", limit=99)) == 15


async def test_the_feed_pages_through_everything_once(store: GatewayStore) -> None:
    for number in range(5):
        await store.capture(unit(f"c{number}", *[event((number, i)) for i in range(70)]))
    page = await store.events_after(0, limit=64)
    await store.capture(unit("later", event("later")))
    seen = list(page)
    while page:
        page = await store.events_after(page[-1].header.position, limit=64)
        seen += page
    assert [each.header.position for each in seen] == list(range(1, 352))
    assert len({each.payload for each in seen}) == 351


async def test_events_by_time_page_through_equal_times(store: GatewayStore) -> None:
    times = [NOW_MS + offset for offset in (5, 3, 3, 3, 9, 1, 3)]
    await store.capture(unit("c1", *[event(i, time_ms=t) for i, t in enumerate(times)]))
    window = {"from_ms": NOW_MS + 3, "before_ms": NOW_MS + 9}
    seen = page = await store.events_by_time(**window, limit=2)
    while page:
        last = page[-1]
        assert last.event_time_ms is not None
        page = await store.events_by_time(
            **window, after=(last.event_time_ms, last.header.position), limit=2
        )
        seen = seen + page
    found = [(each.event_time_ms, each.header.position) for each in seen]
    assert found == [(NOW_MS + 3, p) for p in (2, 3, 4, 7)] + [(NOW_MS + 5, 1)]


async def test_contents_of_any_size_come_back(store: GatewayStore) -> None:
    """Chunks are cut by count and by size; a huge event has one of its own."""
    payloads = [b"{}", b"x" * 300_000, b"", b"y" * 130_000, *([b"z" * 2000] * 150), b"\x00\xff"]
    events = [event(i, payload=p, derived=p[:9]) for i, p in enumerate(payloads)]
    await store.capture(unit("c1", *events))
    found = await store.events_after(0, limit=1000)
    assert [(each.payload, each.derived) for each in found] == [(p, p[:9]) for p in payloads]
    alone = await store.event_by_entry(events[3].entry)
    assert alone == found[3]


async def test_bundles_are_cached_per_variant(store: GatewayStore) -> None:
    new = event("a")
    await store.capture(unit("c1", new))
    assert await store.cached_bundle(new.entry, "public") is None
    await store.cache_bundle(new.entry, "public", b"one")
    await store.cache_bundle(new.entry, "public", b"two")
    await store.cache_bundle(new.entry, "full", b"three")
    await store.cache_bundle(digest("unknown"), "public", b"four")
    assert await store.cached_bundle(new.entry, "public") == b"two"
    assert await store.cached_bundle(new.entry, "full") == b"three"
    assert await store.cached_bundle(digest("unknown"), "public") is None


async def test_api_keys_are_found_listed_and_revoked(store: GatewayStore) -> None:
    second = replace(KEY, key_id="k2", key_hash=digest("2"), expires_at=None, scopes=("admin",))
    await store.add_api_key(KEY)
    await store.add_api_key(second)
    assert await store.api_keys() == [KEY, second]
    assert await store.api_key_by_hash(digest("key")) == KEY
    assert await store.api_key_by_hash(digest("none")) is None
    revoked = await store.revoke_api_key("k1", revoked_at=1_790_000_009)
    assert revoked == replace(KEY, revoked_at=1_790_000_009)
    assert await store.revoke_api_key("k1", revoked_at=1_790_000_099) == revoked
    assert await store.api_key_by_hash(digest("key")) == revoked
    assert await store.revoke_api_key("none", revoked_at=1) is None


async def test_an_api_key_is_registered_once(store: GatewayStore) -> None:
    await store.add_api_key(KEY)
    for same in (replace(KEY, key_hash=digest("2")), replace(KEY, key_id="k2")):
        with pytest.raises(ApiKeyExistsError):
            await store.add_api_key(same)
    assert await store.api_keys() == [KEY]


async def test_meta_values_are_set_replaced_and_removed(store: GatewayStore) -> None:
    assert await store.meta("participant") is None
    await store.set_meta("participant", b"7")
    await store.set_meta("state", b"restored")
    await store.set_meta("participant", b"8")
    assert await store.all_meta() == {"participant": b"8", "state": b"restored"}
    await store.set_meta("state", None)
    assert await store.meta("state") is None
    assert await store.meta("participant") == b"8"
