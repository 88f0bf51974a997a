"""Forgeries, and who refuses each: ours (by one code), the contract, stock merkletools."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from anchoring.core import merkle
from anchoring.core.merkle import leaf_hash, node_hash
from anchoring.second_opinion import stock_path
from tests.e2e.four_ways import (
    ACCEPTS,
    REFUSES,
    UNASKED,
    Case,
    Steps,
    hashes,
    recomputed_entry,
)
from tests.e2e.four_ways_world import FORGER, MADE, World
from tests.js.reference import ACT, FIELDS, LOT, Items, b64, bundle_of, commit

SHOWN = ["$['bizStep']", "$['ilmd']['cbvmda:lotNumber']", "sealtrail:month"]
ZERO = "00" * 32
OTHER = sha256(b"other").digest()


@dataclass(frozen=True)
class Forgery:
    """How it is made, and what the four say of it."""

    make: Callable[[World], Case]
    ours: str  # the code by which both of ours refuse
    contract: str
    stock: str


def raw(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def shown(world: World, size: int = 16, number: int = 0, codes: int | None = 2) -> Any:
    """An honest bundle of one of the three batches: three fields, the act and two codes."""
    known = world.sealed[size].commitments[number].fields.paths
    paths = [path for path in SHOWN if path in known]
    return world.sealed[size].bundle(number, paths=paths, codes=codes).to_wire()


def steps_of(document: Any) -> Steps:
    """The honest path of a bundle as merkletools is given it."""
    event, size = document["event"], document["anchor"]["size"]
    return stock_path(hashes(event["siblings"]), index=event["index"], size=size)


def changed(*place: str | int, to: Any, size: int = 16) -> Callable[[World], Case]:
    """The honest bundle with one value replaced, by `to(value)` if it is callable."""

    def make(world: World) -> Case:
        document = shown(world, size)
        inner = document
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = to(inner[place[-1]]) if callable(to) else to
        return Case(raw(document))

    return make


def spelled(change: Callable[[str], str]) -> Callable[[World], Case]:
    return lambda world: Case(change(raw(shown(world)).decode()).encode())


# --- a stranger's, after the anchor was made


def other_value(world: World) -> Case:
    document = shown(world)
    texts = document["fields"]["disclosures"]
    at = next(n for n, text in enumerate(texts) if LOT in opened(text)[1])
    salt, path, _ = opened(texts[at])
    texts[at] = b64(json.dumps([salt, path, "L-2"], separators=(",", ":")).encode())
    return Case(raw(document))


def told_entry(world: World) -> Case:
    """The same, with the true entry told to those who cannot compute it."""
    return Case(other_value(world).text, entry=world.sealed[16].commitments[0].entry)


def other_code(world: World) -> Case:
    document = shown(world)
    path = document["codes"]["paths"][0]
    salt, place, _ = opened(path["disclosure"])
    text = json.dumps([salt, place, "urn:another"], separators=(",", ":"))
    path["disclosure"] = b64(text.encode())
    return Case(raw(document))


def codes_of_another(world: World) -> Case:
    return Case(raw({**shown(world), "codes": shown(world, number=1)["codes"]}))


def place_of_another(world: World) -> Case:
    return Case(raw({**shown(world), "event": shown(world, number=1)["event"]}))


def without_act(world: World) -> Case:
    """Everything but what the event states, with a multiproof that fits."""
    made = world.sealed[16].commitments[0]
    indices, texts, siblings = made.fields.select(SHOWN)
    fields = {"size": made.fields.size, "indices": indices, "disclosures": texts}
    fields["siblings"] = [node.hex() for node in siblings]
    return Case(raw({**shown(world), "fields": fields}))


def other_index(world: World) -> Case:
    document = shown(world)
    steps = steps_of(document)
    document["event"]["index"] ^= 1
    return Case(raw(document), steps=steps)


def other_size(world: World) -> Case:
    """The last of 7, shown as the last of 4: it has the same path."""
    sealed = world.sealed[7]
    last = next(n for n in range(7) if sealed.batch.index_of(sealed.commitments[n].entry) == 6)
    document = sealed.whole(last).to_wire()
    document["event"]["index"], document["anchor"]["size"] = 3, 4
    return Case(raw(document))


def own_tree(world: World, **anchor: Any) -> Case:
    """A batch of one, which was never anchored, under an anchor of the forger's wording."""
    document = shown(world)
    document["event"] = {"index": 0, "siblings": []}
    root = leaf_hash(recomputed_entry(document)).hex()
    document["anchor"] |= {"root": root, "size": 1, **anchor}
    return Case(raw(document))


