"""Compile a folder of contract sources again, and compare with what is shipped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anchoring.artifacts import load
from anchoring.chain.contract_check import ContractFinding

CONTRACTS = ("Consortium", "AnchorRegistry", "CodeRegistry", "NoticeBoard")
_OUTPUTS = ("metadata", "evm.bytecode.object", "evm.deployedBytecode.object")
_WHY_NOT = "not compared with the sources"


def check_source(contracts: Path | None) -> list[ContractFinding]:
    """Return whether the sources in a folder give exactly the code that is shipped.

    Args:
        contracts: A checkout's `contracts`, with its compiler installed; None: name the hashes.
    """
    if contracts is None:
        return [_not_compared(name, "give --source contracts/") for name in CONTRACTS]
    try:
        import solcx
    except ImportError:
        reason = "py-solc-x is not installed"
        return [_not_compared(name, reason) for name in CONTRACTS]
    launcher = contracts / "tools" / "solc"
    if not launcher.exists() or not (contracts / "node_modules" / "solc").exists():
        reason = f"there is no compiler in {contracts}; npm ci installs it"
        return [_not_compared(name, reason) for name in CONTRACTS]
    try:
        output = solcx.compile_standard(_request(contracts), solc_binary=launcher.resolve())
    except (solcx.exceptions.SolcError, OSError) as error:
        reason = f"the compiler failed: {type(error).__name__}"
        return [_not_compared(name, reason) for name in CONTRACTS]
    return [_compared(contracts, output, name) for name in CONTRACTS]


def source_hash(contracts: Path, names: Sequence[str]) -> str:
    """Return SHA-256 over the lines `<SHA-256 of the file>  <source name>`, sorted by name."""
    lines = []
    for name in sorted(names):
        place = contracts / name if name.startswith("src/") else contracts / "node_modules" / name
        lines.append(f"{hashlib.sha256(place.read_bytes()).hexdigest()}  {name}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _request(contracts: Path) -> dict[str, Any]:
    sources = {
        path.relative_to(contracts).as_posix(): {"content": path.read_text(encoding="utf-8")}
        for path in sorted((contracts / "src").rglob("*.sol"))
    }
    settings = load(CONTRACTS[0]).settings
    selection = {"*": {"*": list(_OUTPUTS)}}
    return {
        "language": "Solidity",
        "sources": sources,
        "settings": {**settings, "outputSelection": selection},
    }


def _compared(contracts: Path, output: dict[str, Any], name: str) -> ContractFinding:
    artifact, check = load(name), _check_name(name)
    try:
        compiled = output["contracts"][f"src/{name}.sol"][name]
    except KeyError:
        return ContractFinding(check, ok=False, text=f"{name}: {contracts} has no such contract")
    metadata = json.loads(compiled["metadata"])
    is_same = (
        bytes.fromhex(compiled["evm"]["bytecode"]["object"]) == artifact.bytecode
        and bytes.fromhex(compiled["evm"]["deployedBytecode"]["object"])
        == artifact.deployed_bytecode
        and metadata["compiler"]["version"] == artifact.compiler
        and source_hash(contracts, list(metadata["sources"])) == artifact.source_hash
    )
    words = "give" if is_same else "do not give"
    text = f"{name}: the sources in {contracts} {words} the code that is shipped"
    return ContractFinding(check, is_same, text)


def _not_compared(name: str, reason: str) -> ContractFinding:
    shown = load(name).source_hash
    text = f"{name}: {_WHY_NOT} ({reason}); shipped from the source hash {shown}"
    return ContractFinding(_check_name(name), None, text)


def _check_name(name: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name)[1:] + "_source"
