"""Python and JavaScript say the same beside the anchor, whatever one of three witnesses says."""

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from anchoring.chain.network import Network, WitnessGroup
from anchoring.directory.prefixes import prefix_of_code, product_of_code
from anchoring.verification import ChainVerdict
from tests.anchoring.chain import lies
from tests.anchoring.chain.quorum_scene import QuorumScene, open_scene
from tests.js.module_call import call
from tests.js.node_verifier import HERE
from tests.liars import truth

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A witness that never answers costs the JavaScript verifier its whole ten seconds, for each bundle.
LIES = {name: lie for name, lie in lies.EVERY.items() if not name.startswith("silent")}
EVERY = ("good", "lot", "foreign", "suspect", "tampered")
"""What is asked about under a lie; without one, all are."""
CODES = [
    "https://id.gs1.org/01/09506000134352/21/42",
    "https://id.gs1.org/01/19506000134359/10/A%2FB/21/42",
    "https://id.gs1.org/00/395060001343521234",
    "https://id.gs1.org/8003/09506000134352abc",
    "https://id.gs1.org/253/9506ab",
    "https://id.gs1.org/253/950",
    "https://id.gs1.org/8006/095060001343520102",
    "https://id.gs1.org/01/095060001/21/1?x=1",
    "https://id.gs1.org/99/09506000134352",
    "urn:x-cn-drug:81234567890123456789",
    "urn:x-cn-drug:8123456",
    "urn:epc:id:sgtin:950600.0134352.1",
    "",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[QuorumScene]:
    async with open_scene() as made:
        yield made


def network_of(scene: QuorumScene) -> Network:
    return replace(
        scene.network,
        witnesses=(
            WitnessGroup("honest", None, (scene.nodes.followers[0].url,)),
            WitnessGroup("liar", None, (scene.liar.url,)),
            WitnessGroup("regulator", 4, (scene.nodes.followers[2].url,)),
        ),
    )


def ask_js(scene: QuorumScene, *names: str) -> dict[str, Any]:
    network = network_of(scene).to_json()
    lines = [
        json.dumps(
            {
                "bundle": base64.b64encode(scene.bundles[name].bundle.to_json()).decode(),
                "network": network,
                "quorum": 2,
            }
        )
        for name in names
    ]
    done = subprocess.run(
        ["node", HERE / "witness_cli.mjs"],
        input="\n".join(lines),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=True,
    )
    return dict(zip(names, map(json.loads, done.stdout.splitlines()), strict=True))


def of_python(verdict: ChainVerdict) -> dict[str, Any]:
    return {
        "outcome": str(verdict.outcome),
        "witnesses": [(one.organisation, one.code, one.proven) for one in verdict.witnesses],
        "warnings": sorted(
            {(one.code, one.since, " ".join(one.shown_by)) for one in verdict.warnings}
        ),
        "notes": [one.code for one in verdict.notes],
    }


def of_js(answer: dict[str, Any]) -> dict[str, Any]:
    lines, warnings = answer["witnesses"], answer["warnings"]
    return {
        "outcome": answer["outcome"],
        "witnesses": [(one["organisation"], one["status"], one["proven"]) for one in lines],
        "warnings": sorted(
            {(one["code"], one["since"] or 0, " ".join(one["shownBy"])) for one in warnings}
        ),
        "notes": [one["code"] for one in answer["notes"]],
    }


@pytest.mark.parametrize("name", ["truth", *sorted(LIES)])
async def test_both_tell_the_same_of_every_bundle(scene: QuorumScene, name: str) -> None:
    scene.liar.lie = LIES.get(name, truth)
    bundles = EVERY if name in LIES else tuple(scene.bundles)
    others = await asyncio.to_thread(ask_js, scene, *bundles)
    for bundle in bundles:
        verdict = await scene.ask(bundle)
        assert (bundle, of_js(others[bundle])) == (bundle, of_python(verdict))


async def test_a_file_without_registries_of_codes_and_notices_is_noted(scene: QuorumScene) -> None:
    scene.liar.lie = truth
    bare = replace(scene.network, notice_board=None, code_registry=None)
    full, scene.network = scene.network, bare
    try:
        others = await asyncio.to_thread(ask_js, scene, "foreign")
        assert others["foreign"]["outcome"] == "verified"
        verdict = await scene.ask("foreign")
        assert of_js(others["foreign"]) == of_python(verdict)
        assert len(verdict.notes) == 2
    finally:
        scene.network = full


async def test_both_read_the_same_prefix_out_of_a_code() -> None:
    expression = "[core.prefixOfCode(one), core.productOfCode(one)]"
    found = await asyncio.to_thread(call, expression, CODES)
    assert found == [[prefix_of_code(one), product_of_code(one)] for one in CODES]
