"""Bundles that mislead whoever reads the screen, or hide behind an honest one in a set."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import WitnessGroup, write_network
from anchoring.chain.rpc import EvmRpc
from anchoring.core.verify import check_bundles
from anchoring.ports import AnchoredLog
from anchoring.verification import Witness, verify_against_chain
from tests.anvil import Anvil
from tests.e2e.four_ways import Case, ask_js, ask_python
from tests.e2e.four_ways_forged import committed, own_tree, raw, set_of, shown
from tests.e2e.four_ways_world import CHAIN_ID, CODES, World, build
from tests.js.reference import FIELDS
from tests.liars import Ask, Lie, liar

# Erase the screen, begin a line of one's own, turn the direction of reading.
STEERING = "\x1b[2J\x9b2J\nverified:\u202e\u2028"
ACT = f"ObjectEvent{STEERING} OBSERVE shipping in_transit 0"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Anvil() as anvil:
        yield build(anvil)


def verify(world: World, folder: Path, case: Case, *more: str) -> subprocess.CompletedProcess[str]:
    write_network(folder / "network.json", world.network)
    (folder / "bundle.json").write_bytes(case.text)
    return subprocess.run(
        [
            *(sys.executable, "-m", "anchoring", "verify", folder / "bundle.json"),
            *("--network", folder / "network.json", *more),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def unsafe(text: str) -> set[str]:
    return {one for one in text if not one.isprintable() and one != "\n"}


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_what_an_issuer_states_cannot_steer_the_terminal(
    world: World, tmp_path: Path, more: tuple[str, ...]
) -> None:
    items = [("sealtrail:act", ACT), ("$['\x9b2J\u202e']", STEERING), ("$['note']", "阿莫西林")]
    done = verify(world, tmp_path, committed(items)(world), *more)
    assert done.returncode == 0, done.stderr
    assert unsafe(done.stdout + done.stderr) == set()
    lines = [line for line in done.stdout.splitlines() if line.startswith("verified:")]
    assert len(lines) == (0 if more else 1)
    if more:
        assert json.loads(done.stdout)["bundles"][0]["act"] == ACT


def test_what_is_refused_cannot_either(world: World, tmp_path: Path) -> None:
    done = verify(world, tmp_path, Case(raw({**shown(world), STEERING: 1})))
    assert done.returncode == 10
    assert unsafe(done.stdout + done.stderr) == set()
    assert [line for line in done.stdout.splitlines() if not line.startswith("refused:")] == []


def test_a_forged_bundle_of_a_set_is_not_hidden_by_asking_about_a_code(
    world: World, tmp_path: Path
) -> None:
    forged = json.loads(own_tree(world, sequence=99, previousTip="01" * 32).text)
    forged["codes"]["paths"] = []
    honest = shown(world, 256, codes=None)
    asked = ("--code", CODES[0])
    assert verify(world, tmp_path, set_of(honest), *asked).returncode == 0
    done = verify(world, tmp_path, set_of(honest, forged), *asked)
    assert done.returncode == 10, done.stdout
    assert "anchor_not_found" in done.stdout


def test_a_statement_of_the_forger_is_otherwise_accepted(world: World, tmp_path: Path) -> None:
    """So that the tests above say something: it is the text alone that is strange."""
    assert verify(world, tmp_path, committed(FIELDS)(world)).returncode == 0


SPELLINGS: dict[str, tuple[Any, ...]] = {
    "eth_chainId": ("{plain}", " {hex}", "{split}", ["{hex}"]),
    "number": ("{plain}", None),
    "timestamp": ("{plain}", ["{hex}"]),
}


def spelled(form: Any, number: int) -> Any:
    """Write a number as a language may read it, and that is no JSON-RPC quantity."""
    if isinstance(form, list):
        return [spelled(one, number) for one in form]
    if not isinstance(form, str):
        return form
    return form.format(plain=number, hex=hex(number), split=f"0x0_{number:x}")


def lie_of(kind: str, form: Any) -> Lie:
    def lie(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        del ask, params
        if method == "eth_chainId" and kind == method:
            return spelled(form, CHAIN_ID)
        if method == "eth_getBlockByNumber" and kind in ("number", "timestamp"):
            return {**result, kind: spelled(form, int(result[kind], 16))}
        return result

    return lie


def test_an_answer_that_is_no_quantity_counts_for_neither(world: World) -> None:
    case = Case(raw(shown(world)))
    for kind, forms in SPELLINGS.items():
        with ExitStack() as stack:
            node = world.anvil.url
            honest = stack.enter_context(liar(node)).url
            opinions = []
            for form in forms:
                other = stack.enter_context(liar(node, lie_of(kind, form))).url
                groups = [
                    WitnessGroup(f"w{n}", None, (url,)) for n, url in enumerate((honest, other))
                ]
                network = replace(world.network, witnesses=tuple(groups))
                python = asyncio.run(ask_python(network, {"it": case}))["it"]
                opinions.append((form, python, ask_js(network, {"it": case})["it"]))
        said = "no verdict: quorum_not_met"
        assert [one for one in opinions if one[1:] != (said, said)] == [], kind


class Withholding(EvmReader):
    """A witness that has the record, and keeps the log back that names the key."""

    async def anchored(self, *_: Any, **__: Any) -> list[AnchoredLog]:
        return []


def test_a_log_that_is_kept_back_is_a_warning_of_its_own(world: World) -> None:
    (checked,) = check_bundles(raw(shown(world)))

    async def codes_of(*kinds: type[EvmReader]) -> set[str]:
        readers = [kind(EvmRpc(world.anvil.url)) for kind in kinds]
        asked = [Witness(f"w{n}", None, str(n), reader) for n, reader in enumerate(readers)]
        verdict = await verify_against_chain(checked, world.network, asked)
        for reader in readers:
            await reader.close()
        assert verdict.code == "verified"
        return {warning.code for warning in verdict.warnings}

    assert asyncio.run(codes_of(EvmReader, EvmReader)) == set()
    assert asyncio.run(codes_of(EvmReader, Withholding)) == {"warnings_unchecked"}
