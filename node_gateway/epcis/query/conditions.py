"""A query, read and checked: what an event must be like to be in the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from node_gateway.epcis.query.fields import Event, Find
from node_gateway.epcis.query.patterns import CodePattern

Direction = Literal["ASC", "DESC"]
Test: TypeAlias = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Subject:
    """One event with the times that it is not itself asked for.

    Attributes:
        event: The normalised event, complete with its code lists.
        event_time_ms: Its eventTime.
        record_time_ms: When it was captured.
    """

    event: Event
    event_time_ms: int
    record_time_ms: int


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time in milliseconds; None leaves it open."""

    from_ms: int | None = None
    before_ms: int | None = None

    def holds(self, moment_ms: int) -> bool:
        """Tell whether a moment lies in it."""
        return (self.from_ms is None or moment_ms >= self.from_ms) and (
            self.before_ms is None or moment_ms < self.before_ms
        )

    @property
    def open(self) -> bool:
        """Whether it leaves everything in."""
        return self.from_ms is None and self.before_ms is None


@dataclass(frozen=True, slots=True)
class Facet:
    """What an index can answer of a condition: the event has one of `values` under `kind`."""

    kind: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Codes:
    """What the code index can answer of a condition: the event names one of these codes.

    `parents` if the parent counts, too.
    """

    patterns: tuple[CodePattern, ...]
    listed: bool = True
    parents: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """What a condition has to be told before it can be checked: identifiers from master data.

    Attributes:
        kind: `descendants` of `values`; those with an `attribute` among `values`; those whose
            attribute `name` has one of `values` (`attribute_value`).
    """

    kind: Literal["descendants", "attribute", "attribute_value"]
    values: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One parameter: any value that `find` yields must pass `test`; no value never does.

    `hint` says what an index can answer; an index that knows more events than match does no harm.
    """

    parameter: str
    find: Find
    test: Test
    hint: Facet | Codes | None = None
    need: Need | None = None

    def matches(self, event: Event) -> bool:
        """Tell whether an event fulfils it."""
        return any(map(self.test, self.find(event)))


@dataclass(frozen=True, slots=True)
class Order:
    """How results are ordered. `by` is `eventTime`, `recordTime` or the name of an extension."""

    by: str = ""
    names: frozenset[str] = frozenset()
    direction: Direction = "DESC"


UNORDERED: Final = Order()
NO_TIMES: Final = Span()
_NOTHING: Final[Mapping[Need, frozenset[str]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Query:
    """A query. All conditions must hold.

    Attributes:
        conditions: What is asked of the event itself.
        event_time: What is asked of eventTime.
        record_time: What is asked of recordTime.
        order: How results are ordered; `UNORDERED` leaves it to the gateway.
        limit: `eventCountLimit`: only so many first results.
        most: `maxEventCount`: refuse the query if there are more results.
    """

    conditions: tuple[Condition, ...] = ()
    event_time: Span = NO_TIMES
    record_time: Span = NO_TIMES
    order: Order = UNORDERED
    limit: int | None = None
    most: int | None = None

    def matches(self, subject: Subject) -> bool:
        """Tell whether an event is in the result.

        Every `need` must have been supplied; before, its condition holds for no event but those
        that are named themselves.
        """
        return (
            self.event_time.holds(subject.event_time_ms)
            and self.record_time.holds(subject.record_time_ms)
            and all(one.matches(subject.event) for one in self.conditions)
        )

    @property
    def needs(self) -> tuple[Need, ...]:
        """What master data must be asked for."""
        return tuple(one.need for one in self.conditions if one.need is not None)

    def supplied(self, found: Mapping[Need, frozenset[str]] = _NOTHING) -> Query:
        """Return the query with what master data answered: canonical identifiers by need."""
        return replace(self, conditions=tuple(_supplied(one, found) for one in self.conditions))

    def and_also(self, conditions: Iterable[Condition]) -> Query:
        """Return the query with further conditions."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def only(self, conditions: Iterable[Condition]) -> Query:
        """Return the query with these conditions in place of its own."""
        return replace(self, conditions=tuple(conditions))


def _supplied(condition: Condition, found: Mapping[Need, frozenset[str]]) -> Condition:
    need = condition.need
    if need is None:
        return condition
    values = found.get(need, frozenset())
    if need.kind == "descendants":
        values |= frozenset(need.values)
    hint = condition.hint
    if isinstance(hint, Facet):
        hint = Facet(hint.kind, values)
    return replace(condition, test=one_of(values), hint=hint, need=None)


def one_of(values: frozenset[str]) -> Test:
    """Return the test for being one of some strings."""
    return lambda value: isinstance(value, str) and value in values


def one_of_patterns(patterns: Sequence[CodePattern]) -> Test:
    """Return the test for being a code that one of some patterns names."""
    exact = frozenset(one.exact for one in patterns if one.exact is not None)
    others = [one for one in patterns if one.exact is None]

    def test(value: Any) -> bool:
        return isinstance(value, str) and (
            value in exact or any(one.matches(value) for one in others)
        )

    return test
