"""What others told about a code, as the public answer needs it: one read, whatever is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection

from node_gateway.storage.sale_counting import counted
from node_gateway.storage.sales import (
    OURSELVES,
    Answer,
    ClaimState,
    Kind,
    of_code,
    steps_of,
)

STEPS_MAX: Final = 16
CLAIMS_MAX: Final = 100
_OVER: Final = frozenset({ClaimState.TAKEN_BACK, ClaimState.CANCELLED})


class Told(NamedTuple):
    """What others told about a code.

    Attributes:
        own: Of our own sales by position: whether they count. A return counts from when it is
            told, not from when it was stated: its hour is as private as the sale's.
        others: How many more sales of a code of ours stand than our own, as others claimed; less
            than none where one of ours came back to somebody else.
        times: How many sales the issuer says there are.
        steps: Bundles of published steps of a code of ours, as JSON.
    """

    own: Mapping[int, bool]
    others: int
    times: int
    steps: tuple[bytes, ...]


def told_of(connection: Connection, code: str) -> Told:
    """Return what others told about a canonical code."""
    claims = of_code(connection, code, limit=CLAIMS_MAX)
    ours = [one for one in claims if one.is_own and one.kind is Kind.SOLD]
    known = [one for one in claims if one.answer is not Answer.UNKNOWN and one.target == OURSELVES]
    count = counted(known)
    return Told(
        own={one.event: one.state not in _OVER for one in ours if one.event is not None},
        others=count.net - sum(one.is_own for one in count.sold),
        times=max((one.times for one in ours if one.state not in _OVER), default=0),
        steps=tuple(one.bundle for one in steps_of(connection, code, limit=STEPS_MAX)),
    )
