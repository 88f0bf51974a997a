"""The explorer's parts compute what the library does: plans, waits, tips, zips, paths, events."""

import gzip
import json
import random
from decimal import Decimal
from hashlib import sha256
from math import comb
from typing import Any

import pytest
from eth_utils.crypto import keccak

from anchoring.challenges import Seed, challenge_text, draw, leaves_needed, parse_challenge
from anchoring.core import merkle
from anchoring.directory.events import DECLARED, Source
from anchoring.network_audit.evidence import MANIFEST, encoded, manifest_of, pack
from anchoring.network_audit.opening_zip import open_evidence
from anchoring.network_audit.schedule import Limits, counted_s, long_waits, usual_interval
from node_gateway.web import assets
from tests.js.explorer_call import call
from tests.js.test_parts_js import vectors

SIZE_BYTES_MAX = 60_000
_SOURCES = {
    Source.CONSORTIUM: "consortium",
    Source.CODE_REGISTRY: "codes",
    Source.NOTICE_BOARD: "notices",
    Source.REGISTRY: "registry",
}


def test_the_page_stays_within_its_budget() -> None:
    built = assets.folder() / assets.manifest()["explorer.js"].file
    assert len(gzip.compress(built.read_bytes(), 9)) <= SIZE_BYTES_MAX


def test_as_many_leaves_are_needed_as_the_command_asks_for() -> None:
    shares = ("0.04", "0.5", "0.001", "0.0007", "0.9", "0.999999", "0.01", "0.3333", "1")
    chances = ("0.95", "0.5", "0.99", "0.999999", "0.9", "0.001")
    cases = [[share, chance] for share in shares for chance in chances]
    expected: list[int | None] = []
    for share, chance in cases:
        try:
            expected.append(leaves_needed(Decimal(share), Decimal(chance)))
        except ValueError:
            expected.append(None)
    expression = "parts.leavesNeeded(parts.readShare(one[0], true), parts.readShare(one[1]))"
    assert call(expression, cases) == expected
    refused = ["0", "0.0", "1.1", "-0.1", "x", "", ".", "4%", "0.1234567890123", "2"]
    assert call("parts.readShare(one, true)", refused) == [None] * len(refused)
    assert call("parts.readShare(one)", ["1", "1.0"]) == [None, None]


def test_the_exact_chance_is_the_hypergeometric_one() -> None:
    drawing = random.Random(5)
    cases = []
    for _ in range(60):
        total = drawing.randint(1, 400)
        cases.append([total, drawing.randint(1, total), drawing.randint(0, total)])
    texts = call("parts.chanceText(one[0], one[1], one[2])", cases)
    for (total, bad, count), text in zip(cases, texts, strict=True):
        missed = Decimal(comb(total - bad, count)) / Decimal(comb(total, count))
        assert abs(Decimal(text) / 100 - (1 - missed)) <= Decimal("0.00001")
    sure = "parts.leavesNeededOf(one[0], one[1], parts.readShare('0.95'))"
    for (total, bad, _), count in zip(cases, call(sure, cases), strict=True):
        misses = [
            Decimal(comb(total - bad, drawn)) / Decimal(comb(total, drawn))
            for drawn in (count - 1, count)
            if drawn >= 0
        ]
        assert misses[-1] <= Decimal("0.05")
        assert len(misses) == 1 or misses[0] > Decimal("0.05")


def test_the_same_leaves_are_drawn() -> None:
    drawing = random.Random(7)
    cases: list[Any] = [["00" * 32, 65536, [], 5], ["ff" * 32, 65536, [[1, 1]], 5]]
    for _ in range(30):
        sizes = [[at, drawing.choice((1, 16, 255, 4096))] for at in range(1, drawing.randint(2, 9))]
        stream = drawing.randrange(1 << 16, 1 << 48)
        cases.append([drawing.randbytes(32).hex(), stream, sizes, drawing.randint(1, 200)])
    cases.append(["ab" * 32, 3 << 16, [[1, 40]], 100])
    drawn = call("parts.draw(one[0], one[1], one[2], one[3])", cases)
    for (seed, stream, sizes, count), leaves in zip(cases, drawn, strict=True):
        pairs = [(sequence, size) for sequence, size in sizes]
        expected = draw(Seed(9, bytes.fromhex(seed)), stream, pairs, count)
        assert leaves == [one.to_wire() for one in expected]


