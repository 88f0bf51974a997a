"""The viewer's own network file, `sealtrail/network/v1`: which chain, contracts and witnesses.

It is the root of a viewer's trust: chain id, genesis and registries come from here, never from a
bundle or from an endpoint. JSON, strict: unknown members are refused.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError

FORMAT = "sealtrail/network/v1"
FILE_SIZE_BYTES_MAX = 1024 * 1024

_ADDRESS_SIZE_BYTES = 20
_HASH_SIZE_BYTES = 32
_NUMBER_MAX = 2**53 - 1
_PARTICIPANT_MAX = 2**32 - 1
_SIGNATURE_SIZE_BYTES = 65
_LIST_SIZE_MAX = 256
_REQUIRED = ("format", "chainId", "genesisHash", "consortium", "registries", "witnesses")
_OPTIONAL = ("consortiumCodeHash", "codeRegistry", "noticeBoard", "validators", "signatures")


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract and the Keccak-256 of its deployed code."""

    address: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class WitnessGroup:
    """One organisation's chain endpoints; several of one organisation count once.

    `participant` is its id in the Consortium, None for an organisation outside of it.
    """

    organisation: str
    participant: int | None
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkSignature:
    """A participant's word that this is its network: 65 bytes r, s, v by its admin key."""

    participant: int
    address: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Network:
    """What a viewer holds to be the network.

    Attributes:
        consortium: Address of the Consortium.
        registries: AnchorRegistries, newest first.
        consortium_code_hash: Keccak-256 of the Consortium's code, None if the file pins none.
        code_registry: The CodeRegistry; without it nobody's right to a prefix can be checked.
        notice_board: The NoticeBoard; without it no recall can be seen on the chain.
        validators: Addresses that seal blocks, ascending; empty if the file names none.
        signatures: Participants' signatures over the rest of the file.
    """

    chain_id: int
    genesis_hash: bytes
    consortium: bytes
    registries: tuple[Contract, ...]
    witnesses: tuple[WitnessGroup, ...]
    consortium_code_hash: bytes | None = None
    code_registry: Contract | None = None
    notice_board: Contract | None = None
    validators: tuple[bytes, ...] = ()
    signatures: tuple[NetworkSignature, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; what the network does not have is left out."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "chainId": self.chain_id,
            "genesisHash": self.genesis_hash.hex(),
            "consortium": self.consortium.hex(),
        }
        if self.consortium_code_hash is not None:
            document["consortiumCodeHash"] = self.consortium_code_hash.hex()
        document["registries"] = [_contract_json(one) for one in self.registries]
        if self.code_registry is not None:
            document["codeRegistry"] = _contract_json(self.code_registry)
        if self.notice_board is not None:
            document["noticeBoard"] = _contract_json(self.notice_board)
        if self.validators:
            document["validators"] = [one.hex() for one in self.validators]
        document["witnesses"] = {
            one.organisation: {"participant": one.participant, "urls": list(one.urls)}
            for one in self.witnesses
        }
        if self.signatures:
            document["signatures"] = [_signature_json(one) for one in self.signatures]
        return document


def load_network(path: Path) -> Network:
    """Read a network file.

    Raises:
        FormatError: `network_file` (unreadable), `network_json` or `network_shape`; `pointer`
            says where.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(FILE_SIZE_BYTES_MAX + 1)
    except OSError as error:
        text = f"cannot read the network file {path}: {error.strerror or 'error'}"
        raise FormatError(text, code="network_file") from error
    return parse_network(raw)


def parse_network(raw: bytes) -> Network:
    """Parse and check a network file's bytes; errors as in `load_network`."""
    try:
        document = parse_plain(raw, size_bytes_max=FILE_SIZE_BYTES_MAX)
    except FormatError as error:
        raise FormatError(f"network file: {error}", code="network_json") from error
    _members(document, _REQUIRED, pointer="", optional=_OPTIONAL)
    if document["format"] != FORMAT:
        _refuse("/format", f"must be {FORMAT}")
    given = {name: document.get(name, ...) for name in _OPTIONAL}
    return Network(
        chain_id=_number(document["chainId"], "/chainId", maximum=_NUMBER_MAX),
        genesis_hash=_hex(document["genesisHash"], "/genesisHash", size=_HASH_SIZE_BYTES),
        consortium=_hex(document["consortium"], "/consortium", size=_ADDRESS_SIZE_BYTES),
        registries=_registries(document["registries"]),
        witnesses=_witnesses(document["witnesses"]),
        consortium_code_hash=None
        if given["consortiumCodeHash"] is ...
        else _hex(given["consortiumCodeHash"], "/consortiumCodeHash", size=_HASH_SIZE_BYTES),
        code_registry=_optional_contract(given["codeRegistry"], "/codeRegistry"),
        notice_board=_optional_contract(given["noticeBoard"], "/noticeBoard"),
        validators=_validators(given["validators"]),
        signatures=_signatures(given["signatures"]),
    )


def write_network(path: Path, network: Network) -> None:
    """Write a network file; replaces an existing one in one step."""
    text = json.dumps(network.to_json(), indent=2, ensure_ascii=False) + "\n"
    staged = path.with_name(path.name + ".new")
    with staged.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    staged.replace(path)


