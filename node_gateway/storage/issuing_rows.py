"""What is kept of orders, ranges and schemes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchemeRow:
    """How codes of one name are made. `number` is 0 until it is stored."""

    kind: str
    name: str
    alphabet: str
    body_length: int
    checks_length: int
    permutation_key: bytes
    number: int = 0


@dataclass(frozen=True, slots=True)
class RangeRow:
    """Numbers that one line takes from. `line` is empty where none was named."""

    number: int
    kind: str
    name: str
    line: str
    first: int
    size: int
    used: int
    fixed: bool
    closed: bool
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Part:
    """Numbers of an order in a row. `index` is the place of the first one in the order."""

    first: int
    count: int
    index: int
    checks_key: bytes


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order, as it was answered."""

    number: int
    order_id: str
    scheme: SchemeRow
    line: str
    count: int
    created_at_ms: int
    parts: tuple[Part, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order asks for.

    Attributes:
        scheme: Taken if there is none of that kind and name yet.
        checks_key: For a new range, if one is needed; 32 fresh secret bytes.
        number_count: How many codes there can be.
        issued_max: How many codes there may be before a guess hits too often.
        range_size: Numbers of a range that a line takes by itself, if no more are needed.
    """

    order_id: str
    scheme: SchemeRow
    line: str
    count: int
    checks_key: bytes
    number_count: int
    issued_max: int
    range_size: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was allocated. `left` is how many codes there are still."""

    code: str
    left: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number was given out."""

    order_number: int
    order_id: str
    line: str
    index: int
    checks_key: bytes
