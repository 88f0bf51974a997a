"""Subscriptions on both databases: what is kept of them, and what ends them."""

from dataclasses import replace

import pytest

from node_gateway.storage.named_queries import NamedQuery, QueryStore
from node_gateway.storage.ports import ApiKey, GatewayStore
from node_gateway.storage.subscriptions import (
    Progress,
    QueryGoneError,
    Subscription,
    SubscriptionStore,
    TooManySubscriptionsError,
)
from tests.gateway.storage.making import NOW_MS

NOW_S = NOW_MS // 1000
BEGUN = Progress(state="active", position=7, next_at_ms=NOW_MS, page_size=100)
MOST = {"most": 100, "most_of_key": 100}


def made(number: str, query: str = "all", api_key: str = "k1", **changes: object) -> Subscription:
    one = Subscription(
        id=number,
        query=query,
        api_key=api_key,
        created_at_ms=NOW_MS,
        dest="https://receiver.example/",
        token="a secret",
        epc_format="Always_EPC_URN",
        extensions='{"ex":"urn:ex:"}',
        schedule='{"hour":"1"}',
        report_if_empty=True,
        initial="2026-03-01T08:00:00Z",
        initial_ms=NOW_MS,
        progress=BEGUN,
    )
    return replace(one, **changes)  # type: ignore[arg-type]


async def prepared(store: GatewayStore, *queries: str) -> SubscriptionStore:
    for name in queries or ("all",):
        await QueryStore(store).add(NamedQuery(name, b"{}", NOW_MS), most=100)
    return SubscriptionStore(store)


async def test_what_is_kept_is_what_was_given(store: GatewayStore) -> None:
    kept = await prepared(store)
    full, bare = (
        made("a"),
        made("b", token=None, schedule=None, initial=None, initial_ms=None, report_if_empty=False),
    )
    await kept.add(full, **MOST)
    await kept.add(bare, **MOST)
    assert await kept.get("a") == full
    assert await kept.get("b") == bare
    assert await kept.get("c") is None
    assert list(await kept.live()) in ([full, bare], [bare, full])


async def test_progress_is_kept_whole_and_nothing_else_changes(store: GatewayStore) -> None:
    kept = await prepared(store)
    await kept.add(made("a"), **MOST)
    await kept.add(made("b"), **MOST)
    moved = Progress("failing", 9, NOW_MS + 5, 10, 12, 40, 3, NOW_MS, "timeout", 503, 1, 2)
    assert await kept.save("a", moved)
    assert await kept.get("a") == made("a", progress=moved)
    assert await kept.get("b") == made("b")
    assert not await kept.save("c", moved)


async def test_a_disabled_one_stays_disabled(store: GatewayStore) -> None:
    kept = await prepared(store)
    await kept.add(made("a"), **MOST)
    off = replace(BEGUN, state="disabled", last_error="gone", last_status=410)
    assert await kept.save("a", off)
    assert not await kept.save("a", BEGUN)  # a try that was under way
    assert await kept.live() == []
    found = await kept.get("a")
    assert found is not None
    assert found.progress == off


async def test_a_query_takes_its_subscriptions_along(store: GatewayStore) -> None:
    kept = await prepared(store, "one", "two")
    await kept.add(made("a", "one"), **MOST)
    await kept.add(made("b", "two"), **MOST)
    assert await QueryStore(store).remove("one")
    assert await kept.get("a") is None
    assert not await kept.save("a", BEGUN)
    assert [each.id for each in await kept.live()] == ["b"]
    with pytest.raises(QueryGoneError):
        await kept.add(made("c", "one"), **MOST)
    await prepared(store, "one")
    assert await kept.get("a") is None  # the name is free again, and empty


async def test_pages_hold_every_one_once(store: GatewayStore) -> None:
    kept = await prepared(store, "one", "two")
    for number in "cabde":
        await kept.add(made(number, "one", "k1" if number < "d" else "k2"), **MOST)
    await kept.add(made("f", "two"), **MOST)

    async def ids(query: str | None, key: str | None) -> list[str]:
        found: list[str] = []
        while page := await kept.page(
            query=query, api_key=key, after=found[-1] if found else "", limit=2
        ):
            assert len(page) <= 2
            found += [each.id for each in page]
        return found

    assert await ids("one", None) == ["a", "b", "c", "d", "e"]
    assert await ids("one", "k2") == ["d", "e"]
    assert await ids("two", "k2") == []
    assert await ids(None, None) == ["a", "b", "c", "d", "e", "f"]


async def test_there_are_only_so_many(store: GatewayStore) -> None:
    kept = await prepared(store)
    for number in "ab":
        await kept.add(made(number), most=3, most_of_key=2)
    with pytest.raises(TooManySubscriptionsError, match="this API key has 2"):
        await kept.add(made("c"), most=3, most_of_key=2)
    await kept.add(made("d", api_key="k2"), most=3, most_of_key=2)
    with pytest.raises(TooManySubscriptionsError, match="there are 3"):
        await kept.add(made("e", api_key="k3"), most=3, most_of_key=2)
    assert await kept.remove("a")
    assert not await kept.remove("a")
    await kept.add(made("c"), most=3, most_of_key=2)


async def test_the_end_of_a_key_disables_what_it_asked_for(store: GatewayStore) -> None:
    kept = await prepared(store)
    lasting, expiring, revoked = (
        ApiKey("k1", "x", b"1" * 32, ("query",), NOW_S, expires_at=NOW_S + 100),
        ApiKey("k2", "x", b"2" * 32, ("query",), NOW_S, expires_at=NOW_S + 10),
        ApiKey("k3", "x", b"3" * 32, ("query",), NOW_S),
    )
    for key in (lasting, expiring, revoked):
        await store.add_api_key(key)
        await kept.add(made(f"of {key.key_id}", api_key=key.key_id), **MOST)
    await kept.add(made("of nobody", api_key="k9"), **MOST)
    assert await kept.disable_without_key(NOW_S) == ["of nobody"]
    await store.revoke_api_key("k3", revoked_at=NOW_S + 1)
    assert await kept.disable_without_key(NOW_S + 1) == ["of k3"]
    assert await kept.disable_without_key(NOW_S + 9) == []
    assert await kept.disable_without_key(NOW_S + 10) == ["of k2"]
    assert [each.id for each in await kept.live()] == ["of k1"]
    found = await kept.get("of k3")
    assert found is not None
    assert (found.progress.state, found.progress.last_error) == ("disabled", "api_key")


def test_its_text_shows_no_secret() -> None:
    assert "secret" not in repr(made("a"))
    assert "receiver" not in f"{made('a')}"