def of_second_registry(world: World) -> Case:
    registry = world.second.identity.registry
    return Case(raw(world.seal([MADE], "fixed:16", registry=registry).whole(0).to_wire()))


def of_participant_two(world: World) -> Case:
    document = shown(world)
    document["participant"], document["anchor"]["stream"] = 2, FORGER
    return Case(raw(document))


# --- the gateway's own, anchored for real by a participant


def committed(items: Items, *, forge: Mapping[str, Any] = {}, **more: Any) -> Any:
    """A bundle that honestly proves what nobody may state; the contract cannot know."""

    def make(world: World) -> Case:
        event = commit(items, participant=2, forge=dict(forge))
        sequence, tip = world.next_place(FORGER)
        place = {"sequence": sequence, "previousTip": tip.hex()}
        _, stated = bundle_of(event, size=5, **place)
        _, at = world.anchor(bytes.fromhex(stated.root), 5, stream=FORGER)
        place |= {"blockNumber": at.block_number, "blockTime": at.block_time}
        return Case(raw(bundle_of(event, size=5, **place, **more)[0]))

    return make


def at_root(world: World, root: bytes, size: int, siblings: list[bytes]) -> Any:
    """A bundle of the forger under a root of its own making, anchored for real; index 0."""
    document, _ = bundle_of(commit(FIELDS, participant=2), size=1)
    anchor, at = world.anchor(root, size, stream=FORGER)
    document["anchor"] |= {
        "sequence": anchor.sequence,
        "root": root.hex(),
        "size": size,
        "previousTip": anchor.previous_tip.hex(),
        "blockNumber": at.block_number,
        "blockTime": at.block_time,
    }
    document["event"] = {"index": 0, "siblings": [node.hex() for node in siblings]}
    return document


def planted_path(world: World) -> Case:
    """The last of three leaves is a node over a hidden event: stock takes one sibling more."""
    entry = commit(FIELDS, participant=2).entry
    leaves = [OTHER, leaf_hash(OTHER), node_hash(leaf_hash(entry), OTHER)]
    levels = merkle.build_levels(b"".join(leaves))
    honest = merkle.path(levels, 2)
    document = at_root(world, merkle.tree_root(levels), 3, [OTHER, *honest])
    document["event"]["index"] = 2
    steps = [{"right": OTHER.hex()}, *stock_path(honest, index=2, size=3)]
    return Case(raw(document), steps=steps)


def long_sibling(world: World) -> Case:
    leaf = leaf_hash(commit(FIELDS, participant=2).entry)
    return Case(raw(at_root(world, sha256(leaf + OTHER * 2).digest(), 2, [OTHER * 2])))


# --- sets


def set_of(*texts: Any) -> Case:
    return Case(raw({"format": "sealtrail/proofs/v1", "bundles": list(texts)}))


def opened(disclosure: str) -> list[Any]:
    padded = disclosure + "=" * (-len(disclosure) % 4)
    read: list[Any] = json.loads(urlsafe_b64decode(padded))
    return read


def flip(value: str) -> str:
    return ("1" if value[0] == "0" else "0") + value[1:]


def less(value: int) -> int:
    return value - 1


TWO_LOTS: Items = [*FIELDS, (LOT, "L-2")]
EDITED: Items = [(path, "DELETE" if path == "$['action']" else value) for path, value in FIELDS]
IN_ERROR: Items = [*FIELDS, ("$['errorDeclaration']['reason']", "incorrect_data")]
RESERVED: Items = [*FIELDS, ("$['a']['sealtrail:act']", "x")]
LISTED: Items = [ACT, ("$['epcList'][0]", "urn:x")]
PREFIX: Items = [ACT, ("$['a']", {}), ("$['a']['b']", 1)]
NUMBER: Items = [ACT, ("$['n']", 1)]


def as_float(salt: str, path: str, _: Any) -> str:
    return b64(f'["{salt}","{path}",1.0]'.encode())


