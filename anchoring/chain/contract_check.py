"""Are the contracts on a chain those of the network file, and those of this release?

Three questions, one after the other, of one endpoint: is the code that of the network file; is it,
apart from the immutables, the code that is shipped here; do the immutables name each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak

from anchoring.artifacts import Artifact, load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.calls import at_block
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import Contract, Network
from anchoring.errors import ContractRefusedError

_NONE = bytes(20)


@dataclass(frozen=True, slots=True)
class ContractFinding:
    """One thing that was compared.

    Attributes:
        check: Stable name, snake_case.
        ok: None if it was not compared; `text` says why.
    """

    check: str
    ok: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class _Placed:
    """A contract of the network file; `is_older` is a registry that has a successor."""

    contract: str
    label: str
    address: bytes
    code_hash: bytes | None
    is_older: bool = False


async def check_contracts(network: Network, reader: ContractReader) -> list[ContractFinding]:
    """Compare a chain with the network file and with what is shipped.

    Raises:
        ChainUnavailableError: the endpoint does not answer, or not as a chain does.
    """
    found = await _identity(network, reader)
    if not all(one.ok for one in found):
        return found
    at = (await reader.head()).block_hash
    for placed in _placed(network):
        code = await reader.code(placed.address, at=at)
        found += _code_findings(placed, code)
        if code:
            found += await _wiring(network, reader, placed, at)
    return found


class ContractReader(EvmReader):
    """Reads whole codes and single views."""

    async def code(self, address: bytes, *, at: bytes) -> bytes:
        """Return the code at an address, empty if there is none."""
        answer = await self._read("eth_getCode", "0x" + address.hex(), at_block(at))
        return self._rpc.data(answer, what="code")

    async def view(self, artifact: Artifact, address: bytes, function: str, *, at: bytes) -> object:
        """Return what a view without arguments answers.

        Raises:
            ContractRefusedError: it reverted, or there is no such view.
        """
        (value,) = await self._call(ContractAbi(artifact.abi), address, function, at=at)
        return value


async def _identity(network: Network, reader: EvmReader) -> list[ContractFinding]:
    chain_id, genesis = await reader.chain_id(), await reader.genesis_hash()
    found = [
        _finding("chain_id", chain_id == network.chain_id, "the chain id is", str(chain_id)),
        _finding(
            "genesis", genesis == network.genesis_hash, "the hash of block 0 is", genesis.hex()
        ),
    ]
    if not all(one.ok for one in found):
        text = "this is another chain than the network file's; nothing else was compared"
        found.append(ContractFinding("contracts", None, text))
    return found


def _placed(network: Network) -> Iterator[_Placed]:
    yield _Placed("Consortium", "Consortium", network.consortium, network.consortium_code_hash)
    for index, one in enumerate(network.registries):
        label = "AnchorRegistry" if index == 0 else f"AnchorRegistry before it ({index})"
        yield _Placed("AnchorRegistry", label, one.address, one.code_hash, is_older=index > 0)
    optional: tuple[tuple[str, Contract | None], ...] = (
        ("CodeRegistry", network.code_registry),
        ("NoticeBoard", network.notice_board),
    )
    for name, contract in optional:
        if contract is not None:
            yield _Placed(name, name, contract.address, contract.code_hash)


def _code_findings(placed: _Placed, code: bytes) -> Iterator[ContractFinding]:
    name, label = _snake(placed.contract), placed.label
    if not code:
        text = f"{label}: there is no contract at 0x{placed.address.hex()}"
        yield ContractFinding(f"{name}_code", ok=False, text=text)
        return
    is_same = keccak(code) == placed.code_hash
    if placed.code_hash is None:
        text = f"{label}: the network file pins no code hash; it is {keccak(code).hex()}"
        yield ContractFinding(f"{name}_code", None, text)
    else:
        words = "has the code hash of the network file" if is_same else "has other code"
        shown = "" if is_same else f" ({keccak(code).hex()}) than the network file says"
        yield ContractFinding(f"{name}_code", is_same, f"{label}: {words}{shown}")
    artifact = load(placed.contract)
    is_shipped = masked(code, artifact) == artifact.deployed_bytecode
    if placed.is_older and not is_shipped:
        text = f"{label}: not the code of this release, which may be newer than the registry"
        yield ContractFinding(f"{name}_release", None, text)
        return
    words = "is" if is_shipped else "is not"
    text = f"{label}: {words} the code that this release ships, compiled by {artifact.compiler}"
    yield ContractFinding(f"{name}_release", is_shipped, text)


def masked(code: bytes, artifact: Artifact) -> bytes:
    """Return a deployed code with zeros where the artifact has its immutables."""
    made = bytearray(code)
    for places in artifact.immutables.values():
        for start, length in places:
            if start + length <= len(made):
                made[start : start + length] = bytes(length)
    return bytes(made)


async def _wiring(
    network: Network, reader: ContractReader, placed: _Placed, at: bytes
) -> list[ContractFinding]:
    """Compare what a contract says of itself and of the others."""
    if placed.contract == "Consortium":
        return [
            await _period(reader, placed, "delay", "a heavy decision waits", at),
            await _period(reader, placed, "lifetime", "a proposal lives", at),
        ]
    found = [await _names(reader, placed, "consortium", network.consortium, at)]
    if placed.contract == "AnchorRegistry":
        addresses = [one.address for one in network.registries]
        index = addresses.index(placed.address)
        older = addresses[index + 1] if index + 1 < len(addresses) else _NONE
        newer = addresses[index - 1] if index else _NONE
        found.append(await _names(reader, placed, "predecessor", older, at))
        found.append(await _names(reader, placed, "successor", newer, at))
    if placed.contract == "NoticeBoard":
        codes = network.code_registry.address if network.code_registry is not None else _NONE
        found.append(await _names(reader, placed, "codeRegistry", codes, at))
    return found


async def _names(
    reader: ContractReader, placed: _Placed, member: str, wanted: bytes, at: bytes
) -> ContractFinding:
    check = f"{_snake(placed.contract)}_{_snake(member)}"
    try:
        value = await reader.view(load(placed.contract), placed.address, member, at=at)
    except ContractRefusedError:
        return ContractFinding(check, ok=False, text=f"{placed.label}: does not say its {member}")
    named = to_canonical_address(str(value))
    shown = f"0x{named.hex()}" if named != _NONE else "none"
    if named == wanted:
        return ContractFinding(check, ok=True, text=f"{placed.label}: its {member} is {shown}")
    instead = f"0x{wanted.hex()}" if wanted != _NONE else "none"
    text = f"{placed.label}: its {member} is {shown}, by the network file it is {instead}"
    return ContractFinding(check, ok=False, text=text)


async def _period(
    reader: ContractReader, placed: _Placed, member: str, words: str, at: bytes
) -> ContractFinding:
    check = f"consortium_{member}"
    try:
        value = await reader.view(load(placed.contract), placed.address, member, at=at)
    except ContractRefusedError:
        return ContractFinding(check, ok=False, text=f"{placed.label}: does not say its {member}")
    return ContractFinding(check, ok=True, text=f"{placed.label}: {words} {_lasting(value)}")


def _lasting(value: object) -> str:
    seconds = int(str(value))
    days, rest = divmod(seconds, 86_400)
    return f"{days} d, for ever" if days and not rest else f"{seconds} s, for ever"


def _finding(check: str, ok: bool, words: str, value: str) -> ContractFinding:
    suffix = "" if ok else ", by the network file it is another"
    return ContractFinding(check, ok, f"{words} {value}{suffix}")


def _snake(name: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name).lstrip("_")
