"""Actions to and from their encoding, against eth_abi; what is malformed is said to be so."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from anchoring.chain.deploy import FirstKey, FirstParticipant
from anchoring.chain.governance import (
    NO_EVIDENCE,
    Action,
    ActionKind,
    Admit,
    ChangeRoles,
    ChangeVoter,
    GrantPrefix,
    NameSuccessor,
    Reinstate,
    Remove,
    ReplaceAdminKey,
    RevokePrefix,
    Suspend,
    decode_action,
    digest_of,
    encode_action,
)
from anchoring.chain.governance_words import duration, proposal_words, role_names, words
from anchoring.chain.network import Contract, Network
from anchoring.directory.model import (
    Directory,
    Participant,
    PrefixGrant,
    Proposal,
    ProposalState,
    Since,
    Status,
)
from anchoring.errors import FormatError
from anchoring.ports import BlockRef

CODES, STRANGER = b"\xcc" * 20, b"\xdd" * 20
NETWORK = Network(
    chain_id=4242,
    genesis_hash=b"\x01" * 32,
    consortium=b"\xaa" * 20,
    registries=(Contract(b"\xbb" * 20, b"\x02" * 32),),
    witnesses=(),
    code_registry=Contract(CODES, b"\x03" * 32),
)
NEWCOMER = FirstParticipant(
    slug="pharmacy",
    name="Example Pharmacy",
    url="https://pharmacy.example",
    roles=4 | 32,
    admin_key=b"\x11" * 20,
    recovery_key=b"\x12" * 20,
    keys=(FirstKey(b"\x13" * 20, 1, 0, 0, (4 << 16,)), FirstKey(b"\x14" * 20, 2)),
)
ALL: list[Action] = [
    Suspend(3),
    Reinstate(3),
    GrantPrefix(CODES, "gs1:6901234", 2, 0, 2_000_000_000),
    ChangeRoles(2, 1 | 4),
    Admit(NEWCOMER),
    Remove(3),
    ChangeVoter(2, voter=True),
    ReplaceAdminKey(2, b"\x21" * 20),
    RevokePrefix(CODES, 7, 0),
    NameSuccessor(b"\xbb" * 20, b"\xee" * 20),
]


def participant(number: int, *, roles: int = 32, status: Status = Status.ACTIVE) -> Participant:
    return Participant(
        id=number,
        slug=f"p{number}",
        name=f"Example {number}",
        recovery_keys=(Since(1, bytes([200 + number]) * 20),),
        urls=(Since(1, "https://p.example"),),
        statuses=(Since(1, status),),
        roles=(Since(1, roles),),
        admin_keys=(Since(1, bytes([100 + number]) * 20),),
        epochs=(Since(1, 1),),
    )


def directory(*people: Participant, **members: object) -> Directory:
    return Directory(
        head=BlockRef(5, b"\x05" * 32, 1_790_000_000),
        participants=MappingProxyType({one.id: one for one in people}),
        grants=MappingProxyType({7: PrefixGrant(7, "cn:8123456", 3, 1, 0)}),
        delay_s=7 * 86_400,
        lifetime_s=30 * 86_400,
        **members,  # type: ignore[arg-type]
    )


FIVE = directory(*(participant(one) for one in range(1, 6)))


@pytest.mark.parametrize("action", ALL, ids=lambda one: type(one).__name__)
def test_every_action_comes_back(action: Action) -> None:
    kind, arguments = encode_action(action)
    assert decode_action(kind, arguments) == action


def test_the_kinds_are_numbered_as_in_the_contract() -> None:
    assert [encode_action(one)[0] for one in ALL] == list(range(10))
    assert [kind.is_heavy for kind in ActionKind] == [False] * 4 + [True] * 6


def test_arguments_are_abi_encode_of_the_tuple() -> None:
    assert encode_action(Suspend(3))[1] == (3).to_bytes(32)
    _, grant = encode_action(GrantPrefix(CODES, "cn:8123456", 2, 5, 9))
    types = ["address", "string", "uint32", "uint64", "uint64"]
    assert grant == encode(types, ["0x" + CODES.hex(), "cn:8123456", 2, 5, 9])


@pytest.mark.parametrize("action", ALL, ids=lambda one: type(one).__name__)
def test_changed_arguments_are_malformed_or_something_else(action: Action) -> None:
    kind, arguments = encode_action(action)
    for wrong in (arguments[:-32], arguments[:-1], arguments + bytes(32), b""):
        with pytest.raises(FormatError) as caught:
            decode_action(kind, wrong)
        assert caught.value.code == "action_arguments"


@given(st.integers(0, 9), st.binary(max_size=400))
def test_what_is_decoded_says_exactly_these_bytes(number: int, arguments: bytes) -> None:
    try:
        action = decode_action(number, arguments)
    except FormatError:
        return
    assert encode_action(action) == (number, arguments)


def test_other_spellings_of_a_value_are_malformed() -> None:
    dirty = b"\x01" + bytes(30) + b"\x03"  # more than a uint32
    with pytest.raises(FormatError, match="malformed"):
        decode_action(ActionKind.SUSPEND, dirty)
    fields = ("s", "n", "", 1, 2, b"\x01" * 20, b"\x02" * 20)  # admitted, yet suspended
    types = ["(string,string,string,uint32,uint8,address,address)",
             "(address,uint8,uint64,uint64,uint64[])[]"]  # fmt: skip
    with pytest.raises(FormatError, match="malformed"):
        decode_action(ActionKind.ADMIT, encode(types, [fields, []]))
    with pytest.raises(FormatError) as caught:
        decode_action(10, b"")
    assert caught.value.code == "action_unknown"


def test_values_that_fit_no_type_are_refused() -> None:
    for action in (Suspend(2**32), Suspend(-1), RevokePrefix(CODES, 1, 2**64)):
        with pytest.raises(FormatError):
            encode_action(action)


def test_the_digest_depends_on_everything() -> None:
    base = {"proposal": 4, "chain_id": 4242, "consortium": b"\xaa" * 20, "evidence": NO_EVIDENCE}
    digest = digest_of(Suspend(3), **base)  # type: ignore[arg-type]
    types = ["uint256", "address", "uint256", "uint8", "bytes", "bytes32"]
    plain = [4242, b"\xaa" * 20, 4, 0, (3).to_bytes(32), NO_EVIDENCE]
    assert digest == keccak(encode(types, plain))
    changes: list[dict[str, object]] = [
        {"proposal": 5}, {"chain_id": 1}, {"consortium": b"\xab" * 20}, {"evidence": b"\x01" * 32},
    ]  # fmt: skip
    others = {digest_of(Suspend(3), **{**base, **one}) for one in changes}  # type: ignore[arg-type]
    others |= {digest_of(one, **base) for one in (Suspend(2), Remove(3))}  # type: ignore[arg-type]
    assert len(others | {digest}) == 7


def said(action: Action, people: Directory = FIVE) -> str:
    return "\n".join(words(action, people, NETWORK))


def test_words_name_the_participant_with_its_id() -> None:
    assert "Example 3 (participant 3) is suspended" in said(Suspend(3))
    assert "unknown participant 9" in said(Suspend(9))
    assert "Example 3 (participant 3) loses cn:8123456" in said(RevokePrefix(CODES, 7, 0))
    assert "Grant 8, which is unknown" in said(RevokePrefix(CODES, 8, 0))
    assert "manufacturer, pharmacy" in said(ChangeRoles(2, 1 | 4 | 32))


def test_words_say_what_it_takes() -> None:
    assert "an ordinary action: 3 of 5 voters" in said(Suspend(3))
    heavy = said(Remove(3))
    assert "a heavy action: 4 of 5 voters" in heavy
    assert "waits for 7 days" in heavy
    assert "fewer than four voters" not in heavy
    few = directory(participant(1), participant(2, roles=1), participant(3))
    assert "fewer than four voters" in said(Remove(3), few)
    assert "2 of 2 voters" in said(Remove(3), few)


def test_a_suspended_voter_counts_and_a_removed_one_does_not() -> None:
    people = directory(
        *(participant(one) for one in range(1, 4)),
        participant(4, status=Status.SUSPENDED),
        participant(5, status=Status.REMOVED),
    )
    text = said(Suspend(1), people)
    assert "3 of 4 voters" in text
    assert "Example 4 (participant 4) counts as a voter but cannot vote" in text


def test_words_of_an_admission_hold_every_key() -> None:
    text = said(Admit(NEWCOMER))
    for one in (
        "Example Pharmacy",
        "pharmacy, voter",
        "https://pharmacy.example",
        "0x" + "11" * 20,
        "0x" + "12" * 20,
        "Key to anchor: 0x" + "13" * 20,
        "only streams 262144",
        "Key to sign: 0x" + "14" * 20,
        "there will be 6 voters",
    ):
        assert one in text


def test_a_contract_that_the_network_file_does_not_name_is_pointed_out() -> None:
    assert "Attention" not in said(GrantPrefix(CODES, "gs1:6901234", 2))
    assert "Attention" in said(GrantPrefix(STRANGER, "gs1:6901234", 2))
    assert "Attention" not in said(NameSuccessor(b"\xbb" * 20, STRANGER))
    assert "Attention" in said(NameSuccessor(STRANGER, b"\xbb" * 20))


def proposal(arguments: bytes, **members: object) -> Proposal:
    fields: dict[str, object] = {
        "id": 4, "action": 0, "arguments": arguments, "digest": b"\x09" * 32,
        "evidence": NO_EVIDENCE, "proposer": 1, "proposed_at": 1, "approvals": (1, 2),
        "executable_from": 0, "lapses_at": 1_790_000_000,
    }  # fmt: skip
    return Proposal(**{**fields, **members})  # type: ignore[arg-type]


def test_words_of_a_proposal_say_who_is_for_it_and_where_it_stands() -> None:
    one = proposal((3).to_bytes(32), evidence=b"\x0e" * 32)
    text = "\n".join(proposal_words(one, FIVE, NETWORK))
    for part in ("Proposal 4, by Example 1 (participant 1)", "Example 3 (participant 3) is susp",
                 "SHA-256 " + "0e" * 32, "Approved so far: Example 1 (participant 1), Example 2",
                 "it lapses on 2026-09-21"):  # fmt: skip
        assert part in text
    waiting = proposal((3).to_bytes(32), executable_from=1_780_000_000)
    assert "executed from 2026-05-28" in "\n".join(proposal_words(waiting, FIVE, NETWORK))
    failed = proposal((3).to_bytes(32), ended=ProposalState.FAILED)
    assert "executed and failed" in "\n".join(proposal_words(failed, FIVE, NETWORK))


def test_what_cannot_be_read_is_not_to_be_approved() -> None:
    text = "\n".join(proposal_words(proposal(b"\x01" * 31), FIVE, NETWORK))
    assert "Nobody can say what it does" in text
    assert "Do not approve it" in text


def test_small_words() -> None:
    assert [duration(one) for one in (0, 1, 90, 3600, 172_800)] == [
        "no time", "1 second", "90 seconds", "1 hour", "2 days"]  # fmt: skip
    assert role_names(0) == "no role"
    assert role_names(1 | 64) == "manufacturer, roles that nobody knows"
