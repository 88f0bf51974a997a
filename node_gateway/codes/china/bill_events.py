"""Bills to EPCIS events, and back."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from node_gateway.codes.china.bill_types import (
    ALREADY_ACTIVE,
    COMMISSIONING,
    BillType,
    bill_type_of_event,
    bill_type_of_uri,
)
from node_gateway.codes.china.bills import Bill
from node_gateway.codes.china.dates import OFFSET, time_of
from node_gateway.codes.china.drug_code import DrugCodeError, packed_code, unpacked_code
from node_gateway.codes.china.vocabulary import (
    ENTERPRISE,
    PartyOf,
    bill_number_of,
    bill_uri,
    nobody,
    ours,
    party_uri,
)
from node_gateway.epcis.identifiers import DRUG_CODE

CODES_PER_EVENT_MAX: Final = 100_000
_SIDES: Final = (
    # attribute of Bill, member, inner member, type, name of ours for the id of the platform
    ("from_corp", "sourceList", "source", "possessing_party", "fromCorpID"),
    ("to_corp", "destinationList", "destination", "possessing_party", "toCorpID"),
    ("dest_corp", "destinationList", "destination", "possessing_party", "destCorpID"),
)


def bill_events(
    bills: Iterable[Bill],
    *,
    owner: str,
    party_of: PartyOf = nobody,
    is_active: Callable[[Bill], bool] = lambda _bill: False,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, event) for every bill, in file order.

    Args:
        bills: From `read_bills`.
        owner: The participant whose bills they are.
        party_of: Master data of parties.
        is_active: Whether the codes of a bill 101 are active already, so that the bill cannot
            commission them a second time.
    """
    for bill in bills:
        active = bill.type.number == COMMISSIONING and is_active(bill)
        for start in range(0, len(bill.codes), CODES_PER_EVENT_MAX):
            part = bill.codes[start : start + CODES_PER_EVENT_MAX]
            yield bill.lines[start], _event(bill, part, owner, party_of, active=active)


def _event(
    bill: Bill, codes: array[int], owner: str, party_of: PartyOf, *, active: bool
) -> dict[str, Any]:
    kind = bill.type
    step, disposition, action = (
        ALREADY_ACTIVE if active else (kind.biz_step, kind.disposition, kind.action)
    )
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventTime": bill.time,
        "eventTimeZoneOffset": OFFSET,
        "action": action,
        "bizStep": step,
        "disposition": disposition,
        "epcList": [DRUG_CODE + unpacked_code(code) for code in codes],
        "bizTransactionList": [{"type": kind.uri, "bizTransaction": bill_uri(owner, bill.number)}],
    }
    _put_sides(event, bill, party_of)
    return event


def _put_sides(event: dict[str, Any], bill: Bill, party_of: PartyOf) -> None:
    """Say who is on either side. With type 207 the buyer owns what goes straight elsewhere."""
    for attribute, member, inner, kind, name in _SIDES:
        corp = getattr(bill, attribute)
        if not corp:
            continue
        uri = party_uri(corp, party_of)
        if attribute == "to_corp" and bill.dest_corp:
            kind = "owning_party"
        event.setdefault(member, []).append({"type": kind, inner: uri})
        if _corp_of(uri) != corp:
            event[ours(name)] = corp


def bills_of(events: Iterable[Mapping[str, Any]]) -> list[Bill]:
    """Return the bills that events were made from, or that operations wrote into them.

    Args:
        events: Normalised events with their code lists; those that name no type of bill are
            passed over, as is every code that is no drug code.

    Returns:
        Rows as `read_bills` would give them, with line 0.
    """
    found: dict[tuple[int, str, str, str, str, str], Bill] = {}
    for event in events:
        stated = _stated(event)
        time = time_of(str(event.get("eventTime")))
        if stated is None or time is None:
            continue
        kind, number = stated
        bill = Bill(0, kind, number, time, *_corps(event))
        bill = found.setdefault(bill.parts, bill)
        for uri in event.get("epcList") or event.get("childEPCs") or ():
            try:
                bill.codes.append(packed_code(str(uri).removeprefix(DRUG_CODE)))
            except DrugCodeError:
                continue
            bill.lines.append(0)
    return list(found.values())


def as_bill(event: Mapping[str, Any], number: str, owner: str) -> dict[str, Any] | None:
    """Return an event that names a document as one that names a bill; None if no bill says it.

    The type is the one that the event states (`urn:x-cn-bill-type:...`), else the first in the
    table with its bizStep and disposition.

    Args:
        event: Normalised, however it was captured.
        number: Of the bill.
        owner: The participant whose bill it is.
    """
    listed = event.get("bizTransactionList") or ()
    stated = (bill_type_of_uri(str(one.get("type"))) for one in listed)
    kind = next((one for one in stated if one is not None), None) or bill_type_of_event(
        str(event.get("bizStep")), str(event.get("disposition"))
    )
    if kind is None or event.get("type") != "ObjectEvent":
        return None
    named = {"type": kind.uri, "bizTransaction": bill_uri(owner, number)}
    return {**event, "bizTransactionList": [named]}


def _stated(event: Mapping[str, Any]) -> tuple[BillType, str] | None:
    for one in event.get("bizTransactionList") or ():
        kind = bill_type_of_uri(str(one.get("type")))
        number = bill_number_of(str(one.get("bizTransaction")))
        if kind is not None and number is not None:
            return kind, number
    return None


def _corps(event: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the ids of both sides as the platform knows them: from, to, direct."""
    sources = {one.get("type"): str(one.get("source")) for one in event.get("sourceList") or ()}
    targets = {
        one.get("type"): str(one.get("destination")) for one in event.get("destinationList") or ()
    }
    from_uri = sources.get("possessing_party") or sources.get("owning_party") or ""
    possessing, owning = targets.get("possessing_party", ""), targets.get("owning_party", "")
    is_direct = bool(owning and possessing and owning != possessing)
    to_uri, dest_uri = (owning, possessing) if is_direct else (possessing or owning, "")
    names = ("fromCorpID", "toCorpID", "destCorpID")
    uris = (from_uri, to_uri, dest_uri)
    found = [
        str(event.get(ours(name)) or _corp_of(uri)) for name, uri in zip(names, uris, strict=True)
    ]
    return found[0], found[1], found[2]


def _corp_of(uri: str) -> str:
    """Return the platform's id that a URN holds; another URI stays as it is."""
    return unquote(uri.removeprefix(ENTERPRISE)) if uri.startswith(ENTERPRISE) else uri
