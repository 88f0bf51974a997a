"""How a consortium decides, written from its rules and not from its code.

Everything is counted afresh from sets at every question; nothing is cached, so that what the
contract keeps beside its state can be wrong here and there at different moments only.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction

ACTIVE, SUSPENDED, REMOVED = 1, 2, 3


class Act(IntEnum):
    SUSPEND = 0
    REINSTATE = 1
    CHANGE_ROLES = 3
    ADMIT = 4
    REMOVE = 5
    CHANGE_VOTER = 6
    REPLACE_ADMIN_KEY = 7


HEAVY = frozenset({Act.ADMIT, Act.REMOVE, Act.CHANGE_VOTER, Act.REPLACE_ADMIN_KEY})
MANUFACTURER, VOTER = 1, 32


class State(IntEnum):
    OPEN = 1
    WAITING = 2
    READY = 3
    EXECUTED = 4
    FAILED = 5
    LAPSED = 6
    VETOED = 7
    WITHDRAWN = 8


class RefusedError(Exception):
    """The contract must refuse, with this error."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@dataclass
class Member:
    slug: str
    admin: str
    recovery: str
    roles: int = MANUFACTURER | VOTER
    status: int = ACTIVE
    epoch: int = 1


@dataclass
class Proposal:
    act: Act
    subject: int
    arguments: tuple[object, ...]
    proposer: int
    lapses_at: int
    approvals: set[int] = field(default_factory=set)
    noted_from: int = 0
    extended: bool = False
    outcome: State | None = None


