"""Bundles that every verifier accepts."""

import json
from collections.abc import Iterator
from typing import Any

from . import plain
from .cases import DERIVED, EVENT, URL, Case, accepted, json_text, seal, seal_together, secret

NO_CODES = {name: value for name, value in EVENT.items() if name != "epcList"}
AWKWARD_NAMES: dict[str, Any] = {
    "": "empty name",
    "it's": {"back\\slash": 1, "new\nline": 2, "tab\tulator": 3, "\x01\x0b\x1f": 4, "\x7f": 5},
    "caf\u00e9": "composed (NFC)",
    "cafe\u0301": "decomposed (NFD): another name",
    "\u836f\u54c1": "\u963f\u83ab\u897f\u6797",
    "\U0001f48a": "outside the basic plane",
    "0": "a name, no index",
    "*": "a name, no wildcard",
    "a']['b": "one name",
    "__proto__": {"constructor": "toString"},
    "hasOwnProperty": "x",
}
SCALARS: dict[str, Any] = {
    "empty": "",
    "text": 'quote " backslash \\ slash / control \x00\x08\x1f del \x7f separators \u2028\u2029',
    "unicode": "\u963f\u83ab\u897f\u6797 caf\u00e9 cafe\u0301 \U0001f48a\U0010ffff \ufeff\ufffd",
    "zero": 0,
    "one": 1,
    "negative": -17,
    "largest": 2**53 - 1,
    "smallest": 1 - 2**53,
    "floats": [1.5, -0.5, 1e-7, 0.000001, 36.6, 5e-324, 1.7976931348623157e-7, 333333333.33333329],
    "true": True,
    "false": False,
    "nothing": None,
    "object": {},
    "list": [],
    "nested": [[[]], [{}], [{"deep": [[0]]}]],
}


def codes(count: int) -> list[str]:
    return [f"{URL}/01/09506000134352/21/S{number:04d}" for number in range(count)]


def valid_cases() -> list[Case]:
    """All of proof_valid.json."""
    return [*sizes(), *contents(), *spellings(), *anchors(), *sets()]


