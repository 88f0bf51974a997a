"""The contract logs that make the directory: which there are, and what stands in them.

The table is written by hand, because whoever folds logs relies on the order of their fields; a test
holds it against the compiled contracts. Logs of other contracts, and others of these contracts, are
nobody's concern here. Source: contracts/src/interfaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from anchoring.errors import ChainError

WORD_SIZE_BYTES: Final = 32
_ADDRESS_SIZE_BYTES: Final = 20


class LogsRefusedError(ChainError):
    """Logs that these contracts cannot have written: the node lies, or it is another contract."""

    code = "chain_logs"


class Source(StrEnum):
    """Which contract wrote a log."""

    CONSORTIUM = "Consortium"
    CODE_REGISTRY = "CodeRegistry"
    NOTICE_BOARD = "NoticeBoard"
    REGISTRY = "AnchorRegistry"


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contracts whose logs make the directory; the last two may be missing."""

    consortium: bytes
    registries: tuple[bytes, ...]
    code_registry: bytes | None = None
    notice_board: bytes | None = None

    def source(self, address: bytes) -> Source | None:
        """Return which of the contracts is at an address."""
        if address == self.consortium:
            return Source.CONSORTIUM
        if address == self.code_registry:
            return Source.CODE_REGISTRY
        if address == self.notice_board:
            return Source.NOTICE_BOARD
        return Source.REGISTRY if address in self.registries else None

    @property
    def addresses(self) -> tuple[bytes, ...]:
        """All of them."""
        named = (self.consortium, self.code_registry, self.notice_board, *self.registries)
        return tuple(one for one in named if one is not None)


@dataclass(frozen=True, slots=True)
class ChainLog:
    """One contract log as the chain holds it; `index` is its place in the block."""

    block_number: int
    index: int
    block_time: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


class Event(NamedTuple):
    """A log with its fields, the indexed ones first, both in the order of the declaration.

    Strings are bytes still: nothing on the chain keeps a participant from writing bad UTF-8.
    """

    name: str
    at: int
    fields: tuple[Any, ...]


class _Declared(NamedTuple):
    source: Source
    name: str
    indexed: tuple[str, ...]
    plain: tuple[str, ...]

    @property
    def topic(self) -> bytes:
        return keccak(text=f"{self.name}({','.join(self.indexed + self.plain)})")


_WORDING: Final = "(string,string,string,bytes32)"
_C, _P, _N, _R = Source.CONSORTIUM, Source.CODE_REGISTRY, Source.NOTICE_BOARD, Source.REGISTRY
_ADMITTED: Final = ("string", "string", "string", "uint32", "address", "address")
_KEY_ADDED: Final = ("uint8", "uint64", "uint64", "uint64[]")
_PUBLISHED: Final = ("uint8", "bool", "bool", "(string,string[],bytes32)", _WORDING)
_PUBLISHED_SIZE_BYTES_MAX: Final = 32 * 1024
"""More than the contract lets anybody write. Lots are offsets, and may all name one place: without
a limit a small log decodes to gigabytes."""
_ID: Final = ("uint256",)
_ID_AND_WHO: Final = ("uint256", "uint32")
_WHO_AND_KEYS: Final = ("uint32", "address", "address")

