"""Claims that codes were sold, on their way from a shop to the issuer and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from node_gateway.storage.code_state_tables import event_standing
from node_gateway.storage.code_states import STANDS
from node_gateway.storage.sale_tables import published_step, sale_claim

OURSELVES: Final = 0
"""In the place of a participant: as source our own sale, as target our own code."""
TOKEN_SIZE: Final = 32


class ClaimState(IntEnum):
    """Where a claim is. Kept in databases."""

    WAITING = 0  # our own sale is not sealed yet
    DUE = 1
    SAID = 2
    UNASKED = 3  # there is nobody to ask
    TAKING_BACK = 4  # it was said, and the withdrawal is due
    TAKEN_BACK = 5
    CANCELLED = 6  # taken back before anybody heard of it
    REFUSED = 7  # the next one does not take it
    HELD = 8  # not told on: as many as can count there were, or it does not count here


class Answer(IntEnum):
    """What the issuer says of a claim. Kept in databases and sent."""

    NONE = 0
    FIRST = 1
    AGAIN = 2
    UNKNOWN = 3  # it never issued the code


class Kind(IntEnum):
    """What a claim says. Kept in databases."""

    SOLD = 0
    CAME_BACK = 1  # to somebody who had not sold it


class TakenBack(IntEnum):
    """Why a sale does not count any more. Kept in databases and sent."""

    NO = 0
    DID_NOT_OCCUR = 1
    RETURNED = 2


_OUT: Final = frozenset({ClaimState.SAID, ClaimState.UNASKED, ClaimState.TAKING_BACK})

_AT_HOME: Final = frozenset({ClaimState.WAITING, ClaimState.DUE})


class Claim(NamedTuple):
    """One sale of one code; members as the columns of `sale_claim`."""

    number: int
    token: bytes
    code: str
    source: int
    target: int | None
    event: int | None
    entry: bytes | None
    state: ClaimState
    answer: Answer
    times: int
    taken_back: TakenBack
    due_at: int | None
    since: int
    kind: Kind
    strange: bool
    heard: Answer
    heard_times: int

    @property
    def is_own(self) -> bool:
        """Whether we sold it."""
        return self.source == OURSELVES

    @property
    def stands(self) -> bool:
        """Whether it counts as a sale."""
        return not self.taken_back and self.state is not ClaimState.CANCELLED

    @property
    def is_out(self) -> bool:
        """Whether whoever comes next holds it, or would if there were anybody."""
        return self.state in _OUT

    @property
    def is_at_home(self) -> bool:
        """Whether nobody may hear of it yet."""
        return self.state in _AT_HOME


class NewClaim(NamedTuple):
    """A claim to be kept."""

    token: bytes
    code: str
    source: int
    target: int | None
    state: ClaimState
    since: int
    event: int | None = None
    entry: bytes | None = None
    due_at: int | None = None
    kind: Kind = Kind.SOLD
    strange: bool = False


_c = sale_claim.c
_ALL: Final = select(*sale_claim.c)
_BY_TOKEN: Final = _ALL.where(_c.token == bindparam("token"))
_BY_CODE: Final = (
    _ALL.where(_c.code == bindparam("code")).order_by(_c.number).limit(bindparam("most"))
)
_STRANGE: Final = (
    select(func.count())
    .select_from(sale_claim)
    .where(_c.source == bindparam("source"), _c.since >= bindparam("since"), _c.strange == 1)
)
_LAST: Final = select(func.max(_c.number))
_LAST_EVENT: Final = select(func.max(_c.event)).where(_c.event.is_not(None))
_LASTS: Final = select(_LAST.scalar_subquery(), _LAST_EVENT.scalar_subquery())
_DUE: Final = _ALL.where(_c.due_at <= bindparam("now")).order_by(_c.due_at).limit(bindparam("most"))
_WAITING: Final = _ALL.where(_c.state == 0).order_by(_c.event, _c.code).limit(bindparam("most"))
_NEXT_DUE: Final = select(func.min(_c.due_at)).where(_c.due_at.is_not(None))


class Lasts(NamedTuple):
    """The last claim's number, and the last event that has a claim; 0 where there is none."""

    number: int
    event: int


def lasts(connection: Connection) -> Lasts:
    """Return how far the claims go, in one query."""
    number, event = connection.execute(_LASTS).one()
    return Lasts(number or 0, event or 0)


