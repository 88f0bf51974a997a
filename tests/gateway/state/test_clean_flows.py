"""Flows in which nothing is wrong, however unusual: no rule may accuse them."""

import pytest

from tests.gateway.state.flows import (
    MAKER,
    SHOP,
    TRADER,
    at,
    broken,
    case,
    dispensed,
    made,
    named,
    pack,
    packed,
    party,
    place,
    received,
    seen,
    shipped,
    taken_back,
    unpacked,
)

A, B, C = pack("A"), pack("B"), pack("C")
CASE, PALLET, TRUCK, OTHER = case(1), case(2), case(3), case(4)
ZONE = {"eventTimeZoneOffset": "+00:00"}
ORDER = {"bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:order:1"}]}
MADE = [made(0, [A, B]), made(0.1, [CASE, PALLET, TRUCK, OTHER], lot=None)]
IN_CASE = [*MADE, packed(1, CASE, [A, B])]
SOLD = [made(0, [A]), shipped(1, [A], MAKER, SHOP), received(2, [A], MAKER, SHOP)]

FLOWS = {
    "four levels, shipped and received by the outermost": [
        *(*IN_CASE, packed(2, PALLET, [CASE]), packed(3, TRUCK, [PALLET])),
        *(shipped(4, [TRUCK], MAKER, TRADER), received(5, [TRUCK], MAKER, TRADER)),
        *(unpacked(6, TRUCK, who=TRADER), unpacked(7, PALLET, [CASE], who=TRADER)),
        *(unpacked(8, CASE, who=TRADER), shipped(9, [A], TRADER, SHOP)),
        *(received(10, [A], TRADER, SHOP), dispensed(11, [A])),
    ],
    "captured in reverse": [
        *([*IN_CASE, shipped(4, [CASE], MAKER, SHOP), received(5, [CASE], MAKER, SHOP)][::-1]),
    ],
    "sold before the unpacking arrives": [
        *(*IN_CASE, shipped(2, [CASE], MAKER, SHOP), received(3, [CASE], MAKER, SHOP)),
        *(dispensed(5, [A]), unpacked(4, CASE, [A, B], who=SHOP)),
    ],
    "emptied before, said after": [
        *(*IN_CASE, shipped(3, [A], MAKER, SHOP), unpacked(2, CASE)),
    ],
    "repacked after unpacking": [
        *(*IN_CASE, unpacked(2, CASE, [A]), packed(3, OTHER, [A]), unpacked(4, OTHER)),
        *(packed(5, CASE, [A]), shipped(6, [CASE], MAKER, SHOP)),
    ],
    "packing said twice": [*IN_CASE, packed(2, CASE, [A])],
    "the unit and what is in it, in one event": [
        *IN_CASE, shipped(2, [CASE, A, B], MAKER, SHOP), received(3, [CASE, A], MAKER, SHOP),
        unpacked(4, CASE, who=SHOP), dispensed(5, [A]),
    ],
    "looked at inside": [*IN_CASE, seen(2, [A], "inspecting"), seen(3, [B], "stock_taking")],
    "a foreign unit unpacked": [
        received(1, [CASE], MAKER, SHOP), unpacked(2, CASE, [A, B], who=SHOP), dispensed(3, [A]),
    ],
    "never commissioned here": [received(1, [A], MAKER, SHOP), dispensed(2, [A])],
    "returned and sold again": [
        *(*SOLD, dispensed(3, [A])),
        received(4, [A], SHOP, SHOP, disposition="returned", destinationList=None),
        *(seen(5, [A], "stocking", SHOP, disposition="sellable_accessible"), dispensed(6, [A])),
    ],
    "return that arrives late": [
        *(*SOLD, dispensed(3, [A]), dispensed(6, [A], eventID="urn:x:2")),
        seen(4, [A], "inspecting", SHOP, disposition="returned"),
    ],
    "dispensed bit by bit": [
        *SOLD, dispensed(3, [A], action="OBSERVE", disposition="partially_dispensed"),
        dispensed(4, [A], action="OBSERVE", disposition="partially_dispensed"),
        dispensed(5, [A]),
    ],
    "sale declared an error": [
        *(*SOLD, named(dispensed(3, [A]), "urn:x:1")),
        taken_back(named(dispensed(3, [A]), "urn:x:1")), dispensed(4, [A]),
    ],
    "sale declared an error in a file without eventIDs": [
        *(*SOLD, dispensed(3, [A]), taken_back(dispensed(3, [A])), dispensed(4, [A])),
    ],
    "corrected before the error was declared": [
        *(*SOLD, named(dispensed(3, [A]), "urn:x:1"), dispensed(4, [A])),
        taken_back(named(dispensed(3, [A]), "urn:x:1")),
    ],
    "error declared before the event arrives": [
        *SOLD, taken_back(named(dispensed(3, [A]), "urn:x:1")),
        *(named(dispensed(3, [A]), "urn:x:1"), dispensed(4, [A])),
    ],
    "lot corrected": [
        *(named(made(0, [A], expiry="2027-01-31"), "urn:x:1"),),
        taken_back(named(made(0, [A], expiry="2027-01-31"), "urn:x:1")), made(0, [A]), made(1, [B]),
    ],
    "recall lifted": [
        *(*SOLD, seen(3, [A], "inspecting", SHOP, persistentDisposition={"set": ["recalled"]})),
        seen(4, [A], "inspecting", SHOP, persistentDisposition={"unset": ["recalled"]}),
        dispensed(5, [A]),
    ],
    "recalled goods go back": [
        *(*SOLD, seen(3, [A], "holding", SHOP, disposition="recalled")),
        *(shipped(4, [A], SHOP, MAKER, disposition="returned"), received(5, [A], SHOP, MAKER)),
        seen(6, [A], "destroying", MAKER, action="DELETE", disposition="destroyed"),
    ],
    "expired goods are destroyed": [
        made(0, [A], expiry="2026-03-01"), shipped(48, [A], MAKER, TRADER),
        *(received(49, [A], MAKER, TRADER),),
        seen(50, [A], "destroying", TRADER, action="DELETE", disposition="destroyed"),
    ],
    "good on its last day": [made(-100, [A], expiry="2026-03-01"), dispensed(2, [A], who=MAKER)],
    "decommissioned, then destroyed": [
        made(0, [A]), seen(1, [A], "decommissioning", action="DELETE", disposition="inactive"),
        *(seen(2, [A], "storing"), seen(3, [A], "destroying", disposition="destroyed")),
    ],
    "a logistic number used again": [
        *(*MADE, seen(1, [CASE], "decommissioning", action="DELETE", disposition="inactive")),
        *(made(4000, [CASE], lot=None), packed(4001, CASE, [A])),
    ],
    "what was in a decommissioned unit": [
        *(*IN_CASE, seen(2, [CASE], "decommissioning", action="DELETE", disposition="inactive")),
        shipped(3, [A], MAKER, SHOP),
    ],
    "received by another place of the same party": [
        made(0, [A]), shipped(1, [A], MAKER, TRADER),
        seen(2, [A], "receiving", TRADER, bizLocation={"id": place(TRADER, 7)}),
    ],
    "received for the owner by its warehouse keeper": [
        made(0, [A]),
        shipped(1, [A], MAKER, TRADER, destinationList=[
            {"type": "owning_party", "destination": party(TRADER)},
            {"type": "possessing_party", "destination": party(SHOP)},
        ]),
        received(2, [A], MAKER, TRADER, bizLocation={"id": place(SHOP)}),
    ],
    "came back to the sender": [
        made(0, [A]), shipped(1, [A], MAKER, TRADER), seen(2, [A], "receiving", MAKER),
        shipped(3, [A], MAKER, SHOP),
    ],
    "shipment called off": [
        made(0, [A]), shipped(1, [A], MAKER, TRADER), seen(2, [A], "void_shipping"),
        shipped(3, [A], MAKER, SHOP),
    ],
    "shipped on where the arrival was not told": [
        made(0, [A]), shipped(1, [A], MAKER, TRADER), shipped(3, [A], TRADER, SHOP),
        received(4, [A], TRADER, SHOP),
    ],
    "documents tie goods and let them go": [
        *SOLD, {**seen(3, [A], "shipping", SHOP), "type": "TransactionEvent", "action": "ADD",
         **ORDER},
        {**seen(3.5, [A], None, SHOP), "type": "TransactionEvent", "action": "DELETE", **ORDER},
        dispensed(4, [A]),
    ],
    "a thermometer on a case": [
        *IN_CASE, {**packed(2, PALLET, [A]), "type": "AssociationEvent"},
        {**unpacked(3, PALLET, [B]), "type": "AssociationEvent"},
        shipped(4, [CASE], MAKER, SHOP),
    ],
    "made out of another": [
        made(0, [A]),
        {"type": "TransformationEvent", "eventTime": at(1), **ZONE, "inputEPCList": [A],
         "outputEPCList": [B, C], "bizLocation": {"id": place(MAKER)}},
        shipped(2, [B, C], MAKER, SHOP),
    ],
    "labelled anew under the same number": [
        made(0, [A]),
        {"type": "TransformationEvent", "eventTime": at(1), **ZONE, "inputEPCList": [A],
         "outputEPCList": [A]},
        shipped(2, [A], MAKER, SHOP),
    ],
    "only quantities taken out": [
        *IN_CASE, {**unpacked(2, CASE), "childQuantityList": [{"epcClass": "urn:x:tablet",
         "quantity": 3}]},
        shipped(3, [CASE], MAKER, SHOP),
    ],
    "unit numbered when it is closed": [
        made(0, [A]), packed(1, CASE, [A]), made(2, [CASE], lot=None),
        shipped(3, [CASE], MAKER, SHOP),
    ],
    "tag encoded first": [
        seen(0, [A], "encoding", action="ADD", disposition="encoded"), made(1, [A]),
    ],
    "two lots, two dates; one lot of two products": [
        made(0, [A], lot="L1"), made(1, [B], lot="L2", expiry="2027-01-01"),
        made(2, [pack("A", "690123499999")], lot="L1", expiry="2026-12-31"),
    ],
    "one date in two spellings": [made(0, [A]), made(1, [B], expiry="2028-02-29T00:00:00+08:00")],
    "temperature within": [
        made(0, [A]), seen(1, [A], "sensor_reporting", sensorElementList=[
            {"sensorReport": [{"type": "Temperature", "value": 5.1, "uom": "CEL"}]}]),
    ],
    "at one moment, in any order": [
        made(1, [A]), packed(1, CASE, [A]), unpacked(1, CASE, [A]), shipped(1, [A], MAKER, SHOP),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", FLOWS)
def test_nothing_is_wrong(name: str) -> None:
    assert broken(FLOWS[name]) == []
