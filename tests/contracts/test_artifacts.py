"""The committed artifacts are what the sources give, and are what Anvil then runs."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from anchoring.artifacts import Artifact, load

from .conftest import Network

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("AnchorRegistry", "CodeRegistry", "Consortium", "NoticeBoard")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    place = ROOT / "scripts" / "compile_contracts.py"
    spec = importlib.util.spec_from_file_location("compile_contracts", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text(name: str) -> str:
    return (ROOT / "anchoring" / "artifacts" / f"{name}.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def output(script: ModuleType) -> dict[str, Any]:
    """One compilation through py-solc-x; it takes some seconds."""
    compiled: dict[str, Any] = script.compile_sources()
    return compiled


@pytest.mark.parametrize("name", NAMES)
def test_artifacts_equal_a_fresh_compilation(
    script: ModuleType, output: dict[str, Any], name: str
) -> None:
    assert script.artifact(output, name) == text(name)


def test_the_check_finds_a_changed_artifact(
    script: ModuleType, output: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.json").write_text(text(name), encoding="utf-8")
    changed = tmp_path / "AnchorRegistry.json"
    changed.write_text(text("AnchorRegistry").replace("0x60", "0x61", 1), encoding="utf-8")
    monkeypatch.setattr(script, "compile_sources", lambda: output)
    monkeypatch.setattr(script, "ARTIFACTS", tmp_path)
    assert script.main(["--check"]) == 1
    assert script.main([]) == 0
    assert changed.read_text(encoding="utf-8") == text("AnchorRegistry")
    assert script.main(["--check"]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_source_hash_covers_the_sources(script: ModuleType, name: str) -> None:
    sources = closure(f"src/{name}.sol")
    assert f"src/interfaces/I{name}.sol" in sources
    assert script.source_hash(sorted(sources)) == load(name).source_hash


def closure(name: str, seen: set[str] | None = None) -> set[str]:
    """All sources that `name` imports, found by reading them."""
    seen = seen if seen is not None else set()
    if name in seen:
        return seen
    seen.add(name)
    own = name.startswith("src/")
    place = ROOT / "contracts" / name if own else ROOT / "contracts" / "node_modules" / name
    for line in place.read_text(encoding="utf-8").replace("\n    ", " ").splitlines():
        if " from " in line and line.lstrip("} ").startswith(("import", "from")):
            imported = line.split(" from ")[1].strip().strip(";").strip('"')
            closure(joined(name, imported), seen)
    return seen


def joined(name: str, imported: str) -> str:
    if not imported.startswith("."):
        return imported
    parts = name.split("/")[:-1]
    for part in imported.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


@pytest.mark.parametrize("name", NAMES)
def test_an_artifact_holds_no_path_of_a_machine(name: str) -> None:
    assert str(ROOT) not in text(name)
    assert "node_modules" not in text(name)
    assert text(name).endswith("}\n")
    assert json.dumps(json.loads(text(name)), indent=2, sort_keys=True) + "\n" == text(name)


def test_the_pin_is_the_same_everywhere(script: ModuleType) -> None:
    foundry = (ROOT / "contracts" / "foundry.toml").read_text(encoding="utf-8")
    package = json.loads((ROOT / "contracts" / "package.json").read_text(encoding="utf-8"))
    assert package["devDependencies"]["solc"] == script.SOLC_VERSION
    for name in NAMES:
        artifact = load(name)
        assert artifact.compiler.split("+")[0] == script.SOLC_VERSION
        assert artifact.settings["evmVersion"] == "cancun"
        assert artifact.settings["optimizer"] == {"enabled": True, "runs": 200}
    for line in ('evm_version = "cancun"', "optimizer = true", "optimizer_runs = 200"):
        assert line in foundry
    for source in (ROOT / "contracts" / "src").rglob("*.sol"):
        assert f"pragma solidity {script.SOLC_VERSION};" in source.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_code_fits_what_the_chain_takes(name: str) -> None:
    assert 0 < len(load(name).deployed_bytecode) <= 24_576  # EIP-170


def filled(artifact: Artifact, values: dict[str, str]) -> bytes:
    code = bytearray(artifact.deployed_bytecode)
    for immutable, places in artifact.immutables.items():
        for start, length in places:
            code[start : start + length] = bytes.fromhex(values[immutable][2:]).rjust(length, b"\0")
    return bytes(code)


def test_the_deployed_code_is_the_artifact_with_its_immutables(network: Network) -> None:
    zero = "0x" + "00" * 20
    values = {
        "consortium": network.consortium.address,
        "predecessor": zero,
        "delay": f"0x{604_800:08x}",
        "lifetime": f"0x{2_592_000:08x}",
    }
    code = network.chain.w3.eth.get_code
    assert bytes(code(network.registry.address)) == filled(load("AnchorRegistry"), values)
    assert bytes(code(network.consortium.address)) == filled(load("Consortium"), values)