def _contract_json(one: Contract) -> dict[str, str]:
    return {"address": one.address.hex(), "codeHash": one.code_hash.hex()}


def _signature_json(one: NetworkSignature) -> dict[str, Any]:
    return {
        "participant": one.participant,
        "address": one.address.hex(),
        "signature": one.signature.hex(),
    }


def _registries(value: object) -> tuple[Contract, ...]:
    if not isinstance(value, list) or not value:
        _refuse("/registries", "must be a list of at least one registry")
    found: list[Contract] = []
    for index, one in enumerate(value):
        pointer = f"/registries/{index}"
        contract = _contract(one, pointer)
        if any(contract.address == other.address for other in found):
            _refuse(f"{pointer}/address", "stands in the list twice")
        found.append(contract)
    return tuple(found)


def _contract(value: Any, pointer: str) -> Contract:
    _members(value, ("address", "codeHash"), pointer=pointer)
    return Contract(
        _hex(value["address"], f"{pointer}/address", size=_ADDRESS_SIZE_BYTES),
        _hex(value["codeHash"], f"{pointer}/codeHash", size=_HASH_SIZE_BYTES),
    )


def _optional_contract(value: object, pointer: str) -> Contract | None:
    return None if value is ... else _contract(value, pointer)


def _validators(value: object) -> tuple[bytes, ...]:
    if value is ...:
        return ()
    found: list[bytes] = []
    for index, one in enumerate(_list(value, "/validators")):
        address = _hex(one, f"/validators/{index}", size=_ADDRESS_SIZE_BYTES)
        if found and address <= found[-1]:  # one order, so that one network has one text
            _refuse(f"/validators/{index}", "must be greater than the one before it")
        found.append(address)
    return tuple(found)


def _signatures(value: object) -> tuple[NetworkSignature, ...]:
    if value is ...:
        return ()
    found: list[NetworkSignature] = []
    for index, one in enumerate(_list(value, "/signatures")):
        pointer = f"/signatures/{index}"
        _members(one, ("participant", "address", "signature"), pointer=pointer)
        at = f"{pointer}/participant"
        participant = _number(one["participant"], at, maximum=_PARTICIPANT_MAX)
        if found and participant <= found[-1].participant:
            _refuse(at, "must be greater than the one before it")
        address = _hex(one["address"], f"{pointer}/address", size=_ADDRESS_SIZE_BYTES)
        signature = _hex(one["signature"], f"{pointer}/signature", size=_SIGNATURE_SIZE_BYTES)
        found.append(NetworkSignature(participant, address, signature))
    return tuple(found)


def _list(value: object, pointer: str) -> list[Any]:
    if not isinstance(value, list) or not 1 <= len(value) <= _LIST_SIZE_MAX:
        _refuse(pointer, f"must be a list of 1 to {_LIST_SIZE_MAX}")
    return value


def _witnesses(value: object) -> tuple[WitnessGroup, ...]:
    if not isinstance(value, dict):
        _refuse("/witnesses", "must be an object")
    found: list[WitnessGroup] = []
    for organisation, one in value.items():
        pointer = f"/witnesses/{organisation.replace('~', '~0').replace('/', '~1')}"
        if not organisation or len(organisation) > 128:
            _refuse(pointer, "an organisation's name has 1 to 128 characters")
        _members(one, ("participant", "urls"), pointer=pointer)
        participant = one["participant"]
        if participant is not None:
            at = f"{pointer}/participant"
            participant = _number(participant, at, maximum=_PARTICIPANT_MAX)
        urls = one["urls"]
        if not isinstance(urls, list) or not urls:
            _refuse(f"{pointer}/urls", "must be a list of at least one address")
        for index, url in enumerate(urls):
            _check_url(url, f"{pointer}/urls/{index}")
        found.append(WitnessGroup(organisation, participant, tuple(urls)))
    return tuple(found)


def _check_url(value: object, pointer: str) -> None:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        is_url = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        _refuse(pointer, "must be an http:// or https:// address")


def _members(
    value: object, names: tuple[str, ...], *, pointer: str, optional: tuple[str, ...] = ()
) -> None:
    if not isinstance(value, dict):
        _refuse(pointer, "must be an object")
    for name in names:
        if name not in value:
            _refuse(pointer, f"has no member {name}")
    for name in value:
        if name not in names and name not in optional:
            _refuse(pointer, f"has an unknown member {name!r}")


def _number(value: object, pointer: str, *, maximum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= maximum:
        _refuse(pointer, f"must be a whole number from 1 to {maximum}")
    return value


def _hex(value: object, pointer: str, *, size: int) -> bytes:
    text = value if isinstance(value, str) else ""
    if len(text) != 2 * size or not set(text) <= set("0123456789abcdef"):
        _refuse(pointer, f"must be {2 * size} lower-case hex characters without 0x")
    return bytes.fromhex(text)


def _refuse(pointer: str, sentence: str) -> NoReturn:
    where = pointer or "the document"
    raise FormatError(f"network file: {where} {sentence}", code="network_shape", pointer=pointer)
