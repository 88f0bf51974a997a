"""What was said to come against what is there: each kind of difference, and why probably. Pure.

A scanned unit stands for all that is packed in it, unless it was opened: then what is in it is
scanned one by one. What counts is what people sell: a unit counts only where nothing is known to
be in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from anchoring.directory.lots import lot_key
from node_gateway.partners.ports import ExceptionKind
from node_gateway.partners.scanner_faults import Meant
from node_gateway.partners.shipment import (
    LOOSE,
    Cause,
    Difference,
    Expected,
    Known,
    Matched,
    Scan,
    Shipment,
)
from node_gateway.state.dates import expiry_day
from node_gateway.state.parties import class_of, is_logistic

_COUNTED: Final = frozenset(
    {ExceptionKind.OVERAGE, ExceptionKind.SHORTAGE, ExceptionKind.DATA_NO_PRODUCT}
)


def match(shipment: Shipment, scans: Sequence[Scan], known: Known | None = None) -> Matched:
    """Compare a shipment's data with what was scanned.

    Args:
        shipment: What was said.
        scans: What is there, in any order; the same code again changes nothing.
        known: What else is known of the codes said and scanned.

    Cost: linear in codes and scans.
    """
    known = known or Known()
    there = _there(shipment, scans)
    found = shipment.leaves & there
    missing = shipment.leaves - found
    extra = sorted({one.code for one in scans} - shipment.codes.keys())
    meant = Meant(missing)
    differences = [
        *_of_shipment(shipment, known),
        *_of_extra(shipment, extra, known, meant, Counter(map(class_of, missing))),
        *_of_missing(shipment, missing, there, known, extra),
        *_of_labels(shipment, scans),
        *_of_packing(shipment, scans),
        *_of_arrived(there, extra, known),
    ]
    return Matched(
        differences=_grouped(shipment, differences, found, extra),
        expected=len(shipment.leaves),
        found=len(found),
        extra=len(extra),
        arrived=_arrived(shipment, scans, there, known) if shipment.for_us else (),
        missing=missing,
    )


def verdict(
    scan: Scan, expected: Expected | None, known: Known, *, alike: bool
) -> list[Difference]:
    """Say of a single scan what is wrong with it; nothing if it is as was said.

    Args:
        scan: Just read.
        expected: What the shipment's data say of this code, None if they do not name it.
        known: What else is known of this code.
        alike: Whether the shipment holds codes of the same product.
    """
    if expected is None:
        kind, cause = _unexpected(scan.code, known, alike=alike)
        found = [Difference(kind, cause, (scan.code,))]
        if scan.code in known.recalled and kind is not ExceptionKind.RECALLED:
            found.append(_recalled(scan.code))
        return found
    shipment = Shipment([expected])
    return [
        *_of_shipment(shipment, known),
        *_of_labels(shipment, [scan]),
        *_of_packing(shipment, [scan]),
        *_of_arrived({scan.code}, (), known),
    ]


def _there(shipment: Shipment, scans: Sequence[Scan]) -> set[str]:
    """Return every expected code that is there: scanned, or inside of what was scanned whole."""
    opened = {one.code for one in scans if one.opened}
    there: set[str] = set()
    for one in scans:
        waiting = [one.code] if one.code in shipment.codes else []
        while waiting:
            code = waiting.pop()
            if code in there:
                continue
            there.add(code)
            if code not in opened:
                waiting += shipment.inside.get(code, ())
    return there


def _of_shipment(shipment: Shipment, known: Known) -> Iterator[Difference]:
    if not shipment.for_us:
        yield Difference(ExceptionKind.WRONG_RECEIVER, Cause.OTHER_DESTINATION)
    for code, cause in known.unauthorised.items():
        if code in shipment.codes:
            yield Difference(ExceptionKind.NOT_AUTHORISED, cause, (code,))


def _of_extra(
    shipment: Shipment,
    extra: Sequence[str],
    known: Known,
    meant: Meant,
    missing: Mapping[str, int],
) -> Iterator[Difference]:
    for code in extra:
        alike = class_of(code) in shipment.classes and bool(class_of(code))
        kind, cause = _unexpected(code, known, alike=alike)
        probably = meant.by(code)
        if cause is not Cause.RECEIVED_BEFORE and probably is not None:
            yield Difference(kind, Cause(probably[1].value), (code,), meant=probably[0])
            continue
        if cause is Cause.MORE_THAN_SAID and missing.get(class_of(code)):
            cause = Cause.SWAPPED
        yield Difference(kind, cause, (code,))


def _unexpected(code: str, known: Known, *, alike: bool) -> tuple[ExceptionKind, Cause]:
    """Return what a scanned code is that the shipment's data do not name."""
    past = known.past.get(code)
    if past is not None:
        return ExceptionKind.ALREADY_RECEIVED, past
    if not class_of(code):
        return ExceptionKind.UNKNOWN_CODE, Cause.NO_CODE
    if code in known.elsewhere:
        return ExceptionKind.OVERAGE, Cause.OTHER_SHIPMENT
    if alike or is_logistic(code):
        return ExceptionKind.OVERAGE, Cause.MORE_THAN_SAID
    if code in known.owned:
        return ExceptionKind.PRODUCT_NO_DATA, Cause.DATA_LATE
    return ExceptionKind.UNKNOWN_CODE, Cause.PREFIX_OF_NOBODY


