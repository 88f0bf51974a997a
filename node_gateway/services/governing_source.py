"""The directory for one command: read from the chain when it is asked for, and then forgotten."""

from __future__ import annotations

import asyncio
from typing import Final

from anchoring.chain_follower import ChainFollower
from anchoring.directory.model import Directory
from anchoring.errors import ChainUnavailableError

_POLL_WAIT_S: Final = 0.1
_WAIT_S: Final = 30.0


class FreshDirectory:
    """`DirectorySource` that follows the chain itself, in memory."""

    def __init__(self, follower: ChainFollower) -> None:
        self._follower = follower

    async def at_least(self, block_number: int) -> Directory:
        """Return the directory as of the newest block, which is that block or a later one.

        Raises:
            ChainError: the chain does not answer, is another one, or lost the block again.
        """
        directory = await self._follower.catch_up()
        try:
            async with asyncio.timeout(_WAIT_S):
                while directory.head.number < block_number:
                    await asyncio.sleep(_POLL_WAIT_S)
                    directory = await self._follower.catch_up()
        except TimeoutError as error:
            text = f"the endpoint does not show block {block_number} any more"
            raise ChainUnavailableError(text) from error
        return directory