# Who refuses. The contract and stock merkletools see 32 bytes where the text was, and stock sees no
# chain either: an `accepts` there is the reason why neither of them is the verifier.
TABLE: dict[str, Forgery] = {
    # what was disclosed
    "another value": Forgery(other_value, "root_mismatch", REFUSES, REFUSES),
    "another value, entry told": Forgery(told_entry, "root_mismatch", ACCEPTS, ACCEPTS),
    "padded disclosure": Forgery(
        changed("fields", "disclosures", 0, to=lambda text: text + "="),
        "disclosure_encoding",
        REFUSES,
        REFUSES,
    ),
    "another code": Forgery(other_code, "codes_root_mismatch", ACCEPTS, REFUSES),
    "codes of another event": Forgery(codes_of_another, "root_mismatch", REFUSES, REFUSES),
    "act left out": Forgery(without_act, "act_missing", ACCEPTS, ACCEPTS),
    # the place in the batch
    "place of another event": Forgery(place_of_another, "root_mismatch", REFUSES, REFUSES),
    "another sibling": Forgery(
        changed("event", "siblings", 0, to=flip), "root_mismatch", REFUSES, REFUSES
    ),
    "short sibling": Forgery(
        changed("event", "siblings", 0, to=lambda text: text[:62]), "hash_form", REFUSES, REFUSES
    ),
    "another index": Forgery(other_index, "root_mismatch", REFUSES, ACCEPTS),
    "another size": Forgery(other_size, "record_mismatch", REFUSES, ACCEPTS),
    # the anchor
    "batch never anchored": Forgery(
        lambda world: own_tree(world, sequence=99, previousTip="01" * 32),
        "anchor_not_found",
        REFUSES,
        ACCEPTS,
    ),
    "batch rewritten": Forgery(own_tree, "record_mismatch", REFUSES, ACCEPTS),
    "earlier time": Forgery(
        changed("anchor", "blockTime", to=less), "record_mismatch", REFUSES, ACCEPTS
    ),
    "earlier block": Forgery(
        changed("anchor", "blockNumber", to=less), "record_mismatch", REFUSES, ACCEPTS
    ),
    "another history": Forgery(
        changed("anchor", "previousTip", to=flip, size=256), "record_mismatch", REFUSES, ACCEPTS
    ),
    "another stream": Forgery(
        changed("anchor", "stream", to=lambda stream: stream + 1),
        "anchor_not_found",
        REFUSES,
        ACCEPTS,
    ),
    "another registry": Forgery(of_second_registry, "record_mismatch", REFUSES, ACCEPTS),
    "another participant": Forgery(
        changed("participant", to=2), "participant_stream_mismatch", REFUSES, REFUSES
    ),
    "another's stream": Forgery(of_participant_two, "root_mismatch", REFUSES, REFUSES),
    # the text, which two of the four never see
    "member twice": Forgery(
        spelled(lambda text: text.replace("{", '{"participant": 9, ', 1)),
        "duplicate_member",
        ACCEPTS,
        ACCEPTS,
    ),
    "byte order mark": Forgery(spelled(lambda text: "\ufeff" + text), "bom", ACCEPTS, ACCEPTS),
    "entry carried along": Forgery(changed("entry", to=ZERO), "bundle_shape", ACCEPTS, ACCEPTS),
    "upper-case hash": Forgery(
        changed("event", "siblings", 0, to=str.upper), "hash_form", ACCEPTS, ACCEPTS
    ),
    # committed and anchored by a dishonest gateway
    "two lots": Forgery(committed(TWO_LOTS), "duplicate_path", ACCEPTS, ACCEPTS),
    "action against act": Forgery(committed(EDITED), "inconsistent", ACCEPTS, ACCEPTS),
    "error against act": Forgery(committed(IN_ERROR), "inconsistent", ACCEPTS, ACCEPTS),
    "no act committed": Forgery(committed(FIELDS[1:]), "act_missing", ACCEPTS, ACCEPTS),
    "reserved name": Forgery(committed(RESERVED), "reserved_name", ACCEPTS, ACCEPTS),
    "code with an index": Forgery(committed(LISTED), "item_kind", ACCEPTS, ACCEPTS),
    "value and part of it": Forgery(committed(PREFIX), "path_prefix", ACCEPTS, ACCEPTS),
    "number spelled twice": Forgery(
        committed(NUMBER, forge={"$['n']": as_float}), "disclosure_not_canonical", ACCEPTS, ACCEPTS
    ),
    "planted path": Forgery(planted_path, "proof_shape", REFUSES, ACCEPTS),
    "long sibling": Forgery(long_sibling, "hash_form", UNASKED, ACCEPTS),
    # sets
    "event twice": Forgery(
        lambda world: set_of(shown(world), shown(world, codes=1)),
        "entry_repeated",
        ACCEPTS,
        ACCEPTS,
    ),
    "one bad of two": Forgery(
        lambda world: set_of(shown(world, 256), json.loads(other_value(world).text)),
        "root_mismatch",
        REFUSES,
        REFUSES,
    ),
}