@dataclass
class Consortium:
    """`now` is the time of the block in which the next call runs."""

    delay: int
    lifetime: int
    members: dict[int, Member] = field(default_factory=dict)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    slugs: set[str] = field(default_factory=set)
    history: dict[tuple[int, int], tuple[int, int, str]] = field(default_factory=dict)
    now: int = 0

    # --- who votes

    def voters(self) -> set[int]:
        return {one for one, m in self.members.items() if m.roles & VOTER and m.status != REMOVED}

    def may_vote(self, one: int) -> bool:
        return one in self.voters() and self.members[one].status == ACTIVE

    def of_admin(self, key: str) -> int:
        return next((one for one, m in self.members.items() if m.admin == key), 0)

    def enough(self, proposal: Proposal) -> bool:
        for_it = sum(self.may_vote(one) for one in proposal.approvals)
        share = Fraction(for_it, len(self.voters()))
        is_heavy = proposal.act in HEAVY
        return share > Fraction(1, 2) and (not is_heavy or share >= Fraction(2, 3))

    def state(self, proposal: Proposal) -> State:
        if proposal.outcome is not None:
            return proposal.outcome
        if self.now >= proposal.lapses_at:
            return State.LAPSED
        if not self.enough(proposal):
            return State.OPEN
        if proposal.act not in HEAVY:
            return State.READY
        if not proposal.noted_from:
            return State.OPEN
        return State.WAITING if self.now < proposal.noted_from else State.READY

    # --- what people do

    def propose(self, key: str, act: Act, *arguments: object) -> int:
        one = self._voter(key)
        subject = 0 if act is Act.ADMIT else int(str(arguments[0]))
        if act is not Act.ADMIT and subject not in self.members:
            raise RefusedError("ConsortiumInvalidArguments")
        number = len(self.proposals) + 1
        made = Proposal(act, subject, arguments, one, self.now + self.lifetime)
        self.proposals[number] = made
        made.approvals.add(one)
        self._note(made)
        return number

    def approve(self, key: str, number: int, *, digest_fits: bool) -> None:
        one = self._voter(key)
        proposal = self._undecided(number)
        if not digest_fits:
            raise RefusedError("ConsortiumDigestMismatch")
        if one in proposal.approvals:
            raise RefusedError("ConsortiumApproval")
        proposal.approvals.add(one)
        self._note(proposal)

    def withdraw(self, key: str, number: int) -> None:
        one = self.of_admin(key)
        if not one:
            raise RefusedError("ConsortiumNotVoter")
        proposal = self._undecided(number)
        if one not in proposal.approvals:
            raise RefusedError("ConsortiumApproval")
        proposal.approvals.remove(one)
        if not proposal.approvals:
            proposal.outcome = State.WITHDRAWN
        self._note(proposal)

    def recount(self, number: int) -> None:
        self._note(self._undecided(number))

    def veto(self, key: str, number: int) -> None:
        proposal = self._undecided(number)
        if proposal.act is not Act.REPLACE_ADMIN_KEY:
            raise RefusedError("ConsortiumNoVeto")
        owner = self.members[proposal.subject]
        if key not in (owner.admin, owner.recovery):
            raise RefusedError("ConsortiumNotAllowed")
        if self.state(proposal) is State.READY:
            raise RefusedError("ConsortiumProposalState")
        proposal.outcome = State.VETOED

    def execute(self, number: int) -> None:
        proposal = self._undecided(number)
        if self.state(proposal) is not State.READY:
            raise RefusedError("ConsortiumProposalState")
        self._note(proposal)
        before = copy.deepcopy((self.members, self.taken, self.slugs))
        try:
            self._enact(proposal)
            self._keep_a_majority()
        except RefusedError:
            self.members, self.taken, self.slugs = before
            proposal.outcome = State.FAILED
        else:
            proposal.outcome = State.EXECUTED

    def replace_admin_key(self, key: str, one: int, new: str) -> None:
        self._by_recovery_key(key, one)
        self._take(new)
        self.members[one].admin = new

    def replace_recovery_key(self, key: str, one: int, new: str) -> None:
        self._by_recovery_key(key, one)
        self._take(new)
        self.members[one].recovery = new

    def admit(self, slug: str, admin: str, recovery: str, roles: int) -> int:
        number = len(self.members) + 1
        if slug in self.slugs:
            raise RefusedError("ConsortiumSlugTaken")
        self._take(admin)
        self._take(recovery)
        self.slugs.add(slug)
        self.members[number] = Member(slug, admin, recovery, roles)
        return number

    def remember(self) -> None:
        """Keep what holds at the end of a block, to be asked for later."""
        for one, m in self.members.items():
            self.history[one, self.now] = (m.status, m.roles, m.admin)

    # --- parts

    def _voter(self, key: str) -> int:
        one = self.of_admin(key)
        if not one or not self.may_vote(one):
            raise RefusedError("ConsortiumNotVoter")
        return one

    def _undecided(self, number: int) -> Proposal:
        if number not in self.proposals:
            raise RefusedError("ConsortiumUnknownProposal")
        proposal = self.proposals[number]
        if self.state(proposal) > State.READY:
            raise RefusedError("ConsortiumProposalState")
        return proposal

    def _note(self, proposal: Proposal) -> None:
        reached = self.enough(proposal)
        if reached == bool(proposal.noted_from):
            return
        proposal.noted_from = 0
        if reached:
            delay = self.delay if proposal.act in HEAVY else 0
            proposal.noted_from = self.now + delay
            if not proposal.extended:
                until = proposal.noted_from + self.lifetime
                proposal.lapses_at = max(proposal.lapses_at, until)
            proposal.extended = True

    def _by_recovery_key(self, key: str, one: int) -> None:
        if one not in self.members:
            raise RefusedError("ConsortiumUnknownParticipant")
        if self.members[one].status == REMOVED:
            raise RefusedError("ConsortiumRemoved")
        if self.members[one].recovery != key:
            raise RefusedError("ConsortiumNotAllowed")

    def _take(self, key: str) -> None:
        if key in self.taken:
            raise RefusedError("ConsortiumKeyInUse")
        self.taken.add(key)

    def _keep_a_majority(self) -> None:
        active = sum(self.may_vote(one) for one in self.voters())
        if not Fraction(active) > Fraction(len(self.voters()), 2):
            raise RefusedError("ConsortiumNoMajority")

    def _enact(self, proposal: Proposal) -> None:
        if proposal.act is Act.ADMIT:
            slug, admin, recovery, roles = proposal.arguments
            self.admit(str(slug), str(admin), str(recovery), int(str(roles)))
            return
        one = self.members[proposal.subject]
        if proposal.act in (Act.SUSPEND, Act.REINSTATE, Act.REMOVE):
            wanted = {Act.SUSPEND: SUSPENDED, Act.REINSTATE: ACTIVE, Act.REMOVE: REMOVED}
            ways = {(ACTIVE, SUSPENDED), (SUSPENDED, ACTIVE), (ACTIVE, REMOVED)}
            ways |= {(SUSPENDED, REMOVED)}
            if (one.status, wanted[proposal.act]) not in ways:
                raise RefusedError("ConsortiumInvalidStatus")
            one.status = wanted[proposal.act]
            return
        if one.status == REMOVED:
            raise RefusedError("ConsortiumRemoved")
        if proposal.act is Act.REPLACE_ADMIN_KEY:
            self._take(str(proposal.arguments[1]))
            one.admin, one.epoch = str(proposal.arguments[1]), one.epoch + 1
            return
        if proposal.act is Act.CHANGE_ROLES:
            roles = int(str(proposal.arguments[1])) & ~VOTER | one.roles & VOTER
        else:
            roles = one.roles | VOTER if proposal.arguments[1] else one.roles & ~VOTER
        if roles == one.roles or not roles:
            raise RefusedError("ConsortiumInvalidRoles")
        one.roles = roles
