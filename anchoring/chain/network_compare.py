"""What differs between two network files, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from anchoring.chain.network import Contract, Network


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        pointer: Where it is, a JSON pointer.
        text: What differs, for a person.
        carries_trust: False for what viewers may choose differently: witnesses and signatures.
    """

    pointer: str
    text: str
    carries_trust: bool = True


def differences(one: Network, other: Network) -> list[Difference]:
    """Return what differs, in the order of the file; empty if they say the same."""
    return [
        *_values(one, other),
        *_registries(one, other),
        *_witnesses(one, other),
        *_signatures(one, other),
    ]


def _values(one: Network, other: Network) -> Iterator[Difference]:
    """Compare what stands once in a file."""
    shown: list[tuple[str, str, Callable[[Network], str | None]]] = [
        ("/chainId", "chain id", lambda network: str(network.chain_id)),
        ("/genesisHash", "hash of block 0", lambda network: network.genesis_hash.hex()),
        (
            "/consortium",
            "address of the Consortium",
            lambda network: f"0x{network.consortium.hex()}",
        ),
        (
            "/consortiumCodeHash",
            "code hash of the Consortium",
            lambda network: _hex(network.consortium_code_hash),
        ),
        ("/codeRegistry", "CodeRegistry", lambda network: _contract(network.code_registry)),
        ("/noticeBoard", "NoticeBoard", lambda network: _contract(network.notice_board)),
        ("/validators", "validators", lambda network: _addresses(network.validators)),
    ]
    for pointer, name, show in shown:
        mine, theirs = show(one), show(other)
        if mine != theirs:
            text = f"{name}: {mine or 'none'} in the first, {theirs or 'none'} in the second"
            yield Difference(pointer, text)


def _registries(one: Network, other: Network) -> Iterator[Difference]:
    first = {entry.address: entry for entry in one.registries}
    second = {entry.address: entry for entry in other.registries}
    for address in dict.fromkeys((*first, *second)):
        mine, theirs = first.get(address), second.get(address)
        if mine == theirs:
            continue
        name = f"registry 0x{address.hex()}"
        if mine is None or theirs is None:
            where = "second" if mine is None else "first"
            yield Difference("/registries", f"{name} stands in the {where} only")
        else:
            hashes = f"{mine.code_hash.hex()} in the first, {theirs.code_hash.hex()} in the second"
            yield Difference("/registries", f"{name} has code {hashes}")
    if set(first) == set(second) and tuple(first) != tuple(second):
        yield Difference("/registries", "the registries stand in another order, newest first")


def _witnesses(one: Network, other: Network) -> Iterator[Difference]:
    first = {group.organisation: group for group in one.witnesses}
    second = {group.organisation: group for group in other.witnesses}
    for name in sorted({*first, *second}):
        mine, theirs = first.get(name), second.get(name)
        if mine is None or theirs is None:
            where = "second" if mine is None else "first"
            text = f"the witness {name} stands in the {where} only"
        elif mine.participant != theirs.participant:
            text = f"the witness {name} is participant {mine.participant} in the first, "
            text += f"{theirs.participant} in the second"
        elif set(mine.urls) != set(theirs.urls):
            text = f"the witness {name} has other addresses"
        else:
            continue
        yield Difference("/witnesses", text, carries_trust=False)


def _signatures(one: Network, other: Network) -> Iterator[Difference]:
    first = {entry.participant: entry for entry in one.signatures}
    second = {entry.participant: entry for entry in other.signatures}
    for number in sorted({*first, *second}):
        mine, theirs = first.get(number), second.get(number)
        if mine == theirs:
            continue
        if mine is None or theirs is None:
            where = "second" if mine is None else "first"
            text = f"participant {number} signed the {where} only"
        else:
            text = f"participant {number} signed both, differently"
        yield Difference("/signatures", text, carries_trust=False)


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _contract(value: Contract | None) -> str | None:
    return None if value is None else f"0x{value.address.hex()} with code {value.code_hash.hex()}"


def _addresses(values: tuple[bytes, ...]) -> str | None:
    return ", ".join(f"0x{one.hex()}" for one in values) or None
