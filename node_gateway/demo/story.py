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
BOX_COUNT = 10
ERROR_STATEMENT = "incorrect_data"

_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_ID = "https://id.gs1.org"
_OFFSET, _ZONE = "+08:00", timezone(timedelta(hours=8))
PREFIXES = MappingProxyType(
    {
        "maker": "9521001",
        "distributor": "9521002",
        "pharmacy": "9521003",
        "depot": "9521004",
        "corner": "9521005",
    }
)
"""GS1 company prefixes by slug; each company owns the codes below its own, since ever."""
LOT = "L24-DEMO"
RECALLED_LOT = "L23-RECALLED"
_PRODUCT, _OTHER_PRODUCT, _SHELF_LIFE = "01343", "01350", timedelta(days=730)
_BOXES = MappingProxyType({"distributor": ("B", "000000102"), "depot": ("C", "000000103")})
# Two events have one id: a sale, and the statement that this sale was recorded by mistake.
_MISTAKE_ID = "urn:uuid:3b9aca07-5e41-4d4a-9c63-2f6f1d0e8a11"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One document, and whose gateway captures it. `titles` has a word for each event.

    `goes_to`: who gets what the last event ships.
    """

    slug: str
    titles: tuple[str, ...]
    document: Document
    goes_to: str = ""


def packs() -> list[str]:
    """Return the codes of the packs."""
    return _series("A", PACK_COUNT)


def box(slug: str) -> str:
    """Return the code of the box that goes to one of the two distributors."""
    return _unit(_BOXES[slug][1])


def boxed(slug: str) -> list[str]:
    """Return the codes of the packs in that box."""
    return _series(_BOXES[slug][0], BOX_COUNT)


def recalled_pack() -> str:
    """Return the code of a pack of another product, which the maker recalls for visitors."""
    return _series("R", 1, _OTHER_PRODUCT)[0]


def _series(letter: str, count: int, product: str = _PRODUCT) -> list[str]:
    body = f"0{PREFIXES['maker']}{product}"
    gtin = body + check_digit(body)
    return [f"{_ID}/01/{gtin}/21/{letter}{1001 + number}" for number in range(count)]


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


def recalled(now: datetime) -> Document:
    """Return the commissioning of the pack that is recalled."""
    at, ilmd = now - timedelta(minutes=1), {**_ilmd(now), "cbvmda:lotNumber": RECALLED_LOT}
    code = [recalled_pack()]
    event = _event("maker", "commissioning", "active", at, "ADD", epcList=code, ilmd=ilmd)
    return _document(now, [event])


def case() -> str:
    """Return the code of the case."""
    return _unit("000000101")


def _unit(number: str) -> str:
    body = f"0{PREFIXES['maker']}{number}"
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


def boxing(now: datetime) -> Document:
    """Return how the maker makes two boxes of packs, of the lot of the story."""
    at = now - timedelta(seconds=20)
    later = at + timedelta(seconds=10)
    both = [*boxed("distributor"), *boxed("depot")]
    units = [box(slug) for slug in _BOXES]
    events = [
        _event("maker", "commissioning", "active", at, "ADD", epcList=both, ilmd=_ilmd(now)),
        _event("maker", "commissioning", "active", at, "ADD", epcList=units),
    ]
    events += [
        _packing("maker", "packing", "in_progress", later, "ADD", boxed(slug), parent=box(slug))
        for slug in _BOXES
    ]
    return _document(now, events)


def shipment(now: datetime, giver: str, taker: str, codes: Sequence[str]) -> Document:
    """Return what a company states that ships codes, whether it has them or not."""
    parties = _parties(giver, taker)
    event = _event(giver, "shipping", "in_transit", now, "OBSERVE", epcList=list(codes), **parties)
    return _document(now, [event])


def _ilmd(now: datetime) -> dict[str, str]:
    return {
        "cbvmda:lotNumber": LOT,
        "cbvmda:itemExpirationDate": (now + _SHELF_LIFE).date().isoformat(),
    }


def _maker(now: datetime, everything: Sequence[str]) -> Chapter:
    ilmd, at = _ilmd(now), timedelta(days=6)
    events = [
        _event("maker", "commissioning", "active", now - at, "ADD", epcList=everything, ilmd=ilmd),
        _event("maker", "commissioning", "active", now - at, "ADD", epcList=[case()]),
        _packing("maker", "packing", "in_progress", now - timedelta(days=5), "ADD", everything),
        _shipping("maker", "distributor", now - timedelta(days=4)),
    ]
    titles = ("packs made", "case made", "packed", "shipped by the maker")
    return Chapter("maker", titles, _document(now, events), "distributor")


def _distributor(now: datetime) -> Chapter:
    events = [
        _receiving("maker", "distributor", now - timedelta(days=3)),
        _shipping("distributor", "pharmacy", now - timedelta(days=2)),
    ]
    titles = ("received by the distributor", "shipped by the distributor")
    return Chapter("distributor", titles, _document(now, events), "pharmacy")


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
    slug: str,
    step: str,
    disposition: str,
    at: datetime,
    action: str,
    codes: Sequence[str],
    *,
    parent: str = "",
) -> Document:
    event = _event(slug, step, disposition, at, action)
    unit = {"parentID": parent or case(), "childEPCs": list(codes)}
    return {**event, "type": "AggregationEvent", **unit}


def _event(
    slug: str, step: str, disposition: str, at: datetime, action: str, **more: object
) -> Document:
    place = {"id": f"{_ID}/414/{gln(slug)}"} if slug else None
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
        return f"{_ID}/417/{gln(slug)}"

    return {
        "sourceList": [{"type": "owning_party", "source": party(giver)}],
        "destinationList": [{"type": "owning_party", "destination": party(taker)}],
    }


def gln(slug: str) -> str:
    """Return a company's party and place, as a GLN."""
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
