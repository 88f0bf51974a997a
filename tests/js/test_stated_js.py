"""What bundles state of a code is put together alike in Python and in browsers."""

import json
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from anchoring.core.act import Act
from anchoring.core.verify import check_bundles
from anchoring.stated import Stated, end_of, facts_of, stated_of
from anchoring.verdicts import judge
from anchoring.verification_model import ChainWarning, Outcome
from node_gateway.epcis.cbv import _WORDS as WORDS
from node_gateway.state.lives import ending_of
from tests.js.module_call import call
from tests.js.node_verifier import raw
from tests.js.reference import bundle_of, code_items, commit

CODE = code_items(1)[0][1]
EXPIRY = "$['ilmd']['cbvmda:itemExpirationDate']"
MADE = "ObjectEvent ADD commissioning active 0"
SHIPPED = "ObjectEvent OBSERVE shipping in_transit 0"
SOLD = "ObjectEvent OBSERVE dispensing dispensed 0"
RETURNED = "ObjectEvent OBSERVE receiving returned 0"
GONE = "ObjectEvent DELETE destroying destroyed 0"


def taken_back(act: str) -> str:
    return f"{act[:-1]}1"


# What each bundle says, in the order of time: act, expiry, participant; then what is stated.
SETS: dict[str, tuple[list[tuple[str, str | None, int]], Stated]] = {
    "made": ([(MADE, "2027-12-31", 7)], Stated(0, False, "2027-12-31")),
    "sold": ([(MADE, None, 7), (SHIPPED, None, 7), (SOLD, None, 8)], Stated(1, False, None)),
    "sold twice": ([(SOLD, None, 8), (SOLD, None, 9)], Stated(2, False, None)),
    "sold, returned, sold": (
        [(SOLD, None, 8), (RETURNED, None, 8), (SOLD, None, 8)],
        Stated(1, False, None),
    ),
    "sold and returned": ([(SOLD, None, 8), (RETURNED, None, 8)], Stated(1, False, None)),
    "sold, taken back, sold": (
        [(SOLD, None, 8), (taken_back(SOLD), None, 8), (SOLD, None, 8)],
        Stated(1, False, None),
    ),
    "sold, and another takes a sale back": (
        [(SOLD, None, 8), (taken_back(SOLD), None, 9)],
        Stated(1, False, None),
    ),
    "the sale is taken back": (
        [(SOLD, None, 8), (taken_back(SOLD), None, 8)],
        Stated(0, False, None),
    ),
    "a wrong date is taken back": (
        [(MADE, "2026-01-01", 7), (taken_back(MADE), None, 7), (MADE, "2027-01-01", 7)],
        Stated(0, False, "2027-01-01"),
    ),
    "two dates": (
        [(MADE, "2027-02-01", 7), (MADE, "2027-01-01", 7)],
        Stated(0, False, "2027-01-01"),
    ),
    "destroyed": ([(MADE, None, 7), (GONE, None, 7)], Stated(0, True, None)),
    "sold, later destroyed": ([(SOLD, None, 7), (GONE, None, 7)], Stated(1, True, None)),
}


def text_of(said: list[tuple[str, str | None, int]], *, lists: str = "epcList") -> bytes:
    bundles = []
    for number, (act, expiry, participant) in enumerate(said, 1):
        fields: list[tuple[str, Any]] = [("sealtrail:act", act)]
        fields += [(EXPIRY, expiry)] if expiry else []
        codes = code_items(2, lists)
        event = commit(fields, codes, participant=participant, secret=bytes([number]) * 32)
        tip = "00" * 32 if number == 1 else "11" * 32
        place = {"sequence": number, "previousTip": tip, "blockTime": 1_795_000_000 + number}
        bundles.append(bundle_of(event, **place)[0])
    bundles.reverse()  # the order of a file says nothing
    return raw({"format": "sealtrail/proofs/v1", "bundles": bundles})


def wire(stated: Stated) -> dict[str, Any]:
    return {
        "sales": stated.sales,
        "isDestroyed": stated.is_destroyed,
        "expires": stated.expires,
    }


