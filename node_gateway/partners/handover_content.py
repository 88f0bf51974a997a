"""What a handover discloses: our events by the partner's policy, received ones as far as needed.

A partner gets the shipping event whole in its codes, of every other event only the codes that are
in the shipment: opened if these are all of its codes, with paths otherwise. Never the secret of an
event of which it gets only some codes. Quantities tell the size of a lot, so they go only with an
opening; documents and parties only with the shipping event itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, select

from anchoring.core import streams
from anchoring.core.bundle import CodePath
from anchoring.core.codes import CodesTree, build_codes
from anchoring.core.fields import FieldsTree, build_fields
from anchoring.core.items import CODE_LISTS
from anchoring.core.opening import CodesOpening
from anchoring.core.prove import fields_proof
from anchoring.handover import HandedEvent
from anchoring.handover_check import EXPIRY_PATH, LOT_PATH, CheckedEvent, check_event, fewer_fields
from node_gateway.partners.received_events import (
    kept_paths,
    paths_in,
    read_fields,
    read_opening,
)
from node_gateway.services.disclosing import (
    choose_policy,
    chosen_paths,
    own_preset,
    without_content_hashes,
)
from node_gateway.settings import PoliciesSection, PolicySection
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.handover_goods import OwnEvent
from node_gateway.storage.handover_tables import handover_event

PATHS_PER_EVENT: Final = 1000
"""A path takes 1.5 kB: an event with more of them stands in a handover several times."""
_PASSED_ON: Final = (LOT_PATH, EXPIRY_PATH, "sealtrail:month")
"""What the next receiver needs of another participant's commissioning."""
_QUANTITIES: Final = ("$['quantityList']", "$['childQuantityList']")
_OF_SHIPMENTS: Final = ("$['bizTransactionList']", "$['sourceList']", "$['destinationList']")


class Disclosed(NamedTuple):
    """One event as it stands in a part, and what was recomputed from it."""

    handed: HandedEvent
    checked: CheckedEvent


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be disclosed, and to whom.

    Attributes:
        policies: Those for the audience count.
        own: Our participant id; `partner` that of whoever is told.
        participant_of: The participant behind a party.
        party: How we name ourselves, None if not configured.
        audience: `partner` for what we ship, `acknowledgement` for what we received.
    """

    policies: PoliciesSection
    own: int
    partner: int
    participant_of: Callable[[str], int | None]
    party: str | None
    audience: str = "partner"

    def covers(self, event: Mapping[str, Any]) -> bool:
        """Tell whether a partner is shown anything of such an event."""
        return self._policy(event) is not None

    def shows(self, event: Mapping[str, Any], path: str) -> bool:
        """Tell whether a partner is shown this path of such an event."""
        policy = self._policy(event)
        allowed = policy.paths if policy is not None else ()
        return any(one in ("*", path) for one in allowed)

    def paths(
        self, event: Mapping[str, Any], fields: FieldsTree, *, ships: bool, is_open: bool
    ) -> list[str]:
        """Return the paths of an event that the partner is shown."""
        policy = self._policy(event)
        if policy is None:
            return []
        shown = without_content_hashes(fields, chosen_paths(fields, policy))
        hidden = () if is_open else _QUANTITIES
        if not ships:
            hidden = (*hidden, *_OF_SHIPMENTS)
        hidden = (*hidden, *self._strangers(event))
        return [path for path in shown if not path.startswith(tuple(hidden))]

    def _policy(self, event: Mapping[str, Any]) -> PolicySection | None:
        """Return what covers an event, None if the policies or the event itself keep it back."""
        return choose_policy(self.policies, self.audience, event.get("bizStep"), own_preset(event))

    def _strangers(self, event: Mapping[str, Any]) -> Iterator[str]:
        """Yield the paths of parties that are no business of the partner's."""
        for at, one in enumerate(event.get("sourceList") or ()):
            source = one.get("source")
            if source != self.party and self.participant_of(str(source)) != self.own:
                yield f"$['sourceList'][{at}]"
        for at, one in enumerate(event.get("destinationList") or ()):
            owner = self.participant_of(str(one.get("destination")))
            if owner not in (None, self.partner):
                yield f"$['destinationList'][{at}]"


