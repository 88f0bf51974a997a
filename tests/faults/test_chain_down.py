"""F4: the chain is down, slow, silent, or cuts the line. Captures go on, each anchored once."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from anchoring.chain import rpc
from tests.faults.auditing import accepted, audit, stored_raw
from tests.faults.conftest import NewChain
from tests.faults.documents import event, single
from tests.faults.world import Chain, Here, Template, gateway_here


class Line:
    """A TCP proxy before the chain. `fault` is None, "delay", "black hole" or "reset"."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self.fault: str | None = None
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.fault == "reset":
            _reset(writer)
            return
        upstream, to_chain = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            await asyncio.gather(
                self._pump(reader, to_chain, writer), self._pump(upstream, writer, writer)
            )
        except OSError:
            pass
        finally:
            to_chain.close()
            writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        to: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(65536):
            if self.fault == "reset":
                _reset(client)
                return
            if self.fault == "black hole":
                continue
            if self.fault == "delay":
                await asyncio.sleep(0.1)
            to.write(data)
            await to.drain()
        to.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST: no linger."""
    found = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def line_to(chain: Chain) -> AsyncIterator[tuple[Line, str]]:
    line = Line(chain.anvil.port)
    server = await asyncio.start_server(line.handle, "127.0.0.1", 0)
    try:
        yield line, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def final(chain: Chain, here: Here, entry: str) -> None:
    """Let slots come and blocks be mined until an event is final."""
    for _ in range(8):
        if await here.state(entry) == "final":
            return
        await here.slot()
        chain.mine()
    raise AssertionError("it does not become final")


async def test_f4_a_chain_that_is_down_and_comes_back_catches_up_in_one_transaction(
    new_chain: NewChain, template: Template, tmp_path: Path
) -> None:
    state = tmp_path / "chain.json"
    chain = await new_chain("--state", str(state), "--preserve-historical-states", by_hand=True)
    home = template.home(chain, tmp_path / "home")
    async with gateway_here(home) as here:
        (first,) = await here.capture(single(event(1)))
        await final(chain, here, first)
        known = len(stored_raw(home))

        port = chain.anvil.port
        chain.anvil.close()
        entries = []
        for number in range(4):
            entries += await here.capture(single(event(100 + number)))
            await here.slot()
        ready = await here.readiness()
        assert ready == {"status": "ready", "degraded": "chain_unavailable"}
        metrics = (await here.client.get("/metrics")).text
        lag = float(metrics.split("\nsealtrail_anchor_lag_seconds ")[1].split()[0])
        assert lag >= 6
        assert (await here.client.get(f"/v1/events/{first}/bundle")).status_code == 200
        assert {await here.state(entry) for entry in entries} == {"batched"}

        chain.anvil = type(chain.anvil)(
            *("--state", str(state), "--preserve-historical-states"), port=port
        )
        chain.anvil.rpc("evm_setAutomine", False)
        await here.step()
        assert (await here.readiness()) == {"status": "ready"}
        assert len(stored_raw(home)) == known + 1
        chain.mine(2)
        await here.step(2)
        assert {await here.state(entry) for entry in entries} == {"final"}
        for entry in entries:
            await accepted(chain, (await here.client.get(f"/v1/events/{entry}/bundle")).content)
        assert (await audit(chain, here.stranger)).findings == []


@pytest.mark.parametrize("fault", ["black hole", "reset", "delay"])
async def test_f4_a_bad_line_to_the_chain_stops_no_capture(
    fault: str,
    chain: Chain,
    template: Template,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rpc.EvmRpc.__init__, "__kwdefaults__", {"timeout_s": 0.5})
    async with line_to(chain) as (line, url):
        home = template.home(chain, tmp_path / "home", chain={"rpc": url})
        async with gateway_here(home) as here:
            (first,) = await here.capture(single(event(1)))
            await final(chain, here, first)
            line.fault = fault
            (entry,) = await here.capture(single(event(2)))
            await here.slot()
            ready = await here.readiness()
            assert ready["status"] == "ready"
            assert fault == "delay" or ready["degraded"] in (
                "chain_unavailable",
                "submission_unknown",
            )
            assert (await here.capture(single(event(2)))) == [entry]
            line.fault = None
            await final(chain, here, entry)
            await accepted(chain, (await here.client.get(f"/v1/events/{entry}/bundle")).content)
            report = await audit(chain, here.stranger)
            assert (report.findings, report.unchecked) == ([], [])
