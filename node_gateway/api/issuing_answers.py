"""What answers about issued codes look like; see `answers`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from node_gateway.api.state_answers import PlatformState

Entry = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
CodeKind = Literal["gtin", "drug", "sscc"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class CommissionedPart(_Answer):
    """Codes of an order from `first` on, which one event commissions."""

    first: int
    count: int
    entry: Entry | None


class CodeOrder(_Answer):
    """One order of codes; times in Unix milliseconds."""

    order: str
    kind: CodeKind
    name: str
    line: str
    count: int
    created_at_ms: int
    codes: str


class CodeOrders(_Answer):
    """Orders, oldest first."""

    orders: list[CodeOrder]
    next: int | None


class CodeOrderDetail(CodeOrder):
    """One order, with what became of its codes."""

    withdrawn: int
    commissioned: list[CommissionedPart]


class CommissionedCodes(_Answer):
    """An event that commissions codes; `commissioned` leaves out those that were withdrawn."""

    first: int
    count: int
    commissioned: int
    entry: Entry | None
    repeated: bool


class Commissioned(_Answer):
    """What commissioning an order did."""

    order: str
    dry_run: bool
    events: list[CommissionedCodes]


class CodeRange(_Answer):
    """Numbers that a line takes its codes from. `left` is what it can still give."""

    range: int
    kind: CodeKind
    name: str
    line: str
    first: int
    size: int
    used: int
    left: int
    fixed: bool
    closed: bool
    created_at_ms: int


class CodeRanges(_Answer):
    """Ranges, oldest first."""

    ranges: list[CodeRange]


class Withdrawn(_Answer):
    """What was declared of a code. `entry` is null where no event was needed."""

    code: str
    status: Literal["void", "replaced"]
    reason: str
    replacement: str | None
    declared_at_ms: int
    entry: Entry | None
    repeated: bool
    dry_run: bool


class Declared(_Answer):
    """Why a code is void or replaced."""

    reason: str
    replacement: str | None
    declared_at_ms: int
    entry: Entry | None


class CodeStatus(_Answer):
    """What a code is to the gateway that issues codes of its kind."""

    code: str
    status: Literal[
        "never_issued",
        "check_wrong",
        "issued_not_commissioned",
        "commissioned",
        "void",
        "replaced",
    ]
    product_known: bool
    order: str | None
    index: int | None
    line: str | None
    declared: Declared | None
    replaces: list[str]
    platform_state: PlatformState | None
    pack_level: int | None
