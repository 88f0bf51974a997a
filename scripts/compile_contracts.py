#!/usr/bin/env python3
"""Compile the contracts into `anchoring/artifacts`, or check that they are what the sources give.

The compiler is npm's, behind contracts/tools/solc, driven by py-solc-x; nothing is downloaded. The
output depends on the sources, the compiler and SETTINGS only: source names are relative and the
metadata hash is off.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
ARTIFACTS = ROOT / "anchoring" / "artifacts"
SOLC_VERSION = "0.8.37"
NAMES = ("AnchorRegistry", "CodeRegistry", "Consortium", "NoticeBoard")

# Equal to contracts/foundry.toml, so that forge tests the code that is shipped.
SETTINGS: dict[str, Any] = {
    "evmVersion": "cancun",
    "metadata": {"bytecodeHash": "none"},
    "optimizer": {"enabled": True, "runs": 200},
    "viaIR": True,
}
_OUTPUTS = [
    "abi",
    "metadata",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
]


def solcx_directory() -> Path:
    """Return a directory inside the checkout that py-solc-x takes for its own installations."""
    directory = ROOT / ".cache" / "solcx"
    directory.mkdir(parents=True, exist_ok=True)
    link = directory / f"solc-v{SOLC_VERSION}"
    if not link.is_symlink():
        link.symlink_to(Path("..", "..", "contracts", "tools", "solc"))
    return directory


def compile_sources() -> dict[str, Any]:
    """Return the compiler's standard JSON output for all sources under contracts/src."""
    os.environ["SOLCX_BINARY_PATH"] = str(solcx_directory())
    import solcx  # it reads the variable while it is imported

    sources = {
        path.relative_to(CONTRACTS).as_posix(): {"content": path.read_text(encoding="utf-8")}
        for path in sorted((CONTRACTS / "src").rglob("*.sol"))
    }
    request = {
        "language": "Solidity",
        "sources": sources,
        "settings": {**SETTINGS, "outputSelection": {"*": {"*": _OUTPUTS, "": ["ast"]}}},
    }
    try:
        output: dict[str, Any] = solcx.compile_standard(request, solc_version=SOLC_VERSION)
    except solcx.exceptions.SolcError as error:
        raise SystemExit(error.message) from None  # its str() is the whole dialogue
    warnings = [
        error["formattedMessage"]
        for error in output.get("errors", [])
        if error.get("sourceLocation", {}).get("file", "").startswith("src/")
    ]
    if warnings:
        raise SystemExit("\n".join(warnings))  # OpenZeppelin's own are not ours to answer
    return output


def source_hash(names: list[str]) -> str:
    """Return SHA-256 over the lines `<SHA-256 of the file>  <source name>`, sorted by name."""
    lines = []
    for name in sorted(names):
        place = CONTRACTS / name if name.startswith("src/") else CONTRACTS / "node_modules" / name
        lines.append(f"{hashlib.sha256(place.read_bytes()).hexdigest()}  {name}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def immutable_places(output: dict[str, Any], name: str) -> dict[str, list[dict[str, int]]]:
    """Return the places of every immutable, by name: the compiler's ids move with any edit."""
    names = {
        str(member["id"]): member["name"]
        for source in output["sources"].values()  # some are inherited
        for node in source["ast"]["nodes"]
        for member in node.get("nodes", [])
        if "name" in member  # directives have none
    }
    evm = output["contracts"][f"src/{name}.sol"][name]["evm"]
    references = evm["deployedBytecode"]["immutableReferences"]
    return {names[reference]: places for reference, places in references.items()}


def artifact(output: dict[str, Any], name: str) -> str:
    """Return the text of one artifact: sorted, indented JSON with a newline at its end."""
    compiled = output["contracts"][f"src/{name}.sol"][name]
    metadata = json.loads(compiled["metadata"])
    evm = compiled["evm"]
    content = {
        "contract": name,
        "abi": compiled["abi"],
        "bytecode": "0x" + evm["bytecode"]["object"],
        "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
        "immutableReferences": immutable_places(output, name),
        "compiler": metadata["compiler"]["version"],
        "settings": SETTINGS,
        "sourceHash": source_hash(list(metadata["sources"])),
    }
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a file differs")
    check = parser.parse_args(arguments).check
    output = compile_sources()
    differing = []
    for name in NAMES:
        text, place = artifact(output, name), ARTIFACTS / f"{name}.json"
        if place.is_file() and place.read_bytes() == text.encode():
            continue
        differing.append(place.name)
        if not check:
            place.write_bytes(text.encode())
    verb = "differs" if check else "wrote"
    print("\n".join(f"{verb}: {name}" for name in differing) or "up to date")
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