def test_challenges_are_those_that_gateways_read() -> None:
    leaves = [{"stream": 65536, "sequence": 1, "index": at} for at in range(70)]
    seed = {"number": 12, "hash": "cd" * 32}
    (made,) = call("parts.challengesOf(one[0], one[1])", [[seed, leaves]])
    first, second = (parse_challenge(json.dumps(one).encode()) for one in made)
    assert len(first[1]) + len(second[1]) == 70
    assert challenge_text(*first) == json.dumps(made[0], separators=(",", ":")).encode()


def test_waits_are_too_long_for_both() -> None:
    drawing = random.Random(11)
    cases: list[Any] = []
    for _ in range(80):
        at, moments = 1_700_000_000, []
        for sequence in range(1, drawing.randint(2, 14)):
            moments.append([sequence, at])
            at += drawing.choice((600, 600, 600, 601, 650, 30, 5000))
        until = at + drawing.choice((0, 100, 4000, 400_000))
        start = drawing.randint(1_700_000_000, until)
        uncounted = [[start, drawing.choice((0, start + 900))], [start - 50, start + 10]]
        cases.append([moments, until, uncounted[: drawing.randint(0, 2)]])
    expression = """(() => {
      const usual = parts.usualInterval(one[0]);
      return [usual.basis, usual.intervalS, parts.longWaits(one[0], usual, one[1], one[2])];
    })()"""
    answers = call(expression, cases)
    for (moments, until, uncounted), (basis, interval, waits) in zip(cases, answers, strict=True):
        pairs = [(sequence, time) for sequence, time in moments]
        usual = usual_interval(pairs)
        assert (basis, interval) == (str(usual.basis), usual.interval_s)
        intervals = [(first, last) for first, last in uncounted]
        expected = long_waits(pairs, usual, Limits(), until=until, uncounted=intervals)
        assert [tuple(one.values()) for one in waits] == [
            (o.sequence, o.since, o.until, o.counted_s, o.allowed_s, o.is_over) for o in expected
        ]
    spans = [[0, 100, [[10, 20], [15, 30], [90, 0]]], [50, 60, [[0, 100]]], [5, 9, []]]
    assert call("parts.countedS(one[0], one[1], one[2])", spans) == [
        counted_s(start, end, [(first, last) for first, last in found])
        for start, end, found in spans
    ]


def test_a_hole_a_forged_past_and_a_forged_tip_break_a_stream() -> None:
    tips = [sha256(bytes([at])).hexdigest() for at in range(5)]

    def anchor(sequence: int, previous: str, tip: str, computed: str = "") -> dict[str, Any]:
        parts = {"sequence": sequence, "previousTip": previous, "tip": tip}
        return {**parts, "computedTip": computed or tip}

    whole = [anchor(at + 1, tips[at - 1] if at else "00" * 32, tips[at]) for at in range(4)]
    cases = [
        whole,
        [whole[0], whole[2], whole[3]],
        [whole[0], anchor(2, tips[3], tips[1])],
        [whole[0], anchor(2, tips[0], tips[4], tips[1]), whole[2]],
        whole[1:],
    ]
    found = call("parts.breaksOf(one).map((x) => [x.sequence, x.isTipWrong])", cases)
    assert found == [[], [[3, False]], [[2, False]], [[2, True]], [[2, False]]]
    assert call("parts.breaksOf(one, false).length", [whole[1:]]) == [0]


def test_the_tips_of_logs_are_those_of_the_contract() -> None:
    document = vectors("anchor")
    cases = [
        [
            *(one["stream"], one["sequence"], one["root"], one["size"], one["previousTip"]),
            *(one["blockNumber"], one["blockTime"]),
        ]
        for one in document["anchors"]
    ]
    expression = f"""(() => {{
      const fields = [...one.slice(0, 5).map(String), "{"00" * 32}", "{"11" * 20}"];
      const place = {{ blockNumber: one[5], blockHash: "", tx: "" }};
      const log = {{ address: "{document["registry"]}", ...place }};
      const anchor = parts.anchorOf({{ fields, log }}, {document["chainId"]}, one[6]);
      return [anchor.computedTip, parts.recordFor(anchor)];
    }})()"""
    expected = [[one["tip"], one["record"]] for one in document["anchors"]]
    assert call(expression, cases) == expected


