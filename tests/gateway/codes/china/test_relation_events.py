"""Relation files to events and back, without losing a row."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node_gateway.codes.china.relation import RelationFile, read_relation
from node_gateway.codes.china.relation_events import (
    CODES_PER_EVENT,
    relation_events,
    relation_of,
)
from node_gateway.codes.china.vocabulary import document_of
from node_gateway.codes.china.writing import write_relation
from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.validation import EpcisValidator
from node_gateway.state.history import review, said_of
from tests.gateway.codes.china.making import CASE, PACK, code, relation, rows

VALIDATOR = EpcisValidator()


def events(file: RelationFile) -> list[dict[str, Any]]:
    """Return the normalised events, which must be valid EPCIS."""
    document = document_of([event for _, _, event in relation_events(file)], "2026-03-01T00:00:00Z")
    assert VALIDATOR.validate_document(document) == []
    return [one.event for one in normalise_document(document)]


def content(file: RelationFile) -> list[tuple[object, ...]]:
    """Return every row with all that belongs to it."""
    found = []
    for lot in file.lots:
        about = (lot.relation, lot.lot_number, lot.made, lot.expires, lot.workshop, lot.line_name)
        found += [
            (
                *map(str, about),
                file.table.text(at),
                file.layers[at],
                file.parents[at],
                file.flag_texts[file.flags[at]],
            )
            for at in lot.rows
        ]
    return sorted(found)


def two_lots() -> bytes:
    one = relation(rows(1), batchNo="A&<\"'")
    other = relation(rows(1, first=1), batchNo="B", validateDate="2028-02", workshop="")
    other = other.replace(b'flag="0"', b'flag="1"')
    middle = other[other.index(b"<Relation ") : other.index(b"</Event>")]
    return one.replace(b"</Event>", middle + b"</Event>")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("dialect", ["upper", "lower"])
def test_every_row_comes_back(encoding: Any, dialect: Any) -> None:
    file = read_relation([two_lots()])
    assert file.is_valid, file.findings.problems
    written = list(write_relation(relation_of(events(file)), encoding=encoding, dialect=dialect))
    again = read_relation(written)
    assert again.is_valid
    assert content(again) == content(file)
    assert "张三".encode(encoding) not in b"".join(written)
    assert (b"<Events version=" in b"".join(written)) is (dialect == "lower")


@settings(max_examples=30)
@given(st.randoms(use_true_random=False), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))
def test_any_order_and_shape_comes_back(random: Any, cases: int, boxes: int, packs: int) -> None:
    made = rows(cases, boxes, packs)
    random.shuffle(made)
    file = read_relation([relation(made, cascade=f"1:{boxes}:{boxes * packs}")])
    assert file.is_valid, file.findings.problems
    again = read_relation(write_relation(relation_of(events(file))))
    assert content(again) == content(file)


def test_what_the_events_say() -> None:
    made = events(read_relation([relation(rows(1))]))
    packs, boxes, cases, *packed = made
    assert [len(one["epcList"]) for one in (packs, boxes, cases)] == [6, 2, 1]
    assert packs["ilmd"] == {
        "cbvmda:lotNumber": "L1",
        "cbvmda:itemExpirationDate": "2028-02-29",
        "gs1:productionDate": "2026-03-01",
    }
    assert packs["urn:x-cn-trace:workshop"] == "一号车间"
    assert packs["urn:x-cn-trace:lineName"] == "一号线"
    assert "张三" not in repr(made)
    assert [one["type"] for one in packed] == ["AggregationEvent"] * 3
    assert packed[-1]["parentID"] == f"urn:x-cn-drug:{code(CASE, 0)}"
    times = [one["eventTime"] for one in made]
    assert times == sorted(times)
    assert times[0] == "2026-03-01T00:00:00.000+08:00"


def test_state_rules_find_nothing_in_it() -> None:
    file = read_relation([relation(rows(2))])
    history = review(said_of(events(file), received_ms=1_800_000_000_000))
    assert history.findings == set()
    assert len(history.states) == 18


def test_large_lots_are_cut_into_events_of_a_thousand() -> None:
    count = 2 * CODES_PER_EVENT + 5
    made = [
        {"curCode": code(PACK, n), "packLayer": "1", "parentCode": "", "flag": "0"}
        for n in range(count)
    ]
    file = read_relation([relation(made, cascade="1")])
    assert file.is_valid, file.findings.problems
    lengths = [len(event["epcList"]) for _, _, event in relation_events(file)]
    assert lengths == [CODES_PER_EVENT, CODES_PER_EVENT, 5]


def test_a_file_with_findings_has_no_events() -> None:
    file = read_relation([relation(rows(1), madeDate="")])
    with pytest.raises(ValueError, match="findings"):
        list(relation_events(file))


def test_events_of_other_kinds_are_passed_over() -> None:
    file = read_relation([relation(rows(1))])
    made = events(file)
    noise = [
        {"type": "AggregationEvent", "action": "DELETE", "parentID": made[-1]["parentID"]},
        {"type": "AggregationEvent", "action": "ADD", "parentID": "urn:x", "childEPCs": ["urn:y"]},
        {"type": "ObjectEvent", "action": "OBSERVE", "epcList": [f"urn:x-cn-drug:{code(PACK, 9)}"]},
    ]
    assert content(relation_of([*made, *noise])) == content(file)
