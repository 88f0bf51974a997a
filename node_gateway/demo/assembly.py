"""The participants' votes: each with its own admin key, none without the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governance import NO_EVIDENCE, Action
from anchoring.chain.governance_calls import GovernanceCalls
from anchoring.chain.governor import Governor, MinedCall, PreparedCall
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.errors import ContractRefusedError
from node_gateway.demo.processes import DemoError
from node_gateway.demo.world import World

_POLL_S = 0.2
_PASSED_TIMEOUT_S = 30.0


class Assembly:
    """Sends what people decide, each with the key that its organisation keeps.

    Args:
        world: The running network.
        keys: Admin keys by slug.
    """

    def __init__(self, world: World, keys: Mapping[str, Signer]) -> None:
        self._ledger, self._keys = world.ledger, dict(keys)
        self.calls = GovernanceCalls(world.ledger.network)

    async def send(self, slug: str, call: PreparedCall) -> MinedCall:
        """Send one call with a participant's admin key.

        Raises:
            ContractRefusedError: the contract says no.
        """
        rpc = EvmRpc(self._ledger.rpc_url)
        try:
            governor = Governor(rpc, self._keys[slug], self._ledger.network.chain_id)
            return await governor.call(call)
        finally:
            await rpc.close()

    async def decide(
        self, action: Action, voters: Sequence[str], *, evidence: bytes = NO_EVIDENCE
    ) -> int:
        """Propose, approve one after the other, wait for the delay, execute.

        Returns:
            The number of the proposal.

        Raises:
            DemoError: it was not carried out.
        """
        first, *others = voters
        made = (await self.send(first, self.calls.propose(action, evidence))).fields("ProposalMade")
        number, digest = int(made["id"]), bytes(made["digest"])
        for slug in others:
            await self.send(slug, self.calls.approve(number, digest))
        done = await self._execute(first, number)
        if not any(log.name == "ProposalExecuted" for log in done.logs):
            raise DemoError(f"proposal {number} failed", attempt="the demo again")
        return number

    async def is_refused(self, slug: str, call: PreparedCall) -> str:
        """Return the name of the error with which a contract refuses, empty if it does not."""
        try:
            await self.send(slug, call)
        except ContractRefusedError as error:
            return error.name
        return ""

    async def _execute(self, slug: str, number: int) -> MinedCall:
        """Execute as soon as the delay is over."""
        try:
            async with asyncio.timeout(_PASSED_TIMEOUT_S):
                while True:
                    try:
                        return await self.send(slug, self.calls.execute(number))
                    except ContractRefusedError as error:
                        if error.name != "ConsortiumProposalState":
                            raise
                    await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            text = f"proposal {number} could not be executed in time"
            raise DemoError(text, attempt="the demo again") from error


async def height(world: World) -> int:
    """Return the number of the newest block."""
    rpc = EvmRpc(world.ledger.rpc_url)
    try:
        return (await EvmReader(rpc).head()).number
    finally:
        await rpc.close()


async def block_after(world: World, time: int) -> None:
    """Wait for a block that is later than `time` (Unix seconds)."""
    rpc = EvmRpc(world.ledger.rpc_url)
    try:
        async with asyncio.timeout(_PASSED_TIMEOUT_S):
            while (await EvmReader(rpc).head()).time <= time:  # noqa: ASYNC110  nothing to wait on
                await asyncio.sleep(_POLL_S)
    finally:
        await rpc.close()
