"""One event in front of one code: what is known, and what is decided bit by bit."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, TypeAlias

from node_gateway.state.code_state import CodeState
from node_gateway.state.facts import Fact, Role
from node_gateway.state.rules import Rule

Chain: TypeAlias = tuple[tuple[str, CodeState], ...]
"""What a code is packed into as of an event, nearest first: (code, state) of each unit."""


class Found(NamedTuple):
    """A contradiction of the code at hand: the accused event, the rule, the event against it."""

    position: int
    rule: Rule
    other: int


class Judged(NamedTuple):
    """What came of a case. `withdrawn` are (position, rule) that no longer hold."""

    state: CodeState
    found: tuple[Found, ...]
    withdrawn: tuple[tuple[int, Rule], ...]


class Case:
    """An event and a code that it names in one role.

    Attributes:
        code: The code, or its class where only that matters (`parties.class_of`).
        before: The code's state before the event; `state` is the one so far.
        chain: What it is packed into.
        moves_with: Whether the event names, as a thing, something that the code is packed into.
        parent_state: State of the event's parent before it, for a child.
        parent_chain: What that is packed into.
    """

    __slots__ = (
        "before", "chain", "code", "fact", "found", "moves_with", "parent_chain",
        "parent_state", "role", "state", "withdrawn",
    )  # fmt: skip

    def __init__(
        self,
        code: str,
        role: Role,
        fact: Fact,
        state: CodeState,
        *,
        chain: Chain = (),
        things: Collection[str] = (),
        parent_state: CodeState | None = None,
        parent_chain: Chain = (),
    ) -> None:
        self.code, self.role, self.fact = code, role, fact
        self.before = self.state = state
        self.chain = chain
        self.moves_with = any(unit in things for unit, _ in chain)
        self.parent_state, self.parent_chain = parent_state, parent_chain
        self.found: list[Found] = []
        self.withdrawn: list[tuple[int, Rule]] = []

    def change(self, **members: Any) -> None:
        """Set members of the state."""
        self.state = self.state._replace(**members)

    def find(self, rule: Rule, other: int) -> None:
        """Accuse the event."""
        self.found.append(Found(self.fact.position, rule, other))

    def done(self) -> Judged:
        """Return the outcome."""
        return Judged(self.state, tuple(self.found), tuple(self.withdrawn))

    @property
    def packed_position(self) -> int:
        """The event that packed the code into what it is in."""
        return self.before.packed[1] if self.before.packed is not None else 0

    @property
    def is_cyclic(self) -> bool:
        """Whether the event's parent is the code itself, or packed inside it."""
        return self.code == self.fact.parent or any(
            unit == self.code for unit, _ in self.parent_chain
        )

    @property
    def cycle_position(self) -> int:
        """The event that packed the parent inside the code, 0 if the parent is the code."""
        below = self.parent_state
        for unit, state in self.parent_chain:
            if unit == self.code:
                return below.packed[1] if below is not None and below.packed else 0
            below = state
        return 0
