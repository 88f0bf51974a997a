"""The story as EPCIS documents: 24 packs in one case, from the maker to a pharmacy's counter.

Company prefixes begin with 952, which GS1 keeps for examples. Times are relative to `now`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from node_gateway.epcis.identifiers.check_digits import check_digit

PACK_COUNT = 24
ERROR_STATEMENT = "incorrect_data"

_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_ID = "https://id.gs1.org"
_OFFSET, _ZONE = "+08:00", timezone(timedelta(hours=8))
PREFIXES = MappingProxyType({"maker": "9521001", "distributor": "9521002", "pharmacy": "9521003"})
"""GS1 company prefixes by slug; each company owns the codes below its own, since ever."""
LOT = "L24-DEMO"
_PRODUCT, _SHELF_LIFE = "01343", timedelta(days=730)
# Two events have one id: a sale, and the statement that this sale was recorded by mistake.
_MISTAKE_ID = "urn:uuid:3b9aca07-5e41-4d4a-9c63-2f6f1d0e8a11"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One document, and whose gateway captures it. `titles` has a word for each event."""

    slug: str
    titles: tuple[str, ...]
    document: Document


def packs() -> list[str]:
    """Return the codes of the packs."""
    body = f"0{PREFIXES['maker']}{_PRODUCT}"
    gtin = body + check_digit(body)
    return [f"{_ID}/01/{gtin}/21/A{1001 + number}" for number in range(PACK_COUNT)]


def with_lot(pack: str) -> str:
    """Return a pack's code as its symbol holds it, with the lot."""
    product, _, serial = pack.partition("/21/")
    return f"{product}/10/{LOT}/21/{serial}"


def counterfeit() -> Document:
    """Return the commissioning of a pack with the maker's product code, by somebody else."""
    now = datetime.now(_ZONE)
    code = packs()[0].replace("/21/A", "/21/Z")
    event = _event("", "commissioning", "active", now - timedelta(minutes=1), "ADD", epcList=[code])
    return _document(now, [event])


def case() -> str:
    """Return the code of the case."""
    body = f"0{PREFIXES['maker']}000000101"
    return f"{_ID}/00/{body}{check_digit(body)}"


def story(now: datetime) -> list[Chapter]:
    """Return the chapters in order; every time is before `now`, by days at first, then by hours."""
    everything = packs()
    sold, mistaken = everything[0], everything[1]
    return [
        _maker(now, everything),
        _distributor(now),
        _pharmacy(now, everything, sold),
        _mistake(now, mistaken),
    ]


def _maker(now: datetime, everything: Sequence[str]) -> Chapter:
    ilmd = {
        "cbvmda:lotNumber": LOT,
        "cbvmda:itemExpirationDate": (now + _SHELF_LIFE).date().isoformat(),
    }
    at = timedelta(days=6)
    events = [
        _event("maker", "commissioning", "active", now - at, "ADD", epcList=everything, ilmd=ilmd),
        _event("maker", "commissioning", "active", now - at, "ADD", epcList=[case()]),
        _packing("maker", "packing", "in_progress", now - timedelta(days=5), "ADD", everything),
        _shipping("maker", "distributor", now - timedelta(days=4)),
    ]
    titles = ("packs made", "case made", "packed", "shipped by the maker")
    return Chapter("maker", titles, _document(now, events))


def _distributor(now: datetime) -> Chapter:
    events = [
        _receiving("maker", "distributor", now - timedelta(days=3)),
        _shipping("distributor", "pharmacy", now - timedelta(days=2)),
    ]
    titles = ("received by the distributor", "shipped by the distributor")
    return Chapter("distributor", titles, _document(now, events))


def _pharmacy(now: datetime, everything: Sequence[str], sold: str) -> Chapter:
    at = now - timedelta(days=1)
    events = [
        _receiving("distributor", "pharmacy", at),
        _packing("pharmacy", "unpacking", "in_progress", at, "DELETE", everything),
        _dispensing(now - timedelta(hours=3), sold),
    ]
    titles = ("received by the pharmacy", "unpacked", "dispensed")
    return Chapter("pharmacy", titles, _document(now, events))


def _mistake(now: datetime, mistaken: str) -> Chapter:
    sale = {"eventID": _MISTAKE_ID, **_dispensing(now - timedelta(hours=2), mistaken)}
    declaration = {
        "declarationTime": _time(now - timedelta(hours=1)),
        "reason": ERROR_STATEMENT,
    }
    events = [sale, {**sale, "errorDeclaration": declaration}]
    titles = ("dispensed by mistake", "declared a mistake")
    return Chapter("pharmacy", titles, _document(now, events))


def _dispensing(at: datetime, code: str) -> Document:
    return _event("pharmacy", "dispensing", "dispensed", at, "OBSERVE", epcList=[code])


def _receiving(giver: str, taker: str, at: datetime) -> Document:
    parties = _parties(giver, taker)
    return _event(taker, "receiving", "in_progress", at, "OBSERVE", epcList=[case()], **parties)


def _shipping(giver: str, taker: str, at: datetime) -> Document:
    parties = _parties(giver, taker)
    return _event(giver, "shipping", "in_transit", at, "OBSERVE", epcList=[case()], **parties)


def _packing(
    slug: str, step: str, disposition: str, at: datetime, action: str, codes: Sequence[str]
) -> Document:
    event = _event(slug, step, disposition, at, action)
    return {**event, "type": "AggregationEvent", "parentID": case(), "childEPCs": list(codes)}


def _event(
    slug: str, step: str, disposition: str, at: datetime, action: str, **more: object
) -> Document:
    place = {"id": f"{_ID}/414/{_gln(slug)}"} if slug else None
    return {
        "type": "ObjectEvent",
        "eventTime": _time(at),
        "eventTimeZoneOffset": _OFFSET,
        "action": action,
        "bizStep": step,
        "disposition": disposition,
        **({"readPoint": place, "bizLocation": place} if place else {}),
        **more,
    }


def _parties(giver: str, taker: str) -> dict[str, Any]:
    def party(slug: str) -> str:
        return f"{_ID}/417/{_gln(slug)}"

    return {
        "sourceList": [{"type": "owning_party", "source": party(giver)}],
        "destinationList": [{"type": "owning_party", "destination": party(taker)}],
    }


def _gln(slug: str) -> str:
    body = f"{PREFIXES[slug]}00001"
    return body + check_digit(body)


def _document(now: datetime, events: list[Document]) -> Document:
    return {
        "@context": [_CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _time(now),
        "epcisBody": {"eventList": events},
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(_ZONE).isoformat(timespec="milliseconds")
