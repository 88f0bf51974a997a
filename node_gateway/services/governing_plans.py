"""Plans of an operator: what would be signed, in words, and the prepared call.

Everything is known before anybody signs: the plan says it, and refuses what can be seen to fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from anchoring.chain.governance import (
    ReplaceAdminKey,
    decode_action,
    digest_of_arguments,
    encode_action,
)
from anchoring.chain.governance_calls import GovernanceCalls
from anchoring.chain.governance_words import moment, named, proposal_words, words
from anchoring.chain.governor import PreparedCall
from anchoring.chain.network import Network
from anchoring.directory.model import Directory, Proposal, ProposalState
from anchoring.errors import FormatError
from node_gateway.errors import NotFoundError, NotPossibleError
from node_gateway.services.governing_goods import notice_plan, prefix_plan
from node_gateway.services.governing_wishes import (
    Approve,
    EscalateNotice,
    Execute,
    LiftNotice,
    Plan,
    Propose,
    PublishNotice,
    SetUrl,
    Veto,
    Vote,
    Wish,
    Withdraw,
)

OVER: Final = (
    ProposalState.EXECUTED,
    ProposalState.FAILED,
    ProposalState.LAPSED,
    ProposalState.VETOED,
    ProposalState.WITHDRAWN,
)
_PROPOSALS: Final = "sealtrail consortium proposals"


class Planner:
    """Makes plans for one key, from the directory as of one block.

    Args:
        directory: The network as it was read.
        network: The operator's own network file.
        calls: Prepares calls.
        key: Address of the key that would sign, 20 bytes.
    """

    def __init__(
        self, directory: Directory, network: Network, calls: GovernanceCalls, key: bytes
    ) -> None:
        self._directory, self._network, self._calls, self._key = directory, network, calls, key
        self._time = directory.head.time
        self._me = next(
            (one for one in directory.participants.values() if one.admin_key == key), None
        )

    def plan(self, wish: Wish) -> Plan:
        """Return the plan for a wish.

        Raises:
            NotFoundError, NotPossibleError: it cannot be, as far as the directory tells.
            FormatError: the network file names no such contract, or a value fits no type.
        """
        plan = self._planned(wish)
        if plan.call is None:
            return plan
        return replace(plan, words=(self._signing(), *plan.words))

    def _planned(self, wish: Wish) -> Plan:
        if isinstance(wish, Propose):
            return self._propose(wish)
        if isinstance(wish, Approve | Withdraw | Execute | Veto):
            return self._vote(wish)
        if isinstance(wish, SetUrl):
            where = f"has the address {wish.url}" if wish.url else "has no address any more"
            said = f"Your gateway {where}: everybody reads it on the chain from then on."
            return Plan((said,), self._calls.set_url(wish.url))
        if isinstance(wish, PublishNotice | EscalateNotice | LiftNotice):
            me = self._me.id if self._me else 0
            return notice_plan(wish, self._directory, self._calls, publisher=me)
        return prefix_plan(wish, self._directory, self._calls)

    def _signing(self) -> str:
        key = f"0x{self._key.hex()}"
        if self._me is None:
            return f"You sign with {key}, which is no participant's admin key."
        return f"You sign as {named(self._me.id, self._directory)}, with its admin key {key}."

    def _propose(self, wish: Propose) -> Plan:
        kind, arguments = encode_action(wish.action)
        for one in self._directory.proposals.values():
            same = (one.action, one.arguments, one.evidence) == (kind, arguments, wish.evidence)
            if same and self._state(one) not in OVER:
                return self._proposed_before(one)
        said = ["A proposal is made, and approved by you:"]
        said += words(wish.action, self._directory, self._network)
        if any(wish.evidence):
            said.append(f"Its evidence is a file with the SHA-256 {wish.evidence.hex()}.")
        call = self._calls.propose(wish.action, wish.evidence)
        return Plan(tuple(said), call, rehearsed=wish.action)

    def _proposed_before(self, one: Proposal) -> Plan:
        if self._me is not None and self._me.id in one.approvals:
            said = f"Proposal {one.id} says exactly this, and you have approved it; nothing to do."
            return Plan((said,), None, proposal=one.id)
        raise NotPossibleError(
            f"proposal {one.id} says exactly this already",
            code="already_proposed",
            hint=f"sealtrail consortium approve {one.id}",
        )

    def _vote(self, wish: Vote) -> Plan:
        one = self._directory.proposals.get(wish.proposal)
        if one is None:
            raise NotFoundError(
                f"there is no proposal {wish.proposal}", code="proposal_not_found", hint=_PROPOSALS
            )
        stands = proposal_words(one, self._directory, self._network)
        if isinstance(wish, Execute):
            return self._execute(one, stands)
        approved = self._me is not None and self._me.id in one.approvals
        if isinstance(wish, Approve) and approved:
            return Plan((f"You have approved proposal {one.id}; nothing to do.",), None,
                        proposal=one.id)  # fmt: skip
        self._require_going_on(one)
        if isinstance(wish, Approve):
            call = self._calls.approve(one.id, self._digest(one))
            return self._about(one, "You approve exactly this:", stands, call)
        if isinstance(wish, Withdraw):
            call = self._calls.withdraw(one.id)
            return self._about(one, "You take your approval of this back:", stands, call)
        if not isinstance(decode_action(one.action, one.arguments), ReplaceAdminKey):
            raise NotPossibleError(
                "only the replacement of an admin key can be forbidden",
                code="no_veto",
                hint=f"sealtrail consortium withdraw {one.id}",
            )
        return self._about(one, "You forbid this for good:", stands, self._calls.veto(one.id))

    def _about(self, one: Proposal, what: str, stands: tuple[str, ...], call: PreparedCall) -> Plan:
        return Plan((what, *stands), call, proposal=one.id)

    def _digest(self, one: Proposal) -> bytes:
        """Return the digest of what the words said, never one that an endpoint gave."""
        try:
            decode_action(one.action, one.arguments)
        except FormatError as error:
            raise NotPossibleError(
                f"nobody can say what proposal {one.id} does: {error}",
                code="proposal_unreadable",
                hint="do not approve it; ask who proposed it",
            ) from error
        digest = digest_of_arguments(
            one.action,
            one.arguments,
            proposal=one.id,
            chain_id=self._network.chain_id,
            consortium=self._network.consortium,
            evidence=one.evidence,
        )
        if digest != one.digest:
            raise NotPossibleError(
                f"proposal {one.id} states another digest than its content has",
                code="proposal_changed",
                hint="compare the network file with the one that was agreed on",
            )
        return digest

    def _execute(self, one: Proposal, stands: tuple[str, ...]) -> Plan:
        state = self._state(one)
        if state is ProposalState.EXECUTED:
            said = f"Proposal {one.id} was executed on {moment(one.ended_at)}; nothing to do."
            return Plan((said,), None, proposal=one.id)
        self._require_going_on(one)
        needed = one.approvals_needed(self._directory, self._time)
        given = one.approvals_given(self._directory, self._time)
        if given < needed:
            raise NotPossibleError(
                f"proposal {one.id} has {given} of the {needed} approvals that it needs",
                code="proposal_state",
                hint=f"the other voters: sealtrail consortium approve {one.id}",
            )
        if one.is_heavy and not one.executable_from:
            said = "The electorate changed, so that the approvals suffice now. Its delay begins:"
            return self._about(one, said, stands, self._calls.recount(one.id))
        if state is ProposalState.WAITING:
            raise NotPossibleError(
                f"proposal {one.id} waits until {moment(one.executable_from)}",
                code="proposal_state",
                hint=f"sealtrail consortium execute {one.id}, from then on",
            )
        plan = self._about(one, "This is carried out now:", stands, self._calls.execute(one.id))
        action = decode_action(one.action, one.arguments)
        return replace(plan, rehearsed=action)

    def _require_going_on(self, one: Proposal) -> None:
        state = self._state(one)
        if state in OVER:
            raise NotPossibleError(
                f"proposal {one.id} is over: {state.value}", code="proposal_state", hint=_PROPOSALS
            )

    def _state(self, one: Proposal) -> ProposalState:
        return one.state_at(self._directory, self._time)