DECLARED: Final = (
    _Declared(_C, "ParticipantAdmitted", ("uint32",), _ADMITTED),
    _Declared(_C, "StatusChanged", ("uint32",), ("uint8",)),
    _Declared(_C, "RolesChanged", ("uint32",), ("uint32",)),
    _Declared(_C, "UrlChanged", ("uint32",), ("string",)),
    _Declared(_C, "AdminKeyReplaced", _WHO_AND_KEYS, ("uint32",)),
    _Declared(_C, "RecoveryKeyReplaced", _WHO_AND_KEYS, ()),
    _Declared(_C, "KeyAdded", ("uint32", "address"), _KEY_ADDED),
    _Declared(_C, "KeyRevoked", ("uint32", "address"), ("uint64",)),
    _Declared(
        _C,
        "ProposalMade",
        ("uint256", "uint8", "uint32"),
        ("bytes", "bytes32", "bytes32", "uint64"),
    ),
    _Declared(_C, "ProposalApproved", _ID_AND_WHO, ()),
    _Declared(_C, "ProposalApprovalWithdrawn", _ID_AND_WHO, ()),
    _Declared(_C, "ProposalThreshold", _ID, ("uint64", "uint64")),
    _Declared(_C, "ProposalExecuted", _ID, ()),
    _Declared(_C, "ProposalFailed", _ID, ("bytes",)),
    _Declared(_C, "ProposalVetoed", ("uint256", "address"), ()),
    _Declared(_P, "PrefixGranted", _ID_AND_WHO, ("string", "uint64", "uint64")),
    _Declared(_P, "PrefixEnded", _ID, ("uint64",)),
    _Declared(_P, "PrefixOffered", _ID_AND_WHO, ()),
    _Declared(_P, "PrefixOfferWithdrawn", _ID, ()),
    _Declared(_P, "PrefixHandedOver", ("uint256", "uint256", "uint32"), ()),
    _Declared(_N, "NoticePublished", _ID_AND_WHO, _PUBLISHED),
    _Declared(_N, "NoticeEscalated", _ID_AND_WHO, ("uint8", "bool", _WORDING)),
    _Declared(_N, "NoticeLifted", _ID_AND_WHO, ("bool", _WORDING)),
    _Declared(_R, "SuccessorNamed", ("address",), ()),
)


_BY_TOPIC: Final = MappingProxyType({(one.source, one.topic): one for one in DECLARED})


def topics() -> tuple[bytes, ...]:
    """Return topic 0 of every log that the directory is made of."""
    return tuple(topic for _, topic in _BY_TOPIC)


def read_event(contracts: Contracts, log: ChainLog) -> Event | None:
    """Return what a log says, None if it is of no concern.

    Raises:
        LogsRefusedError: it has the topic of an event of ours and does not decode as one.
    """
    source = contracts.source(log.address)
    if source is None or not log.topics:
        return None
    declared = _BY_TOPIC.get((source, log.topics[0]))
    if declared is None:
        return None
    is_large = declared.plain == _PUBLISHED and len(log.data) > _PUBLISHED_SIZE_BYTES_MAX
    if is_large or len(log.topics) != 1 + len(declared.indexed):
        raise _undecodable(declared, log)
    try:
        indexed = [
            _word(kind, topic) for kind, topic in zip(declared.indexed, log.topics[1:], strict=True)
        ]
        plain = decode([kind.replace("string", "bytes") for kind in declared.plain], log.data)
    except (DecodingError, ValueError, OverflowError) as error:
        raise _undecodable(declared, log) from error
    fields = [
        bytes.fromhex(value[2:]) if kind == "address" else value
        for kind, value in zip(declared.plain, plain, strict=True)
    ]
    return Event(declared.name, log.block_time, (*indexed, *fields))


def _word(kind: str, topic: bytes) -> int | bytes:
    if len(topic) != WORD_SIZE_BYTES:
        raise ValueError("a topic has 32 bytes")
    if kind == "address":
        if any(topic[:-_ADDRESS_SIZE_BYTES]):
            raise ValueError("no address")
        return topic[-_ADDRESS_SIZE_BYTES:]
    value = int.from_bytes(topic)
    if value >> int(kind.removeprefix("uint")):
        raise ValueError(f"no {kind}")
    return value


def _undecodable(declared: _Declared, log: ChainLog) -> LogsRefusedError:
    return LogsRefusedError(
        f"log {log.index} of block {log.block_number} has the name {declared.name} and does not "
        f"decode as one: another contract than {declared.source} is at 0x{log.address.hex()}, or "
        "the endpoint lies"
    )
