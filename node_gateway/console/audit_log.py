"""The log of what people did in the console: who, when, what, from where."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from node_gateway.storage.people import AuditRow, PeopleStore

NOBODY: Final = "?"
"""Who, where nobody was signed in: a name that was mistyped may be a password."""
_SUBJECT_LENGTH_MAX: Final = 300


class AuditLog:
    """Adds to the log and reads it; nothing changes or removes an entry."""

    def __init__(self, store: PeopleStore, *, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock

    async def note(
        self, who: str, action: str, subject: str, *, outcome: str, status: int, address: str
    ) -> None:
        """Keep what somebody did.

        Args:
            who: Name of a person, or `NOBODY`.
            action: Name of the route.
            subject: What it was done to.
            outcome: `ok`, or the code of a problem.
            status: Of the answer.
            address: Of the client; its last part is not kept.
        """
        at_ms, about = int(self._clock() * 1000), subject[:_SUBJECT_LENGTH_MAX]
        row = AuditRow(0, at_ms, who, action, about, outcome, truncated(address), status)
        await self._store.log(row)

    async def page(
        self, *, before: int | None, limit: int, who: str | None
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Return a page as JSON, newest first, and the number to go on from."""
        found = await self._store.logged(before=before, limit=limit + 1, who=who)
        shown = found[:limit]
        following = shown[-1].number if len(found) > limit else None
        return [_wire(one) for one in shown], following


def truncated(address: str) -> str:
    """Return the network of an address: of IPv4 24 bits, of IPv6 48."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    bits = 24 if parsed.version == 4 else 48
    return str(ip_network(f"{parsed}/{bits}", strict=False))


def _wire(row: AuditRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "atMs": row.at_ms,
        "who": row.who,
        "action": row.action,
        "subject": row.subject,
        "outcome": row.outcome,
        "origin": row.origin,
    }


__all__ = ["NOBODY", "AuditLog", "truncated"]
