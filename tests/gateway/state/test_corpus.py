"""The flows of the GS1 corpus break the rules that it says, and no other."""

import json
from pathlib import Path

import pytest

from node_gateway.epcis.normalise import normalise_document
from tests.gateway.state.flows import broken


@pytest.mark.gs1_corpus(cases=14)
def test_the_flows_of_the_corpus_agree(gs1_dir: Path) -> None:
    expected = (gs1_dir / "flows" / "expect.jsonl").read_text("utf-8").splitlines()
    for one in map(json.loads, expected):
        document = json.loads((gs1_dir / one["file"]).read_text("utf-8"))
        events = [each.event for each in normalise_document(document)]
        wanted = [(each["event"], each["rule"]) for each in one["violations"]]
        assert broken(events) == wanted, one["file"]
    assert len(expected) >= 14