def test_bundles_of_a_code_are_put_together_alike() -> None:
    texts = [text_of(said) for said, _ in SETS.values()]
    expression = "core.statedOf(one[0], core.checkFile(bytes(one[1])))"
    answers = call(expression, [[CODE, text.hex()] for text in texts])
    for (name, (_, wanted)), text, answer in zip(SETS.items(), texts, answers, strict=True):
        assert stated_of(CODE, check_bundles(text)) == wanted, name
        assert answer == wire(wanted), name


@pytest.mark.parametrize("code", [CODE, f"{CODE}9"])
def test_only_events_on_the_thing_itself_count(code: str) -> None:
    """Another code is not sold by it, nor is what stands inside what was sold."""
    lists = "childEPCs" if code == CODE else "epcList"
    text = text_of([(SOLD, None, 8)], lists=lists)
    assert stated_of(code, check_bundles(text)) == Stated(0, False, None)
    found = call("core.statedOf(one[0], core.checkFile(bytes(one[1])))", [[code, text.hex()]])
    assert found == [wire(Stated(0, False, None))]


def test_the_facts_lead_to_the_same_verdict() -> None:
    warnings = [ChainWarning("recalled", "it is")]
    asked, wanted = [], []
    for (said, _), outcome, warned in product(SETS.values(), Outcome, ([], warnings)):
        text = text_of(said)
        verdict: Any = SimpleNamespace(outcome=outcome, warnings=warned)
        judged = [(one, verdict) for one in check_bundles(text)]
        facts = facts_of(CODE, judged, today="2027-01-02")
        wanted.append([str(judge(facts)), facts.code, str(facts.outcomes[0])])
        chain = {"outcome": outcome, "warnings": [{"code": one.code} for one in warned]}
        asked.append({"text": text.hex(), "chain": chain})
    expression = """(() => {
      const { chain } = one;
      const bundles = core.checkFile(bytes(one.text)).map((checked) => ({ checked, chain }));
      const facts = core.factsOf(CODE, bundles, "2027-01-02");
      return [core.judge(facts), facts.code, facts.outcomes[0]];
    })()"""
    assert call(expression.replace("CODE", json.dumps(CODE)), asked) == wanted
    assert {"V01", "V02", "V04", "V05", "V06", "V07", "V11", "V12"} <= {said for said, *_ in wanted}


def test_the_same_events_end_a_thing_here_and_in_a_gateway() -> None:
    """For events that bring nothing into being; `ADD` never ends a thing here."""
    steps = [
        "-",
        *sorted(set(WORDS["biz_step"].split()) - {"commissioning"}),
        "https://example.com/step",
    ]
    dispositions = ["-", *sorted(WORDS["disposition"].split()), "https://example.com/disposition"]
    acts = [
        Act("ObjectEvent", action, step, disposition, has_error_declaration=False)
        for action, step, disposition in product(("OBSERVE", "DELETE"), steps, dispositions)
    ]
    wanted = [end_of(one) for one in acts]
    for act, end in zip(acts, wanted, strict=True):
        fact: Any = SimpleNamespace(
            step=None if act.biz_step == "-" else act.biz_step,
            disposition=None if act.disposition == "-" else act.disposition,
            action=act.action,
            commissions=False,
        )
        kind = ending_of(fact)
        assert end == ("sold" if kind == "dispensed" else kind), act
    asked = [[act.type, act.action, act.biz_step, act.disposition] for act in acts]
    more = [
        [kind, action, "commissioning", "active"]
        for kind, action in product(("ObjectEvent", "AggregationEvent"), ("ADD", "DELETE"))
    ]
    wanted += [end_of(Act(*one, has_error_declaration=False)) for one in more]
    expression = """core.endOf({
      type: one[0], action: one[1],
      bizStep: one[2] === "-" ? null : one[2], disposition: one[3] === "-" ? null : one[3],
    })"""
    assert call(expression, [*asked, *more]) == wanted
