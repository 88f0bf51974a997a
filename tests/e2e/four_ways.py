"""Four verifiers, each asked about the same text, over one real chain.

* `python`, `js`: ours. They get the text and the viewer's network file, nothing else.
* `contract`: the registry's `verify` through eth_call. It gets no text, so somebody has to compute
  the event entry for it; here that is `recomputed_entry`, as careless as a caller can be.
* `maintained`, `original`: stock merkletools over leaves that were computed the same way.

An opinion is `accepts`, or the code of the refusal for ours, or `refuses`, or `cannot be asked`.
"""

import asyncio
import base64
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from eth_abi.exceptions import EncodingError

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import Network
from anchoring.chain.rpc import EvmRpc
from anchoring.core.commit import event_entry
from anchoring.core.merkle import leaf_hash, root_from_multiproof
from anchoring.core.verify import check_bundles
from anchoring.errors import FormatError, VerificationError
from anchoring.second_opinion import stock_path
from anchoring.verification import Outcome, Witness, verify_against_chain
from tests.anchoring.test_merkletools import ask_maintained, ask_original
from tests.anvil import Anvil

WITNESS_CLI = Path(__file__).resolve().parent.parent / "js" / "witness_cli.mjs"
ACCEPTS, REFUSES, UNASKED = "accepts", "refuses", "cannot be asked"
CODES_SIZE = 1 << 20

Steps = list[dict[str, str]]


@dataclass(frozen=True)
class Case:
    """A text, and what a forger tells those who see no text.

    `steps` replaces the path that stock merkletools would be given, `entry` what is recomputed.
    """

    text: bytes
    steps: Steps | None = None
    entry: bytes | None = None


@dataclass(frozen=True)
class Opinions:
    """What the four say of one case; the two releases of merkletools apart."""

    python: str
    js: str
    contract: str
    maintained: str
    original: str


def judge(anvil: Anvil, network: Network, cases: Mapping[str, Case]) -> dict[str, Opinions]:
    """Ask all four about every case."""
    python = asyncio.run(ask_python(network, cases))
    js = ask_js(network, cases)
    contract = {name: ask_contract(anvil, network, case) for name, case in cases.items()}
    maintained, original = ask_stock(cases)
    return {
        name: Opinions(python[name], js[name], contract[name], maintained[name], original[name])
        for name in cases
    }


# --- ours


async def ask_python(network: Network, cases: Mapping[str, Case]) -> dict[str, str]:
    witnesses = [
        Witness(group.organisation, group.participant, url, EvmReader(EvmRpc(url)))
        for group in network.witnesses
        for url in group.urls
    ]
    try:
        return {name: await _python(case.text, network, witnesses) for name, case in cases.items()}
    finally:
        for witness in witnesses:
            assert isinstance(witness.reader, EvmReader)
            await witness.reader.close()


async def _python(text: bytes, network: Network, witnesses: Sequence[Witness]) -> str:
    try:
        checked = check_bundles(text)
    except (FormatError, VerificationError) as error:
        return error.code
    for one in checked:
        verdict = await verify_against_chain(one, network, witnesses)
        if verdict.outcome is Outcome.REFUSED:
            return verdict.code
        if verdict.outcome is not Outcome.VERIFIED:
            return f"no verdict: {verdict.code}"
    return ACCEPTS


def ask_js(network: Network, cases: Mapping[str, Case]) -> dict[str, str]:
    wire = network.to_json()
    questions = [
        json.dumps({"bundle": base64.b64encode(case.text).decode(), "network": wire, "quorum": 2})
        for case in cases.values()
    ]
    done = subprocess.run(
        ["node", WITNESS_CLI],
        input="\n".join(questions),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=True,
    )
    answers = map(json.loads, done.stdout.splitlines())
    return {name: _js(answer) for name, answer in zip(cases, answers, strict=True)}


def _js(answer: Any) -> str:
    if answer["outcome"] == "verified":
        return ACCEPTS
    refused = answer["outcome"] == "refused"
    return str(answer["code"]) if refused else f"no verdict: {answer['code']}"


