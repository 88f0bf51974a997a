"""The computed parts of docs/reference/formats.md: every hex on that page comes from here."""

import json
import re
from collections.abc import Callable
from typing import Any

from . import plain, promises
from .cases import CHAIN_ID, REGISTRY, URL, Sealed, seal, secret

# A block on the page: `<!-- made: name -->`, anything, `<!-- /made -->`.
BLOCK = re.compile(r"(?ms)^<!-- made: ([a-z-]+) -->\n.*?^<!-- /made -->$")
SECRET = bytes(range(32))
CODE = f"{URL}/01/09506000134352/21/A1"
EVENT = {
    "type": "ObjectEvent",
    "action": "ADD",
    "bizStep": "commissioning",
    "epcList": [CODE],
    "ilmd": {"cbvmda:lotNumber": "L-0042"},
}
DERIVED = {"sealtrail:month": "2026-11"}
LOT = "$['ilmd']['cbvmda:lotNumber']"
FIELDS_KEY = plain.stream("fields", SECRET, 32)
CODES_KEY = plain.stream("codes", SECRET, 32)
TEXTS = plain.texts_of(EVENT, DERIVED, SECRET)


def fenced(text: str, mark: str = "text") -> str:
    return f"```{mark}\n{text}\n```"


def columns(*rows: tuple[str, Any]) -> str:
    width = max(len(name) for name, _ in rows)
    return fenced("\n".join(f"{name:{width}}  {value}" for name, value in rows))


def wrapped(text: str, width: int = 96) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def sealed() -> Sealed:
    return seal(plain.commit(EVENT, DERIVED, secret=SECRET), size=3, index=2)


def example_event() -> str:
    return fenced(json.dumps({"event": EVENT, "derived": DERIVED}, indent=2), "json")


def example_secret() -> str:
    return columns(
        ("secret", SECRET.hex()),
        ("fields sub-secret", FIELDS_KEY.hex()),
        ("codes sub-secret", CODES_KEY.hex()),
    )


def example_disclosure() -> str:
    paths = [*TEXTS.fields]
    rank = paths.index(LOT)
    salt = plain.cut(plain.stream("salts", FIELDS_KEY, 16 * len(paths)), 16)[rank]
    text = TEXTS.fields[LOT]
    assert text == plain.disclosure(salt, LOT, "L-0042")
    return columns(
        ("item", f"number {rank} of {len(paths)}, from 0"),
        ("salt", salt.hex()),
        ("RFC 8785", plain.canonical([plain.b64(salt), LOT, "L-0042"]).decode()),
        ("disclosure", text),
        ("entry", plain.entry_of(text).hex()),
        ("leaf", plain.leaf(plain.entry_of(text)).hex()),
    )


def example_fields() -> str:
    count = len(TEXTS.fields)
    drawn = plain.stream("salts", FIELDS_KEY, 16 * count + 32 * (16 - count))
    names = {plain.entry_of(text): path for path, text in TEXTS.fields.items()}
    names |= dict.fromkeys(plain.cut(drawn[16 * count :], 32), "decoy")
    made = plain.commit(EVENT, DERIVED, secret=SECRET)
    rows = [f"{at:2}  {entry.hex()}  {names[entry]}" for at, entry in enumerate(sorted(names))]
    return fenced("\n".join([*rows, f"fields root  {made.fields.root.hex()}"]))


