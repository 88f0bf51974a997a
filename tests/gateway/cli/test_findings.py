"""`sealtrail code show` and `sealtrail finding`."""

import json
from pathlib import Path

from tests.gateway.cli.conftest import Served
from tests.gateway.running import document
from tests.gateway.state.flows import MAKER, SHOP, case, dispensed, made, pack, packed, shipped

CODE, UNIT = pack("CLI"), case(4711)


def test_states_and_findings(served: Served, tmp_path: Path) -> None:
    events = [
        *(made(0, [CODE, pack("CLI2")]), dispensed(1, [CODE], who=MAKER)),
        *(dispensed(2, [CODE], who=MAKER), packed(3, UNIT, [pack("CLI2")])),
        shipped(4, [UNIT], MAKER, SHOP),
    ]
    file = tmp_path / "events.json"
    file.write_text(json.dumps(document(*events)), encoding="utf-8")
    assert served("capture", str(file)).status == 0
    state = served("code", "show", CODE, "--json").json()
    assert state["status"] == "dispensed"
    (found,) = state["findings"]
    shown = served("code", "show", UNIT).out
    assert "in_transit" in shown
    assert pack("CLI2") in shown
    assert served("finding", "show", str(found["number"]), "--json").json() == found
    text = served("finding", "show", str(found["number"])).out
    assert "already_dispensed (alarm)" in text
    assert "该码已售出" in text
    listed = served("finding", "list", "--rule", "already_dispensed")
    assert CODE in listed.out
    assert served("finding", "list", "--rule", "expired", "--json").json()["findings"] == []


def test_what_is_not_there(served: Served) -> None:
    unknown = served("code", "show", pack("NOBODY"))
    assert (unknown.status, bool(unknown.tries())) == (11, True)
    assert served("finding", "show", "999999").status == 11
    wrong = served("finding", "list", "--rule", "nonsense")
    assert (wrong.status, bool(wrong.tries())) == (2, True)
    assert served("finding", "list", "--since", "yesterday").status == 2
