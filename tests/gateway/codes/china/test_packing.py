"""Binding, unbinding, merging, replacing: what is captured, and what state rules say of it."""

from typing import Any

import pytest

from node_gateway.codes.china.drug_code import DrugCode, DrugCodeError
from node_gateway.codes.china.packing import bind, merge, misplaced, replace, unbind
from node_gateway.codes.china.platform_status import platform_status
from node_gateway.codes.china.vocabulary import document_of
from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.validation import EpcisValidator
from node_gateway.state.code_state import CodeState, Ended, Sent
from node_gateway.state.history import History, review, said_of
from tests.gateway.codes.china.making import BOX, PACK, code

VALIDATOR = EpcisValidator()
TIME, OFFSET = "2026-03-02T10:00:00.000+08:00", "+08:00"
BOXES = [DrugCode(code(BOX, n)) for n in range(4)]
PACKS = [DrugCode(code(PACK, n)) for n in range(6)]


def at(hour: int) -> dict[str, str]:
    return {"time": f"2026-03-02T{hour:02d}:00:00.000+08:00", "offset": OFFSET}


def commissioned(*codes: DrugCode) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T00:00:00.000+08:00",
        "eventTimeZoneOffset": OFFSET,
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "epcList": [one.uri for one in codes],
    }


def told(*events: dict[str, Any]) -> History:
    document = document_of(list(events), "2026-03-03T00:00:00Z")
    assert VALIDATOR.validate_document(document) == []
    normal = [one.event for one in normalise_document(document)]
    return review(said_of(normal, received_ms=1_800_000_000_000))


def test_bind_and_unbind() -> None:
    born = commissioned(*BOXES, *PACKS)
    packed = told(born, *bind(BOXES[0], PACKS[:3], **at(8)))
    assert packed.findings == set()
    assert packed.states[PACKS[0].uri].parent == BOXES[0].uri
    opened = told(
        born,
        *bind(BOXES[0], PACKS[:3], **at(8)),
        *unbind(BOXES[0], PACKS[:1], **at(9)),
        *bind(BOXES[1], PACKS[:1], **at(10)),
        *unbind(BOXES[0], [], **at(11)),
        *bind(BOXES[2], PACKS[1:3], **at(12)),
    )
    assert opened.findings == set()
    assert opened.states[PACKS[0].uri].parent == BOXES[1].uri


def test_binding_what_is_packed_elsewhere_is_flagged() -> None:
    wrong = told(
        commissioned(*BOXES, *PACKS),
        *bind(BOXES[0], PACKS[:3], **at(8)),
        *bind(BOXES[1], PACKS[:1], **at(9)),
    )
    assert len(wrong.findings) == 1


def test_merge() -> None:
    made = merge(BOXES[2], {BOXES[0]: PACKS[:3], BOXES[1]: PACKS[3:]}, time=TIME, offset=OFFSET)
    assert [one["action"] for one in made] == ["DELETE", "DELETE", "ADD"]
    times = [one["eventTime"] for one in made]
    assert times == sorted(set(times))
    merged = told(
        commissioned(*BOXES, *PACKS),
        *bind(BOXES[0], PACKS[:3], **at(8)),
        *bind(BOXES[1], PACKS[3:], **at(8)),
        *made,
    )
    assert merged.findings == set()
    assert {merged.states[one.uri].parent for one in PACKS} == {BOXES[2].uri}


def test_replacing_links_both_codes_and_keeps_the_place_in_the_box() -> None:
    new = DrugCode(code(PACK, 99))
    ilmd = {"cbvmda:lotNumber": "L1"}
    made = replace(PACKS[0], new, parent=BOXES[0], ilmd=ilmd, time=TIME, offset=OFFSET)
    born = [commissioned(*BOXES, *PACKS), *bind(BOXES[0], PACKS[:3], **at(8))]
    replaced = told(*born, *made)
    assert replaced.findings == set()
    assert replaced.states[PACKS[0].uri].ended is not None
    assert replaced.states[new.uri].parent == BOXES[0].uri
    assert replaced.states[new.uri].lot == "L1"
    (link,) = (one for one in made if one["type"] == "TransformationEvent")
    assert (link["inputEPCList"], link["outputEPCList"]) == ([PACKS[0].uri], [new.uri])
    assert len(replace(PACKS[0], new, time=TIME, offset=OFFSET)) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda when: bind(BOXES[0], [], **when),
        lambda when: bind(BOXES[0], [BOXES[0]], **when),
        lambda when: bind(BOXES[0], [PACKS[0], PACKS[0]], **when),
        lambda when: merge(BOXES[0], {BOXES[0]: PACKS}, **when),
        lambda when: merge(BOXES[0], {}, **when),
        lambda when: merge(BOXES[2], {BOXES[0]: PACKS[:2], BOXES[1]: PACKS[1:]}, **when),
        lambda when: replace(PACKS[0], PACKS[0], **when),
        lambda when: replace(PACKS[0], PACKS[1], parent=PACKS[1], **when),
    ],
)
def test_what_cannot_be_packed(make: Any) -> None:
    with pytest.raises(DrugCodeError) as caught:
        make({"time": TIME, "offset": OFFSET})
    assert caught.value.code == "packing_form"


def test_levels_tell_what_does_not_go_into_what() -> None:
    levels = {BOX: 2, PACK: 1}
    assert misplaced(BOXES[0], PACKS, lambda one: levels.get(one.drug_id)) == []
    wrong = misplaced(PACKS[0], [BOXES[0], PACKS[1]], lambda one: levels.get(one.drug_id))
    assert [one for one, _ in wrong] == [BOXES[0], PACKS[1]]
    assert misplaced(PACKS[0], BOXES, lambda _one: None) == []


MADE = CodeState(made=(1, 1), last=(1, 1), step="commissioning")


@pytest.mark.parametrize(
    ("state", "around", "letter"),
    [
        (None, {}, "E"),
        (CodeState(), {}, "E"),
        (MADE, {}, "A"),
        (MADE._replace(step="packing"), {}, "A"),
        (MADE._replace(step="storing", last=(2, 2)), {}, "I"),
        (MADE._replace(step="receiving", moved=(2, 2)), {}, "I"),
        (MADE._replace(step="packing", moved=(2, 2)), {}, "I"),
        (MADE._replace(step="shipping", sent=Sent((2, 2), (), (), None)), {}, "O"),
        (MADE._replace(step="picking"), {}, "O"),
        (MADE._replace(step="stock_taking", disposition="unknown"), {}, "O"),
        (MADE._replace(step="stock_taking"), {}, "I"),
        (MADE._replace(ended=Ended("dispensed", (2, 2))), {}, "O"),
        (MADE._replace(ended=Ended("destroyed", (2, 2))), {}, "C"),
        (MADE._replace(ended=Ended("consumed", (2, 2))), {}, "C"),
        (MADE, {"box": MADE._replace(sent=Sent((2, 2), (), (), None))}, "O"),
        (MADE, {"box": MADE._replace(step="receiving", last=(3, 3), moved=(3, 3))}, "I"),
        (MADE, {"box": MADE._replace(ended=Ended("destroyed", (2, 2)))}, "C"),
    ],
)
def test_the_letter_of_the_platform(
    state: CodeState | None, around: dict[str, CodeState], letter: str
) -> None:
    assert platform_status(state, around) == letter
