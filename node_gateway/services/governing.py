"""Govern with an admin key: plan, rehearse, sign, and say what came of it.

Nothing is sent that is known to fail: the plan is made from the directory, the action is tried as
the Consortium itself would do it, then the call is tried as the key would send it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governance_calls import GovernanceCalls
from anchoring.chain.governance_words import moment
from anchoring.chain.governor import GAS, Governor, MinedCall
from anchoring.chain.network import Network
from anchoring.chain.refusals import explain
from anchoring.directory.model import Directory, Proposal, ProposalState
from anchoring.errors import ContractRefusedError
from node_gateway.errors import NotFoundError, NotPossibleError, RequestError
from node_gateway.services.governing_plans import Planner
from node_gateway.services.governing_wishes import Plan, Wish


class DirectorySource(Protocol):
    """Where the directory comes from: a follower's, or one that reads the chain when asked."""

    async def at_least(self, block_number: int) -> Directory:
        """Return the directory as of that block or a later one; 0: the newest there is.

        Raises:
            ChainError: the chain does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        words: In sentences.
        attempt: What to do next; empty if nothing.
        failed: Whether the action was executed and refused by the contracts.
        mined: Where the call stands on the chain; None if nothing was sent.
        proposal, grant, notice: What it was about.
        state: Where the proposal stands now, if it was about one.
    """

    words: tuple[str, ...]
    attempt: str = ""
    failed: bool = False
    mined: MinedCall | None = None
    proposal: int | None = None
    grant: int | None = None
    notice: int | None = None
    state: str | None = None


class Governing:
    """Carries out what an operator wants with one key.

    Args:
        governor: Signs with the key, sends and waits.
        reader: The same endpoint, reading.
        network: The operator's own network file.
        source: Where the directory comes from.
    """

    def __init__(
        self, governor: Governor, reader: EvmReader, network: Network, source: DirectorySource
    ) -> None:
        self._governor, self._reader, self._network = governor, reader, network
        self._source = source
        self._calls = GovernanceCalls(network)

    @property
    def address(self) -> bytes:
        """Address of the key, 20 bytes."""
        return self._governor.address

    @property
    def network(self) -> Network:
        """The operator's own network file."""
        return self._network

    async def directory(self) -> Directory:
        """Return the directory as of now."""
        return await self._source.at_least(0)

    async def plan(self, wish: Wish) -> Plan:
        """Return what would be signed. Nothing is signed or sent.

        Raises:
            RequestError: the contracts would refuse it, or there is no such thing; `hint` says
                what to do.
            FormatError: a value fits no type.
            ChainError: the chain does not answer, or is another one.
        """
        directory = await self.directory()
        plan = Planner(directory, self._network, self._calls, self.address).plan(wish)
        if plan.call is not None:
            try:
                await self._rehearse(plan)
                await self._governor.simulate(plan.call)
            except ContractRefusedError as error:
                raise refused(error) from error
        return plan

    async def carry_out(self, plan: Plan) -> Outcome:
        """Sign and send what was planned, wait for its block, and say what came of it.

        Raises:
            RequestError, ChainError: as `plan`; the state may have moved meanwhile.
        """
        if plan.call is None:
            return Outcome(plan.words, proposal=plan.proposal, grant=plan.grant, notice=plan.notice)
        try:
            mined = await self._governor.call(plan.call)
        except ContractRefusedError as error:
            raise refused(error) from error
        directory = await self._source.at_least(mined.block_number)
        return self._outcome(plan, mined, directory)

    async def _rehearse(self, plan: Plan) -> None:
        """Try the action as the Consortium would do it: a proposal that must fail is none."""
        if plan.rehearsed is None:
            return
        call = self._calls.enact(plan.rehearsed)
        sender = self._network.consortium
        await self._reader.simulate(call.to, call.data, sender=sender, gas=GAS, abi=call.abi)

    def _outcome(self, plan: Plan, mined: MinedCall, directory: Directory) -> Outcome:
        logged = {log.name: log.fields for log in mined.logs}
        if "ProposalMade" in logged:
            return self._of_proposal(int(logged["ProposalMade"]["id"]), mined, directory)
        if plan.proposal is not None:
            return self._of_proposal(plan.proposal, mined, directory)
        if "NoticePublished" in logged:
            number = int(logged["NoticePublished"]["id"])
            words = (f"Notice {number} is published; gateways apply it within seconds.",)
            return Outcome(words, "sealtrail recall list", mined=mined, notice=number)
        if plan.notice is not None:
            level = directory.notices[plan.notice].level
            stands = f"has level {level} now" if level else "is lifted"
            return Outcome((f"Notice {plan.notice} {stands}.",), mined=mined, notice=plan.notice)
        if "PrefixHandedOver" in logged:
            number = int(logged["PrefixHandedOver"]["newId"])
            words = (f"Grant {plan.grant} ended; grant {number} is yours from now on.",)
            return Outcome(words, mined=mined, grant=number)
        attempt = "sealtrail code-prefix list" if plan.grant else ""
        return Outcome(("Done.",), attempt, mined=mined, grant=plan.grant)

    def _of_proposal(self, number: int, mined: MinedCall, directory: Directory) -> Outcome:
        one = directory.proposals[number]
        time = directory.head.time
        state = one.state_at(directory, time)
        words, attempt = self._stands(one, directory, state)
        return Outcome(
            (words,),
            attempt,
            failed=state is ProposalState.FAILED,
            mined=mined,
            proposal=number,
            state=state.value,
        )

    def _stands(self, one: Proposal, directory: Directory, state: ProposalState) -> tuple[str, str]:
        """Return where a proposal stands, and what to do next."""
        number = one.id
        if state is ProposalState.OPEN:
            time = directory.head.time
            needed = one.approvals_needed(directory, time)
            given = one.approvals_given(directory, time)
            text = f"Proposal {number} is open: {given} of the {needed} approvals that it needs."
            return text, f"the other voters: sealtrail consortium approve {number}"
        if state is ProposalState.WAITING:
            when = moment(one.executable_from)
            text = f"Proposal {number} is approved; anyone may execute it from {when} on."
            return text, f"sealtrail consortium execute {number}, from {when} on"
        if state is ProposalState.READY:
            text = f"Proposal {number} is approved; anyone may execute it now."
            return text, f"sealtrail consortium execute {number}"
        if state is ProposalState.FAILED:
            why = explain(self._calls.refusal(one.reason))
            text = f"Proposal {number} was executed and failed; nothing changed. {why.sentence}"
            return text, why.step
        return f"Proposal {number} is {state.value}.", ""


def refused(error: ContractRefusedError) -> RequestError:
    """Return a contract's refusal as a request that cannot be answered as it stands."""
    why = explain(error)
    kind = NotFoundError if why.code.endswith("_not_found") else NotPossibleError
    return kind(why.sentence, code=why.code, hint=why.step)
