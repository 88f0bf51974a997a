"""Handovers to us, as the tests of what is kept of other gateways write them."""

from __future__ import annotations

from sqlalchemy import Connection

from node_gateway.storage import handover_writing as writing
from node_gateway.storage.database import Insert
from tests.gateway.storage.making import NOW_MS, code_name, digest

NOW = NOW_MS // 1000
CODES = [code_name(number) for number in range(5)]
UNIT = "https://id.gs1.org/00/095060001343520000"
PREFIX = "https://id.gs1.org/01/09506000134352/"
SHIPMENT, MADE, HANDOVER = digest("shipment"), digest("made"), digest("handover")


def part(name: str, *, own: bool) -> writing.PartRow:
    paths = (writing.PathRow(7, CODES[0], "disclosure", bytes(640)),)
    head = (digest("made", name), 1, "ObjectEvent ADD commissioning - 0", "L-1", "2028-01-01")
    event = (
        writing.EventRow(*head) if own else writing.EventRow(*head, b"{}", bytes(32), None, paths)
    )
    return writing.PartRow(0, digest("part", name), b"data", (event,))


def come(connection: Connection, put: Insert, name: str, partner: int = 2) -> int:
    """A handover to us of every code, packed in a unit."""
    one = part(name, own=False)
    writing.add_part(connection, put, one, partner=partner, number=None)
    assert writing.knows_part(connection, partner, one.digest)
    assert not writing.knows_part(connection, partner + 1, one.digest)
    number = writing.take_in(
        connection,
        put,
        partner=partner,
        shipment=digest("shipment", name),
        digest=digest("handover", name),
        said_at=NOW,
        at=NOW,
        parts=[1],
        counts=(1, 6),
        replaces=None,
    )
    parents = [(UNIT, None), *((one, UNIT) for one in CODES)]
    writing.add_codes(connection, put, number, parents, dict.fromkeys(CODES, digest("made", name)))
    return number
