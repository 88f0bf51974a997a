"""Logs become a directory; those that cannot be are refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple

from anchoring.artifacts import load
from anchoring.directory.events import DECLARED, ChainLog, Contracts, LogsRefusedError
from anchoring.directory.fold import empty_directory, fold
from anchoring.directory.model import Directory, ProposalState, Status, approvals_needed
from anchoring.ports import BlockRef

CONTRACTS = Contracts(
    consortium=b"\xc0" * 20,
    registries=(b"\xa0" * 20, b"\xa1" * 20),
    code_registry=b"\xc1" * 20,
    notice_board=b"\xb0" * 20,
)
ADDRESSES = dict(
    zip(
        ("Consortium", "AnchorRegistry", "CodeRegistry", "NoticeBoard"),
        (b"\xc0" * 20, b"\xa0" * 20, b"\xc1" * 20, b"\xb0" * 20),
        strict=True,
    )
)
START = 1_700_000_000
TEXT = ("\u53ec\u56de", "Recall", "", bytes(32))


def key(number: int) -> bytes:
    return bytes([number]) * 20


class Chain:
    """Writes logs as the contracts do, one block each."""

    def __init__(self) -> None:
        self.logs: list[ChainLog] = []
        self._numbers: Iterator[int] = count(1)

    def add(self, name: str, *fields: Any) -> ChainLog:
        declared = next(one for one in DECLARED if one.name == name)
        number, split = next(self._numbers), len(declared.indexed)
        topics = [
            encode([kind], [value]) for kind, value in zip(declared.indexed, fields, strict=False)
        ]
        made = ChainLog(
            block_number=number,
            index=number % 3,
            block_time=START + number,
            address=ADDRESSES[declared.source],
            topics=(declared.topic, *topics),
            data=encode(declared.plain, fields[split:]),
        )
        self.logs.append(made)
        return made

    def admit(self, number: int, roles: int = 33, slug: str = "") -> None:
        keys = (key(10 * number), key(10 * number + 1))
        self.add("ParticipantAdmitted", number, slug or f"p{number}", "Example", "", roles, *keys)

    def directory(self) -> Directory:
        head = BlockRef(len(self.logs), b"\x01" * 32, START + len(self.logs))
        return fold(empty_directory(), self.logs, head, contracts=CONTRACTS)


@pytest.fixture
def chain() -> Chain:
    made = Chain()
    for number in (1, 2, 3):
        made.admit(number)
    return made


def test_every_event_of_the_contracts_is_declared_as_they_have_it() -> None:
    declared = {(str(one.source), one.name): (one.indexed, one.plain) for one in DECLARED}
    found = {}
    for contract in ADDRESSES:
        for part in load(contract).abi:
            if part["type"] == "event" and part["name"] != "Anchored":
                inputs = part["inputs"]
                found[contract, part["name"]] = tuple(
                    tuple(collapse_if_tuple(one) for one in inputs if one["indexed"] is indexed)
                    for indexed in (True, False)
                )
    assert found == declared


def test_a_history_is_known_at_every_time(chain: Chain) -> None:
    chain.add("StatusChanged", 2, 2)
    chain.add("StatusChanged", 2, 1)
    chain.add("AdminKeyReplaced", 1, key(10), key(99), 2)
    directory = chain.directory()
    assert [directory.status_at(2, START + at) for at in range(1, 7)] == [0, 1, 1, 2, 1, 1]
    assert directory.participants[2].suspensions() == ((START + 4, START + 5),)
    assert directory.admin_key_at(1, START + 5) == key(10)
    assert directory.admin_key_at(1, START + 6) == key(99)
    assert [one.value for one in directory.participants[1].epochs] == [1, 2]


def test_parts_of_a_history_can_be_folded_one_after_the_other(chain: Chain) -> None:
    chain.add("PrefixGranted", 1, 1, "gs1:6901", 0, 0)
    chain.add(
        "NoticePublished", 1, 1, 2, False, False, ("gs1:690112345678", ["L"], bytes(32)), TEXT
    )
    whole = chain.directory()
    for cut in range(len(chain.logs) + 1):
        middle = BlockRef(cut, b"\x02" * 32, START + cut)
        first = fold(empty_directory(), chain.logs[:cut], middle, contracts=CONTRACTS)
        assert fold(first, chain.logs[cut:], whole.head, contracts=CONTRACTS) == whole


def test_bad_utf8_of_a_participant_stops_nobody(chain: Chain) -> None:
    log = chain.add("UrlChanged", 1, "https://a.example")
    bad = log.data.replace(b"https", b"\xff\xfe\x00ps")
    chain.logs[-1] = replace(log, data=bad)
    assert chain.directory().participants[1].url == "\ufffd\ufffd\x00ps://a.example"


def test_strangers_and_unknown_logs_are_passed_over(chain: Chain) -> None:
    before = chain.directory()
    log = chain.add("StatusChanged", 1, 3)
    for other in (
        replace(log, address=b"\x01" * 20),
        replace(log, address=ADDRESSES["CodeRegistry"]),
        replace(log, topics=()),
        replace(log, topics=(b"\x01" * 32, *log.topics[1:])),
    ):
        chain.logs[-1] = other
        assert chain.directory().participants == before.participants


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ParticipantAdmitted", (5, "p5", "Example", "", 1, key(50), key(51))),
        ("ParticipantAdmitted", (3, "p3", "Example", "", 1, key(50), key(51))),
        ("StatusChanged", (9, 2)),
        ("StatusChanged", (1, 1)),
        ("StatusChanged", (1, 4)),
        ("RolesChanged", (0, 1)),
        ("AdminKeyReplaced", (1, key(11), key(99), 1)),
        ("AdminKeyReplaced", (1, key(10), key(99), 3)),
        ("RecoveryKeyReplaced", (1, key(10), key(99))),
        ("KeyAdded", (4, key(60), 1, 0, 0, [])),
        ("KeyAdded", (1, key(60), 3, 0, 0, [])),
        ("KeyRevoked", (1, key(60), 0)),
        ("ProposalMade", (2, 0, 1, b"", bytes(32), bytes(32), 5)),
        ("ProposalApproved", (1, 1)),
        ("ProposalExecuted", (1,)),
        ("PrefixGranted", (1, 1, "gs1:690", 0, 0)),
        ("PrefixGranted", (2, 1, "gs1:6901", 0, 0)),
        ("PrefixGranted", (1, 7, "gs1:6901", 0, 0)),
        ("PrefixEnded", (1, 5)),
        ("NoticePublished", (1, 1, 4, False, False, ("cn:8112345", [], bytes(32)), TEXT)),
        ("NoticePublished", (1, 1, 1, False, False, ("gs1:6901", [], bytes(32)), TEXT)),
        ("NoticeEscalated", (1, 1, 1, False, TEXT)),
        ("NoticeLifted", (1, 1, False, TEXT)),
    ],
)
def test_logs_that_contradict_each_other_are_refused(
    chain: Chain, name: str, fields: tuple[Any, ...]
) -> None:
    chain.add(name, *fields)
    with pytest.raises(LogsRefusedError) as refused:
        chain.directory()
    assert refused.value.code == "chain_logs"


def test_logs_that_do_not_decode_or_are_out_of_order_are_refused(chain: Chain) -> None:
    log = chain.add("StatusChanged", 1, 2)
    for other in (
        replace(log, data=log.data[:-1]),
        replace(log, data=b"\x01" * 32),
        replace(log, topics=log.topics[:1]),
        replace(log, topics=(log.topics[0], b"\xff" * 32)),
        replace(log, topics=(log.topics[0], b"\x01")),
        replace(log, block_number=3, index=0),
        replace(log, block_number=9),
    ):
        chain.logs[-1] = other
        with pytest.raises(LogsRefusedError):
            chain.directory()


def test_a_key_is_valid_only_for_what_it_is(chain: Chain) -> None:
    chain.add("KeyAdded", 1, key(60), 2, START, START + 100, [])
    chain.add("KeyRevoked", 1, key(60), START + 3)
    directory = chain.directory()
    held = [directory.key_valid_at(key(60), 1, 2, START + at) for at in (-1, 0, 2, 3, 50)]
    assert held == [False, True, True, False, False]
    assert not directory.key_valid_at(key(60), 1, 1, START + 1)
    assert not directory.key_valid_at(key(60), 2, 2, START + 1)
    assert not directory.key_valid_at(key(61), 1, 2, START + 1)


def test_a_threshold_may_be_lost_without_a_log(chain: Chain) -> None:
    """Of three voters two approve; one of them is suspended, then more voters come."""
    chain.add("ProposalMade", 1, 0, 1, b"", b"\x01" * 32, bytes(32), START + 1000)
    chain.add("ProposalApproved", 1, 1)
    chain.add("ProposalApproved", 1, 2)
    chain.add("ProposalThreshold", 1, START + 6, START + 1000)

    def state(at: int = 0) -> ProposalState:
        directory = chain.directory()
        return directory.proposals[1].state_at(directory, at or directory.head.time)

    assert state() is ProposalState.READY
    chain.add("StatusChanged", 2, 2)
    assert state() is ProposalState.OPEN
    chain.add("StatusChanged", 2, 1)
    assert state() is ProposalState.READY
    chain.admit(4)
    assert state() is ProposalState.OPEN
    assert state(START + 1000) is ProposalState.LAPSED


def test_thresholds_by_naive_arithmetic() -> None:
    for voters in range(1, 40):
        for heavy in (False, True):
            needed = approvals_needed(voters, heavy=heavy)
            enough = [
                a
                for a in range(voters + 1)
                if 2 * a > voters and (not heavy or 3 * a >= 2 * voters)
            ]
            assert needed == enough[0]


def test_the_gravest_notice_comes_first_and_a_unit_has_none(chain: Chain) -> None:
    product, code = "gs1:690123412345", "https://id.gs1.org/01/06901234123456/21/1"
    for number, (level, drill, lots, digest) in enumerate(
        [(3, False, ["L1"], 0), (1, True, [], 0), (2, False, [], 0), (1, False, [], 7)], start=1
    ):
        scope = (product, lots, bytes([digest]) * 32)
        chain.add("NoticePublished", number, 1, level, drill, False, scope, TEXT)
    directory = chain.directory()

    def ids(lot: str | None, *listed: bytes, of: str = code) -> list[int]:
        return [one.id for one in directory.notices_for(of, lot, listed)]

    assert ids("L1") == [3, 1, 2]
    assert ids(None) == [3, 2]
    assert ids("L1", b"\x07" * 32) == [4, 3, 1, 2]
    assert ids("L1", of="https://id.gs1.org/00/069012341234500010") == []
    chain.add("NoticeLifted", 3, 1, False, TEXT)
    directory = chain.directory()
    assert ids("L1") == [1, 2]
    assert len(directory.notices_of(product)) == 4
    assert directory.notices[3].level_at(directory.notices[3].steps[0].at) == 2


def test_a_grant_counts_in_its_time_for_whatever_lies_below(chain: Chain) -> None:
    chain.add("PrefixGranted", 1, 1, "gs1:6901234", 0, START + 50)
    chain.add("PrefixGranted", 2, 2, "gs1:6901234", START + 50, 0)
    directory = chain.directory()
    for what in ("gs1:6901234", "gs1:69012349", "https://id.gs1.org/01/06901234123456/21/1"):
        owners = [directory.owner_at(what, START + at) for at in (-999, 49, 50)]
        assert [one and one.participant.id for one in owners] == [1, 1, 2]
    assert directory.owner_at("gs1:690123", START) is None
    assert directory.owner_at("urn:uuid:none", START) is None
    assert directory.status_at(7, START) is Status.UNKNOWN


def test_two_thousand_logs_fold_in_less_time_than_web3_decodes_them(chain: Chain) -> None:
    for number in range(2000):
        scope = ("gs1:690123412345", ["L1", "L2"], bytes(32))
        chain.add("NoticePublished", number + 1, 1, 2, False, False, scope, TEXT)
    begun = time.process_time()
    assert len(chain.directory().notices) == 2000
    assert time.process_time() - begun < 3.0  # web3 takes 3.4 s for the decoding alone
