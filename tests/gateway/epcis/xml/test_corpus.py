"""The corpus: XML and JSON of one event have the same items; verdicts are those of its folders."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.validation import EpcisValidator
from node_gateway.epcis.xml.errors import XmlRefusedError
from node_gateway.epcis.xml.read import XmlDocument, read_xml
from node_gateway.epcis.xml.schema_view import schema_views

VALID = ("1.2_capture_valid", "2.0_capture_valid", "2.0_query_valid", "gs1_examples")
TIMES = frozenset({"eventTime", "time", "startTime", "endTime", "declarationTime"})


def read(path: Path) -> XmlDocument:
    return read_xml(path.read_bytes(), size_bytes_max=1 << 20)


def items(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Every (path, value); a time as the moment that it names, for its offset may differ."""
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in pairs:
            yield from items(inner, (*path, name))
    elif path[-1] in TIMES:
        yield path, datetime.fromisoformat(value).timestamp()
    else:
        yield path, rfc8785.dumps(value)


def events_of(path: Path) -> list[set]:
    text = path.suffix == ".xml"
    found = read(path).document if text else json.loads(path.read_text("utf-8-sig"))
    return [
        {one for one in items(each.event) if one[0] != ("rdfs:comment",)}
        for each in normalise_document(found)
    ]


@pytest.mark.gs1_corpus(cases=26)
def test_xml_and_json_have_the_same_items(gs1_dir: Path) -> None:
    equal, contested = 0, []
    for line in (gs1_dir / "hash/equal_groups.jsonl").read_text("utf-8").splitlines():
        group = json.loads(line)
        if not any(name.endswith(".xml") for name in group["files"]):
            continue
        first, *others = (events_of(gs1_dir / name) for name in group["files"])
        if all(first == other for other in others):
            equal += 1
        else:
            contested.append((Path(group["files"][0]).name, group["confirmed"]))
    assert equal >= 24
    # Their JSON has bare words that the vocabulary does not have: EffectiveDoseRate and others.
    assert contested == [
        ("openepcis-test-resources__SensorData_with_combined_events.json", False),
        ("openepcis-test-resources__TransactionEvent_with_userExtensions.json", False),
    ]


def problems_of(found: XmlDocument, validator: EpcisValidator) -> list[tuple[str, int | None]]:
    """All problems that a capture would report, as (code, event)."""
    if found.problems:
        return [(one.code, one.event) for one in found.problems]
    return [
        (one.code, event.index)
        for event in found.events
        for view in schema_views(event.twin)
        for one in validator.validate_event(view)
    ]


@pytest.mark.gs1_corpus(cases=58)
def test_what_is_valid_is_taken(gs1_dir: Path) -> None:
    validator, taken, refused = EpcisValidator(), 0, {}
    for folder in VALID:
        for path in sorted((gs1_dir / "epcis_xml" / folder).glob("*.xml")):
            if path.name.startswith("Example-CaptureJob"):  # an answer, no document
                with pytest.raises(XmlRefusedError):
                    read(path)
                continue
            if found := problems_of(read(path), validator):
                refused[path.name] = found
            else:
                taken += 1
    assert taken >= 57
    # A declarationTime without seconds, which is no time of XML Schema either.
    assert refused == {"ObjectEventWithAllPossibleFields.xml": [("time_form", 0)]}


@pytest.mark.gs1_corpus(cases=6)
def test_what_is_invalid_is_refused_for_its_reason(gs1_dir: Path) -> None:
    validator, codes = EpcisValidator(), {}
    for path in sorted((gs1_dir / "epcis_xml").glob("2.0_*_invalid/*.xml")):
        codes[path.stem] = problems_of(read(path), validator)
    assert codes == {
        "ObjectEvent_with_invalid_action": [("action_unknown", 0)],
        "ObjectEvent_with_near_miss_action": [("action_unknown", 0)],
        "ObjectEvent_with_wrong_element_order": [("element_order", 0)],
        "ObjectEvent_without_eventTime": [("member_missing", 0)],
        "QueryDocument_with_invalid_action": [("action_unknown", 0)],
        "QueryDocument_with_missing_value": [("element_missing", None)],
    }
