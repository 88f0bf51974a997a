"""Steps of a code as others are shown them: what a proof shows, by whom, and no more.

A step is read out of its bundle alone, so that nobody can say more than the bundle proves.
"""

from __future__ import annotations

from typing import Any, Final

from anchoring.core.act import ABSENT
from anchoring.core.verify import CheckedBundle
from anchoring.directory.model import Directory
from node_gateway.settings import PolicySection

COARSE: Final = PolicySection(paths=("sealtrail:month", "sealtrail:region"))
"""What a step at the coarser grain shows: what was done, by whom (their role), region, month."""
ROLES: Final = ("manufacturer", "distributor", "pharmacy", "auditor", "regulator")
UNKNOWN_ROLE: Final = "participant"
_SHOWN: Final = (
    ("sealtrail:month", "month"),
    ("sealtrail:region", "region"),
    ("sealtrail:city", "city"),
    ("$['eventTime']", "eventTime"),
    ("$['parentID']", "parentID"),
    ("$['ilmd']['cbvmda:lotNumber']", "lot"),
    ("$['ilmd']['cbvmda:itemExpirationDate']", "expiry"),
)


def role_of(directory: Directory, participant: int, time: int) -> str:
    """Return what a participant is in one word; of several roles the first of `ROLES`."""
    roles = directory.roles_at(participant, time)
    return next((name for bit, name in enumerate(ROLES) if roles >> bit & 1), UNKNOWN_ROLE)


def name_of(directory: Directory, participant: int) -> str:
    """Return a participant's name, empty if the directory does not know it."""
    found = directory.participants.get(participant)
    return found.name if found else ""


def step_wire(checked: CheckedBundle, directory: Directory, *, time: int) -> dict[str, Any]:
    """Return what a checked bundle shows as a step.

    Args:
        checked: The bundle; whether the chain has its anchor is the caller's business.
        directory: Whose names and roles are shown.
        time: Unix seconds; roles are those of then.
    """
    act, values = checked.act, checked.values
    participant = checked.bundle.participant
    step: dict[str, Any] = {
        "participant": participant,
        "name": name_of(directory, participant),
        "role": role_of(directory, participant, time),
        "type": act.type,
        "action": _given(act.action),
        "step": _given(act.biz_step),
        "disposition": _given(act.disposition),
        "takesBack": act.has_error_declaration,
        "entry": checked.entry.hex(),
        "anchoredAt": checked.bundle.anchored_at.block_time,
    }
    shown = {name: values[path] for path, name in _SHOWN if isinstance(values.get(path), str)}
    return {**step, **shown}


def in_order(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return steps in the order in which they were anchored."""
    return sorted(steps, key=lambda one: (one["anchoredAt"], one["entry"]))


def _given(token: str) -> str | None:
    return None if token == ABSENT else token