def _of_missing(
    shipment: Shipment,
    missing: Collection[str],
    there: Collection[str],
    known: Known,
    extra: Sequence[str],
) -> Iterator[Difference]:
    gone = Counter(map(class_of, missing))
    more = Counter(map(class_of, extra))
    read = Meant(missing)
    empty = _empty_units(shipment, missing, there)
    misread = {found[0]: Cause(found[1].value) for one in extra if (found := read.by(one))}
    for code in missing:
        product, unit = class_of(code), shipment.codes[code].parent
        if gone[product] == shipment.classes[product] and code not in misread:
            yield Difference(ExceptionKind.DATA_NO_PRODUCT, Cause.NOTHING_CAME, (code,))
            continue
        if code in misread:
            cause = misread[code]
        elif code in known.past:
            cause = known.past[code]
        elif more[product]:
            cause = Cause.SWAPPED
        elif unit in empty:
            cause = Cause.UNIT_MISSING
        else:
            cause = Cause.PIECES_MISSING
        yield Difference(ExceptionKind.SHORTAGE, cause, (code,))


def _empty_units(
    shipment: Shipment, missing: Collection[str], there: Collection[str]
) -> set[str | None]:
    """Return the units that did not come, with nothing of what was packed right in them."""
    return {
        unit
        for unit, inside in shipment.inside.items()
        if unit not in there and all(one in missing or one in shipment.inside for one in inside)
    }


def _of_labels(shipment: Shipment, scans: Sequence[Scan]) -> Iterator[Difference]:
    for one in scans:
        said = shipment.codes.get(one.code)
        if said is None:
            continue
        if one.lot and said.lot and lot_key(one.lot) != lot_key(said.lot):
            yield Difference(
                ExceptionKind.WRONG_LOT,
                Cause.LABEL_DIFFERS,
                (one.code,),
                stated=said.lot,
                seen=one.lot,
            )
        seen, stated = expiry_day(one.expiry), expiry_day(said.expiry)
        if seen and stated and seen != stated:
            yield Difference(
                ExceptionKind.WRONG_EXPIRY,
                Cause.LABEL_DIFFERS,
                (one.code,),
                stated=stated,
                seen=seen,
            )


def _of_packing(shipment: Shipment, scans: Sequence[Scan]) -> Iterator[Difference]:
    for one in scans:
        said = shipment.codes.get(one.code)
        if said is None or one.inside is None or one.inside == (said.parent or LOOSE):
            continue
        cause = Cause.OPENED if one.inside == LOOSE else Cause.REPACKED
        yield Difference(
            ExceptionKind.BROKEN_PACKING,
            cause,
            (one.code,),
            stated=said.parent or LOOSE,
            seen=one.inside,
        )


def _of_arrived(there: Collection[str], extra: Sequence[str], known: Known) -> Iterator[Difference]:
    for code, cause in known.past.items():
        if code in there:
            yield Difference(ExceptionKind.ALREADY_RECEIVED, cause, (code,))
    for code in known.recalled:
        if code in there or code in extra:
            yield _recalled(code)


def _recalled(code: str) -> Difference:
    return Difference(ExceptionKind.RECALLED, Cause.RECALL_NOTICE, (code,))


def _arrived(
    shipment: Shipment, scans: Sequence[Scan], there: Collection[str], known: Known
) -> tuple[str, ...]:
    """Return what a receiving event may name: nothing that would say more than is there."""
    order = [code for code, one in shipment.codes.items() if one.parent not in shipment.codes]
    for code in order:  # grows while it is read: what is inside comes behind
        order += shipment.inside.get(code, ())
    whole: set[str] = set()
    for code in reversed(order):
        here = code in there and code not in known.past
        if here and all(one in whole for one in shipment.inside.get(code, ())):
            whole.add(code)
    named = {
        code: None for code in order if code in whole and shipment.codes[code].parent not in whole
    }
    for one in scans:  # a unit that is there, and beside it what fell out of it
        if one.inside is not None and one.code in whole:
            named.setdefault(one.code)
    return tuple(named)


def _grouped(
    shipment: Shipment,
    differences: Iterable[Difference],
    found: Collection[str],
    extra: Sequence[str],
) -> tuple[Difference, ...]:
    """Put together what is wrong in the same way with the same product."""
    groups: defaultdict[tuple[str, Difference], set[str]] = defaultdict(set)
    for one in differences:
        product = class_of(one.codes[0]) if one.codes else ""
        groups[product, replace(one, codes=())].update(one.codes)
    there = Counter(map(class_of, found)) + Counter(map(class_of, extra))
    made = []
    for (product, one), codes in groups.items():
        whole = replace(one, codes=tuple(sorted(codes)))
        if one.kind in _COUNTED:
            whole = replace(whole, expected=shipment.classes[product], found=there[product])
        made.append(whole)
    return tuple(sorted(made, key=lambda one: (one.kind, one.cause, one.codes)))


__all__ = ["match", "verdict"]
