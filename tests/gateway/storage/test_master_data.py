"""Master data on both databases: what holds, what held, pages and search."""

from dataclasses import replace

import pytest

from node_gateway.storage.errors import StorageError
from node_gateway.storage.master_data import MasterDataStore, MasterRow
from node_gateway.storage.ports import GatewayStore
from tests.gateway.storage.making import NOW_MS


def row(identifier: str, version: int = 1, **changes: object) -> MasterRow:
    made = MasterRow(
        kind="product",
        identifier=identifier,
        version=version,
        body=b'{"id":"x"}',
        words=identifier.casefold(),
        source="operator",
        changed_at_ms=NOW_MS,
        changed_by="key 1 tests",
        removed=False,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_a_replaced_row_becomes_a_version_of_the_past(store: GatewayStore) -> None:
    kept = MasterDataStore(store)
    first = row("A", words="alpha")
    second = row("A", 2, body=b"{}", words="beta", changed_at_ms=NOW_MS + 1, changed_by="key 2")
    await kept.write([first])
    assert await kept.get("product", "A") == first
    await kept.write([second])
    assert await kept.get("product", "A") == second
    assert await kept.versions("product", "A") == [second, replace(first, words="")]
    assert await kept.get("location", "A") is None
    assert await kept.versions("product", "B") == []


async def test_a_removed_row_stays_with_its_versions_but_is_on_no_page(store: GatewayStore) -> None:
    kept = MasterDataStore(store)
    await kept.write([row("A"), row("B")])
    await kept.write([row("A", 2, removed=True)])
    assert [one.identifier for one in await kept.page("product", limit=10)] == ["B"]
    found = await kept.get("product", "A")
    assert found is not None
    assert found.removed
    assert [one.version for one in await kept.versions("product", "A")] == [2, 1]
    assert [one.identifier for one in await kept.after("product", "", limit=9)] == ["A", "B"]


async def test_pages_go_by_bytes_and_hold_every_row_once(store: GatewayStore) -> None:
    kept = MasterDataStore(store)
    names = ["B", "a", "A", "中", "b%", "b_", "ba", "é", "10", "9"]
    await kept.write([row(name) for name in names])
    await kept.write([row("other", kind="party")])
    found: list[str] = []
    while page := await kept.page("product", after=found[-1] if found else "", limit=3):
        found += [one.identifier for one in page]
    assert found == sorted(names, key=lambda name: name.encode())


async def test_a_prefix_is_no_pattern_and_minds_the_case(store: GatewayStore) -> None:
    kept = MasterDataStore(store)
    await kept.write([row(name) for name in ["B", "b%", "b_", "ba", "b\U0010fffe", "c"]])

    async def ids(prefix: str) -> list[str]:
        return [one.identifier for one in await kept.page("product", prefix=prefix, limit=10)]

    assert await ids("b") == ["b%", "b_", "ba", "b\U0010fffe"]
    assert await ids("b%") == ["b%"]
    assert await ids("b_") == ["b_"]
    assert await ids("B") == ["B"]


async def test_a_search_is_no_pattern(store: GatewayStore) -> None:
    kept = MasterDataStore(store)
    await kept.write([row("A", words="阿莫西林胶囊\n100% pure"), row("B", words="1000 pure")])

    async def ids(words: str) -> list[str]:
        return [one.identifier for one in await kept.page("product", words=words, limit=10)]

    assert await ids("莫西") == ["A"]
    assert await ids("100%") == ["A"]
    assert await ids("pure") == ["A", "B"]
    assert await ids("p_re") == []


async def test_one_write_is_all_or_nothing(store: GatewayStore) -> None:
    kept = MasterDataStore(store)
    await kept.write([row("A")])
    twice = [row("B"), row("A", 2), row("A", 2), row("A", 2)]  # version 2 would be kept twice
    with pytest.raises(StorageError):
        await kept.write(twice)
    assert [one.version for one in await kept.versions("product", "A")] == [1]
    assert await kept.get("product", "B") is None
