"""What the console is made of."""

from __future__ import annotations

from dataclasses import dataclass

from node_gateway.console.audit_log import AuditLog
from node_gateway.console.once import Once
from node_gateway.console.people import People
from node_gateway.features import Base
from node_gateway.storage.people import PeopleStore


@dataclass(frozen=True, slots=True)
class Console:
    """Who may use the console, what they did, and which scans were taken."""

    people: People
    log: AuditLog
    once: Once


def console(base: Base) -> Console:
    """Return it."""
    store = PeopleStore(base.store)
    people = People(store, base.settings.console, clock=base.clock)
    return Console(people, AuditLog(store, clock=base.clock), Once())
