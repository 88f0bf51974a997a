"""Every participant its own node: followers that execute a leader's blocks again, from raw bytes.

Anvil has no consensus and no peers. But a block is a function of its parent, its time and its
transactions, so a follower that begins alike and is told the same gets the same block hashes and
state roots, by its own work: it believes nothing.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from tests.anvil import Anvil

FOUNDED = 1_700_000_000
GENESIS = ("--timestamp", str(FOUNDED))


class ForkedError(AssertionError):
    """A follower executed a block and got another hash."""


class Follower:
    """One re-executing node; `height` is its newest block."""

    def __init__(self, anvil: Anvil) -> None:
        self.anvil = anvil
        self.height = 0

    @property
    def url(self) -> str:
        """Address of its JSON-RPC endpoint."""
        return self.anvil.url

    def follow(self, leader: Anvil, *, until: int) -> None:
        """Execute the leader's blocks up to one.

        Raises:
            ForkedError: the hash of a block differs.
        """
        while self.height < until:
            block = leader.rpc("eth_getBlockByNumber", hex(self.height + 1), False)
            for transaction in block["transactions"]:
                raw = leader.rpc("debug_getRawTransaction", transaction)
                self.anvil.rpc("eth_sendRawTransaction", raw)
            self.anvil.rpc("evm_setNextBlockTimestamp", int(block["timestamp"], 16))
            self.anvil.rpc("evm_mine")
            own = self.anvil.rpc("eth_getBlockByNumber", "latest", False)
            if own["hash"] != block["hash"]:
                raise ForkedError(f"block {self.height + 1}: {own['hash']} for {block['hash']}")
            self.height += 1


class Followers:
    """A leader that mines and any number of followers; a context manager.

    Attributes:
        leader: Mines; begins with automine.
        followers: Execute what the leader mined, when told to.
    """

    def __init__(self, count: int) -> None:
        self._stack = ExitStack()
        try:
            self.leader = self._stack.enter_context(Anvil(*GENESIS))
            self.followers = [
                Follower(self._stack.enter_context(Anvil(*GENESIS, "--no-mining")))
                for _ in range(count)
            ]
        except BaseException:
            self._stack.close()
            raise

    def catch_up(self, *, until: int | None = None) -> None:
        """Have every follower execute everything, or everything up to a block."""
        newest = int(self.leader.rpc("eth_blockNumber"), 16)
        for follower in self.followers:
            follower.follow(self.leader, until=newest if until is None else until)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