# --- those who see no text


def documents(text: bytes) -> list[Any]:
    """The bundles of a text, read as carelessly as a caller may."""
    read = json.loads(text)
    return list(read["bundles"]) if "bundles" in read else [read]


def hashes(values: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def recomputed_entry(document: Any) -> bytes:
    """The event entry from the disclosures as texts; what they say is not looked at."""
    fields = document["fields"]
    leaves = [leaf_hash(sha256(text.encode()).digest()) for text in fields["disclosures"]]
    root = root_from_multiproof(
        leaves, fields["indices"], hashes(fields["siblings"]), size=fields["size"]
    )
    return event_entry(
        participant=document["participant"],
        fields_size=fields["size"],
        fields_root=root,
        codes_root=bytes.fromhex(document["codes"]["root"]),
    )


def verify_call(document: Any, entry: bytes) -> bytes:
    """Call data of the registry's `verify`."""
    anchor = document["anchor"]
    appended = (
        anchor["stream"],
        anchor["sequence"],
        bytes.fromhex(anchor["root"]),
        anchor["size"],
        bytes.fromhex(anchor["previousTip"]),
    )
    at = (anchor["blockNumber"], anchor["blockTime"])
    event = document["event"]
    path = hashes(event["siblings"])
    return ContractAbi(load("AnchorRegistry").abi).call_data(
        "verify", appended, *at, entry, event["index"], path
    )


def contract_accepts(anvil: Anvil, registry: bytes, document: Any, entry: bytes) -> bool:
    call = {"to": "0x" + registry.hex(), "data": "0x" + verify_call(document, entry).hex()}
    return bool(int(anvil.rpc("eth_call", call, "latest"), 16))


def ask_contract(anvil: Anvil, network: Network, case: Case) -> str:
    registry = network.registries[0].address
    try:
        accepted = [
            contract_accepts(anvil, registry, one, case.entry or recomputed_entry(one))
            for one in documents(case.text)
        ]
    except (ValueError, KeyError, TypeError, EncodingError):
        return UNASKED
    return ACCEPTS if all(accepted) else REFUSES


def ask_stock(cases: Mapping[str, Case]) -> tuple[dict[str, str], dict[str, str]]:
    """What the maintained and the original release say: to every path of every bundle, yes."""
    questions = {name: _questions(case) for name, case in cases.items()}
    flat = [one for asked in questions.values() for one in asked or ()]
    answers = iter(ask_original(*flat))
    original = {
        name: _stock(asked and [next(answers) for _ in asked]) for name, asked in questions.items()
    }
    maintained = {
        name: _stock(asked and [ask_maintained(one) for one in asked])
        for name, asked in questions.items()
    }
    return maintained, original


def _stock(answers: list[bool] | None) -> str:
    if answers is None:
        return UNASKED
    return ACCEPTS if all(answers) else REFUSES


def _questions(case: Case) -> list[dict[str, Any]] | None:
    """For merkletools: the path of every code and of the event, over recomputed leaves."""
    try:
        return [one for document in documents(case.text) for one in _paths_of(document, case)]
    except (ValueError, KeyError, TypeError):
        return None


def _paths_of(document: Any, case: Case) -> list[dict[str, Any]]:
    found = []
    for path in document["codes"]["paths"]:
        steps = stock_path(hashes(path["siblings"]), index=path["index"], size=CODES_SIZE)
        leaf = leaf_hash(sha256(path["disclosure"].encode()).digest())
        found.append({"path": steps, "leaf": leaf.hex(), "root": document["codes"]["root"]})
    event, anchor = document["event"], document["anchor"]
    steps = case.steps or stock_path(
        hashes(event["siblings"]), index=event["index"], size=anchor["size"]
    )
    leaf = leaf_hash(case.entry or recomputed_entry(document))
    return [*found, {"path": steps, "leaf": leaf.hex(), "root": anchor["root"]}]
