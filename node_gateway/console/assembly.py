"""What the console is made of."""

from __future__ import annotations

from dataclasses import dataclass

from node_gateway.console.audit_log import AuditLog
from node_gateway.console.people import People
from node_gateway.features import Base
from node_gateway.storage.people import PeopleStore


@dataclass(frozen=True, slots=True)
class Console:
    """Who may use the console, and what they did."""

    people: People
    log: AuditLog


def console(base: Base) -> Console:
    """Return it."""
    store = PeopleStore(base.store)
    people = People(store, base.settings.console, clock=base.clock)
    return Console(people, AuditLog(store, clock=base.clock))
