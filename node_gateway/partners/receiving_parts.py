"""What the services of receiving share, and a receipt as it is in the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from anchoring.core.items import decode_disclosure
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.times import time_ms
from node_gateway.errors import NotFoundError
from node_gateway.partners.handover_content import Rules
from node_gateway.partners.parties import Parties
from node_gateway.partners.ports import Channel, Exceptions
from node_gateway.partners.received_events import read_fields
from node_gateway.partners.receiving_known import Knowing
from node_gateway.partners.shipment import Expected, Scan, Shipment
from node_gateway.services.following import Follower
from node_gateway.services.operating import Operating
from node_gateway.storage import handovers, receiving
from node_gateway.storage.handovers import HandedCode, Handover
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.receiving import ReceiptRow, ScanRow

_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Parts:
    """What receiving is made of.

    Attributes:
        rules_for: What the sender of a shipment may be shown of our receiving events.
        settle: Resolves an exception about goods without data whose data have come, by number.
        due: When a receipt that begins at a time should be finished; Unix seconds.
        clock: Unix seconds.
    """

    store: GatewayStore
    follower: Follower
    operating: Operating
    knowing: Knowing
    channel: Channel
    exceptions: Exceptions
    parties: Parties
    rules_for: Callable[[int], Rules]
    participant: int
    settle: Callable[[int], Awaitable[None]]
    due: Callable[[int], int]
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A receipt with everything that was said and scanned."""

    handover: Handover
    receipt: ReceiptRow
    handed: Sequence[HandedCode]
    scans: Sequence[ScanRow]

    @property
    def shipment(self) -> Shipment:
        """The codes as a tree."""
        expected = (Expected(one.code, one.parent, one.lot, one.expiry) for one in self.handed)
        return Shipment(expected, for_us=self.receipt.for_us)

    @property
    def read(self) -> list[Scan]:
        """What was read, as matching takes it."""
        return [as_scan(one) for one in self.scans]


def as_scan(row: ScanRow) -> Scan:
    """Return what was read, as matching takes it."""
    return Scan(row.code, row.lot, row.expiry, row.inside, row.opened)


def require(connection: Connection, number: int) -> tuple[Handover, ReceiptRow]:
    """Return a handover to us and its receipt.

    Raises:
        NotFoundError: `shipment_not_found`.
    """
    handover = handovers.handover_numbered(connection, number)
    receipt = receiving.receipt_of(connection, number)
    if handover is None or receipt is None:
        raise NotFoundError("no shipment to us has this number", code="shipment_not_found")
    return handover, receipt


def load(connection: Connection, number: int) -> Loaded:
    """Return a receipt with everything that was said and scanned.

    Cost: reads every code of the handover.

    Raises:
        NotFoundError: `shipment_not_found`.
    """
    handover, receipt = require(connection, number)
    handed = list(all_codes(connection, handover.digest or b""))
    return Loaded(handover, receipt, handed, receiving.scans(connection, number))


def all_codes(connection: Connection, digest: bytes) -> Iterator[HandedCode]:
    """Yield every code of a handover, in bytewise order."""
    after = ""
    while page := handovers.codes_of(connection, digest, after, _PAGE):
        yield from page
        after = page[-1].code


def shown(connection: Connection, shipment: bytes) -> Mapping[str, Any]:
    """Return what was disclosed of the fields of a partner's shipping event, by path."""
    event = handovers.received_event(connection, shipment)
    if event is None or event.fields is None:
        return {}
    items = (
        decode_disclosure(text, is_code=False).item
        for text in read_fields(event.fields).disclosures
    )
    return {one.path: one.value for one in items}


def sent_ms(connection: Connection, shipment: bytes) -> int | None:
    """Return when a partner says to have sent a shipment, None where nothing that holds is shown.

    In milliseconds since 1970, by the partner's own clock.
    """
    stated = shown(connection, shipment).get("$['eventTime']")
    try:
        return time_ms(stated) if isinstance(stated, str) else None
    except NormalisationError:
        return None


def parties_shown(values: Mapping[str, Any], name: str) -> list[str]:
    """Return the disclosed parties of a list, `source` or `destination`."""
    begin, end = f"$['{name}List'][", f"]['{name}']"
    return [
        str(value)
        for path, value in values.items()
        if path.startswith(begin) and path.endswith(end)
    ]
