"""The JavaScript verifier accepts everything that the format allows."""

import base64
import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.js.node_verifier import codes_of, judge, raw, seen_on_chain
from tests.js.reference import FIELDS, b64, bundle_of, code_items, commit

ROOT = Path(__file__).resolve().parent.parent.parent
VECTORS = ROOT / "tests" / "vectors"


@pytest.mark.parametrize("file", ["proof_valid.json", "proof_invalid.json"])
def test_it_agrees_with_every_published_vector(file: str) -> None:
    cases = json.loads((VECTORS / file).read_text(encoding="utf-8"))["cases"]
    assert cases
    asked = {c["name"]: (base64.b64decode(c["bundle_b64"]), c["chain"]) for c in cases}
    assert len(asked) == len(cases)
    answers = judge(asked)
    for case in cases:
        wanted, answer = case["expect"], answers[case["name"]]
        assert {name: answer.get(name) for name in wanted} == wanted, case["name"]
        assert answer["verified"] is wanted.get("verified", False), case["name"]


@pytest.mark.parametrize("code_count", [0, 1, 2, 300])
@pytest.mark.parametrize("size", [16, 5, 1])
def test_a_whole_event_is_accepted_in_a_batch_of_any_size(code_count: int, size: int) -> None:
    event = commit(FIELDS, code_items(code_count))
    document, anchor = bundle_of(event, size=size)
    answer = judge({"it": (raw(document), seen_on_chain(anchor))})["it"]
    assert answer["verified"] is True
    assert answer["entry"] == event.entry.hex()
    (checked,) = answer["checked"]
    assert {item["path"]: item["value"] for item in checked["items"]} == dict(FIELDS)
    assert {item["code"] for item in checked["codes"]} == {c for _, c in code_items(code_count)}
    act = {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "shipping"}
    act |= {"disposition": "in_transit", "errorDeclaration": False}
    assert checked["act"] == act


def test_any_choice_of_items_is_accepted_at_any_place_in_the_batch() -> None:
    cases, entries = {}, {}
    many = [*FIELDS, *((f"$['ex:n'][{n}]", n) for n in range(40))]
    for rank, (path, _) in enumerate(many):
        event = commit(many, code_items(rank % 4), secret=bytes([rank]) * 32)
        shown = {"sealtrail:act", path, many[rank * 7 % len(many)][0]}
        document, anchor = bundle_of(
            event, size=rank + 1, show=shown, codes={code for _, code in code_items(1)}
        )
        assert document["fields"]["size"] == 64
        cases[str(rank)] = (raw(document), seen_on_chain(anchor))
        entries[str(rank)] = event.entry.hex()
    assert {name: answer.get("entry") for name, answer in judge(cases).items()} == entries


def test_a_later_sequence_of_a_second_stream_is_accepted() -> None:
    event = commit(FIELDS, participant=2**32 - 1)
    stream = (2**32 - 1) * 2**16 + 65_535
    document, anchor = bundle_of(event, stream=stream, sequence=2**53 - 1, previousTip="ab" * 32)
    answer = judge({"it": (raw(document), seen_on_chain(anchor))})["it"]
    assert answer["entry"] == event.entry.hex()


def test_what_is_outside_of_the_commitment_may_be_written_otherwise() -> None:
    event = commit(FIELDS, code_items(2))
    document, anchor = bundle_of(event)
    deep: Any = "x"
    for _ in range(62):  # with the document and `hints` that makes 64 levels
        deep = [deep]
    cases = {
        "hints": {**document, "hints": {"txHash": "0x00", "any": [1, None, {"thing": True}]}},
        "64 levels": {**document, "hints": {"deep": deep}},
        "another order of members": dict(reversed(document.items())),
    }
    texts = {name: raw(value) for name, value in cases.items()}
    texts["white space"] = json.dumps(document, indent="\t").encode() + b" \r\n"
    texts["escaped text"] = raw(document).replace(b'"format"', b'"\\u0066or\\u006dat"')
    texts["as large as may be"] = raw(document).ljust(8 * 1024 * 1024)
    answers = judge({name: (text, seen_on_chain(anchor)) for name, text in texts.items()})
    assert {name: answer.get("entry") for name, answer in answers.items()} == dict.fromkeys(
        texts, event.entry.hex()
    )


def spell(salt: str, path: str, token: str) -> str:
    return b64(f'["{salt}","{path}",{token}]'.encode())


def test_numbers_follow_rfc_8785() -> None:
    """Samples of RFC 8785 appendix B and section 3.2.2.3, as the only spelling that is accepted."""
    good = [
        "5e-324",
        "9.999999999999997e-7",
        "1424953923781206.2",
        "9007199254740991",
        "-9007199254740991",
        "0.000001",
    ]
    good += ["1e-7", "333333333.3333333", "333333333.33333325", "4.5", "0.002", "0", "-1", "1.5e-7"]
    bad = ["-0", "1.0", "1e2", "0.0000001", "1E-7", "1e-07", "4.50", "1e-400", "0.1e1", "5.0e-324"]
    cases = {}
    for token in good + bad:
        forge = {"$['n']": lambda salt, path, _, token=token: spell(salt, path, token)}
        document, anchor = bundle_of(commit([*FIELDS, ("$['n']", 0)], forge=forge))
        cases[token] = (raw(document), seen_on_chain(anchor))
    assert codes_of(cases) == dict.fromkeys(good) | dict.fromkeys(bad, "disclosure_not_canonical")


def test_events_of_one_code_go_together_in_a_set() -> None:
    first = commit(FIELDS, code_items(3), secret=b"1" * 32)
    second = commit(FIELDS, code_items(3), secret=b"2" * 32)
    one, anchor_one = bundle_of(first)
    two, anchor_two = bundle_of(second, size=9, sequence=2, previousTip=anchor_one.tip().hex())
    other = bundle_of(first, codes={code_items(3)[0][1]})[0]
    rest = bundle_of(first, codes={code for _, code in code_items(3)[1:]})[0]
    none = bundle_of(first, codes=set())[0]
    lists = commit(FIELDS, code_items(1, "inputEPCList") + code_items(1, "outputEPCList"))
    put_in, anchor_three = bundle_of(lists, sequence=3, previousTip="33" * 32)
    taken_out = copy.deepcopy(put_in)
    del put_in["codes"]["paths"][1], taken_out["codes"]["paths"][0]
    sets = {
        "two events": [one, two],
        "one event": [one],
        "one event by halves": [other, two, rest],
        "one event twice": [one, one],
        "one code twice": [rest, two, one],
        "once without codes": [one, none],
        "without codes first": [none, one],
        "twice without codes": [none, none],
        "one code of two lists": [put_in, taken_out],
        "one of two lists": [taken_out],
    }
    chain = seen_on_chain(anchor_one, anchor_two, anchor_three)
    cases = {
        name: (raw({"format": "sealtrail/proofs/v1", "bundles": found}), chain)
        for name, found in sets.items()
    }
    allowed = ("two events", "one event", "one event by halves", "one of two lists")
    assert codes_of(cases) == {name: None if name in allowed else "entry_repeated" for name in sets}


def test_run_as_a_program_it_is_no_pass() -> None:
    """It is a module: silence with status 0 would look like a verdict."""
    done = subprocess.run(
        ["node", ROOT / "node_gateway" / "web" / "static" / "verify.mjs", "bundle.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Try: python -m anchoring verify" in done.stderr
