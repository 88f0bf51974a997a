"""Flows in few words: events of goods as they come out of normalising."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from node_gateway.state.history import History, review, said_of

START = datetime(2026, 3, 1, 1, tzinfo=UTC)
NOW_MS = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp() * 1000)
ROOT = "https://id.gs1.org/"
MAKER, TRADER, SHOP = "690123400000", "690567800000", "690901200000"
Event = dict[str, Any]


def with_check(digits: str) -> str:
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(digits[::-1]))
    return f"{digits}{-total % 10}"


def pack(serial: object, item: str = "690123412345") -> str:
    return f"{ROOT}01/{with_check('0' + item)}/21/{serial}"


def case(serial: int) -> str:
    return f"{ROOT}00/{with_check(f'06901234{serial:09d}')}"


def party(digits: str) -> str:
    return f"{ROOT}417/{with_check(digits)}"


def place(digits: str, number: int = 1) -> str:
    return f"{ROOT}414/{with_check(digits[:-1] + str(number))}"


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _event(kind: str, hours: float, who: str, step: str | None, **members: Any) -> Event:
    event: Event = {"type": kind, "eventTime": at(hours), "eventTimeZoneOffset": "+00:00"}
    if step is not None:
        event["bizStep"] = step
    event["bizLocation"] = {"id": place(who)}
    return {**event, **{name: value for name, value in members.items() if value is not None}}


def seen(
    hours: float, codes: Sequence[str], step: str | None, who: str = MAKER, **members: Any
) -> Event:
    members = {"action": "OBSERVE", "epcList": list(codes), **members}
    return _event("ObjectEvent", hours, who, step, **members)


def made(
    hours: float,
    codes: Sequence[str],
    lot: str | None = "L1",
    expiry: str = "2028-02-29",
    who: str = MAKER,
) -> Event:
    ilmd = {"cbvmda:lotNumber": lot, "cbvmda:itemExpirationDate": expiry} if lot else None
    return seen(hours, codes, "commissioning", who, action="ADD", disposition="active", ilmd=ilmd)


def packed(hours: float, parent: str, codes: Sequence[str], who: str = MAKER) -> Event:
    members = {"parentID": parent, "childEPCs": list(codes), "action": "ADD"}
    return _event("AggregationEvent", hours, who, "packing", **members)


def unpacked(hours: float, parent: str, codes: Sequence[str] = (), who: str = MAKER) -> Event:
    members = {"parentID": parent, "childEPCs": list(codes), "action": "DELETE"}
    return _event("AggregationEvent", hours, who, "unpacking", **members)


def _parties(who: str, to: str) -> dict[str, Any]:
    return {
        "sourceList": [{"type": "owning_party", "source": party(who)}],
        "destinationList": [{"type": "owning_party", "destination": party(to)}],
    }


def shipped(hours: float, codes: Sequence[str], who: str, to: str, **members: Any) -> Event:
    members = {"disposition": "in_transit", **_parties(who, to), **members}
    return seen(hours, codes, "shipping", who, **members)


def received(hours: float, codes: Sequence[str], who: str, by: str, **members: Any) -> Event:
    members = {"disposition": "in_progress", **_parties(who, by), **members}
    return seen(hours, codes, "receiving", by, **members)


def dispensed(hours: float, codes: Sequence[str], who: str = SHOP, **members: Any) -> Event:
    members = {"action": "DELETE", "disposition": "dispensed", **members}
    return seen(hours, codes, "dispensing", who, **members)


def named(event: Event, name: str) -> Event:
    return {**event, "eventID": name}


def taken_back(event: Event) -> Event:
    declared = {"declarationTime": at(999), "reason": "incorrect_data"}
    return {**event, "errorDeclaration": declared}


def history(events: Sequence[Event], received_ms: int = NOW_MS) -> History:
    return review(said_of(events, received_ms=received_ms))


def broken(events: Sequence[Event]) -> list[tuple[int, str]]:
    """What the rules find: (index of the event, rule), each once."""
    return sorted({(one.position - 1, one.rule.word) for one in history(events).findings})


def now_ms() -> int:
    return int(time.time() * 1000)
