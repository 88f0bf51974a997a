"""To which participant a party belongs: the chain says it first, then the operator's own data."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final

from anchoring.directory.model import Directory
from node_gateway.master_data.forms import IDENTIFIER_LENGTH_MAX

_ROLES: Final = ("possessing_party", "owning_party", "location")
"""Which of several stated parties gets the goods, first to last."""


class Parties:
    """Knows the participants behind parties.

    Args:
        current: The directory as of now.
        stated: What the operator's master data say of a party; None if nothing.
        clock: Unix seconds.
    """

    def __init__(
        self,
        current: Callable[[], Directory],
        stated: Callable[[str], int | None],
        clock: Callable[[], float],
    ) -> None:
        self._current, self._stated, self._clock = current, stated, clock

    @property
    def is_read(self) -> bool:
        """Whether the chain was read at least once; before, nobody belongs to anybody."""
        return self._current().head.number >= 0

    def participant_of(self, party: str) -> int | None:
        """Return the participant to whom a canonical party or place (PGLN, SGLN, ...) belongs.

        The owner of its company prefix on the chain, and the participant of the master data's
        party where the chain names nobody; None if nobody knows.
        """
        owner = self._current().owner_at(party, int(self._clock()))
        if owner is not None:
            return owner.participant.id
        stated = self._stated(party)
        return stated if stated in self._current().participants else None

    def receiver_of(self, event: Mapping[str, Any]) -> int | None:
        """Return the participant to which a normalised event says that goods go.

        Of several destinations the one in custody counts: possessing party, owning party, place.
        """
        named = list(destinations_of(event))
        for role in _ROLES:
            for kind, party in named:
                if kind == role and (found := self.participant_of(party)) is not None:
                    return found
        return None

    @property
    def grounds(self) -> Hashable:
        """What of the chain decides by now: while it is equal, so are the answers from it."""
        current, now = self._current(), int(self._clock())
        held = ((one.id, one.participant) for one in current.grants.values() if one.holds_at(now))
        return frozenset(current.participants), frozenset(held)


def receivers_named(event: Mapping[str, Any]) -> list[str]:
    """Return the parties of which one may turn out to be the receiver of a normalised event.

    Longer names than a party can have belong to nobody, now or later.
    """
    named = (party for kind, party in destinations_of(event) if kind in _ROLES)
    return [party for party in dict.fromkeys(named) if len(party) <= IDENTIFIER_LENGTH_MAX]


def destinations_of(event: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield (type, party) of each destination of a normalised event."""
    return _pairs(event, "destinationList", "destination")


def sources_of(event: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield (type, party) of each source of a normalised event."""
    return _pairs(event, "sourceList", "source")


def _pairs(event: Mapping[str, Any], name: str, member: str) -> Iterable[tuple[str, str]]:
    for one in event.get(name) or ():
        if isinstance(one, Mapping) and isinstance(one.get(member), str):
            yield str(one.get("type")), str(one[member])


__all__ = ["Parties", "destinations_of", "receivers_named", "sources_of"]
