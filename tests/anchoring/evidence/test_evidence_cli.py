"""`verify` on evidence and messages, and `evidence`, which makes such files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.network import WitnessGroup, load_network, write_network
from anchoring.core.anchor import Anchor
from anchoring.evidence.model import Evidence, EvidenceKind, TwoTransactions
from tests.anchoring.chain.worlds import STREAM, signer
from tests.anchoring.cli_scene import Scene, anchoring, open_scene, process

FIRST = Anchor(STREAM, 7, b"\x11" * 32, 16, b"\x01" * 32)
ANCHOR_KEY = f"1=0x{signer('anchor-1').address.hex()}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with open_scene(tmp_path_factory.mktemp("evidence")) as made:
        yield made


def signed(scene: Scene, anchor: Anchor) -> bytes:
    from anchoring.chain.signer import LegacyCall

    fields = (anchor.stream, anchor.sequence, anchor.root, anchor.size, anchor.previous_tip)
    data = scene.world.reader.registry_abi.call_data("anchorOne", *fields)
    call = LegacyCall(4242, 0, 300_000, scene.world.identity.registry, data)
    return signer("anchor-1").sign(call)[0]


@pytest.fixture
def raws(scene: Scene) -> tuple[bytes, bytes]:
    return signed(scene, FIRST), signed(scene, replace(FIRST, root=b"\x22" * 32))


def written(scene: Scene, raws: tuple[bytes, bytes], name: str = "evidence.json") -> str:
    evidence = Evidence(EvidenceKind.TWO_TRANSACTIONS, TwoTransactions(raws))
    return scene.write(name, evidence.to_json())


def test_offline_it_says_what_was_not_checked(scene: Scene, raws: Any) -> None:
    run = anchoring(
        "verify", written(scene, raws), "--network", scene.network, "--offline", "--json"
    )
    assert (run.status, run.json["code"]) == (13, "key_unchecked")
    assert "whose key that is was not checked" in run.json["text"]
    assert "--key" in run.err


def test_a_key_that_the_viewer_knows_is_enough(scene: Scene, raws: Any) -> None:
    file = written(scene, raws)
    base = ("verify", file, "--network", scene.network, "--offline")
    run = anchoring(*base, "--key", ANCHOR_KEY)
    assert run.status == 0, run.out
    assert run.out.startswith("proven: participant 1 signed two batches for one sequence")
    other = anchoring(*base, "--key", ANCHOR_KEY.replace("1=", "2=", 1), "--json")
    assert (other.status, other.json["code"]) == (10, "key_of_another")


def test_witnesses_answer_what_the_file_does_not_prove(scene: Scene, raws: Any) -> None:
    run = anchoring("verify", written(scene, raws), "--network", scene.network, "--json")
    assert (run.status, run.json["outcome"], run.json["by"]) == (0, "proven", [1])
    assert any("regulator, shop say so" in line for line in run.json["basis"])


def test_the_witnesses_of_the_accused_do_not_count(scene: Scene, raws: Any) -> None:
    url = scene.world.anvil.url
    run = anchoring(
        *("verify", written(scene, raws), "--network", scene.network, "--json"),
        *("--rpc", f"maker={url}", "--rpc", f"shop={url}"),
    )
    assert (run.status, run.json["code"]) == (13, "key_unchecked")


def test_a_file_that_shows_nothing_is_refused(scene: Scene, raws: Any) -> None:
    file = written(scene, (raws[0], raws[0]), "same.json")
    run = anchoring("verify", file, "--network", scene.network, "--json")
    assert (run.status, run.json["code"]) == (10, "no_contradiction")
    assert "nobody is shown to have done anything" in run.err


@pytest.mark.parametrize(
    "text",
    [
        b'{"format":"sealtrail/evidence/v1"}',
        b'{"format":"sealtrail/evidence/v1","kind":"gossip"}',
        b'{"format":"sealtrail/evidence/v1","kind":"two_transactions","transactions":[]}',
        b'{"format":"sealtrail/evidence/v1","kind":"said","message":{}}',
        b'{"format":"sealtrail/message/v1"}',
        b'{"format":"sealtrail/evidence/v1",',
    ],
)
def test_what_is_malformed_is_refused(scene: Scene, text: bytes) -> None:
    run = anchoring("verify", "-", "--network", scene.network, "--json", stdin=text)
    assert (run.status, run.json["outcome"]) == (10, "refused")


@pytest.mark.parametrize(
    "options", [("--key", "1"), ("--key", "0=0x" + "1" * 40), ("--block", "0x12")]
)
def test_options_that_say_nothing_are_usage(
    scene: Scene, raws: Any, options: tuple[str, ...]
) -> None:
    run = anchoring("verify", written(scene, raws), "--network", scene.network, *options)
    assert run.status == 2


def test_a_bundle_takes_none_of_them(scene: Scene) -> None:
    run = anchoring("verify", scene.file, "--network", scene.network, "--offline")
    assert run.status == 2
    assert "this is a bundle" in run.err


def test_a_bundle_may_hint_at_evidence(scene: Scene) -> None:
    bundle = json.loads(scene.bundle)
    bundle["hints"] = {"format": "sealtrail/evidence/v1"}
    file = scene.write("hinting.json", json.dumps(bundle).encode())
    assert anchoring("verify", file, "--network", scene.network).status == 0


def test_two_transactions_become_one_file(scene: Scene, raws: Any, tmp_path: Path) -> None:
    files = [
        scene.write(f"raw-{at}.hex", ("0x" + raw.hex() + "\n").encode())
        for at, raw in enumerate(raws)
    ]
    made = tmp_path / "made.json"
    base = ("--network", scene.network)
    run = anchoring("evidence", "transactions", *files, "-o", str(made), *base, "--json")
    assert (run.status, run.json["outcome"]) == (0, "proven")
    # A third party that trusts no endpoint, but knows one block of the chain.
    head = json.loads(made.read_text())["chain"]["headers"][-1]["hash"]
    lone = scene.folder / "lone.json"
    network = load_network(Path(scene.network))
    write_network(lone, replace(network, witnesses=(WitnessGroup("x", None, ("http://x",)),)))
    options = ("--network", str(lone), "--offline")
    assert anchoring("verify", str(made), *options).status == 13
    run = anchoring("verify", str(made), *options, "--block", head)
    assert run.status == 0, run.out
    assert "which you trust" in run.err


def test_nothing_is_written_of_what_contradicts_nothing(
    scene: Scene, raws: Any, tmp_path: Path
) -> None:
    file = scene.write("raw.hex", raws[0].hex().encode())
    made = tmp_path / "made.json"
    run = anchoring(
        *("evidence", "transactions", file, file, "-o", str(made), "--network", scene.network)
    )
    assert run.status == 10
    assert not made.exists()
    one = anchoring("evidence", "transactions", file, "-o", str(made), "--network", scene.network)
    assert one.status == 2


def test_the_program_itself(scene: Scene, raws: Any) -> None:
    run = process("verify", written(scene, raws), "--network", scene.network, "--json")
    assert (run.status, run.json["outcome"]) == (0, "proven")
