"""Bundles with exactly one defect each, and the code by which every verifier refuses them."""

import json
from collections.abc import Iterator

from tests.js.forged_documents import changed, honest, numbers, sets, shapes, texts, trees
from tests.js.forged_items import disclosures, encodings, meanings, paths
from tests.js.node_verifier import Chain, raw, seen_on_chain
from tests.js.reference import ZERO, Anchor

Forged = tuple[bytes, Chain, str]  # text, what the chain holds, code


def chains() -> Iterator[tuple[str, Forged]]:
    document, anchor = honest()
    text, seen = raw(document), seen_on_chain(anchor)
    yield "no slot", (text, seen | {"slots": {}}, "anchor_not_found")
    yield "zero slot", (text, seen | {"slots": {}, "slot": "0x" + ZERO}, "anchor_not_found")
    yield "other slot", (text, seen | {"slots": {}, "slot": "0x" + "11" * 32}, "record_mismatch")
    yield "other chain", (text, seen | {"chainId": 1}, "record_mismatch")
    yield "other registry", (text, seen | {"registry": "0x" + "22" * 20}, "record_mismatch")
    for name, by in (("blockNumber", 1), ("blockTime", -1)):
        later = changed("anchor", name, to=lambda value, by=by: value + by)
        yield f"{name} {by:+}", (later, seen, "record_mismatch")
    slot = {"slots": {}, "slot": anchor.record()}
    yield (
        "other stream",
        (changed("anchor", "stream", to=(7 << 16) + 1), seen | slot, "record_mismatch"),
    )
    moved = document | {"anchor": document["anchor"] | {"sequence": 2, "previousTip": "01" * 32}}
    yield "other sequence", (raw(moved), seen | slot, "record_mismatch")
    yield "size 14", (changed("anchor", "size", to=14), seen | slot, "record_mismatch")


def all_forgeries() -> dict[str, Forged]:
    """Every forgery by name; those that fail before the chain is asked find their anchor there."""
    found: dict[str, Forged] = {}
    for group in (texts, shapes, sets, numbers, encodings, disclosures, paths, meanings, trees):
        for name, text, code in group():
            full_name = f"{group.__name__}: {name}"
            assert full_name not in found, full_name
            found[full_name] = (text, chain_of(text), code)
    found |= {f"chains: {name}": forged for name, forged in chains()}
    return found


def chain_of(text: bytes) -> Chain:
    """A chain that holds the anchor of this bundle, wherever it states one that can be held."""
    try:
        stated = json.loads(text)["anchor"]
        return seen_on_chain(Anchor(**stated))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return seen_on_chain(honest()[1])