def test_a_zip_is_the_one_that_the_library_packs() -> None:
    members = {
        "report.json": b"{}\n",
        "README.txt": "如何复核\n".encode(),
        "lists/65536-1.bin": bytes(range(256)) * 9,
        "anchors/1.json": b"",
    }
    members[MANIFEST] = encoded(manifest_of(members))
    listed = [[name, data.hex()] for name, data in members.items()]
    expression = "hex(parts.zipOf(one.map(([name, data]) => [name, bytes(data)])))"
    (made,) = call(expression, [listed])
    assert bytes.fromhex(made) == pack(members)
    assert dict(open_evidence(bytes.fromhex(made))) == members
    digests = {name: sha256(data).hexdigest() for name, data in members.items()}
    digests.pop(MANIFEST)
    wire = {"format": "sealtrail/audit-evidence/v1", "files": digests}
    (text,) = call("hex(parts.encoded(one))", [wire])
    assert bytes.fromhex(text) == members[MANIFEST]
    assert call("parts.crc32(bytes(one))", [b"123456789".hex(), ""]) == [0xCBF43926, 0]


def test_the_list_tells_which_sibling_is_wrong() -> None:
    cases: list[Any] = []
    paths: list[list[str]] = []
    for size in (1, 2, 3, 5, 8, 13):
        entries = [sha256(bytes([size, at])).digest() for at in range(size)]
        levels = merkle.build_levels(merkle.leaf_hashes(entries))
        texts = [one.hex() for one in entries]
        for index in range(size):
            paths.append([one.hex() for one in merkle.path(levels, index)])
            damaged = [*paths[-1][:-1], *(["00" * 32] if paths[-1] else [])]
            bundle = {"event": {"index": index, "siblings": damaged}}
            cases.append([bundle, texts[index], texts, index])
    assert call("parts.siblingsIn(one[2], one[3])", cases) == paths
    expression = """(() => {
      const found = parts.wrongIn({ bundle: one[0], entry: one[1] }, one[2]);
      return [[...found.siblings], found.isEntryThere];
    })()"""
    last = [[[len(path) - 1] if path else [], True] for path in paths]
    assert call(expression, cases) == last
    moved = [[bundle, "11" * 32, texts, index] for bundle, _, texts, index in cases]
    assert [found[1] for found in call(expression, moved)] == [False] * len(cases)


def test_a_list_must_give_the_sealed_root() -> None:
    entries = [bytes([at]) * 32 for at in range(5)]
    root = merkle.tree_root(merkle.build_levels(merkle.leaf_hashes(entries))).hex()
    texts = [one.hex() for one in entries]
    lists = [
        [{"entries": texts}, {"root": root, "size": 5}],
        [{"entries": texts}, {"root": "00" * 32, "size": 5}],
        [{"entries": texts}, {"root": root, "size": 6}],
        [{"entries": ["x"]}, {"root": root, "size": 5}],
        [None, {"root": root, "size": 5}],
    ]
    form, other = {"error": "list_form"}, {"error": "list_root"}
    answers = call("parts.readList(one[0], one[1]).length", lists)
    assert answers == [5, other, other, form, form]


def test_every_event_of_the_directory_is_known_by_its_topic() -> None:
    (topics,) = call("parts.TOPICS", [0])
    passed_over = {"PrefixOffered", "PrefixOfferWithdrawn"}
    for one in DECLARED:
        is_known = "0x" + one.topic.hex() in topics
        assert is_known == (one.name not in passed_over), (one.name, _SOURCES[one.source])
    anchored = keccak(text="Anchored(uint64,uint64,bytes32,uint64,bytes32,bytes32,address)")
    assert "0x" + anchored.hex() in topics


@pytest.mark.parametrize(
    "change",
    [
        {"topics": None},
        {"data": "0x1"},
        {"address": "0x12"},
        {"blockNumber": "latest"},
        {"removed": True},
        {"transactionHash": None},
    ],
)
def test_what_is_no_log_is_refused(change: dict[str, Any]) -> None:
    word = "0x" + "AB" * 32
    log = {
        "address": "0x" + "cd" * 20,
        "topics": [word],
        "data": "0x",
        "blockNumber": "0x10",
        "blockHash": word,
        "transactionHash": word,
        "logIndex": "0x2",
    }
    (read,) = call("parts.readLog(one)", [log])
    assert (read["blockNumber"], read["index"], read["topics"]) == (16, 2, ["ab" * 32])
    assert call("parts.readLog(one)", [{**log, **change}]) == [{"error": "a log that is none"}]
