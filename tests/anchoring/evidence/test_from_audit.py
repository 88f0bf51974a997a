"""What an audit found becomes files that a third party checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anchoring.evidence.parse import parse_evidence
from tests.anchoring.chain.worlds import STREAM, signer
from tests.anchoring.cli_scene import Scene, anchoring, open_scene

ABSENT = b"\x55" * 32


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with open_scene(tmp_path_factory.mktemp("audited")) as made:
        yield made


def time_of(scene: Scene) -> int:
    block = scene.world.anvil.rpc("eth_getBlockByNumber", "latest", False)
    return int(block["timestamp"], 16)


def later(scene: Scene, seconds: int) -> None:
    for _ in range(seconds // 20):
        scene.world.anvil.rpc("evm_increaseTime", 20)
        scene.world.mine()


def audited(scene: Scene, folder: Path, *claims: str) -> int:
    return anchoring(
        *("audit", "--participant", "1", "--network", scene.network, "--gateway", scene.url),
        *("--evidence-files", str(folder), *claims),
    ).status


def test_a_broken_receipt_becomes_a_file(scene: Scene, tmp_path: Path) -> None:
    now = time_of(scene)
    receipt = scene.issuer.receipt(ABSENT, received_at=now, anchor_by=now + 30)
    file = scene.write("receipt.json", receipt.to_json())
    later(scene, 60)
    assert audited(scene, tmp_path, "--receipt", file) == 10
    [made] = tmp_path.glob("*-broken_receipt.json")
    run = anchoring("verify", str(made), "--network", scene.network, "--json")
    assert (run.status, run.json["outcome"], run.json["by"]) == (0, "proven", [1]), run.out


def test_two_signed_transactions_become_a_file(scene: Scene, tmp_path: Path) -> None:
    from dataclasses import replace

    from anchoring.chain.signer import LegacyCall

    anchor = scene.issuer.sealed[0].anchor
    files = []
    for root in (anchor.root, b"\x22" * 32):
        one = replace(anchor, root=root)
        fields = (one.stream, one.sequence, one.root, one.size, one.previous_tip)
        data = scene.world.reader.registry_abi.call_data("anchorOne", *fields)
        call = LegacyCall(4242, 0, 300_000, scene.world.identity.registry, data)
        raw = signer("anchor-1").sign(call)[0]
        files += ["--transaction", scene.write(f"{root.hex()[:4]}.hex", raw.hex().encode())]
    assert audited(scene, tmp_path, *files) == 10
    [made] = tmp_path.glob("*-two_transactions.json")
    assert parse_evidence(made.read_bytes()).chain.proofs
    run = anchoring("verify", str(made), "--network", scene.network, "--json")
    assert (run.status, run.json["by"]) == (0, [STREAM >> 16])


def test_an_audit_without_findings_writes_nothing(scene: Scene, tmp_path: Path) -> None:
    assert audited(scene, tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
