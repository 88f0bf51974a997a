"""Python and JavaScript say the same of every situation of the witnesses: outcome and code.

Both ask over real HTTP. The witnesses stand before one real chain with the real contracts; each
passes on what the node says, but for one thing.
"""

import asyncio
import base64
import io
import itertools
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from anchoring.chain.network import Network, WitnessGroup, write_network
from anchoring.cli import main
from anchoring.core.bundle import Bundle, bundles_to_json
from tests.anchoring.chain.sealed import Issuer, network_of
from tests.anchoring.chain.worlds import OTHERS_STREAM, anvil_world
from tests.anvil import Anvil
from tests.js.module_call import call
from tests.js.node_verifier import HERE
from tests.js.witness_proxy import Change, proxy

ZERO, OTHER = "0x" + "00" * 32, "0x" + "05" * 32


def lie(method: str, wrong: Any) -> Change:
    return lambda asked, params, result: wrong if asked == method else result


def fork(method: str, params: list[Any], result: Any) -> Any:
    """Another history: every block but the first has another hash."""
    is_block = method == "eth_getBlockByNumber" and result and int(result["number"], 16) > 0
    return {**result, "hash": OTHER} if is_block else result


def other_genesis(method: str, params: list[Any], result: Any) -> Any:
    is_first = method == "eth_getBlockByNumber" and params[0] == "0x0"
    return {**result, "hash": OTHER} if is_first else result


def mute(change: Change) -> Change:
    """The same, and no proof of anything: an endpoint without `eth_getProof`."""

    def changed(method: str, params: list[Any], result: Any) -> Any:
        return None if method == "eth_getProof" else change(method, params, result)

    return changed


def truth(method: str, params: list[Any], result: Any) -> Any:
    return result


class Lag:
    """Sees the chain up to a block only."""

    def __init__(self, last: dict[str, Any]) -> None:
        self.last = last

    def __call__(self, method: str, params: list[Any], result: Any) -> Any:
        return self.last if params[:1] == ["latest"] else result


def vanished(method: str, params: list[Any], result: Any) -> Any:
    """Names a newest block and has it no more when asked by its number."""
    by_number = method == "eth_getBlockByNumber" and params[0] not in ("latest", "0x0")
    return None if by_number else result


@dataclass
class World:
    folder: Path
    network: Network
    first: Bundle  # of participant 1
    second: Bundle  # of participant 2
    urls: dict[str, str]
    anvil: Anvil

    def of(self, witnesses: str) -> Network:
        """Read `organisation:kind` words; `maker-1` and `maker-2` are participants 1 and 2."""
        groups: dict[str, list[str]] = {}
        for one in witnesses.split():
            organisation, _, kind = one.partition(":")
            groups.setdefault(organisation, []).append(self.urls[kind])
        who = {"maker-1": 1, "maker-2": 2}
        return replace(
            self.network,
            witnesses=tuple(
                WitnessGroup(name, who.get(name), tuple(groups[name])) for name in groups
            ),
        )

    def text(self, name: str) -> bytes:
        at, anchor = self.first.anchored_at, self.first.anchor
        early = replace(self.first, anchored_at=replace(at, block_time=at.block_time - 1))
        never = replace(self.first, anchor=replace(anchor, sequence=9, previous_tip=b"\x01" * 32))
        return {
            "good": self.first.to_json(),
            "early": early.to_json(),
            "never": never.to_json(),
            "set": bundles_to_json([self.first, self.second]),
            "set, second early": bundles_to_json(
                [self.first, replace(self.second, anchored_at=early.anchored_at)]
            ),
        }[name]


async def build(stack: ExitStack, folder: Path) -> World:
    chain = await anvil_world()
    stack.callback(chain.anvil.close)
    issuer = Issuer(chain)
    other = Issuer(
        SimpleNamespace(writer=chain.new_writer("anchor-2"), mine=chain.mine),  # type: ignore[arg-type]
        stream=OTHERS_STREAM,
    )
    before = chain.anvil.rpc("eth_getBlockByNumber", "latest", False)
    first = issuer.bundle(await issuer.seal(issuer.commit(1)))
    second = other.bundle(await other.seal(other.commit(2)))
    network = await network_of(chain)
    for rpc in chain._open:
        await rpc.close()
    chain.mine(2)
    node = chain.anvil.url
    after = chain.anvil.rpc("eth_getBlockByNumber", hex(first.anchored_at.block_number), False)
    kinds: dict[str, Change] = {
        "hides": lie("eth_call", ZERO),
        "other-record": lie("eth_call", OTHER),
        "no-result": lie("eth_call", "0x"),
        "no-contract": lie("eth_getCode", "0x"),
        "other-code": lie("eth_getCode", "0x6001"),
        "other-chain": lie("eth_chainId", "0x1"),
        "other-genesis": other_genesis,
        "fork": fork,
        "lags": Lag(before),
        "just-there": Lag(after),
        "vanished": vanished,
    }
    for kind in ("hides", "other-record", "no-contract", "other-code"):
        kinds[f"{kind}-mute"] = mute(kinds[kind])
    kinds["agrees-mute"] = mute(truth)
    urls = {kind: stack.enter_context(proxy(node, change)) for kind, change in kinds.items()}
    endless = itertools.chain(
        [b'{"jsonrpc":"2.0","id":1,"result":"'], itertools.repeat(b"0" * 2**16)
    )
    urls |= {
        "agrees": node,
        "down": "http://127.0.0.1:9",
        "web-page": stack.enter_context(proxy(node, raw=[b"<html>"])),  # type: ignore[arg-type]
        "endless": stack.enter_context(proxy(node, raw=endless)),
    }
    return World(folder, network, first, second, urls, chain.anvil)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ExitStack() as stack:
        yield asyncio.run(build(stack, tmp_path_factory.mktemp("words")))