def shipping_event(ship: OwnEvent, rules: Rules) -> Disclosed:
    """Return an own shipping event with all of its codes."""
    lists = {name: tuple(ship.event[name]) for name in CODE_LISTS if ship.event.get(name)}
    opening = CodesOpening(streams.codes_secret(ship.secret), lists)
    fields, root = _fields(ship, rules, ships=True, is_open=True), opening.tree().root
    return _proven(HandedEvent(rules.own, fields, root, opening=opening), ship.entry)


def own_event(
    one: OwnEvent, rules: Rules, codes: Collection[str], lists: Sequence[str]
) -> Iterator[Disclosed]:
    """Yield an own event with some of its codes: once, or several times with paths.

    Args:
        one: A packing or a commissioning.
        rules: Whom it goes to.
        codes: Those to disclose, all of which it names in one of `lists`.
        lists: Code lists that say what is meant.
    """
    tree = build_codes(one.event, sub_secret=streams.codes_secret(one.secret))
    named = {name: tuple(one.event[name]) for name in CODE_LISTS if one.event.get(name)}
    opening = CodesOpening(tree.sub_secret, named)
    shapes = _shapes(tree, opening, set(codes), lists)
    for paths, opened in shapes:
        fields = _fields(one, rules, ships=False, is_open=opened is not None)
        yield _proven(HandedEvent(rules.own, fields, tree.root, paths, opened), one.entry)


def passed_on(connection: Connection, number: int, codes: Collection[str]) -> Iterator[Disclosed]:
    """Return a received commissioning with some of its codes, re-formed to what is needed.

    It is read now, and worked out when it is wanted.

    Args:
        connection: Any connection.
        number: Of the received event.
        codes: Those to disclose.
    """
    row = connection.execute(select(handover_event).where(handover_event.c.number == number)).one()
    wanted, kept = set(codes), list[CodePath]()
    if row.opening is None:
        kept = [path for code, path in kept_paths(connection, number) if code in wanted]
    return _reformed(row, wanted, kept)


def _reformed(row: Row[Any], wanted: set[str], kept: Sequence[CodePath]) -> Iterator[Disclosed]:
    fields = fewer_fields(read_fields(row.fields), _PASSED_ON)
    root = bytes(row.codes_root)
    if row.opening is not None:
        opening = read_opening(row.opening)
        shapes = _shapes(opening.tree(), opening, wanted, ("epcList", "outputEPCList"))
    else:
        shapes = _pages(kept)
    for paths, opened in shapes:
        yield _proven(HandedEvent(row.participant, fields, root, paths, opened), bytes(row.entry))


def _shapes(
    tree: CodesTree, opening: CodesOpening, wanted: set[str], lists: Sequence[str]
) -> Iterator[tuple[tuple[CodePath, ...], CodesOpening | None]]:
    """Yield the codes opening if every code is wanted, pages of paths otherwise."""
    if all(name in lists and code in wanted for name, code in tree.codes):
        yield (), opening
        return
    chosen = {one for one in tree.codes if one[0] in lists and one[1] in wanted}
    yield from _pages(paths_in(tree, chosen))


def _pages(paths: Iterable[CodePath]) -> Iterator[tuple[tuple[CodePath, ...], None]]:
    rest = iter(paths)
    while page := tuple(islice(rest, PATHS_PER_EVENT)):
        yield page, None


def _fields(one: OwnEvent, rules: Rules, *, ships: bool, is_open: bool) -> Any:
    secret = streams.fields_secret(one.secret)
    fields = build_fields(one.event, one.derived, sub_secret=secret)
    return fields_proof(fields, rules.paths(one.event, fields, ships=ships, is_open=is_open))


def _proven(handed: HandedEvent, entry: bytes) -> Disclosed:
    """Recompute the entry as the receiver will: damage must not look like a forgery."""
    checked = check_event(handed)
    if checked.entry != entry and entry:  # an imagined event has none
        raise DatabaseDamagedError("the stored event is not the one that was committed")
    return Disclosed(handed, checked)


__all__ = [
    "Disclosed",
    "Rules",
    "own_event",
    "passed_on",
    "shipping_event",
]
