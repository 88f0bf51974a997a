"""The same gateway, but each capture waits for the commit of the one before: the peer."""

import asyncio
import sys

from node_gateway.cli.root import app
from node_gateway.storage.store import Store

_capture = Store.capture
_one_at_a_time = asyncio.Lock()


async def capture_alone(self, unit):
    async with _one_at_a_time:
        return await _capture(self, unit)


if __name__ == "__main__":
    Store.capture = capture_alone
    sys.argv[1:1] = ["serve"]
    app()
