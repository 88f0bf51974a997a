"""Tips and records, byte for byte and part by part."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from eth_abi import encode

from anchoring.core.anchor import ZERO_HASH, Anchor, record, stream_id
from anchoring.errors import FormatError
from scripts.vectors import plain
from tests.anchoring.core.published import load

PUBLISHED = load("anchor.json")
REGISTRY = bytes.fromhex(PUBLISHED["registry"])
CHAIN_ID = PUBLISHED["chainId"]


def anchor_of(case: dict[str, Any]) -> Anchor:
    return Anchor(
        stream=case["stream"],
        sequence=case["sequence"],
        root=bytes.fromhex(case["root"]),
        size=case["size"],
        previous_tip=bytes.fromhex(case["previousTip"]),
    )


@pytest.mark.parametrize(
    "case", PUBLISHED["anchors"], ids=lambda c: f"{c['stream']}-{c['sequence']}"
)
def test_a_published_anchor(case: dict[str, Any]) -> None:
    anchor = anchor_of(case)
    anchor.check()
    tip = anchor.tip(chain_id=CHAIN_ID, registry=REGISTRY)
    assert tip.hex() == case["tip"] == plain.sha(bytes.fromhex(case["tipPreimage"])).hex()
    made = record(tip, case["blockNumber"], case["blockTime"])
    assert made.hex() == case["record"] == plain.sha(bytes.fromhex(case["recordPreimage"])).hex()


@pytest.mark.parametrize(
    "case", PUBLISHED["anchors"], ids=lambda c: f"{c['stream']}-{c['sequence']}"
)
def test_the_preimages_are_those_of_abi_encode(case: dict[str, Any]) -> None:
    """What the contract hashes, by the encoder of another project."""
    types = ["uint256", "address", "uint64", "uint64", "bytes32", "uint64", "bytes32"]
    root, previous = bytes.fromhex(case["root"]), bytes.fromhex(case["previousTip"])
    place = [CHAIN_ID, REGISTRY, case["stream"], case["sequence"]]
    assert encode(types, [*place, root, case["size"], previous]).hex() == case["tipPreimage"]
    parts = [bytes.fromhex(case["tip"]), case["blockNumber"], case["blockTime"]]
    assert encode(["bytes32", "uint256", "uint256"], parts).hex() == case["recordPreimage"]


def test_published_anchors_of_a_stream_are_chained() -> None:
    stream = [case for case in PUBLISHED["anchors"] if case["stream"] == 7 << 16]
    assert [case["sequence"] for case in stream] == [1, 2, 3]
    for before, after in pairwise(stream):
        assert after["previousTip"] == before["tip"]


BASE = Anchor(stream=7 << 16, sequence=2, root=b"r" * 32, size=16, previous_tip=b"p" * 32)


def test_every_part_is_bound_by_the_tip_and_the_record() -> None:
    tips = {BASE.tip(chain_id=CHAIN_ID, registry=REGISTRY)}
    for change in (
        {"stream": (7 << 16) + 1},
        {"sequence": 3},
        {"root": b"q" * 32},
        {"size": 17},
        {"previous_tip": b"q" * 32},
    ):
        tips.add(replace(BASE, **change).tip(chain_id=CHAIN_ID, registry=REGISTRY))
    tips.add(BASE.tip(chain_id=1, registry=REGISTRY))
    tips.add(BASE.tip(chain_id=CHAIN_ID, registry=bytes(20)))
    assert len(tips) == 8
    assert (
        len({record(tip, number, time) for tip in tips for number in (1, 2) for time in (1, 2)})
        == 32
    )


@pytest.mark.parametrize(
    "change",
    [
        {"stream": 0},
        {"stream": 65_535},
        {"stream": 2**48},
        {"sequence": 0},
        {"sequence": 0, "previous_tip": ZERO_HASH},
        {"sequence": 1},
        {"previous_tip": ZERO_HASH},
        {"size": 0},
    ],
    ids=str,
)
def test_values_out_of_range_are_refused(change: dict[str, Any]) -> None:
    BASE.check()
    with pytest.raises(FormatError) as refusal:
        replace(BASE, **change).check()
    assert refusal.value.code == "anchor_values"


def test_a_stream_belongs_to_its_participant() -> None:
    for participant, local in ((1, 0), (7, 1), (2**32 - 1, 65_535)):
        assert replace(BASE, stream=stream_id(participant, local)).participant == participant
    for local in (-1, 65_536):
        with pytest.raises(FormatError):
            stream_id(7, local)
