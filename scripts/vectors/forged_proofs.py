"""Refused in steps 7 to 9: trees, sets of bundles, the chain."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from . import plain
from .cases import (
    CHAIN_ID,
    DERIVED,
    EVENT,
    REGISTRY,
    Case,
    Sealed,
    accepted,
    chain_of,
    decoys_around,
    json_text,
    refused,
    seal,
    seal_together,
    secret,
)
from .plain import Anchor, Event, Tree
from .valid import together

NAME = "forged proofs"


def base(**place: int) -> Sealed:
    return seal(plain.commit(EVENT, {}, secret=secret(NAME)), **(place or {"size": 5, "index": 2}))


def few(sealed: Sealed, *, codes: int = 1) -> dict[str, Any]:
    """The act, the lot, and some codes."""
    texts = plain.texts_of(EVENT, {}, secret(NAME)).fields
    shown = [texts["sealtrail:act"], texts["$['ilmd']['cbvmda:lotNumber']"]]
    return sealed.document(shown, [*sealed.event.code_places][:codes])


def flip(text: str) -> str:
    return f"{int(text[0], 16) ^ 1:x}{text[1:]}"


def siblings_of(document: dict[str, Any], where: str) -> list[str]:
    if where == "code":
        found = document["codes"]["paths"][0]["siblings"]
    else:
        found = document["fields" if where == "field" else "event"]["siblings"]
    assert isinstance(found, list)
    return found


def tree_cases() -> Iterator[Case]:
    """Step 7."""
    sealed = base()
    for where in ("field", "code", "event"):
        for name, note in (("missing", "one too few"), ("surplus", "one too many")):
            document = copy.deepcopy(few(sealed))
            siblings = siblings_of(document, where)
            if name == "missing":
                siblings.pop()
            else:
                siblings.append(siblings[0])
            yield refused("proof_shape", f"{where}_sibling_{name}", note, sealed, document)
        document = copy.deepcopy(few(sealed))
        siblings = siblings_of(document, where)
        siblings[0] = flip(siblings[0])
        code = "codes_root_mismatch" if where == "code" else "root_mismatch"
        yield refused(code, f"{where}_sibling_flipped", "one bit", sealed, document)
    document = few(sealed)
    document["event"]["siblings"] = []
    yield refused("proof_shape", "event_siblings_none", "no path at all", sealed, document)
    yield from moved_cases(sealed)
    yield from exchanged_cases(sealed)
    yield from other_rules()


def moved_cases(sealed: Sealed) -> Iterator[Case]:
    for name, code, path, value in (
        ("event_index", "root_mismatch", ("event", "index"), 3),
        ("event_index_promoted", "proof_shape", ("event", "index"), 4),
        ("fields_size", "proof_shape", ("fields", "size"), 32),
        ("anchor_size", "proof_shape", ("anchor", "size"), 4),
        ("codes_root", "codes_root_mismatch", ("codes", "root"), sealed.event.fields.root.hex()),
        ("anchor_root", "root_mismatch", ("anchor", "root"), sealed.event.fields.root.hex()),
    ):
        document: Any = few(sealed)
        document[path[0]][path[1]] = value
        yield refused(code, f"moved_{name}", f"{'.'.join(path)} is another", sealed, document)
    document = few(sealed)
    document["codes"]["paths"][0]["index"] ^= 1
    note = "the code stands on the other side"
    yield refused("codes_root_mismatch", "moved_code", note, sealed, document)
    document = few(sealed)
    indices = document["fields"]["indices"]
    free = [index for index in range(16) if index not in indices and index ^ 1 not in indices]
    document["fields"]["indices"] = sorted([indices[0], free[0]])
    code = "root_mismatch" if shape_kept(document) else "proof_shape"
    yield refused(code, "moved_field", "an index is another", sealed, document)
    document = few(sealed, codes=0)
    document["codes"]["root"] = flip(document["codes"]["root"])
    note = "no code is disclosed; the entry holds the codes root"
    yield refused("root_mismatch", "codes_root_without_codes", note, sealed, document)


def shape_kept(document: dict[str, Any]) -> bool:
    """Whether the indices of a document want as many siblings as it has."""
    empty = Tree.over([bytes(32)] * int(document["fields"]["size"]))
    wanted = len(empty.multiproof(document["fields"]["indices"]))
    return wanted == len(document["fields"]["siblings"])


def exchanged_cases(sealed: Sealed) -> Iterator[Case]:
    texts = plain.texts_of(EVENT, {}, secret(NAME)).fields
    lot = texts["$['ilmd']['cbvmda:lotNumber']"]
    salt = secret("another salt")[:16]
    for name, note, text in (
        (
            "value",
            "another value",
            plain.disclosure(salt, "$['ilmd']['cbvmda:lotNumber']", "L-0043"),
        ),
        ("salt", "another salt", plain.disclosure(salt, "$['ilmd']['cbvmda:lotNumber']", "L-0042")),
        ("path", "another path", plain.disclosure(salt, "$['ilmd']['cbvmda:lot']", "L-0042")),
    ):
        document = few(sealed)
        disclosures = document["fields"]["disclosures"]
        document["fields"]["disclosures"] = [text if one == lot else one for one in disclosures]
        yield refused("root_mismatch", f"exchanged_{name}", note, sealed, document)
    document = few(sealed)
    path = document["codes"]["paths"][0]
    path["disclosure"] = plain.disclosure(salt, "$['epcList'][*]", EVENT["epcList"][1])  # type: ignore[index]
    yield refused("codes_root_mismatch", "exchanged_code", "another code", sealed, document)
    document = few(sealed, codes=2)
    one, two = document["codes"]["paths"]
    one["siblings"], two["siblings"] = two["siblings"], one["siblings"]
    note = "the paths of two codes exchanged"
    yield refused("codes_root_mismatch", "exchanged_code_paths", note, sealed, document)
    texts_list = [*texts.values()]
    other = seal(plain.assemble(texts_list, participant=8, secret=secret(NAME)), stream=7 << 16)
    document = other.document()
    document["participant"] = 7
    note = "committed by participant 8, anchored and shown as participant 7's"
    yield refused("root_mismatch", "exchanged_participant", note, other, document)


def bitcoin_levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """A tree in which an odd last node is paired with itself."""
    levels = [[plain.leaf(one) for one in leaves]]
    while len(levels[-1]) > 1:
        below = [*levels[-1], levels[-1][-1]] if len(levels[-1]) % 2 else levels[-1]
        pairs = zip(below[::2], below[1::2], strict=True)
        levels.append([plain.node(left, right) for left, right in pairs])
    return levels


def prefixed_levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """A tree with the node prefix 0x01 of RFC 9162."""
    levels = [[plain.leaf(one) for one in leaves]]
    while len(levels[-1]) > 1:
        pairs = zip(levels[-1][::2], levels[-1][1::2], strict=True)
        levels.append([plain.sha(b"\x01" + left + right) for left, right in pairs])
    return levels


def over_batch(event: Event, size: int, index: int, batch: Tree) -> Sealed:
    return Sealed(event, batch, index, Anchor(batch.root, size))


def other_rules() -> Iterator[Case]:
    """Trees that a gateway built by other rules than ours."""
    event = plain.commit(EVENT, {}, secret=secret(NAME))
    entries = decoys_around(event.entry, 4, 1)
    for name, note, batch in (
        ("batch_entry_as_leaf", "entries are leaves as they are", Tree.over(entries, lambda e: e)),
        (
            "batch_leaf_as_entry",
            "the leaf rule twice",
            Tree.over(entries, lambda e: plain.leaf(plain.leaf(e))),
        ),
        ("node_prefix", "nodes prefixed with 0x01", Tree(prefixed_levels(entries))),
    ):
        sealed = over_batch(event, 4, 1, batch)
        yield refused("root_mismatch", name, note, sealed, few(sealed))
    last = decoys_around(event.entry, 5, 4)
    sealed = over_batch(event, 5, 4, Tree(bitcoin_levels(last)))
    document = few(sealed)
    lone = plain.leaf(event.entry)
    twice = plain.node(lone, lone)
    document["event"]["siblings"] = [lone.hex(), twice.hex(), sealed.batch.levels[2][0].hex()]
    yield refused("proof_shape", "odd_node_paired_last", note, sealed, document)
    texts = [*plain.texts_of(EVENT, {}, secret(NAME)).fields.values()]
    event = plain.assemble(texts, secret=secret(NAME), rule=lambda entry: entry)
    note = "the fields tree has entries as leaves"
    yield refused("root_mismatch", "fields_entry_as_leaf", note, seal(event))
    yield inner_node_as_leaf()


def inner_node_as_leaf() -> Case:
    """A bundle that enters the tree one level too high, at the size that fits its path."""
    sealed = base(size=4, index=1)
    document = few(sealed)
    document["event"] = {"index": 0, "siblings": document["event"]["siblings"][1:]}
    document["anchor"]["size"] = 2
    note = "a leaf where an inner node stands"
    return refused("root_mismatch", "inner_node_as_leaf", note, sealed, document)


def set_cases() -> Iterator[Case]:
    """Step 8, and one refused bundle among several."""
    made = EVENT | {"inputEPCList": EVENT["epcList"], "outputEPCList": EVENT["epcList"]}
    one, two = seal_together(
        [
            plain.commit(made, {}, secret=secret("first")),
            plain.commit(EVENT, DERIVED, secret=secret("second")),
        ]
    )
    texts = [*one.event.code_places]  # two of epcList, of inputEPCList, of outputEPCList
    whole, none = one.document(), one.document(codes=[])
    first = one.document(codes=texts[:1])
    other_list = one.document(codes=texts[2:3])
    for name, note, bundles in (
        ("twice", "the same bundle twice", (whole, two.document(), whole)),
        ("overlap", "one code in both", (first, one.document(codes=texts[:2]))),
        ("without_codes", "once with codes, once without", (whole, none)),
        ("without_codes_first", "once without codes, once with", (none, first)),
        ("twice_without_codes", "twice without codes", (none, none)),
        ("two_lists", "one code, under two lists", (first, other_list)),
    ):
        yield refused("entry_repeated", f"set_{name}", note, one, together(*bundles))
    bad = copy.deepcopy(two.document())
    bad["event"]["siblings"][0] = flip(bad["event"]["siblings"][0])
    note = "one refused bundle refuses all"
    yield refused("root_mismatch", "set_one_refused", note, one, together(whole, bad))


def chain_cases() -> Iterator[Case]:
    """Step 9."""
    sealed = base()
    text = json_text(few(sealed))
    slot = sealed.anchor.record(CHAIN_ID, REGISTRY)
    for name, chain in (
        ("slot_absent", chain_of(sealed.anchor, slot=None)),
        ("slot_zero", chain_of(sealed.anchor, slot="00" * 32)),
    ):
        note = "the registry holds no such anchor"
        yield replace(refused("anchor_not_found", name, note, sealed, text), chain=chain)
    other = REGISTRY[:-1] + b"\x00"
    for name, note, chain in (
        ("other_chain", "the viewer's chain id is another", {"chainId": 1}),
        ("other_registry", "", {"registry": other.hex()}),
        ("slot_root", "the slot holds the root", {"slot": sealed.anchor.root.hex()}),
        ("slot_tip", "the tip", {"slot": sealed.anchor.tip(CHAIN_ID, REGISTRY).hex()}),
        ("slot_flipped", "one bit", {"slot": flip(slot.hex())}),
    ):
        case = refused("record_mismatch", name, note, sealed, text)
        yield replace(case, chain=chain_of(sealed.anchor, **chain))
    for name, change in (
        ("block_number", {"blockNumber": sealed.anchor.block_number + 1}),
        ("block_time", {"blockTime": sealed.anchor.block_time - 1}),
        ("stream", {"stream": sealed.anchor.stream + 1}),
        ("sequence", {"sequence": 2, "previousTip": "ab" * 32}),
    ):
        document = few(sealed)
        document["anchor"] |= change
        note = "not what was anchored"
        yield refused("record_mismatch", f"other_{name}", note, sealed, document)
    yield same_path_of_another_size()


def same_path_of_another_size() -> Case:
    """(4, size 5) and (1, size 2) have one path and one root; only the record binds the size."""
    sealed = base(size=5, index=4)
    assert accepted("", "", sealed).expect["verified"]
    document = few(sealed)
    document["event"]["index"], document["anchor"]["size"] = 1, 2
    note = "entry 4 of 5 shown as entry 1 of 2"
    return refused("record_mismatch", "other_size_same_path", note, sealed, document)