def add(connection: Connection, claims: Iterable[NewClaim], *, number: int | None = None) -> None:
    """Keep new claims, in order; `number` is the last claim's, if it is known."""
    if number is None:
        number = connection.execute(_LAST).scalar() or 0
    rows = [
        {
            **one._asdict(),
            "number": number + at,
            "state": int(one.state),
            "kind": int(one.kind),
            "strange": int(one.strange),
            "answer": 0,
            "times": 0,
            "taken_back": 0,
        }
        for at, one in enumerate(claims, 1)
    ]
    if rows:
        connection.execute(insert(sale_claim), rows)


def change(connection: Connection, number: int, **values: Any) -> None:
    """Set columns of a claim."""
    connection.execute(update(sale_claim).where(_c.number == number).values(**values))


def by_token(connection: Connection, token: bytes) -> Claim | None:
    """Return the claim with a token."""
    row = connection.execute(_BY_TOKEN, {"token": token}).first()
    return None if row is None else _claim(row)


def of_code(connection: Connection, code: str, *, limit: int = 1000) -> list[Claim]:
    """Return the claims of a code, oldest first."""
    return [_claim(row) for row in connection.execute(_BY_CODE, {"code": code, "most": limit})]


def strange_since(connection: Connection, source: int, since: int) -> int:
    """Return of how many codes that never went to it a source has told since then."""
    return connection.execute(_STRANGE, {"source": source, "since": since}).scalar() or 0


def remove(connection: Connection, numbers: Collection[int]) -> None:
    """Forget claims."""
    connection.execute(delete(sale_claim).where(_c.number.in_(sorted(numbers))))


def of_event(connection: Connection, event: int, codes: Collection[str] = ()) -> list[Claim]:
    """Return the claims of one of our own sales."""
    rows = connection.execute(_ALL.where(_c.event == event).order_by(_c.number))
    return [_claim(row) for row in rows if not codes or row.code in codes]


def own_standing(connection: Connection, code: str) -> list[Claim]:
    """Return the claims of our own sales of a code that were not taken back, oldest first."""
    return [
        one
        for one in of_code(connection, code)
        if one.is_own and one.stands and one.kind is Kind.SOLD
    ]


def waiting(connection: Connection, *, limit: int) -> list[Claim]:
    """Return claims of own sales that may not be sealed yet, in the order of capture."""
    return [_claim(row) for row in connection.execute(_WAITING, {"most": limit})]


def due(connection: Connection, now: int, *, limit: int) -> list[Claim]:
    """Return the claims about which the next one is to be told something now."""
    return [_claim(row) for row in connection.execute(_DUE, {"now": now, "most": limit})]


def next_due(connection: Connection) -> int | None:
    """Return when something is due next, Unix seconds."""
    return connection.execute(_NEXT_DUE).scalar()


def event_counts(connection: Connection, event: int) -> bool:
    """Tell whether an event stands: neither void nor said twice."""
    query = select(event_standing.c.standing).where(event_standing.c.event == event)
    return connection.execute(query).scalar() == STANDS


def forget_event(connection: Connection, event: int) -> None:
    """Remove what an own sale left here; what was said stays with whoever heard it."""
    connection.execute(delete(sale_claim).where(_c.event == event))


class PublishedStep(NamedTuple):
    """A step that a participant published, about one code of ours."""

    code: str
    entry: bytes
    participant: int
    source: int
    bundle: bytes


_STEPS: Final = (
    select(*published_step.c)
    .where(published_step.c.code == bindparam("code"))
    .order_by(published_step.c.entry)
    .limit(bindparam("most"))
)


def keep_steps(connection: Connection, steps: Sequence[PublishedStep]) -> None:
    """Keep published steps; one that is known already stays as it is."""
    for one in steps:
        known = select(published_step.c.entry).where(
            published_step.c.code == one.code, published_step.c.entry == one.entry
        )
        if connection.execute(known).first() is None:
            connection.execute(insert(published_step), one._asdict())


def steps_of(connection: Connection, code: str, *, limit: int) -> list[PublishedStep]:
    """Return the published steps of a code."""
    rows = connection.execute(_STEPS, {"code": code, "most": limit})
    return [PublishedStep(*row) for row in rows]


def _claim(row: Any) -> Claim:
    made = Claim(*row)
    return made._replace(
        state=ClaimState(made.state),
        answer=Answer(made.answer),
        taken_back=TakenBack(made.taken_back),
        kind=Kind(made.kind),
        strange=bool(made.strange),
        heard=Answer(made.heard),
    )
