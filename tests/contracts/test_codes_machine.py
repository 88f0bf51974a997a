"""Prefixes and anchors in random order, against a naive model: nobody owns twice, nothing forks.

The one voter of this consortium suspends and reinstates the others at will.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.anvil import Anvil

from .ledger import Ledger, address
from .reference import tip

ACTIVE, SUSPENDED = 1, 2
SUSPEND, REINSTATE = 0, 1
MEMBERS = (1, 2, 3)
EVER = 2**60
PREFIXES = st.sampled_from(
    [
        *("gs1:6901", "gs1:69012", "gs1:690123456789", "gs1:6902", "cn:8112345", "cn:8112346"),
        *("gs1:690", "gs1:6901234567890", "cn:690123", "gs1:69a1", "urn:6901"),  # no prefixes
    ]
)
CODES = ("gs1:690123456789", "gs1:690112345678", "gs1:690212345678", "cn:8112345", "cn:8112346")
WHO = st.sampled_from([1, 2, 2, 3, 3, 4])
WHICH = st.sampled_from([1, 1, 1, 2, 2, 3, 9])
TIMES = st.sampled_from([0, 5, 20, 60])
STREAMS = tuple((one << 16) + 1 for one in (1, 2))


def is_prefix(text: str) -> bool:
    scheme, _, digits = text.partition(":")
    sizes = {"gs1": range(4, 13), "cn": range(7, 8)}.get(scheme, range(0))
    return len(digits) in sizes and digits.isdigit()


@dataclass
class Grant:
    prefix: str
    owner: int
    start: int
    end: int
    offered_to: int = 0

    def meets(self, other: Grant) -> bool:
        related = self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)
        return related and max(self.start, other.start) < min(self.end, other.end)


class Machine(RuleBasedStateMachine):
    """Grants and anchors as lists, looked through from the first to the last each time."""

    ledger: Ledger  # given by the test

    @initialize()
    def found(self) -> None:
        self.ledger.begin_again()
        first, keys = [], []
        for one in MEMBERS:
            role = 1 | (32 if one == 1 else 0)
            first.append((f"p{one}", "P", "", role, 1, self.admin(one), address(f"{one} cold")))
            keys.append([(address(f"{one} anchor"), 1, 0, 0, [])])
        at = self.ledger.now
        made = self.ledger.deploy("Consortium", first, keys, 100, 400, at=at + 1)
        self.consortium = ("Consortium", made)
        codes = self.ledger.deploy("CodeRegistry", made, [], at=at + 2)
        registry = self.ledger.deploy("AnchorRegistry", made, "0x" + "00" * 20, at=at + 3)
        self.codes, self.registry = ("CodeRegistry", codes), ("AnchorRegistry", registry)
        self.status = dict.fromkeys(MEMBERS, ACTIVE)
        self.grants: list[Grant] = []
        self.owned: dict[tuple[str, int], int] = {}
        self.anchors: dict[int, list[bytes]] = {one: [] for one in STREAMS}
        self.refused: set[str] = set()

    def admin(self, one: int) -> str:
        return address(f"{one} admin")

    def call(
        self, contract: tuple[str, str], function: str, *arguments: object, by: str, expected: str
    ) -> bool:
        said = self.ledger.send(contract, function, *arguments, by=by, at=self.ledger.now + 1)
        assert said == expected, (function, arguments, said, expected)
        self.refused.add(said)
        return not said

    # --- the voter

    @rule(one=st.sampled_from([2, 3]))
    def change_status(self, one: int) -> None:
        act = SUSPEND if self.status[one] == ACTIVE else REINSTATE
        number = self.ledger.view(self.consortium, "proposalCount") + 1
        arguments = (act, encode(["uint32"], [one]), bytes(32))
        self.call(self.consortium, "propose", *arguments, by=self.admin(1), expected="")
        self.call(self.consortium, "execute", number, by=self.admin(3), expected="")
        self.status[one] = SUSPENDED if act == SUSPEND else ACTIVE

    # --- prefixes

    @rule(first=st.sampled_from([2, 3]), which=WHICH)
    def found_a_grant(self, first: int, which: int) -> None:
        """Most of the rest needs one; and one that ended is ended again."""
        self.grant("gs1:69015", first, 0, 20, False)
        self.end(which, 0, True, first, True)

    @rule(prefix=PREFIXES, to=WHO, begins=TIMES, lasts=TIMES, stranger=st.booleans())
    def grant(self, prefix: str, to: int, begins: int, lasts: int, stranger: bool) -> None:
        now = self.ledger.now + 1
        start = now + begins if begins else 0
        made = Grant(prefix, to, start or now, (start or now) + lasts if lasts else EVER)
        by, expected = self.consortium[1], ""
        if stranger:
            by, expected = self.admin(1), "CodeRegistryOnlyConsortium"
        elif self.status.get(to) != ACTIVE:
            expected = "CodeRegistryParticipant"
        elif not is_prefix(prefix):
            expected = "CodeRegistryInvalidPrefix"
        elif any(made.meets(one) for one in self.grants):
            expected = "CodeRegistryOverlap"
        until = made.end if lasts else 0
        if self.call(self.codes, "grant", prefix, to, start, until, by=by, expected=expected):
            self.grants.append(made)

    @rule(which=WHICH, after=TIMES, by_vote=st.booleans(), who=WHO, own=st.booleans())
    def end(self, which: int, after: int, by_vote: bool, who: int, own: bool) -> None:
        now = self.ledger.now + 1
        if own and which <= len(self.grants):
            who = self.grants[which - 1].owner
        until = now + after if after else 0
        by = self.consortium[1] if by_vote else self.admin(who)
        function = "revoke" if by_vote else "surrender"
        expected = ""
        if which > len(self.grants):
            expected = "CodeRegistryUnknownGrant"
        elif not by_vote and self.grants[which - 1].owner != who:
            expected = "CodeRegistryNotAllowed"
        elif self.is_over(which) or (until or now) >= self.grants[which - 1].end:
            expected = "CodeRegistryEnded"
        if self.call(self.codes, function, which, until, by=by, expected=expected):
            one = self.grants[which - 1]
            one.end, one.offered_to = until or now, 0

    def is_over(self, which: int) -> bool:
        one = self.grants[which - 1]
        return one.end <= max(self.ledger.now + 1, one.start)

    @rule(which=WHICH, who=WHO, to=WHO)
    def offer(self, which: int, who: int, to: int) -> None:
        expected = ""
        if which > len(self.grants):
            expected = "CodeRegistryUnknownGrant"
        elif self.grants[which - 1].owner != who:
            expected = "CodeRegistryNotAllowed"
        elif ACTIVE not in (self.status[who],) or self.status.get(to) != ACTIVE:
            expected = "CodeRegistryParticipant"
        elif self.is_over(which):
            expected = "CodeRegistryEnded"
        elif to == who or self.grants[which - 1].offered_to:
            expected = "CodeRegistryOffer"
        if self.call(self.codes, "offer", which, to, by=self.admin(who), expected=expected):
            self.grants[which - 1].offered_to = to

    @rule(which=WHICH, who=WHO, accepts=st.booleans())
    def answer(self, which: int, who: int, accepts: bool) -> None:
        expected = ""
        one = self.grants[which - 1] if which <= len(self.grants) else None
        if one is None:
            expected = "CodeRegistryUnknownGrant"
        elif not one.offered_to:
            expected = "CodeRegistryOffer"
        elif who != one.offered_to and (accepts or who != one.owner):
            expected = "CodeRegistryNotAllowed"
        elif accepts and not self.status[who] == self.status[one.owner] == ACTIVE:
            expected = "CodeRegistryParticipant"
        elif accepts and self.is_over(which):
            expected = "CodeRegistryEnded"
        function = "accept" if accepts else "withdrawOffer"
        if not self.call(self.codes, function, which, by=self.admin(who), expected=expected):
            return
        assert one is not None
        if accepts:
            now = self.ledger.now
            self.grants.append(Grant(one.prefix, who, max(one.start, now), one.end))
            one.end = now
        one.offered_to = 0

    @rule(seconds=st.sampled_from([1, 5, 20, 60]))
    def wait(self, seconds: int) -> None:
        self.ledger.empty_block(at=self.ledger.now + seconds)

    @invariant()
    def nobody_owns_what_somebody_owns_and_the_past_stays(self) -> None:
        now = self.ledger.now
        for code in CODES:
            self.owned[code, now] = self.owner(code, now)
        asked = sorted(self.owned)
        asked = asked[:: max(1, len(asked) // 12)] + [(code, now + 30) for code in CODES]
        said = self.ledger.views(self.codes, [("ownerAt", *one) for one in asked])
        for (code, time), (_, owner) in zip(asked, said, strict=True):
            then = self.owned[code, time] if time <= now else self.owner(code, time)
            assert owner == then, (code, time)

    def owner(self, code: str, time: int) -> int:
        holding = {
            one.owner
            for one in self.grants
            if code.startswith(one.prefix) and one.start <= time < one.end
        }
        assert len(holding) <= 1
        return holding.pop() if holding else 0

    # --- anchors

    @rule(
        stream=st.sampled_from(STREAMS),
        by=st.sampled_from([1, 1, 2, 2, 3]),
        ahead=st.sampled_from([0, 0, 0, -1, 1]),
        follows=st.sampled_from([True, True, True, False]),
        empty=st.sampled_from([False, False, False, True]),
    )
    def anchor(self, stream: int, by: int, ahead: int, follows: bool, empty: bool) -> None:
        tips = self.anchors[stream]
        sequence = max(0, len(tips) + 1 + ahead)
        root = bytes(32) if empty else hashlib.sha256(b"%d %d" % (stream, len(tips))).digest()
        previous = (tips[-1] if tips else bytes(32)) if follows else b"\x07" * 32
        expected = ""
        if stream >> 16 != by or self.status[by] != ACTIVE:
            expected = "AnchorRegistryUnauthorized"  # a stranger who is first wins nothing by it
        elif empty:
            expected = "AnchorRegistryEmptyBatch"
        elif sequence != len(tips) + 1:
            expected = "AnchorRegistryOutOfSequence"
        elif not follows:
            expected = "AnchorRegistryTipMismatch"
        parts = (stream, sequence, root, 16, previous)
        key = address(f"{by} anchor")
        if self.call(self.registry, "anchorOne", *parts, by=key, expected=expected):
            where = bytes.fromhex(self.registry[1][2:])
            tips.append(tip(4242, where, stream, sequence, root, 16, previous))

    @invariant()
    def streams_are_dense_and_end_where_the_model_ends(self) -> None:
        said = self.ledger.views(self.registry, [("head", one) for one in STREAMS])
        for stream, (sequence, last) in zip(STREAMS, said, strict=True):
            tips = self.anchors[stream]
            assert (sequence, last) == (len(tips), tips[-1] if tips else bytes(32))


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with Anvil() as made:
        yield made


@pytest.mark.timeout(600)
def test_the_contracts_do_what_the_model_says(anvil: Anvil) -> None:
    seen: set[str] = set()

    class Bound(Machine):
        ledger = Ledger(anvil)

        def teardown(self) -> None:
            seen.update(getattr(self, "refused", ()))

    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    wanted = {
        *("", "CodeRegistryOverlap", "CodeRegistryParticipant", "CodeRegistryNotAllowed"),
        *("CodeRegistryInvalidPrefix", "CodeRegistryOnlyConsortium", "CodeRegistryEnded"),
        *("CodeRegistryOffer", "CodeRegistryUnknownGrant", "AnchorRegistryUnauthorized"),
        *("AnchorRegistryOutOfSequence", "AnchorRegistryTipMismatch", "AnchorRegistryEmptyBatch"),
    }
    assert wanted <= seen, wanted - seen  # else it never came to what it is there for