# What is asked, of whom (quorum 2 unless a number follows), and what both must say.
TABLE: dict[str, tuple[str, str, str, str]] = {
    "two agree": ("good", "a:agrees b:agrees", "verified", "verified"),
    "one at the anchor's own block": ("good", "a:just-there b:agrees", "verified", "verified"),
    "two of three agree": ("good", "a:agrees b:agrees c:down", "verified", "verified"),
    "one, and one is enough": ("good", "a:agrees 1", "verified", "verified"),
    "one": ("good", "a:agrees", "cannot_check", "quorum_not_met"),
    "one organisation twice": ("good", "a:agrees a:agrees", "cannot_check", "quorum_not_met"),
    "none": ("good", "1", "cannot_check", "quorum_not_met"),
    "the maker's own alone": ("good", "maker-1:agrees 1", "cannot_check", "quorum_not_met"),
    "the maker's own beside one": (
        *("good", "maker-1:agrees b:agrees", "cannot_check", "quorum_not_met"),
    ),
    "the maker's own lies": ("good", "maker-1:hides a:agrees b:agrees", "verified", "verified"),
    "another maker's": ("good", "maker-2:agrees b:agrees", "verified", "verified"),
    # refusals
    "never anchored": ("never", "a:agrees b:agrees", "refused", "anchor_not_found"),
    "another time": ("early", "a:agrees b:agrees", "refused", "record_mismatch"),
    "another time, one witness": ("early", "a:agrees", "cannot_check", "quorum_not_met"),
    "two hide it": ("good", "a:hides-mute b:hides-mute", "refused", "anchor_not_found"),
    # lies that nobody can prove to be lies
    "one hides it, none proves": (
        *("good", "a:hides-mute b:agrees-mute", "disagreement", "witness_disagreement"),
    ),
    "one of three hides it, none proves": (
        *("good", "a:agrees-mute b:agrees-mute c:hides-mute"),
        *("disagreement", "witness_disagreement"),
    ),
    "two different lies, none proves": (
        *("good", "a:hides-mute b:other-record-mute", "disagreement", "witness_disagreement"),
    ),
    "a lie alone": ("good", "a:hides-mute", "cannot_check", "quorum_not_met"),
    "none proves, all agree": ("good", "a:agrees-mute b:agrees-mute", "verified", "verified"),
    # lies that a proof under the same block shows to be lies
    "two hide what they prove": ("good", "a:hides b:hides", "cannot_check", "quorum_not_met"),
    "one hides it": ("good", "a:hides b:agrees", "cannot_check", "quorum_not_met"),
    "one of three hides it": ("good", "a:agrees b:agrees c:hides", "verified", "verified"),
    "one of one organisation hides it": (
        *("good", "a:agrees a:hides-mute b:agrees-mute", "verified", "verified"),
    ),
    "one proves it against two": (
        *("good", "a:agrees b:hides-mute c:hides-mute 1", "verified", "verified"),
    ),
    "two different lies": ("good", "a:hides b:other-record", "cannot_check", "quorum_not_met"),
    "other code than it proves": ("good", "a:other-code 1", "cannot_check", "quorum_not_met"),
    "a fork": ("good", "a:fork b:agrees c:agrees", "disagreement", "witness_disagreement"),
    # behind
    "one lags": ("good", "a:lags b:agrees", "cannot_check", "quorum_not_met"),
    "one of three lags": ("good", "a:lags b:agrees c:agrees", "verified", "verified"),
    "all lag": ("good", "a:lags b:lags", "cannot_check", "witness_stale"),
    "the block is gone": ("good", "a:vanished b:vanished", "cannot_check", "witness_stale"),
    "a lie is no answer from one who lags": ("good", "a:lags b:agrees 1", "verified", "verified"),
    # no answer
    "one down": ("good", "a:down b:agrees", "cannot_check", "quorum_not_met"),
    "all down": ("good", "a:down b:down", "cannot_check", "chain_unavailable"),
    "web pages": ("good", "a:web-page b:web-page", "cannot_check", "chain_unavailable"),
    "answers without end": ("good", "a:endless 1", "cannot_check", "chain_unavailable"),
    "no result": ("good", "a:no-result b:no-result", "cannot_check", "chain_unavailable"),
    "one down, one lags": ("good", "a:down b:lags", "cannot_check", "quorum_not_met"),
    # another chain
    "another chain id": ("good", "a:other-chain b:other-chain", "cannot_check", "chain_mismatch"),
    "another genesis": ("good", "a:other-genesis 1", "cannot_check", "chain_mismatch"),
    "one on another chain": ("good", "a:other-chain b:agrees", "cannot_check", "quorum_not_met"),
    "no contract": (
        "good",
        "a:no-contract-mute b:no-contract-mute",
        "cannot_check",
        "chain_mismatch",
    ),
    "no contract, one": ("good", "a:no-contract-mute 1", "cannot_check", "chain_mismatch"),
    "no contract, never anchored": (
        "never",
        "a:no-contract-mute 1",
        "cannot_check",
        "chain_mismatch",
    ),
    "other code": ("good", "a:other-code-mute b:other-code-mute", "cannot_check", "chain_mismatch"),
    "one has other code": ("good", "a:other-code b:agrees c:agrees", "verified", "verified"),
    # sets: each bundle apart, the witnesses of its own participant left out
    "a set": ("set", "a:agrees b:agrees", "verified", "verified"),
    "a set, each maker vouches for the other": (
        *("set", "maker-1:agrees maker-2:agrees b:agrees", "verified", "verified"),
    ),
    "a set, the makers alone": (
        *("set", "maker-1:agrees maker-2:agrees", "cannot_check", "quorum_not_met"),
    ),
    "a set, nobody for the first": (
        *("set", "maker-1:agrees 1", "cannot_check", "quorum_not_met"),
    ),
    "a set, refused goes before unknown": (
        *("set, second early", "maker-1:agrees 1", "refused", "record_mismatch"),
    ),
    "a set, one maker lies about the other": (
        *("set", "maker-1:hides-mute a:agrees-mute b:agrees-mute"),
        *("disagreement", "witness_disagreement"),
    ),
}


