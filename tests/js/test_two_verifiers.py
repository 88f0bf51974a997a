"""The Python and the JavaScript verifier, written apart, say the same about the same bytes."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from anchoring.core.verify import check_bundles, check_record
from anchoring.errors import AnchoringError
from tests.js.forged_documents import honest
from tests.js.forgeries import all_forgeries
from tests.js.mutations import mutations
from tests.js.node_verifier import Chain, codes_of, raw, seen_on_chain
from tests.js.reference import ACT, CODES, FIELDS, Anchor, bundle_of, code_items, commit

# Whoever shows a bundle may leave out code paths, and bundles of a set, which has no order.
ALLOWED = re.compile(r"(/codes/paths|/bundles): without \d+|/bundles: \d+ swapped")


def python_code(text: bytes, chain: Chain) -> str | None:
    """The code by which the library refuses; None if it verifies."""
    registry = bytes.fromhex(chain["registry"][2:])
    try:
        for checked in check_bundles(text):
            anchor = checked.bundle.anchor
            held = chain["slots"].get(f"{anchor.stream}/{anchor.sequence}") or chain["slot"]
            slot = bytes.fromhex(held[2:]) if held else bytes(32)
            check_record(checked, chain_id=chain["chainId"], registry=registry, slot=slot)
    except AnchoringError as error:
        return error.code
    return None


def python_codes(cases: Mapping[str, tuple[bytes, Chain]]) -> dict[str, str | None]:
    return {name: python_code(*case) for name, case in cases.items()}


def test_every_defect_has_the_same_code_in_both() -> None:
    cases = {name: (text, chain) for name, (text, chain, _) in all_forgeries().items()}
    assert python_codes(cases) == codes_of(cases)


def one_item() -> tuple[Any, tuple[Anchor, ...]]:
    document, anchor = bundle_of(commit([ACT]), size=1)
    return document, (anchor,)


def several_items() -> tuple[Any, tuple[Anchor, ...]]:
    document, anchor = honest()
    return {**document, "hints": {"txHash": "0x00", "block": 5}}, (anchor,)


def set_of_three() -> tuple[Any, tuple[Anchor, ...]]:
    """One event by two pairs of its codes (one less leaves one), and another event."""
    codes = [code for _, code in code_items(4)]
    event, other = commit(FIELDS, code_items(4)), commit([ACT], CODES, secret=b"o" * 32)
    first, one = bundle_of(event, size=5, show={ACT[0]}, codes=set(codes[:2]))
    again, _ = bundle_of(event, size=5, show={ACT[0]}, codes=set(codes[2:]))
    place = {"sequence": 2, "previousTip": one.tip().hex()}
    last, two = bundle_of(other, size=3, codes=set(), **place)
    return {"format": "sealtrail/proofs/v1", "bundles": [first, again, last]}, (one, two)


@pytest.mark.parametrize("make", [one_item, several_items, set_of_three])
def test_every_change_of_a_value_outside_of_hints_is_refused_by_both(make: Any) -> None:
    document, anchors = make()
    # The one slot answers wherever a changed stream or sequence leads, as a forger would wish.
    chain = seen_on_chain(*anchors, slot=anchors[0].record())
    assert codes_of({"it": (raw(document), chain)}) == {"it": None}
    cases = {name: (raw(changed), chain) for name, changed in mutations(document)}
    allowed = {name for name in cases if ALLOWED.search(name)}
    for codes in (codes_of(cases), python_codes(cases)):
        assert {name for name, code in codes.items() if code is None} == allowed
        assert [c for c in codes.values() if c and not re.fullmatch("[a-z0-9_]+", c)] == []
    assert len(cases) > 100
