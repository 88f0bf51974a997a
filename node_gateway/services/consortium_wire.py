"""The directory as HTTP shows it: times in ISO 8601 (null: none), addresses in hex with 0x."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from anchoring.chain.governance import ActionKind, decode_action
from anchoring.chain.governance_words import ROLE_NAMES, proposal_words
from anchoring.chain.network import Network
from anchoring.chain_follower import FollowView
from anchoring.directory.model import (
    Directory,
    Key,
    Participant,
    PrefixGrant,
    Proposal,
    Since,
    approvals_needed,
)
from anchoring.errors import FormatError

T = TypeVar("T")
WEAK_BELOW_VOTERS: Final = 4
_SECONDS_MAX: Final = 253_402_300_799  # the last second of the year 9999
_TIMES: Final = frozenset({"valid_from", "valid_until"})
_LETTER: Final = re.compile(r"_([a-z])")


def moment(seconds: int) -> str | None:
    """Return a time; null for 0. What lies behind the calendar is its last second."""
    if not seconds:
        return None
    time = datetime.fromtimestamp(min(seconds, _SECONDS_MAX), UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def address(raw: bytes) -> str:
    """Return an address."""
    return "0x" + raw.hex()


def head_wire(directory: Directory) -> dict[str, Any]:
    """Return the block that the directory is of; number -1 if none was ever read."""
    head = directory.head
    return {"number": head.number, "hash": head.block_hash.hex(), "time": moment(head.time)}


def consortium_wire(
    directory: Directory, view: FollowView, network: Network, *, time: int, age_s: int | None
) -> dict[str, Any]:
    """Return what governs the network, and how new that knowledge is.

    Not the follower's sentence: it names the endpoint.
    """
    voters, active = directory.electorate_at(time)
    return {
        "chainId": network.chain_id,
        "genesisHash": network.genesis_hash.hex(),
        "consortium": address(network.consortium),
        "codeRegistry": address(network.code_registry.address) if network.code_registry else None,
        "noticeBoard": address(network.notice_board.address) if network.notice_board else None,
        "registries": [_registry(directory, one.address) for one in network.registries],
        "head": head_wire(directory),
        "following": {
            "state": str(view.state),
            "code": view.code,
            "chainHead": view.chain_head,
            "lagBlocks": view.lag_blocks,
            "checkedAt": moment(view.checked_at),
            "ageSeconds": age_s,
        },
        "delaySeconds": directory.delay_s,
        "lifetimeSeconds": directory.lifetime_s,
        "electorate": {
            "voters": voters,
            "active": active,
            "ordinaryNeeds": approvals_needed(voters, heavy=False),
            "heavyNeeds": approvals_needed(voters, heavy=True),
        },
        "warning": _warning(directory, voters),
        "participants": len(directory.participants),
        "prefixes": len(directory.grants),
        "notices": len(directory.notices),
        "proposals": len(directory.proposals),
    }


def _registry(directory: Directory, registry: bytes) -> dict[str, Any]:
    named = directory.successors.get(registry)
    return {
        "address": address(registry),
        "successor": address(named.value) if named else None,
        "stoppedAt": moment(named.since) if named else None,
    }


def _warning(directory: Directory, voters: int) -> str | None:
    if not directory.participants:
        return "The chain was not read yet: nothing is known of the network."
    if voters >= WEAK_BELOW_VOTERS:
        return None
    return f"With {voters} voters, fewer than four, votes protect little."


def role_list(roles: int) -> list[str]:
    """Return the names of the bits."""
    return [name for bit, name in enumerate(ROLE_NAMES) if roles >> bit & 1]


def participant_wire(one: Participant) -> dict[str, Any]:
    """Return a participant as it is now."""
    return {
        "id": one.id,
        "slug": one.slug,
        "name": one.name,
        "url": one.url or None,
        "status": one.status.name.lower(),
        "roles": role_list(one.roles[-1].value),
        "admittedAt": moment(one.statuses[0].since),
        "keyEpoch": one.epochs[-1].value,
    }


def whole_participant_wire(one: Participant, directory: Directory, *, time: int) -> dict[str, Any]:
    """Return a participant with its history, keys and prefixes; histories oldest first."""
    return {
        **participant_wire(one),
        "statuses": _history(one.statuses, "status", lambda value: value.name.lower()),
        "roleChanges": _history(one.roles, "roles", role_list),
        "urls": _history(one.urls, "url", lambda value: value or None),
        "adminKeys": _history(one.admin_keys, "address", address),
        "recoveryKeys": _history(one.recovery_keys, "address", address),
        "epochs": _history(one.epochs, "epoch", lambda value: value),
        "keys": [_key(key, time) for key in directory.keys_of(one.id)],
        "prefixes": [
            grant_wire(grant, directory, time=time)
            for grant in directory.grants.values()
            if grant.participant == one.id
        ],
    }


def _history(
    history: Sequence[Since[T]], name: str, wire: Callable[[T], Any]
) -> list[dict[str, Any]]:
    return [{"since": moment(one.since), name: wire(one.value)} for one in history]


def _key(key: Key, time: int) -> dict[str, Any]:
    return {
        "address": address(key.address),
        "purpose": key.purpose.name.lower(),
        "validFrom": moment(key.valid_from),
        "validUntil": moment(key.valid_until),
        "streams": sorted(key.streams),
        "addedAt": moment(key.added_at),
        "revokedAt": moment(key.revoked_at),
        "compromisedSince": moment(key.compromised_since),
        "valid": key.valid_at(time),
    }


def grant_wire(grant: PrefixGrant, directory: Directory, *, time: int) -> dict[str, Any]:
    """Return a grant; `holds` at the time that was asked about."""
    owner = directory.participants[grant.participant]
    return {
        "id": grant.id,
        "prefix": grant.prefix,
        "participant": owner.id,
        "slug": owner.slug,
        "name": owner.name,
        "validFrom": moment(grant.valid_from),
        "validUntil": moment(grant.valid_until),
        "holds": grant.holds_at(time),
        "offeredTo": grant.offered_to or None,
    }


def proposal_wire(
    one: Proposal, directory: Directory, network: Network, *, time: int
) -> dict[str, Any]:
    """Return a proposal with its state at `time`."""
    return {
        "id": one.id,
        "state": str(one.state_at(directory, time)),
        "action": _action(one),
        "heavy": one.is_heavy,
        "words": list(proposal_words(one, directory, network)),
        "digest": one.digest.hex(),
        "evidence": one.evidence.hex() if any(one.evidence) else None,
        "proposer": one.proposer,
        "proposedAt": moment(one.proposed_at),
        "approvals": {
            "by": list(one.approvals),
            "given": one.approvals_given(directory, time),
            "needed": one.approvals_needed(directory, time),
        },
        "executableFrom": moment(one.executable_from),
        "lapsesAt": moment(one.lapses_at),
        "endedAt": moment(one.ended_at),
        "reason": one.reason.hex() or None,
        "vetoedBy": address(one.vetoed_by) if one.vetoed_by else None,
    }


def _action(one: Proposal) -> dict[str, Any]:
    """Return what a proposal does; arguments that nobody can read stand there as they are."""
    try:
        action = decode_action(one.action, one.arguments)
    except FormatError:
        return {"kind": "unreadable", "number": one.action, "arguments": one.arguments.hex()}
    return {"kind": ActionKind(one.action).name.lower(), **_members(action)}


def _members(thing: Any) -> dict[str, Any]:
    return {_camel(one.name): _value(one.name, getattr(thing, one.name)) for one in fields(thing)}


def _value(name: str, value: Any) -> Any:
    if is_dataclass(value):
        return _members(value)
    if isinstance(value, bytes):
        return address(value) if any(value) else None
    if isinstance(value, tuple | list):
        return [_value(name, one) for one in value]
    if name in _TIMES:
        return moment(value)
    return role_list(value) if name == "roles" else value


def _camel(name: str) -> str:
    return _LETTER.sub(lambda match: match[1].upper(), name)