def example_multiproof() -> str:
    made = plain.commit(EVENT, DERIVED, secret=SECRET)
    places = sorted(made.field_places[TEXTS.fields[path]] for path in (LOT, "sealtrail:act"))
    known, rows = set(places), [f"disclosed: {places}"]
    for level, nodes in enumerate(made.fields.levels[:-1]):
        missing = [index ^ 1 for index in sorted(known) if index ^ 1 not in known]
        rows += [f"level {level}, node {index:2}: {nodes[index].hex()}" for index in missing]
        known = {index // 2 for index in known}
    return fenced("\n".join(rows))


def example_code() -> str:
    made = plain.commit(EVENT, DERIVED, secret=SECRET)
    (text,) = TEXTS.codes.values()
    word = plain.stream("positions", CODES_KEY, 3)
    position = made.code_places[text]
    return columns(
        ("disclosure", text),
        ("first 3 bytes of the positions stream", word.hex()),
        ("position", position),
        (
            "sibling at level 0 (first 32 bytes of the empty stream)",
            made.codes.path(position)[0].hex(),
        ),
        ("codes root", made.codes.root.hex()),
        ("codes root, had there been no code", plain.stream("empty", CODES_KEY, 32).hex()),
    )


def example_entry() -> str:
    made = plain.commit(EVENT, DERIVED, secret=SECRET)
    lines = ["sealtrail/event/v1", "7", "16", made.fields.root.hex(), made.codes.root.hex()]
    return fenced("\n".join([*lines, "", f"event entry  {made.entry.hex()}"]))


def example_decoy() -> str:
    nonce = secret("nonce on the page")
    return columns(
        ("random bytes", nonce.hex()),
        ("text", json.dumps(f"sealtrail/decoy/v1\n{plain.b64(nonce)}\n")),
        ("entry", plain.decoy(nonce).hex()),
    )


def example_record() -> str:
    anchor = sealed().anchor
    preimage = plain.words(
        *(CHAIN_ID, REGISTRY, anchor.stream, anchor.sequence),
        *(anchor.root, anchor.size, anchor.previous_tip),
    )
    names = ("chain id", "registry", "stream", "sequence", "root", "size", "previousTip")
    tip = anchor.tip(CHAIN_ID, REGISTRY)
    rows = list(zip(names, (word.hex() for word in plain.cut(preimage, 32)), strict=True))
    return columns(
        *rows,
        ("tip", tip.hex()),
        ("block number", plain.words(anchor.block_number).hex()),
        ("block time", plain.words(anchor.block_time).hex()),
        ("record", anchor.record(CHAIN_ID, REGISTRY).hex()),
    )


def example_bundle() -> str:
    shown = [TEXTS.fields[path] for path in (LOT, "sealtrail:act")]
    return fenced(json.dumps(sealed().document(shown), indent=1), "json")


def example_verdict() -> str:
    made = sealed()
    return columns(
        ("chain id", CHAIN_ID),
        ("registry", REGISTRY.hex()),
        ("its slot for (458752, 1)", made.anchor.record(CHAIN_ID, REGISTRY).hex()),
        ("verdict", f"verified, event entry {made.event.entry.hex()}"),
    )


def example_receipt() -> str:
    published = promises.receipts()
    names = ("entriesDigest", "domainSeparator", "structHash", "digest", "signer")
    return "\n".join(
        [
            fenced(json.dumps(published["receipt"], indent=1), "json"),
            columns(*((name, published[name]) for name in names)),
        ]
    )


def example_openings() -> str:
    codes = {
        "format": "sealtrail/codes-opening/v1",
        "secret": CODES_KEY.hex(),
        "lists": {"epcList": [CODE]},
    }
    full = {
        "format": "sealtrail/opening/v1",
        "participant": 7,
        "event": EVENT,
        "derived": DERIVED,
        "secret": SECRET.hex(),
    }
    return "\n".join(fenced(json.dumps(one, indent=1), "json") for one in (codes, full))


def example_numbers() -> str:
    rows = [
        *("0", "-1", "9007199254740991", "1.5", "0.000001", "1e-7", "1.7976931348623156e-7"),
        *("333333333.3333333", "5e-324"),
    ]
    assert all(plain.canonical(json.loads(text)).decode() == text for text in rows)
    return fenced("\n".join(rows))


BLOCKS: dict[str, Callable[[], str]] = {
    "event": example_event,
    "secret": example_secret,
    "disclosure": example_disclosure,
    "fields": example_fields,
    "multiproof": example_multiproof,
    "code": example_code,
    "entry": example_entry,
    "decoy": example_decoy,
    "record": example_record,
    "bundle": example_bundle,
    "verdict": example_verdict,
    "receipt": example_receipt,
    "openings": example_openings,
    "numbers": example_numbers,
}


def filled(page: str) -> str:
    """The page with every block made anew.

    Raises:
        KeyError: the page names a block that is not made here.
        ValueError: a block that is made here does not stand on the page exactly once.
    """
    named = [match[1] for match in BLOCK.finditer(page)]
    if sorted(named) != sorted(BLOCKS):
        raise ValueError(f"the page has the blocks {named}")
    return BLOCK.sub(
        lambda match: f"<!-- made: {match[1]} -->\n{BLOCKS[match[1]]()}\n<!-- /made -->", page
    )