def questions(world: World) -> dict[str, tuple[bytes, Network, int]]:
    found = {}
    for name, (text, witnesses, _, _) in TABLE.items():
        words = witnesses.split()
        quorum = int(words.pop()) if words[-1].isdigit() else 2
        found[name] = (world.text(text), world.of(" ".join(words)), quorum)
    return found


def ask_python(world: World, text: bytes, network: Network, quorum: int, *more: str) -> Any:
    (world.folder / "bundle.json").write_bytes(text)
    write_network(world.folder / "network.json", network)
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        main(
            [
                *("verify", str(world.folder / "bundle.json"), "--json"),
                *("--network", str(world.folder / "network.json"), "--quorum", str(quorum)),
                *more,
            ]
        )
    return json.loads(out.getvalue())


def ask_js(asked: dict[str, tuple[bytes, Network, int]], **more: Any) -> dict[str, Any]:
    lines = [
        json.dumps(
            {
                "bundle": base64.b64encode(text).decode(),
                "network": network.to_json(),
                "quorum": quorum,
                **more,
            }
        )
        for text, network, quorum in asked.values()
    ]
    done = subprocess.run(
        ["node", HERE / "witness_cli.mjs"],
        input="\n".join(lines),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=True,
    )
    return dict(zip(asked, map(json.loads, done.stdout.splitlines()), strict=True))


def test_both_say_the_same_of_every_situation(world: World) -> None:
    asked = questions(world)
    js, python = ask_js(asked), {}
    for name, (text, network, quorum) in asked.items():
        # A file that lists no witness at all is a mistake of usage on a command line.
        if network.witnesses:
            python[name] = ask_python(world, text, network, quorum)
    assert len(python) == len(asked) - 1
    wanted = {name: (outcome, code) for name, (_, _, outcome, code) in TABLE.items()}
    assert {name: said(one) for name, one in js.items()} == wanted
    assert {name: one["again"] for name, one in js.items() if one["again"]} == {}
    for name, one in python.items():
        assert (one["outcome"], one["code"]) == wanted[name], name
        if len(one["bundles"]) == 1:
            [bundle] = one["bundles"]
            chain = bundle["chain"]
            lines = [(w["organisation"], w["code"], w["proven"]) for w in chain["witnesses"]]
            others = js[name]["witnesses"]
            assert lines == [(w["organisation"], w["status"], w["proven"]) for w in others], name
            both = [{one["code"] for one in said["warnings"]} for said in (chain, js[name])]
            assert both[0] == both[1], name


def said(answer: Any) -> tuple[str, str]:
    return answer["outcome"], answer["code"]


def test_keccak_in_javascript_is_that_of_ethereum() -> None:
    """Around the block of 136 bytes, and as long as the code of a contract may be."""
    sizes = [0, 1, 31, 32, 134, 135, 136, 137, 271, 272, 273, 24_576]
    data = [bytes((7 * at + size) % 256 for at in range(size)) for size in sizes]
    found = call("core.keccak256(bytes(one))", [one.hex() for one in data])
    assert found == [keccak(one).hex() for one in data]
