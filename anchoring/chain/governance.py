"""What participants decide together: actions of the Consortium, to and from their ABI encoding.

Source: `contracts/src/interfaces/IConsortiumGovernance.sol`. Times are Unix seconds, addresses 20
bytes. What others proposed is decoded strictly: bytes that are not exactly the encoding of an
action are said to be malformed, so that nobody approves what cannot be put into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak

from anchoring.chain.deploy import FirstKey, FirstParticipant
from anchoring.errors import FormatError

NO_ADDRESS: Final = bytes(20)
NO_EVIDENCE: Final = bytes(32)
NO_END: Final = 0
STATUS_ACTIVE: Final = 1
ARGUMENTS_SIZE_BYTES_MAX: Final = 16 * 1024


class ActionKind(IntEnum):
    """Numbers of the actions, as in the contract; from ADMIT on they are heavy."""

    SUSPEND = 0
    REINSTATE = 1
    GRANT_PREFIX = 2
    CHANGE_ROLES = 3
    ADMIT = 4
    REMOVE = 5
    CHANGE_VOTER = 6
    REPLACE_ADMIN_KEY = 7
    REVOKE_PREFIX = 8
    NAME_SUCCESSOR = 9

    @property
    def is_heavy(self) -> bool:
        """Whether it needs two thirds and the delay."""
        return self >= ActionKind.ADMIT


@dataclass(frozen=True, slots=True)
class Suspend:
    """A participant may neither anchor nor vote until it is reinstated."""

    participant: int


@dataclass(frozen=True, slots=True)
class Reinstate:
    """A suspended participant is active again."""

    participant: int


@dataclass(frozen=True, slots=True)
class GrantPrefix:
    """A participant may commission codes below a prefix; 0: from now on, without an end."""

    code_registry: bytes
    prefix: str
    participant: int
    valid_from: int = 0
    valid_until: int = NO_END


@dataclass(frozen=True, slots=True)
class ChangeRoles:
    """A participant's roles become `roles`; the bit of the voter stays what it is."""

    participant: int
    roles: int


@dataclass(frozen=True, slots=True)
class Admit:
    """An organisation becomes a participant, with its first keys."""

    newcomer: FirstParticipant


@dataclass(frozen=True, slots=True)
class Remove:
    """A participant leaves for ever; what it anchored stays valid."""

    participant: int


@dataclass(frozen=True, slots=True)
class ChangeVoter:
    """A participant gets or loses its vote."""

    participant: int
    voter: bool


@dataclass(frozen=True, slots=True)
class ReplaceAdminKey:
    """A participant's admin key is replaced by vote; a zero recovery key keeps the one it has."""

    participant: int
    admin_key: bytes
    recovery_key: bytes = NO_ADDRESS


@dataclass(frozen=True, slots=True)
class RevokePrefix:
    """A grant of the CodeRegistry ends against its owner; 0: now."""

    code_registry: bytes
    grant: int
    valid_until: int = 0


@dataclass(frozen=True, slots=True)
class NameSuccessor:
    """An AnchorRegistry stops, another one continues it."""

    registry: bytes
    successor: bytes


Action = (
    Suspend
    | Reinstate
    | GrantPrefix
    | ChangeRoles
    | Admit
    | Remove
    | ChangeVoter
    | ReplaceAdminKey
    | RevokePrefix
    | NameSuccessor
)

_KINDS: Final[Mapping[type, ActionKind]] = MappingProxyType(
    {
        Suspend: ActionKind.SUSPEND,
        Reinstate: ActionKind.REINSTATE,
        GrantPrefix: ActionKind.GRANT_PREFIX,
        ChangeRoles: ActionKind.CHANGE_ROLES,
        Admit: ActionKind.ADMIT,
        Remove: ActionKind.REMOVE,
        ChangeVoter: ActionKind.CHANGE_VOTER,
        ReplaceAdminKey: ActionKind.REPLACE_ADMIN_KEY,
        RevokePrefix: ActionKind.REVOKE_PREFIX,
        NameSuccessor: ActionKind.NAME_SUCCESSOR,
    }
)
_CLASSES: Final[Mapping[ActionKind, type]] = MappingProxyType(
    {kind: action for action, kind in _KINDS.items()}
)
_PARTICIPANT: Final = "(string,string,string,uint32,uint8,address,address)"
_KEYS: Final = "(address,uint8,uint64,uint64,uint64[])[]"
_TYPES: Final[Mapping[ActionKind, tuple[str, ...]]] = MappingProxyType(
    {
        ActionKind.SUSPEND: ("uint32",),
        ActionKind.REINSTATE: ("uint32",),
        ActionKind.GRANT_PREFIX: ("address", "string", "uint32", "uint64", "uint64"),
        ActionKind.CHANGE_ROLES: ("uint32", "uint32"),
        ActionKind.ADMIT: (_PARTICIPANT, _KEYS),
        ActionKind.REMOVE: ("uint32",),
        ActionKind.CHANGE_VOTER: ("uint32", "bool"),
        ActionKind.REPLACE_ADMIN_KEY: ("uint32", "address", "address"),
        ActionKind.REVOKE_PREFIX: ("address", "uint256", "uint64"),
        ActionKind.NAME_SUCCESSOR: ("address", "address"),
    }
)


