"""Our own sales that were not the only ones, among the findings of state rules.

The rules judge what is stored here; that a code was sold elsewhere too only the network tells. So
these findings are kept apart from theirs: a rebuild of the states leaves them, and what becomes of
the claim decides whether they stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from node_gateway.state.rules import Rule
from node_gateway.storage import finding_numbers
from node_gateway.storage.code_state_tables import finding
from node_gateway.storage.sales import Answer, Claim, Kind

_c = finding.c
_OF_CODE: Final = select(_c.number, _c.event).where(
    _c.code == bindparam("code"), _c.rule == int(Rule.SOLD_AGAIN)
)


def keep(connection: Connection, code: str, claims: Iterable[Claim], *, at_ms: int) -> None:
    """Let the findings about a code be what its claims say.

    Args:
        connection: A transaction's.
        code: Canonical.
        claims: Every claim of the code.
        at_ms: Now, Unix milliseconds.
    """
    own = [one for one in claims if one.is_own and one.kind is Kind.SOLD]
    if not own:
        return
    wanted = {one.event for one in own if one.stands and one.answer is Answer.AGAIN}
    known = {row.event: row.number for row in connection.execute(_OF_CODE, {"code": code})}
    for event, number in known.items():
        if event not in wanted:
            connection.execute(delete(finding).where(_c.number == number))
    for event in sorted(one for one in wanted if one is not None and one not in known):
        row = {
            "number": finding_numbers.take(connection, 1),
            "event": event,
            "rule": int(Rule.SOLD_AGAIN),
            "code": code,
            "other": 0,
            "found_at_ms": at_ms,
        }
        connection.execute(insert(finding), row)


def forget(connection: Connection, event: int, code: str | None = None) -> None:
    """Remove what stands about one of our sales; it was taken back, or is erased."""
    gone = delete(finding).where(_c.event == event, _c.rule == int(Rule.SOLD_AGAIN))
    connection.execute(gone if code is None else gone.where(_c.code == code))
