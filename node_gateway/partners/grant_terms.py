"""The terms of grants and delegations: which items of which events, which operations on what.

Pure. Goods are named by the keys of `storage.granted_goods`; a scope's goods are a union, all its
other parts must hold together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from node_gateway.epcis.query import Condition, Facet, Query, Span, Subject
from node_gateway.epcis.query.conditions import NO_TIMES, one_of
from node_gateway.epcis.query.fields import member
from node_gateway.epcis.query.parameters import BIZ_STEP, EVENT_TYPE, READ_POINT
from node_gateway.services.disclosing import choose_policy
from node_gateway.settings import PoliciesSection, PolicySection

Opening = Literal["none", "codes", "full"]
OPENINGS: Final[tuple[Opening, ...]] = ("none", "codes", "full")
ITEM_PRESETS: Final = ("public", "partner")
GOODS_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Items:
    """What of an event is shown.

    Attributes:
        preset: What this audience is shown anyway, None for nothing.
        paths: Paths and derived names in addition, as in a policy.
        codes: Whether codes are, as far as they are in the scope.
        opening: Whether secrets are handed over: of the codes, or of the whole event.
    """

    preset: str | None = None
    paths: tuple[str, ...] = ()
    codes: bool = True
    opening: Opening = "none"

    def policy(self, policies: PoliciesSection, biz_step: str | None) -> PolicySection:
        """Return what is shown of an event with this step, as a policy."""
        paths = self.paths
        if self.preset is not None:
            # A grant lets through what a preset of the event would keep back: it is meant for that.
            chosen = choose_policy(policies, self.preset, biz_step, "public")
            paths = (*paths, *(chosen.paths if chosen is not None else ()))
        return PolicySection(paths=tuple(dict.fromkeys(paths)))

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "preset": self.preset,
            "paths": list(self.paths),
            "codes": self.codes,
            "opening": self.opening,
        }


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events.

    Attributes:
        goods: Keys of goods of which the event must name one; empty for any.
        steps, types, places: Of which the event must have one; empty for any.
        event_time, captured: When it happened, when it was captured.
    """

    goods: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    event_time: Span = NO_TIMES
    captured: Span = NO_TIMES

    @property
    def is_open(self) -> bool:
        """Whether it covers every event there is and will be."""
        narrow = self.goods or self.steps or self.types or self.places
        return not narrow and self.event_time.open and self.captured.open

    def query(self) -> Query:
        """Return what an event must be like, its goods aside."""
        conditions = [
            Condition(
                name, member(*path), one_of(frozenset(values)), Facet(name, frozenset(values))
            )
            for name, path, values in (
                (BIZ_STEP, ("bizStep",), self.steps),
                (EVENT_TYPE, ("type",), self.types),
                (READ_POINT, ("readPoint", "id"), self.places),
            )
            if values
        ]
        return Query(tuple(conditions), event_time=self.event_time, record_time=self.captured)

    def fits(self, event: Mapping[str, Any], event_time_ms: int, captured_ms: int) -> bool:
        """Tell whether an event is in it, its goods aside."""
        return self.query().matches(Subject(event, event_time_ms, captured_ms))

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "goods": list(self.goods),
            "steps": list(self.steps),
            "types": list(self.types),
            "places": list(self.places),
            "eventTime": [self.event_time.from_ms, self.event_time.before_ms],
            "captured": [self.captured.from_ms, self.captured.before_ms],
        }


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What a grant lets read."""

    items: Items
    scope: Scope

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"items": self.items.to_wire(), "scope": self.scope.to_wire()}


@dataclass(frozen=True, slots=True)
class DelegationTerms:
    """What a provider may do in our name.

    Attributes:
        operations: Names of operations.
        goods: Keys of goods, all of a request's codes must be among them; empty for any.
        places: Where; empty for anywhere.
        receivers: Participants to whom goods may go; empty for anybody.
    """

    operations: tuple[str, ...]
    goods: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    receivers: tuple[int, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "operations": list(self.operations),
            "goods": list(self.goods),
            "places": list(self.places),
            "receivers": list(self.receivers),
        }


def grant_terms(wire: Mapping[str, Any]) -> GrantTerms:
    """Return the terms that `GrantTerms.to_wire` wrote."""
    items, scope = wire["items"], wire["scope"]
    return GrantTerms(
        Items(items["preset"], tuple(items["paths"]), items["codes"], items["opening"]),
        Scope(
            goods=tuple(scope["goods"]),
            steps=tuple(scope["steps"]),
            types=tuple(scope["types"]),
            places=tuple(scope["places"]),
            event_time=Span(*scope["eventTime"]),
            captured=Span(*scope["captured"]),
        ),
    )


def delegation_terms(wire: Mapping[str, Any]) -> DelegationTerms:
    """Return the terms that `DelegationTerms.to_wire` wrote."""
    return DelegationTerms(
        tuple(wire["operations"]),
        tuple(wire["goods"]),
        tuple(wire["places"]),
        tuple(wire.get("receivers", ())),  # delegations from before receivers were named have none
    )


def goods_of(terms: Collection[GrantTerms]) -> set[str]:
    """Return the goods that any of some grants names."""
    return {goods for one in terms for goods in one.scope.goods}
