"""Verified four ways: the same bundles, good and forged, on a real chain with real contracts.

The table of forgeries is `TABLE` in `four_ways_forged.py`; docs/explanation/second-opinions.md says
in words what it says in rows.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from anchoring.core.bundle import bundles_to_json
from anchoring.core.merkle import node_at
from anchoring.second_opinion import stock_path
from tests.anchoring.test_merkletools import both_accept
from tests.anvil import Anvil
from tests.e2e.four_ways import (
    ACCEPTS,
    Case,
    ask_js,
    ask_python,
    contract_accepts,
    documents,
    judge,
)
from tests.e2e.four_ways_forged import TABLE, raw, shown
from tests.e2e.four_ways_world import CODES, World, build
from tests.js.mutations import mutations

SIZES = (16, 256, 7)
# Whoever shows a bundle may leave out code paths; that is no forgery.
ALLOWED = re.compile(r"/codes/paths: without \d+")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Anvil() as anvil:
        made = build(anvil)
        anvil.rpc("anvil_mine", "0x3")  # so that a later block than the anchor's is known
        yield made


def good(world: World) -> dict[str, Case]:
    cases = {}
    for size, sealed in world.sealed.items():
        for number in range(len(sealed.commitments)):
            name = f"event {number} of a batch of {size}"
            cases[f"{name}, whole"] = Case(sealed.whole(number).to_json())
            cases[f"{name}, act alone"] = Case(sealed.bundle(number, codes=0).to_json())
            cases[f"{name}, one code"] = Case(raw(shown(world, size, number, codes=1)))
        naming = [
            number
            for number, made in enumerate(sealed.commitments)
            if CODES[0] in {code for _, code in made.codes.codes}
        ]
        one_code = [sealed.bundle(number) for number in naming]
        assert len(one_code) > 1
        cases[f"all events of a code in a batch of {size}"] = Case(bundles_to_json(one_code))
    hinted = {**shown(world), "hints": {"entry": "00", "rpc": "http://127.0.0.1:9"}}
    return {**cases, "with hints": Case(raw(hinted))}


def test_all_four_accept_what_was_anchored(world: World) -> None:
    assert [sealed.batch.size for sealed in world.sealed.values()] == list(SIZES)
    found = judge(world.anvil, world.network, good(world))
    assert len(found) > 45
    for name, one in found.items():
        opinions = {one.python, one.js, one.contract, one.maintained, one.original}
        assert opinions == {ACCEPTS}, (name, one)


def test_of_every_forgery_who_refuses_it(world: World) -> None:
    cases = {name: forgery.make(world) for name, forgery in TABLE.items()}
    found = judge(world.anvil, world.network, cases)
    wanted = {
        name: (one.ours, one.ours, one.contract, one.stock, one.stock)
        for name, one in TABLE.items()
    }
    assert {
        name: (one.python, one.js, one.contract, one.maintained, one.original)
        for name, one in found.items()
    } == wanted


def test_ours_refuse_every_forgery_and_the_others_not() -> None:
    """What the table says as a whole, so that nobody takes the others for verifiers."""
    assert ACCEPTS not in {one.ours for one in TABLE.values()}
    blind = {name for name, one in TABLE.items() if ACCEPTS in (one.contract, one.stock)}
    assert len(blind) > 20
    by_contract = {name for name, one in TABLE.items() if one.contract == ACCEPTS}
    assert {"another code", "act left out", "two lots", "member twice"} <= by_contract
    by_stock = {name for name, one in TABLE.items() if one.stock == ACCEPTS}
    assert {"another index", "another size", "planted path", "long sibling"} <= by_stock
    assert {"batch never anchored", "earlier time", "another registry"} <= by_stock - by_contract


@pytest.mark.parametrize("size", SIZES)
def test_ours_refuse_every_mutation(world: World, size: int) -> None:
    """Every value of a bundle, changed in every small way, against the real chain."""
    number = {16: 0, 256: 1, 7: 2}[size]
    document = shown(world, size, number, codes=1)
    cases = {name: Case(raw(changed)) for name, changed in mutations(document)}
    found = ours(world, cases)
    accepted = {name for name, said in found.items() if ACCEPTS in said}
    assert accepted == {name for name in cases if ALLOWED.fullmatch(name)}
    assert {name for name, (python, js) in found.items() if python != js} == set()
    assert {code for code, _ in found.values() if not re.fullmatch("[a-z0-9_]+", code)} == set()
    assert len(found) > 400


def ours(world: World, cases: dict[str, Case]) -> dict[str, tuple[str, str]]:
    python = asyncio.run(ask_python(world.network, cases))
    js = ask_js(world.network, cases)
    return {name: (python[name], js[name]) for name in cases}


# --- what cannot even be said in a bundle


def test_the_contract_takes_no_inner_node_for_an_entry_and_stock_does(world: World) -> None:
    document = shown(world)
    (honest,) = documents(raw(document))
    index, levels = honest["event"]["index"], world.sealed[16].batch.levels
    registry = world.deployment.identity.registry
    above = honest["event"]["siblings"][1:]
    inner = node_at(levels[1], index >> 1)
    steps = stock_path([bytes.fromhex(one) for one in above], index=index >> 1, size=8)
    assert both_accept(inner, steps, levels[-1])
    for at in range(16):
        honest["event"] = {"index": at, "siblings": above}
        assert not contract_accepts(world.anvil, registry, honest, inner)


def test_the_contract_takes_an_entry_at_its_own_index_only(world: World) -> None:
    sealed = world.sealed[7]
    registry = world.deployment.identity.registry
    for number, made in enumerate(sealed.commitments):
        document: Any = json.loads(sealed.whole(number).to_json())
        own = document["event"]["index"]
        for index in (*range(9), 2**53 - 1):
            document["event"]["index"] = index
            found = contract_accepts(world.anvil, registry, document, made.entry)
            assert found == (index == own)
