"""Logs of the Consortium about participants and keys, and of registries about their successors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from anchoring.directory.fold_state import Handler, State, contradicts, require_next, text, then
from anchoring.directory.parts import Key, Participant, Purpose, Since, Status

_MOVES: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        Status.ACTIVE: frozenset({Status.SUSPENDED, Status.REMOVED}),
        Status.SUSPENDED: frozenset({Status.ACTIVE, Status.REMOVED}),
        Status.REMOVED: frozenset(),
    }
)


def _admitted(
    state: State,
    at: int,
    number: int,
    slug: bytes,
    name: bytes,
    url: bytes,
    roles: int,
    admin_key: bytes,
    recovery_key: bytes,
) -> None:
    require_next(state.participants, number, "participant")
    state.participants[number] = Participant(
        id=number,
        slug=text(slug),
        name=text(name),
        urls=(Since(at, text(url)),),
        statuses=(Since(at, Status.ACTIVE),),
        roles=(Since(at, roles),),
        admin_keys=(Since(at, admin_key),),
        recovery_keys=(Since(at, recovery_key),),
        epochs=(Since(at, 1),),
    )


def _status_changed(state: State, at: int, number: int, status: int) -> None:
    found = state.participant(number)
    if status not in (Status.ACTIVE, Status.SUSPENDED, Status.REMOVED):
        contradicts(f"there is no status {status}")
    if Status(status) not in _MOVES[found.status]:
        contradicts(f"participant {number} goes from status {found.status} to {status}")
    statuses = then(found.statuses, at, Status(status))
    state.participants[number] = replace(found, statuses=statuses)


def _roles_changed(state: State, at: int, number: int, roles: int) -> None:
    found = state.participant(number)
    state.participants[number] = replace(found, roles=then(found.roles, at, roles))


def _url_changed(state: State, at: int, number: int, url: bytes) -> None:
    found = state.participant(number)
    urls = (*found.urls, Since(at, text(url)))  # the contract keeps each, also within one block
    state.participants[number] = replace(found, urls=urls)


def _admin_key_replaced(
    state: State, at: int, number: int, old: bytes, new: bytes, epoch: int
) -> None:
    found = state.participant(number)
    before = found.epochs[-1].value
    if old != found.admin_key or epoch not in (before, before + 1):
        contradicts(f"another admin key of participant {number} is replaced than it has")
    epochs = found.epochs if epoch == before else then(found.epochs, at, epoch)
    keys = then(found.admin_keys, at, new)
    state.participants[number] = replace(found, admin_keys=keys, epochs=epochs)


def _recovery_key_replaced(state: State, at: int, number: int, old: bytes, new: bytes) -> None:
    found = state.participant(number)
    if old != found.recovery_key:
        contradicts(f"another recovery key of participant {number} is replaced than it has")
    keys = then(found.recovery_keys, at, new)
    state.participants[number] = replace(found, recovery_keys=keys)


def _key_added(
    state: State,
    at: int,
    number: int,
    address: bytes,
    purpose: int,
    valid_from: int,
    valid_until: int,
    streams: tuple[int, ...],
) -> None:
    state.participant(number)
    if address in state.keys:
        contradicts(f"key 0x{address.hex()} is added twice")
    if purpose not in (Purpose.ANCHOR, Purpose.SIGN):
        contradicts(f"there is no purpose {purpose}")
    state.keys[address] = Key(
        address=address,
        participant=number,
        purpose=Purpose(purpose),
        valid_from=valid_from,
        valid_until=valid_until,
        streams=frozenset(streams),
        added_at=at,
    )


def _key_revoked(state: State, at: int, number: int, address: bytes, compromised: int) -> None:
    key = state.keys.get(address)
    if key is None or key.participant != number:
        contradicts(f"key 0x{address.hex()} is none of participant {number}")
    revoked_at = key.revoked_at or at
    state.keys[address] = replace(key, revoked_at=revoked_at, compromised_since=compromised)


def successor_named(state: State, at: int, registry: bytes, successor: bytes) -> None:
    """Note which registry continues another one; a registry says so once."""
    if registry in state.successors:
        contradicts(f"registry 0x{registry.hex()} names two successors")
    state.successors[registry] = Since(at, successor)


CONSORTIUM_HANDLERS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "ParticipantAdmitted": _admitted,
        "StatusChanged": _status_changed,
        "RolesChanged": _roles_changed,
        "UrlChanged": _url_changed,
        "AdminKeyReplaced": _admin_key_replaced,
        "RecoveryKeyReplaced": _recovery_key_replaced,
        "KeyAdded": _key_added,
        "KeyRevoked": _key_revoked,
    }
)
