"""Random consortia, friendly and hostile, against a model: the contract does what the rules say.

Every call is predicted first, with the error by name. After every call the whole state is
compared, and what held at earlier times is asked for again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

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

from .governance_model import MANUFACTURER, VOTER, Act, Consortium, RefusedError, State
from .ledger import Ledger, address

DELAY, LIFETIME = 100, 400
EXAMPLES = 30
HEAVY_ACTS = (Act.ADMIT, Act.REMOVE, Act.CHANGE_VOTER, Act.REPLACE_ADMIN_KEY)
PARTICIPANT = "(string,string,string,uint32,uint8,address,address)"
INITIAL_KEYS = "(address,uint8,uint64,uint64,uint64[])[]"
NOBODY = "0x" + "00" * 20
NAMES = tuple(f"p{number}" for number in range(1, 13))
WHO = st.sampled_from([0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 13])
"""Index of an actor: the founders above all, newcomers, a stranger."""
WHICH = st.sampled_from([1, 1, 1, 2, 2, 3, 4, 0])
"""Counted from the newest proposal, 1; 0 is one that does not exist."""
SUBJECT = st.sampled_from([1, 1, 2, 2, 3, 4, 5, 9])


Questions: TypeAlias = dict[tuple[Any, ...], Callable[..., bool]]
"""What is asked of the contract, and whether an answer is right."""


def arguments_of(act: Act, values: tuple[Any, ...]) -> bytes:
    if act is Act.ADMIT:
        slug, admin, recovery, roles = values
        newcomer = (slug, "Newcomer", "", roles, 1, admin, recovery)
        return encode([PARTICIPANT, INITIAL_KEYS], [newcomer, []])
    if act is Act.CHANGE_ROLES:
        return encode(["uint32", "uint32"], values)
    if act is Act.CHANGE_VOTER:
        return encode(["uint32", "bool"], values)
    if act is Act.REPLACE_ADMIN_KEY:
        return encode(["uint32", "address", "address"], [*values, NOBODY])
    return encode(["uint32"], values)


class Machine(RuleBasedStateMachine):
    """What people do, well or badly; `found` begins each run with another consortium."""

    ledger: Ledger  # given by the test
    model: Consortium
    contract: tuple[str, str]
    fresh: int

    @initialize(voters=st.integers(1, 6), others=st.integers(0, 1))
    def found(self, voters: int, others: int) -> None:
        self.ledger.begin_again()
        self.model = Consortium(DELAY, LIFETIME)
        self.fresh = 0
        self.abandoned: list[tuple[int, bytes]] = []
        roles = [MANUFACTURER | VOTER] * voters + [MANUFACTURER] * others
        first = []
        for name, role in zip(NAMES, roles, strict=False):
            admin, recovery = address(f"{name} admin"), address(f"{name} recovery")
            self.model.admit(name, admin, recovery, role)
            first.append((name, name, "", role, 1, admin, recovery))
        self.model.now = self.ledger.now + 1
        made = self.ledger.deploy(
            "Consortium", first, [[] for _ in first], DELAY, LIFETIME, at=self.model.now
        )
        self.contract = ("Consortium", made)
        self.model.remember()

    # --- actors and objects

    def key(self, who: int) -> str:
        """An admin key: of a member, or of nobody."""
        members = list(self.model.members.values())
        return members[who].admin if who < len(members) else address(f"stranger {who}")

    def recovery(self, who: int) -> str:
        members = list(self.model.members.values())
        return members[who].recovery if who < len(members) else address(f"stranger {who}")

    def proposal(self, which: int) -> int:
        """One of the newest proposals, or one that does not exist."""
        return max(0, len(self.model.proposals) + 1 - which) if which else 99

    def another(self) -> str:
        self.fresh += 1
        return address(f"fresh {self.fresh}")

    def digest(self, number: int) -> bytes:
        if number not in self.model.proposals:
            return bytes(32)
        return bytes(self.ledger.view(self.contract, "digestOf", number))

    def both(self, what: Any, function: str, *arguments: object, by: str) -> None:
        """Do a thing in the model and on the chain; both must say the same."""
        self.model.now = self.ledger.now + 1
        before = copy.deepcopy(self.model)
        try:
            what()
            expected = ""
        except RefusedError as refused:
            expected = refused.name
            self.model = before
        said = self.ledger.send(self.contract, function, *arguments, by=by, at=self.model.now)
        assert said == expected, (function, arguments, said, expected)
        self.model.remember()

    # --- rules

    @rule(who=WHO, act=st.sampled_from(list(Act)), subject=SUBJECT, voter=st.booleans())
    def propose(self, who: int, act: Act, subject: int, voter: bool) -> None:
        values: dict[Act, tuple[Any, ...]] = {
            Act.CHANGE_ROLES: (subject, 2),
            Act.CHANGE_VOTER: (subject, voter),
        }
        if act is Act.ADMIT:
            slug = f"n{self.fresh % 4}"  # sometimes taken
            roles = MANUFACTURER | (VOTER if voter else 0)
            chosen: tuple[Any, ...] = (slug, self.another(), self.another(), roles)
        elif act is Act.REPLACE_ADMIN_KEY:
            used = subject % 2 and self.model.members  # sometimes a key in use
            chosen = (subject, self.key(0) if used and voter else self.another())
        else:
            chosen = values.get(act, (subject,))
        key = self.key(who)
        self.both(
            lambda: self.model.propose(key, act, *chosen),
            "propose",
            int(act),
            arguments_of(act, chosen),
            bytes(32),
            by=key,
        )

    def _approve(self, who: int, number: int) -> None:
        key, digest = self.key(who), self.digest(number)
        self.both(
            lambda: self.model.approve(key, number, digest_fits=True),
            "approve",
            number,
            digest,
            by=key,
        )

    @rule(who=WHO, which=WHICH)
    def approve(self, who: int, which: int) -> None:
        self._approve(who, self.proposal(which))

    @rule(which=WHICH, count=st.integers(1, 6))
    def approve_together(self, which: int, count: int) -> None:
        """A coalition: without it thresholds would be reached too rarely."""
        for who in range(count):
            self._approve(who, self.proposal(which))

    def _carry(self, act: Act, subject: int, voter: bool, seconds: int, spoiler: str) -> None:
        self.propose(0, act, subject, voter)
        self.approve_together(1, len(self.model.members))
        if spoiler:
            self.meddle(subject - 1 if spoiler == "veto" else 0, 1, spoiler, False)
        self.wait(seconds)
        self.meddle(0, 1, "execute", False)

    @rule(
        act=st.sampled_from([Act.SUSPEND, Act.REINSTATE, Act.CHANGE_ROLES]),
        subject=SUBJECT,
        spoiler=st.sampled_from(["", "", "withdraw", "recount"]),
    )
    def carry(self, act: Act, subject: int, spoiler: str) -> None:
        """What friendly voters do: propose, all approve, execute; somebody may spoil it."""
        self._carry(act, subject, True, 1, spoiler)

    @rule(
        act=st.sampled_from([*HEAVY_ACTS, Act.REPLACE_ADMIN_KEY]),
        subject=SUBJECT,
        voter=st.booleans(),
        seconds=st.sampled_from([DELAY - 9, DELAY, DELAY, LIFETIME, DELAY + LIFETIME]),
        spoiler=st.sampled_from(["", "withdraw", "veto", "veto"]),
    )
    def carry_in_time(
        self, act: Act, subject: int, voter: bool, seconds: int, spoiler: str
    ) -> None:
        """The same for what needs two thirds and the delay."""
        self._carry(act, subject, voter, seconds, spoiler)

    @rule(who=st.sampled_from([1, 2, 3]), act=st.sampled_from([Act.REINSTATE, Act.ADMIT]))
    def suspend_who_approved(self, who: int, act: Act) -> None:
        """An approval of somebody who may not vote any more must stop counting."""
        self.propose(0, act, who + 1, True)
        number = len(self.model.proposals)
        self._approve(who, number)
        self._carry(Act.SUSPEND, who + 1, True, 1, "")
        self.both(lambda: self.model.recount(number), "recount", number, by=self.key(0))
        self.both(lambda: self.model.execute(number), "execute", number, by=self.key(0))

    @rule(who=WHO, which=WHICH)
    def approve_something_else(self, who: int, which: int) -> None:
        key, number = self.key(who), self.proposal(which)
        digest = bytes(31) + b"\x01"
        self.both(
            lambda: self.model.approve(key, number, digest_fits=False),
            "approve",
            number,
            digest,
            by=key,
        )

    @rule(
        who=WHO,
        which=WHICH,
        what=st.sampled_from(["withdraw", "recount", "veto", "execute"]),
        cold=st.booleans(),
    )
    def meddle(self, who: int, which: int, what: str, cold: bool) -> None:
        number = self.proposal(which)
        key = self.recovery(who) if cold else self.key(who)
        does: dict[str, Callable[[], None]] = {
            "withdraw": lambda: self.model.withdraw(key, number),
            "recount": lambda: self.model.recount(number),
            "veto": lambda: self.model.veto(key, number),
            "execute": lambda: self.model.execute(number),
        }
        self.both(does[what], what, number, by=key)

    @rule(who=WHO, of=st.integers(1, 7), cold=st.booleans(), used=st.booleans())
    def replace_own_key(self, who: int, of: int, cold: bool, used: bool) -> None:
        key, new = self.recovery(who), self.key(0) if used else self.another()
        replace = self.model.replace_recovery_key if cold else self.model.replace_admin_key
        function = "replaceRecoveryKey" if cold else "replaceAdminKey"
        self.both(lambda: replace(key, of, new), function, of, new, by=key)

    @rule(seconds=st.sampled_from([1, 30, DELAY - 1, DELAY, LIFETIME - DELAY, LIFETIME]))
    def wait(self, seconds: int) -> None:
        self.ledger.empty_block(at=self.ledger.now + seconds)
        self.model.now = self.ledger.now

    @rule(who=WHO, act=st.sampled_from([Act.SUSPEND, Act.REMOVE]), approver=WHO)
    def reorganise(self, who: int, act: Act, approver: int) -> None:
        """A proposal is approved by its digest; the block goes, another one takes the number."""
        if not self.model.may_vote(self.model.of_admin(self.key(who))):
            return
        snapshot, model = self.ledger.rpc("evm_snapshot"), copy.deepcopy(self.model)
        now, fresh = self.ledger.now, self.fresh
        self.propose(who, act, 1, True)
        number = len(self.model.proposals)
        digest = self.digest(number)
        assert self.ledger.rpc("evm_revert", snapshot)
        self.model, self.ledger.now, self.fresh = model, now, fresh
        self.propose(who, Act.REINSTATE, 1, True)
        key = self.key(approver)
        self.both(
            lambda: self.model.approve(key, number, digest_fits=False),
            "approve",
            number,
            digest,
            by=key,
        )

    # --- what must always hold

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        """One request: the electorate, the newest proposals, all participants, some of the past."""
        self.model.now = self.ledger.now
        expected = self._electorate() | self._proposals() | self._participants() | self._past()
        said = self.ledger.views(self.contract, list(expected))
        for (question, answer), found in zip(expected.items(), said, strict=True):
            assert answer(found), (question, found)

    def _electorate(self) -> Questions:
        voters = self.model.voters()
        active = sum(self.model.may_vote(one) for one in voters)
        assert 2 * active > len(voters)  # or nothing could ever be decided again
        return {("electorate",): lambda said: tuple(said) == (len(voters), active)}

    def _proposals(self) -> Questions:
        count = len(self.model.proposals)
        asked: Questions = {("proposalCount",): lambda said: said == count}
        for number, one in list(self.model.proposals.items())[-3:]:
            state = (self.model.state(one), one.noted_from, one.lapses_at)
            asked["proposal", number] = lambda said, is_=state: (
                (State(said[1]), said[4], said[5]) == is_
            )
            asked["approvalsOf", number] = lambda said, is_=frozenset(one.approvals): (
                set(said) == is_
            )
        return asked

    def _participants(self) -> Questions:
        count = len(self.model.members)
        asked: Questions = {("participantCount",): lambda said: said == count}
        for number, one in self.model.members.items():
            fields = (one.slug, one.roles, one.status, one.admin, one.recovery)
            asked["participant", number] = lambda said, is_=fields: (said[0], *said[3:7]) == is_
            asked["keyEpoch", number] = lambda said, is_=one.epoch: said == is_
            asked["participantByAdminKey", one.admin] = lambda said, is_=number: said == is_
        return asked

    def _past(self) -> Questions:
        asked: Questions = {}
        times = sorted(self.model.history)
        for number, time in times[:: max(1, len(times) // 8)]:
            status, roles, admin = self.model.history[number, time]
            asked["statusAt", number, time] = lambda said, is_=status: said == is_
            asked["rolesAt", number, time] = lambda said, is_=roles: said == is_
            asked["adminKeyAt", number, time] = lambda said, is_=admin: said == is_
        return asked


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    with Anvil() as made:
        yield made


@pytest.mark.timeout(600)
def test_the_contract_does_what_the_model_says(anvil: Anvil) -> None:
    ledger = Ledger(anvil)
    seen: dict[str, int] = {}

    class Bound(Machine):
        def teardown(self) -> None:
            for one in getattr(self, "model", Consortium(1, 1)).proposals.values():
                outcome = one.outcome.name if one.outcome else "UNDECIDED"
                seen[outcome] = seen.get(outcome, 0) + 1

    Bound.ledger = ledger
    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    wanted = {"EXECUTED", "FAILED", "VETOED", "WITHDRAWN", "UNDECIDED"}
    assert wanted <= set(seen), seen  # else it never came to what it is there for
