"""Compiled contracts, so that nothing needs a compiler to run.

Written by `scripts/compile_contracts.py`; a test recompiles the sources and compares byte for byte.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

__all__ = ["Artifact", "load"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    Attributes:
        contract: Name of the contract.
        abi: ABI as the compiler gives it.
        bytecode: Code that creates the contract; encoded constructor arguments follow it.
        deployed_bytecode: Code on the chain, with zeros where immutables go.
        immutables: For each immutable, by its name, the (start, length) of its places in bytes.
        compiler: Full version of the compiler.
        settings: The compiler's settings.
        source_hash: SHA-256 over the hashes of all source files, lower-case hex.
    """

    contract: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    deployed_bytecode: bytes
    immutables: dict[str, tuple[tuple[int, int], ...]]
    compiler: str
    settings: dict[str, Any]
    source_hash: str


def load(name: str) -> Artifact:
    """Return the artifact of a contract.

    Args:
        name: `AnchorRegistry`, `CodeRegistry`, `Consortium` or `NoticeBoard`.

    Raises:
        FileNotFoundError: there is no such contract.
    """
    text = files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    content = json.loads(text)
    immutables = {
        immutable: tuple((place["start"], place["length"]) for place in places)
        for immutable, places in content["immutableReferences"].items()
    }
    return Artifact(
        contract=content["contract"],
        abi=content["abi"],
        bytecode=bytes.fromhex(content["bytecode"][2:]),
        deployed_bytecode=bytes.fromhex(content["deployedBytecode"][2:]),
        immutables=immutables,
        compiler=content["compiler"],
        settings=content["settings"],
        source_hash=content["sourceHash"],
    )