def kind_of(action: Action) -> ActionKind:
    """Return the number under which the contract knows an action."""
    return _KINDS[type(action)]


def encode_action(action: Action) -> tuple[ActionKind, bytes]:
    """Return the number and the encoded arguments that `propose` takes.

    Raises:
        FormatError: code `action_arguments`; a value does not fit its type.
    """
    kind = kind_of(action)
    try:
        return kind, encode(_TYPES[kind], _values(action))
    except (EncodingError, ValueError, OverflowError) as error:
        raise _malformed(kind, "a value does not fit") from error


def decode_action(number: int, arguments: bytes) -> Action:
    """Read what somebody proposed.

    Args:
        number: Number of the action.
        arguments: As the proposal holds them.

    Raises:
        FormatError: code `action_unknown` (no such action), or `action_arguments`: the bytes are
            not exactly what `encode_action` makes of any such action.
    """
    try:
        kind = ActionKind(number)
    except ValueError as error:
        raise FormatError(f"there is no action {number}", code="action_unknown") from error
    if len(arguments) > ARGUMENTS_SIZE_BYTES_MAX:
        raise _malformed(kind, "they are too long")
    try:
        values = decode(_TYPES[kind], arguments)
        action = _action(kind, values)
        again = encode(_TYPES[kind], _values(action))
    except (DecodingError, EncodingError, ValueError, OverflowError) as error:
        raise _malformed(kind, "they cannot be decoded") from error
    if again != arguments:
        raise _malformed(kind, "they hold more than the action says, or say it in another form")
    return action


def digest_of(
    action: Action, *, proposal: int, chain_id: int, consortium: bytes, evidence: bytes
) -> bytes:
    """Return what `approve` repeats: the digest of exactly this proposal.

    Source: keccak256(abi.encode(block.chainid, address(this), id, action, arguments, evidence)).
    """
    kind, arguments = encode_action(action)
    return digest_of_arguments(
        kind, arguments, proposal=proposal, chain_id=chain_id, consortium=consortium,
        evidence=evidence,
    )  # fmt: skip


def digest_of_arguments(
    number: int,
    arguments: bytes,
    *,
    proposal: int,
    chain_id: int,
    consortium: bytes,
    evidence: bytes,
) -> bytes:
    """Return the digest of a proposal whose arguments nobody may be able to read."""
    types = ("uint256", "address", "uint256", "uint8", "bytes", "bytes32")
    values = (chain_id, consortium, proposal, int(number), arguments, evidence)
    return bytes(keccak(encode(types, values)))


def _values(action: Action) -> tuple[object, ...]:
    if isinstance(action, Admit):
        one = action.newcomer
        keys = [
            (key.address, key.purpose, key.valid_from, key.valid_until, list(key.streams))
            for key in one.keys
        ]
        names = (one.slug, one.name, one.url)
        return (*names, one.roles, STATUS_ACTIVE, one.admin_key, one.recovery_key), keys
    return tuple(getattr(action, name) for name in type(action).__slots__)


def _action(kind: ActionKind, values: tuple[Any, ...]) -> Action:
    if kind is ActionKind.ADMIT:
        return Admit(_newcomer(*values))
    plain = (
        to_canonical_address(value) if isinstance(value, str) and type_ == "address" else value
        for value, type_ in zip(values, _TYPES[kind], strict=True)
    )
    action: Action = _CLASSES[kind](*plain)
    return action


def _newcomer(fields: tuple[Any, ...], keys: tuple[Any, ...]) -> FirstParticipant:
    slug, name, url, roles, _status, admin_key, recovery_key = fields
    return FirstParticipant(
        slug=slug,
        name=name,
        url=url,
        roles=roles,
        admin_key=to_canonical_address(admin_key),
        recovery_key=to_canonical_address(recovery_key),
        keys=tuple(
            FirstKey(to_canonical_address(address), purpose, start, end, tuple(streams))
            for address, purpose, start, end, streams in keys
        ),
    )


def _malformed(kind: ActionKind, what: str) -> FormatError:
    name = kind.name.lower().replace("_", " ")
    return FormatError(f"the arguments of this {name} are malformed: {what}", "action_arguments")
