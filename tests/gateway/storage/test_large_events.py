"""Events with more than 1,024 codes: rows instead of lists, tiles instead of the whole tree."""

import random

import pytest

from anchoring.core.codes import CodesTree, build_codes_tree, code_disclosure, root_from_code_path
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.ports import GatewayStore, NewCode, NewEvent
from node_gateway.storage.tiles import code_tile_keys, sparse_path, sparse_tiles
from tests.gateway.storage.making import code_name, digest, event, unit


def tree_of(count: int) -> CodesTree:
    codes = sorted(("epcList" if i % 3 else "childEPCs", code_name(i)) for i in range(count))
    return build_codes_tree(codes, sub_secret=digest("codes", count))


def large(tree: CodesTree, name: str = "large") -> NewEvent:
    orders = {"epcList": 0, "childEPCs": 0}
    codes = []
    for ordinal, (list_name, code) in enumerate(tree.codes):
        order, orders[list_name] = orders[list_name], orders[list_name] + 1
        codes.append(NewCode(code, list_name, order, ordinal, tree.positions[ordinal]))
    random.Random(4).shuffle(codes)
    tiles = sparse_tiles(tree.pairs)
    new = event(name, codes=[], codes_root=tree.root)
    values = {field: getattr(new, field) for field in NewEvent.__slots__}
    return NewEvent(**values | {"codes": codes, "codes_apart": True, "code_tiles": tiles})


def entry_of(tree: CodesTree, ordinal: int) -> bytes:
    import hashlib

    text = code_disclosure(tree.codes[ordinal], tree.sub_secret, ordinal)
    return hashlib.sha256(text.encode()).digest()


@pytest.mark.parametrize("count", [1, 2, 1025, 20_000])
def test_paths_from_tiles_are_those_of_the_whole_tree(count: int) -> None:
    tree = tree_of(count)
    tiles = {(tile.level, tile.index): tile for tile in sparse_tiles(tree.pairs)}
    for ordinal in {0, count // 2, count - 1}:
        position = tree.positions[ordinal]
        path = sparse_path([tiles[key] for key in code_tile_keys(position)], position)
        assert path == tree.path(position)
        assert root_from_code_path(entry_of(tree, ordinal), position, path) == tree.root


def test_a_tile_without_the_node_is_noticed() -> None:
    tree = tree_of(3)
    tiles = {(tile.level, tile.index): tile for tile in sparse_tiles(tree.pairs)}
    near = tree.positions[0] ^ 1 << 6
    with pytest.raises(DatabaseDamagedError):
        sparse_path([tiles[key] for key in code_tile_keys(near)], near)


async def test_one_code_is_proved_from_few_rows(store: GatewayStore) -> None:
    tree = tree_of(1500)
    new = large(tree)
    await store.capture(unit("c1", event("before"), new, event("after")))
    for ordinal in (0, 749, 1499):
        list_name, code = tree.codes[ordinal]
        (found,) = await store.large_event_code(new.entry, code)
        assert (found.list_name, found.ordinal) == (list_name, ordinal)
        tiles = await store.code_tiles(new.entry, found.position)
        assert [tile.level for tile in tiles] == [0, 8, 16]
        path = sparse_path(tiles, found.position)
        assert root_from_code_path(entry_of(tree, ordinal), found.position, path) == tree.root
    assert await store.large_event_code(new.entry, code_name(9999)) == []
    assert await store.large_event_code(digest("unknown"), code) == []
    assert await store.code_tiles(digest("unknown"), 0) == []


async def test_the_lists_are_read_back_in_their_order(store: GatewayStore) -> None:
    new = large(tree_of(1500))
    await store.capture(unit("c1", new))
    for list_name, count in (("epcList", 1000), ("childEPCs", 500), ("outputEPCList", 0)):
        expected = sorted((c for c in new.codes if c.list_name == list_name), key=lambda c: c.order)
        page = seen = await store.large_event_codes(new.entry, list_name=list_name, limit=301)
        while page:
            page = await store.large_event_codes(
                new.entry, list_name=list_name, after=page[-1].order, limit=301
            )
            seen = seen + page
        assert seen == expected
        assert len(seen) == count


async def test_large_and_small_events_share_the_index(store: GatewayStore) -> None:
    tree = tree_of(1100)
    new = large(tree)
    code = tree.codes[5][1]
    small = event("small", codes=[code])
    await store.capture(unit("c1", new, small))
    found = await store.events_of_code(code)
    assert [(each.header.entry, each.codes_apart) for each in found] == [
        (new.entry, True),
        (small.entry, False),
    ]
    assert await store.large_event_code(small.entry, code) == []