def sizes() -> Iterator[Case]:
    """Numbers of codes, fields and entries."""
    for count, batch in ((0, 16), (1, 16), (2, 256)):
        event = plain.commit(EVENT | {"epcList": codes(count)}, DERIVED, secret=secret(f"n{count}"))
        note = f"{count} codes, everything disclosed, batch of {batch}"
        yield accepted(f"codes_{count}", note, seal(event, size=batch, index=batch // 3))
    many = EVENT | {"epcList": codes(300)}
    event = plain.commit(many, DERIVED, secret=secret("n300"))
    texts = plain.texts_of(many, DERIVED, secret("n300"))
    few = [texts.codes["$['epcList'][*]", code] for code in codes(300)[:300:75]]
    sealed = seal(event, size=16, index=0)
    only_act = [texts.fields["sealtrail:act"]]
    yield accepted(
        "codes_300", "300 codes, 4 disclosed", sealed, json_text(sealed.document(only_act, few))
    )
    yield accepted(
        "act_alone", "one item, no code", sealed, json_text(sealed.document(only_act, []))
    )
    event = plain.commit(NO_CODES, {}, secret=secret("odd"))
    act = [plain.texts_of(NO_CODES, {}, secret("odd")).fields["sealtrail:act"]]
    for batch, index in ((1, 0), (2, 0), (3, 2), (5, 0), (5, 4), (7, 6), (13, 11), (13, 12)):
        sealed = seal(event, size=batch, index=index)
        note = f"entry {index} of {batch}: an odd last node is promoted"
        text = json_text(sealed.document(act))
        yield accepted(f"batch_{batch}_index_{index}", note, sealed, text)
    for count in (16, 17, 40):
        room = count - len(plain.field_items(NO_CODES, {}))
        names = {f"ex:field{n}": n for n in range(room)}
        event = plain.commit(NO_CODES | names, {}, secret=secret(f"fields{count}"))
        note = f"{count} items disclosed of {event.size} leaves"
        yield accepted(f"fields_{count}", note, seal(event))


def contents() -> Iterator[Case]:
    """Names, values and kinds of events."""
    for name, note, extra in (
        ("names", "names with every kind of character", {"ex:names": AWKWARD_NAMES}),
        ("awkward_top_level", "the same at the top", AWKWARD_NAMES),
        ("scalars", "values of every kind", {"ex:values": SCALARS}),
        ("empty_code_list", "an empty code list is a field", {"childEPCs": [], "epcList": []}),
    ):
        yield accepted(name, note, seal(plain.commit(EVENT | extra, DERIVED, secret=secret(name))))
    event = plain.commit({"type": "ObjectEvent"}, {}, secret=secret("type"))
    yield accepted("type_alone", "the act is `ObjectEvent - - - 0`", seal(event))
    declared = EVENT | {"errorDeclaration": {"declarationTime": "2026-11-21T00:00:00.000Z"}}
    sealed = seal(plain.commit(declared, {}, secret=secret("declared")))
    yield accepted("error_declaration", "disclosed, and 1 in the act", sealed)
    act = [plain.texts_of(declared, {}, secret("declared")).fields["sealtrail:act"]]
    text = json_text(sealed.document(act))
    yield accepted("error_declaration_undisclosed", "the act alone says it", sealed, text)
    made = {"type": "TransformationEvent", "inputEPCList": codes(3), "outputEPCList": codes(2)}
    sealed = seal(plain.commit(made, {}, secret=secret("made")))
    yield accepted("two_lists", "one code in two lists are two items", sealed)
    long = EVENT | {"ex:long": "x" * (12288 - len('["","",""]') - 22 - len("$['ex:long']"))}
    texts = plain.texts_of(long, {}, secret("long"))
    shown = [texts.fields["sealtrail:act"], texts.fields["$['ex:long']"]]
    sealed = seal(plain.commit(long, {}, secret=secret("long")))
    note = "a disclosure of exactly 16,384 characters"
    yield accepted("disclosure_16384", note, sealed, json_text(sealed.document(shown, [])))
    texts = plain.texts_of(NO_CODES, {}, secret("index"))
    salt = secret("salt")[:16]
    odd = [plain.disclosure(salt, f"$['ex:list'][{at}]", 1) for at in (0, 10**16 - 1)]
    event = plain.assemble([*texts.fields.values(), *odd], secret=secret("index"))
    yield accepted("index_16_digits", "indices need not be dense", seal(event))


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


def spellings() -> Iterator[Case]:
    """What JSON leaves free in the document, and hints."""
    event = plain.commit(EVENT, {}, secret=secret("spelling"))
    sealed = seal(event)
    document = sealed.document()
    hints = {"blockHash": "0x00", "any": [1, 0, None, True, {"\U0001f48a": ""}], "x": {"x": {}}}
    turned = dict(reversed(document.items()))
    plain_text = json_text(document)
    for name, note, text in (
        ("hints", "hints are never used", json_text({**document, "hints": hints})),
        (
            "hints_64_levels",
            "as deep as may be",
            json_text({**document, "hints": {"x": nested(62)}}),
        ),
        (
            "hints_brackets",
            "brackets within strings are no levels",
            json_text({**document, "hints": {"x": '\\"' + "[" * 80 + "{" * 80}}),
        ),
        ("member_order", "members in another order", json_text(turned)),
        ("white_space", "", b"\r\n\t " + json.dumps(document, indent=2).encode() + b"\n"),
        ("escapes", "", plain_text.replace(b'"anchor"', b'"\\u0061nch\\u006fr"')),
        (
            "surrogate_pair",
            "an escaped pair is one character",
            plain_text[:-1] + b',"hints":{"\\ud83d\\udc8a":"\\uD83D\\uDC8A"}}',
        ),
    ):
        yield accepted(name, note or "the text may be written otherwise", sealed, text)


def anchors() -> Iterator[Case]:
    """Places on the chain."""
    largest = 2**53 - 1
    event = plain.commit(NO_CODES, {}, secret=secret("anchors"))
    previous = secret("previous tip")
    second = seal(event, sequence=2, previous_tip=previous)
    yield accepted("sequence_2", "previousTip is not zero", second)
    last = seal(
        event,
        sequence=largest,
        previous_tip=previous,
        stream=(7 << 16) + 65_535,
        block_number=largest,
        block_time=largest,
    )
    yield accepted("largest_numbers", "2^53 - 1 wherever it may stand", last)
    first = seal(event, block_number=0, block_time=0)
    yield accepted("block_0", "block number and time may be zero", first)
    texts = [*plain.texts_of(NO_CODES, {}, secret("anchors")).fields.values()]
    for number in (1, 2**32 - 1):
        other = plain.assemble(texts, secret=secret("anchors"), participant=number)
        yield accepted(f"participant_{number}", "smallest and largest id", seal(other))


def together(*documents: dict[str, Any]) -> bytes:
    return json_text({"format": "sealtrail/proofs/v1", "bundles": documents})


def sets() -> Iterator[Case]:
    """Several bundles in one text; the anchor is one, as a case has one slot."""
    other_event = EVENT | {"bizStep": "receiving", "eventID": "urn:uuid:2"}
    first = plain.commit(EVENT, {}, secret=secret("first"))
    second = plain.commit(other_event, DERIVED, secret=secret("second"))
    one, two = seal_together([first, second])
    codes_shown = [*first.code_places]
    halves = [one.document(codes=[text]) for text in codes_shown]
    for name, note, sealed, text in (
        ("set_of_one", "proofs/v1 with one bundle", [one], together(one.document())),
        ("set_of_two", "two events", [one, two], together(one.document(), two.document())),
        ("set_by_halves", "one event, disjoint codes", [one, one], together(*halves)),
    ):
        case = accepted(name, note, sealed[0], text)
        case.expect["entries"] = [each.event.entry.hex() for each in sealed]
        yield case
