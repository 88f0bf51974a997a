"""The form of evidence files: every change of a member is refused, by a reader or by the check."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.errors import AnchoringError, FormatError
from anchoring.evidence.check import EvidenceOutcome, check_evidence
from anchoring.evidence.facts import Facts
from anchoring.evidence.model import (
    BrokenReceipt,
    Evidence,
    EvidenceKind,
    TwoMessages,
    TwoTransactions,
    TwoValues,
)
from anchoring.evidence.parse import parse_evidence
from tests.anchoring.evidence.scene import Scene
from tests.anchoring.evidence.test_broken_receipt import broken
from tests.anchoring.evidence.test_messages import conflict, handed, said
from tests.anchoring.evidence.test_statements import LOT, bundle, two_faced
from tests.anchoring.evidence.test_two_transactions import FIRST, SECOND

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "anchoring" / "schemas" / "evidence-v1.schema.json").read_text()
)


async def made(scene: Scene, kind: EvidenceKind) -> Evidence:
    match kind:
        case EvidenceKind.TWO_TRANSACTIONS:
            shown: Any = TwoTransactions((scene.sign(FIRST), scene.sign(SECOND)))
        case EvidenceKind.TWO_VALUES:
            sealed = await scene.issuer.seal(two_faced(scene)[0])
            shown = TwoValues((bundle(scene, sealed, LOT), bundle(scene, sealed, "second")))
        case EvidenceKind.BROKEN_RECEIPT:
            shown = await broken(scene)
            assert isinstance(shown, BrokenReceipt)
        case EvidenceKind.TWO_MESSAGES:
            shown = TwoMessages((said(scene, b"one"), said(scene, b"two")))
        case _:
            shown = conflict(handed(scene, 1), handed(scene, 2, receiver=3))
    return await scene.prove(kind, shown)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield every scalar; of long lists the first and the last."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, (*path, name))
    elif isinstance(value, list):
        for at in sorted({0, len(value) - 1} & set(range(len(value)))):
            yield from leaves(value[at], (*path, at))
    else:
        yield path, value


def mutated(document: Any, path: tuple[Any, ...], value: Any) -> bytes:
    changed = copy.deepcopy(document)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return json.dumps(changed).encode()


def other(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    if value and value[-1] in "0123456789abcdef":
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return value + "x"


KINDS = (
    EvidenceKind.TWO_TRANSACTIONS,
    EvidenceKind.TWO_VALUES,
    EvidenceKind.BROKEN_RECEIPT,
    EvidenceKind.TWO_MESSAGES,
    EvidenceKind.CUSTODY_CONFLICT,
)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_changed_member_is_refused(scene: Scene, kind: EvidenceKind) -> None:
    evidence = await made(scene, kind)
    document = json.loads(evidence.to_json())
    assert scene.judge(evidence).outcome is EvidenceOutcome.PROVEN
    jsonschema.validate(document, SCHEMA)
    accepted, tried = [], 0
    for path, value in leaves(document):
        tried += 1
        try:
            read = parse_evidence(mutated(document, path, other(value)))
            verdict = check_evidence(read, Facts(scene.network, read.chain))
        except AnchoringError:
            continue
        if verdict.outcome is EvidenceOutcome.PROVEN:
            accepted.append(path)
    assert tried > 8
    # A header at the edge proves nothing that is needed; nothing else may change.
    assert [path for path in accepted if path[:2] != ("chain", "headers")] == []


@pytest.mark.parametrize("kind", KINDS)
async def test_members_are_exact(scene: Scene, kind: EvidenceKind) -> None:
    document = json.loads((await made(scene, kind)).to_json())
    for name in [*document]:
        if name == "chain":
            continue
        without = {key: value for key, value in document.items() if key != name}
        if name in ("after", "last", "before"):
            continue
        with pytest.raises(FormatError):
            parse_evidence(json.dumps(without).encode())
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(without)
    with pytest.raises(FormatError):
        parse_evidence(json.dumps({**document, "more": 1}).encode())
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid({**document, "more": 1})
    raw = json.dumps(document).encode()
    doubled = raw.replace(b'"kind"', b'"kind": "said", "kind"', 1)
    with pytest.raises(FormatError):
        parse_evidence(doubled)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["bundles", "lists", "receipt", "message", "chain", "headers", "code"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(list(EvidenceKind)),
)
def test_no_json_ends_in_another_error(value: Any, kind: EvidenceKind) -> None:
    document = {"format": "sealtrail/evidence/v1", "kind": str(kind)}
    document |= value if isinstance(value, dict) else {"bundles": value, "messages": value}
    with pytest.raises(FormatError):
        parse_evidence(json.dumps(document).encode())
