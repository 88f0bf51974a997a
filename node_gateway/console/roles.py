"""What each role may do: the one table of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

VIEW, RECEIVE, OPERATE = "view", "receive", "operate"
OVERRIDE, ADMINISTER = "override", "administer"
SCOPES: Final = (VIEW, RECEIVE, OPERATE, OVERRIDE, ADMINISTER)

ROLES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "viewer": frozenset({VIEW}),
        "scanner": frozenset({RECEIVE}),  # the pages of a hand-held scanner, and nothing else
        "operator": frozenset({VIEW, RECEIVE, OPERATE}),
        "quality": frozenset({VIEW, RECEIVE, OPERATE, OVERRIDE}),
        "admin": frozenset(SCOPES),
    }
)
"""Role -> scopes."""


def scopes_of(role: str) -> frozenset[str]:
    """Return what a role may do; nothing, if this release does not know it."""
    return ROLES.get(role, frozenset())


__all__ = [
    "ADMINISTER",
    "OPERATE",
    "OVERRIDE",
    "RECEIVE",
    "ROLES",
    "SCOPES",
    "VIEW",
    "scopes_of",
]
