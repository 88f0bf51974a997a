"""Exceptions for tests: handovers as both sides keep them, cases about them, waiting."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from node_gateway.partners.ports import Direction, ExceptionKind, NewException
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.handovers import State
from tests.gateway.running import Running, sgtin

WAIT_S = 20.0


async def handed(
    up: Running, direction: Direction, partner: int, codes: Sequence[str], digest: bytes
) -> None:
    """Keep a handover at one side, as if it had been said."""
    insert, now = up.gateway.store.insert, int(up.gateway.clock())

    def work(connection: Connection) -> None:
        shipment = os.urandom(32)
        if direction is Direction.OUT:
            number = writing.add_out(
                connection, insert, partner=partner, shipment=shipment, state=State.WAITING, at=now
            )
            writing.set_state(
                connection, number, State.SAID, digest=digest, said_at=now, code_count=len(codes)
            )
        else:
            number = writing.take_in(
                connection,
                insert,
                partner=partner,
                shipment=shipment,
                digest=digest,
                said_at=now,
                at=now,
                parts=(),
                counts=(0, len(codes)),
                replaces=None,
            )
        writing.add_codes(connection, insert, number, [(code, None) for code in codes], {})

    await up.gateway.store.write("test", work)


async def handed_over(
    sender: Running, receiver: Running, codes: Sequence[str], digest: bytes | None = None
) -> bytes:
    """Keep a handover at both sides; return its digest."""
    digest = digest or os.urandom(32)
    giver = sender.gateway.settings.gateway.participant
    taker = receiver.gateway.settings.gateway.participant
    await handed(sender, Direction.OUT, taker, codes, digest)
    await handed(receiver, Direction.IN, giver, codes, digest)
    return digest


def codes_of(count: int) -> list[str]:
    """Return so many codes that no other test has."""
    return sorted(sgtin() for _ in range(count))


def wish(
    kind: ExceptionKind = ExceptionKind.SHORTAGE,
    *,
    partner: int | None = None,
    subject: bytes | None = None,
    codes: Sequence[str] = (),
    **members: Any,
) -> NewException:
    """Return a mismatch."""
    return NewException(
        kind=kind,
        partner=partner,
        subject=subject or os.urandom(32),
        detail=members.pop("detail", "seen at the dock"),
        codes=tuple(codes),
        **members,
    )


async def opened(up: Running, new: NewException) -> int:
    """Open an exception as a feature does, inside a transaction."""
    exceptions = up.gateway.partners.exceptions
    number = await up.gateway.store.write("test", lambda one: exceptions.open(one, new))
    up.gateway.partners.channel.wake()
    return number


async def shown(up: Running, number: int) -> dict[str, Any]:
    """Return an exception."""
    answer = await up.client.get(f"/v1/exceptions/{number}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(up: Running, **params: Any) -> list[dict[str, Any]]:
    """Return a page of exceptions."""
    answer = await up.client.get("/v1/exceptions", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["exceptions"]
    return found


async def arrived(up: Running, case: str) -> dict[str, Any]:
    """Wait until a gateway has a case, and return it."""
    async with asyncio.timeout(WAIT_S):
        while True:
            for one in await listed(up, perPage=1000):
                if one["case"] == case:
                    return await shown(up, one["number"])
            await asyncio.sleep(0.02)


async def heard(up: Running, number: int, act: str) -> dict[str, Any]:
    """Wait until the last thing that the partner said is an act, and return the exception."""
    own = up.gateway.settings.gateway.participant
    async with asyncio.timeout(WAIT_S):
        while True:
            found = await shown(up, number)
            last = found["messages"][-1] if found["messages"] else None
            if last and last["act"] == act and last["by"]["participant"] != own:
                return found
            await asyncio.sleep(0.02)


async def post(up: Running, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    """Post below /v1/exceptions, and return the answer."""
    answer = await up.client.post(f"/v1/exceptions{path}", content=json.dumps(body))
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found
