"""Scanning what was sent differs in nothing; each planted difference is found, and nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.partners.matching import match, verdict
from node_gateway.partners.ports import ExceptionKind
from node_gateway.partners.scanner_faults import Fault, Meant
from node_gateway.partners.shipment import (
    LOOSE,
    Cause,
    Difference,
    Expected,
    Known,
    Scan,
    Shipment,
)
from tests.gateway.state.flows import case, pack

ITEMS = ("690123412345", "690123499999", "690567811111")
LOTS = ("L-1", "l2", "LOT03")
EXPIRIES = ("2028-02-29", "2027-12-31")
K, C = ExceptionKind, Cause


@dataclass(frozen=True)
class Sent:
    """A shipment as generated, and one way of scanning all of it."""

    expected: tuple[Expected, ...]
    scans: tuple[Scan, ...]

    @property
    def shipment(self) -> Shipment:
        return Shipment(self.expected)

    @property
    def packs(self) -> list[Expected]:
        return [one for one in self.expected if "/01/" in one.code]

    def several(self) -> list[Expected]:
        """Packs of a product of which there are more."""
        classes = self.shipment.classes
        return [one for one in self.packs if classes[one.code.partition("/21/")[0]] > 1]


def described(one: Expected, *, states: bool) -> Scan:
    return Scan(one.code, one.lot, one.expiry) if states else Scan(one.code)


@st.composite
def shipments(draw: st.DrawFn, *, min_packs: int = 0) -> Sent:
    """Pallets of cases of packs, loose packs, and units of which nothing inside is known."""
    expected: list[Expected] = []
    serials = iter(range(1, 10_000))

    def packs(parent: str | None, count: int) -> None:
        for _ in range(count):
            code = pack(f"S{next(serials)}", draw(st.sampled_from(ITEMS)))
            lot = draw(st.sampled_from((*LOTS, None)))
            expected.append(Expected(code, parent, lot, draw(st.sampled_from((*EXPIRIES, None)))))

    def unit(parent: str | None) -> str:
        code = case(next(serials))
        expected.append(Expected(code, parent))
        return code

    for _ in range(draw(st.integers(0, 2))):
        pallet = unit(None)
        for _ in range(draw(st.integers(0, 3))):
            packs(unit(pallet), draw(st.integers(0, 4)))
    for _ in range(draw(st.integers(0, 2))):
        packs(unit(None), draw(st.integers(0, 4)))
    packs(None, draw(st.integers(max(0, min_packs), 4 + min_packs)))
    return Sent(tuple(expected), tuple(draw(ways(tuple(expected)))))


@st.composite
def ways(draw: st.DrawFn, expected: tuple[Expected, ...]) -> list[Scan]:
    """Each unit is scanned whole, opened, or passed over for what is in it; some codes twice."""
    shipment = Shipment(expected)
    scans: list[Scan] = []

    def scan(code: str) -> None:
        inside = shipment.inside.get(code, ())
        how = draw(st.sampled_from(("whole", "opened", "passed"))) if inside else "whole"
        one = described(shipment.codes[code], states=draw(st.booleans()))
        if how != "passed":
            scans.append(one._replace(opened=how == "opened"))
        if how != "whole" or draw(st.integers(0, 5)) == 0:
            for each in inside:
                scan(each)

    for one in expected:
        if one.parent is None:
            scan(one.code)
    twice = draw(st.lists(st.sampled_from(scans), max_size=3)) if scans else []
    return draw(st.permutations(scans + twice))


def kinds(differences: tuple[Difference, ...]) -> list[tuple[ExceptionKind, tuple[str, ...]]]:
    return [(one.kind, one.codes) for one in differences]


@given(shipments())
def test_scanning_what_was_sent_differs_in_nothing(sent: Sent) -> None:
    found = match(sent.shipment, sent.scans)
    assert found.differences == ()
    assert (found.found, found.extra, found.missing) == (found.expected, 0, frozenset())


@given(shipments())
def test_a_receipt_of_everything_names_it_once(sent: Sent) -> None:
    shipment = sent.shipment
    arrived = match(shipment, sent.scans).arrived
    reached = list(arrived)
    for code in reached:
        reached += shipment.inside.get(code, ())
    assert len(reached) == len(set(reached))
    assert shipment.leaves <= set(reached) <= shipment.codes.keys()


@given(shipments(min_packs=2), st.data())
def test_a_missing_pack_is_a_shortage_of_it_alone(sent: Sent, data: st.DataObject) -> None:
    candidates = [one for one in sent.several() if one.parent is None]
    if not candidates:
        return
    gone = data.draw(st.sampled_from(candidates)).code
    found = match(sent.shipment, [one for one in sent.scans if one.code != gone])
    assert kinds(found.differences) == [(K.SHORTAGE, (gone,))]
    assert found.differences[0].cause is C.PIECES_MISSING
    assert found.differences[0].found == (found.differences[0].expected or 0) - 1
    assert gone not in found.arrived


@given(shipments(min_packs=1), st.data())
def test_a_product_of_which_nothing_came_is_data_without_product(
    sent: Sent, data: st.DataObject
) -> None:
    item = data.draw(st.sampled_from(sent.packs)).code.partition("/21/")[0]
    meant = {one.code for one in sent.packs if one.code.startswith(item)}
    codes = [Scan(one.code) for one in sent.expected if one.code not in meant]
    opened = [one._replace(opened=True) for one in codes]
    found = match(sent.shipment, opened)
    assert kinds(found.differences) == [(K.DATA_NO_PRODUCT, tuple(sorted(meant)))]
    assert found.differences[0].found == 0


@given(shipments(min_packs=1), st.data())
def test_more_of_a_product_is_an_overage(sent: Sent, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(sent.packs)).code.partition("/21/")[0]
    more = f"{item}/21/X999"
    found = match(sent.shipment, [*sent.scans, Scan(more)])
    assert kinds(found.differences) == [(K.OVERAGE, (more,))]
    assert found.differences[0].cause is C.MORE_THAN_SAID
    assert found.extra == 1
    assert more not in found.arrived


STRANGE = pack("X1", "697777700000")


@given(
    shipments(),
    st.sampled_from(
        [
            (STRANGE, Known(owned={STRANGE}), K.PRODUCT_NO_DATA, C.DATA_LATE),
            (STRANGE, Known(), K.UNKNOWN_CODE, C.PREFIX_OF_NOBODY),
            ("hello", Known(), K.UNKNOWN_CODE, C.NO_CODE),
            (STRANGE, Known(elsewhere={STRANGE}), K.OVERAGE, C.OTHER_SHIPMENT),
            (case(99_999), Known(), K.OVERAGE, C.MORE_THAN_SAID),
            (
                STRANGE,
                Known(past={STRANGE: C.RECEIVED_BEFORE}),
                K.ALREADY_RECEIVED,
                C.RECEIVED_BEFORE,
            ),
        ]
    ),
)
def test_a_scan_that_nobody_said(
    sent: Sent, planted: tuple[str, Known, ExceptionKind, Cause]
) -> None:
    code, known, kind, cause = planted
    found = match(sent.shipment, [*sent.scans, Scan(code)], known)
    assert [(one.kind, one.codes, one.cause) for one in found.differences] == [
        (kind, (code,), cause)
    ]
    (told,) = verdict(Scan(code), None, known, alike=False)
    assert (told.kind, told.cause) == (kind, cause)


@given(shipments(min_packs=1), st.data())
def test_another_lot_or_expiry_on_the_label(sent: Sent, data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(sent.packs))
    one_said = one._replace(lot="L-1", expiry="2028-02-29")
    expected = tuple(one_said if each is one else each for each in sent.expected)
    plain = [each for each in sent.scans if each.code != one.code]
    same = Scan(one.code, " l-1 ", "280200")  # another spelling of the lot; AI 17 without a day
    assert match(Shipment(expected), [*plain, same]).differences == ()
    (lot,) = match(Shipment(expected), [*plain, same._replace(lot="L-7")]).differences
    assert (lot.kind, lot.codes, lot.stated, lot.seen) == (K.WRONG_LOT, (one.code,), "L-1", "L-7")
    late = Scan(one.code, expiry="290228")
    (expiry,) = match(Shipment(expected), [*plain, late]).differences
    assert (expiry.kind, expiry.stated, expiry.seen) == (
        K.WRONG_EXPIRY,
        "2028-02-29",
        "2029-02-28",
    )


@given(shipments(min_packs=1), st.data())
def test_a_pack_outside_its_unit(sent: Sent, data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(sent.packs))
    others = [each for each in sent.scans if each.code != one.code]
    right = Scan(one.code, inside=one.parent or LOOSE)
    assert match(sent.shipment, [*others, right]).differences == ()
    wrong = case(88_888)
    (found,) = match(sent.shipment, [*others, right._replace(inside=wrong)]).differences
    assert (found.kind, found.cause, found.seen) == (K.BROKEN_PACKING, C.REPACKED, wrong)
    if one.parent is not None:
        broken = match(sent.shipment, [*others, Scan(one.code, inside=LOOSE)])
        assert [(each.kind, each.cause, each.codes) for each in broken.differences] == [
            (K.BROKEN_PACKING, C.OPENED, (one.code,))
        ]
        assert one.code in broken.arrived


@given(shipments(min_packs=1), st.data())
def test_what_is_known_of_a_code_besides(sent: Sent, data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(sent.packs)).code
    planted = [
        (Known(past={code: C.ENDED_HERE}), K.ALREADY_RECEIVED, C.ENDED_HERE),
        (Known(recalled={code}), K.RECALLED, C.RECALL_NOTICE),
        (
            Known(unauthorised={code: C.PREFIX_OF_ANOTHER}),
            K.NOT_AUTHORISED,
            C.PREFIX_OF_ANOTHER,
        ),
    ]
    for known, kind, cause in planted:
        found = match(sent.shipment, sent.scans, known)
        assert [(one.kind, one.codes, one.cause) for one in found.differences] == [
            (kind, (code,), cause)
        ]
    past = match(sent.shipment, sent.scans, planted[0][0])
    named = set(past.arrived)
    assert code not in named
    parent = sent.shipment.codes[code].parent
    assert parent not in named, "a unit that holds what was received before is not received whole"


@given(shipments(min_packs=1))
def test_a_shipment_to_somebody_else_is_received_by_nobody(sent: Sent) -> None:
    found = match(Shipment(sent.expected, for_us=False), sent.scans)
    assert [(one.kind, one.codes) for one in found.differences] == [(K.WRONG_RECEIVER, ())]
    assert found.arrived == ()


@given(shipments(min_packs=2), st.data())
def test_a_misread_code_names_the_one_that_was_meant(sent: Sent, data: st.DataObject) -> None:
    loose = [one for one in sent.several() if one.parent is None]
    if not loose:
        return
    one = data.draw(st.sampled_from(loose))
    head, _, serial = one.code.partition("/21/")
    misread = f"{head}/21/{serial.lower()}"
    scans = [each for each in sent.scans if each.code != one.code]
    found = match(sent.shipment, [*scans, Scan(misread)])
    assert {(each.kind, each.cause) for each in found.differences} == {
        (K.OVERAGE, C.SCANNER_CASE),
        (K.SHORTAGE, C.SCANNER_CASE),
    }
    assert one.code in {each.meant for each in found.differences}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (pack("aB9Z"), Fault.CASE),
        (pack("Ab9Y"), Fault.LAYOUT),
        (pack("Ab9Z1728022910L1"), Fault.SEPARATOR),
        ("010690123412345821Ab9Z17280229", Fault.SEPARATOR),
        ("]d2010690123412345821Ab9Z10LOT-1", Fault.SEPARATOR),
    ],
)
def test_faults_of_scanners(text: str, fault: Fault) -> None:
    gtin = pack("x").split("/")[4]
    text = text.replace("06901234123458", gtin)
    assert Meant([pack("Ab9Z"), pack("other")]).by(text) == (pack("Ab9Z"), fault)


@pytest.mark.parametrize("text", [pack("Ab9Z"), pack("Ab9Z5"), pack("Q"), "", "01", "(01)"])
def test_what_is_no_fault_of_a_scanner(text: str) -> None:
    assert Meant([pack("Ab9Z")]).by(text) is None


def test_a_whole_unit_missing_says_so() -> None:
    expected = [
        Expected(case(1)),
        *(Expected(pack(number), case(1)) for number in range(3)),
        *(Expected(pack(number)) for number in range(3, 6)),
    ]
    scans = [Scan(pack(number)) for number in range(3, 6)]
    (found,) = match(Shipment(expected), scans).differences
    assert (found.kind, found.cause, found.expected, found.found) == (
        K.SHORTAGE,
        C.UNIT_MISSING,
        6,
        3,
    )
    assert found.codes == tuple(sorted(pack(number) for number in range(3)))


def test_an_opened_unit_with_less_is_not_received_whole() -> None:
    expected = [
        Expected(case(9)),
        Expected(case(1), case(9)),
        *(Expected(pack(number), case(1)) for number in range(3)),
        Expected(case(2), case(9)),
        Expected(pack(3), case(2)),
    ]
    scans = [Scan(case(9)), Scan(case(1), opened=True), Scan(pack(0)), Scan(pack(1))]
    found = match(Shipment(expected), scans)
    assert kinds(found.differences) == [(K.SHORTAGE, (pack(2),))]
    assert set(found.arrived) == {case(2), pack(0), pack(1)}


def test_one_pack_for_another_is_told_as_an_exchange() -> None:
    expected = [Expected(pack(number)) for number in range(3)]
    found = match(Shipment(expected), [Scan(pack(0)), Scan(pack(1)), Scan(pack("new"))])
    assert {(one.kind, one.cause) for one in found.differences} == {
        (K.OVERAGE, C.SWAPPED),
        (K.SHORTAGE, C.SWAPPED),
    }


def test_units_that_hold_each_other_end_the_comparison() -> None:
    expected = [Expected(case(1), case(2)), Expected(case(2), case(1)), Expected(pack(1))]
    found = match(Shipment(expected), [Scan(case(1)), Scan(pack(1))])
    assert found.arrived == (pack(1),)


def test_a_verdict_of_one_scan_knows_label_and_notice() -> None:
    said = Expected(pack(1), case(1), "L1", "2028-02-29")
    fine = Scan(pack(1), "L1", "280229", case(1))
    assert verdict(fine, said, Known(), alike=True) == []
    wrong = replace(Known(), recalled={pack(1)})
    told = verdict(fine._replace(lot="L2", inside=LOOSE), said, wrong, alike=True)
    assert {one.kind for one in told} == {K.WRONG_LOT, K.BROKEN_PACKING, K.RECALLED}


def test_a_hundred_thousand_codes_take_seconds() -> None:
    units = [Expected(case(number)) for number in range(1000)]
    packs = [Expected(pack(number), case(number // 100)) for number in range(100_000)]
    began = time.process_time()
    found = match(Shipment([*units, *packs]), [Scan(case(number)) for number in range(999)])
    assert time.process_time() - began < 10
    assert len(found.missing) == 100
