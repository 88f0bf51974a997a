"""Endpoints that are no chain, are slow, or cut the line: F4 and F14."""

import socket

import pytest
from aiohttp import web

from anchoring.anchorer import Anchorer
from anchoring.anchorer_status import AnchorerState, Reason
from anchoring.chain.evm import EvmChain
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.rpc import EvmRpc
from anchoring.errors import (
    ChainIdentityError,
    ChainUnavailableError,
    SubmissionUnknownError,
)
from tests.anchoring.chain.broken_rpc import Line, answering, serving
from tests.anchoring.chain.outbox import MemoryOutbox
from tests.anchoring.chain.worlds import STREAM, AnvilWorld, Batcher, Clock, signer

NO_CHAIN = {
    "html": answering(b"<html><body>It works!</body></html>", kind="text/html"),
    "no result": answering(b'{"jsonrpc":"2.0","id":1}'),
    "a list": answering(b"[]"),
    "a string": answering(b'"hello"'),
    "not utf-8": answering(b"\xff\xfe"),
    "an error as text": answering(b'{"jsonrpc":"2.0","id":1,"error":"no"}'),
    "a wrong type": answering(b'{"jsonrpc":"2.0","id":1,"result":17}'),
    "no hex": answering(b'{"jsonrpc":"2.0","id":1,"result":"0xzz"}'),
    "an object": answering(b'{"jsonrpc":"2.0","id":1,"result":{"number":"0x1"}}'),
    "null": answering(b'{"jsonrpc":"2.0","id":1,"result":null}'),
    "a rpc error": answering(b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}'),
    "404": answering(b"not found", status=404, kind="text/plain"),
    "405": answering(b"", status=405, kind="text/plain"),
    "500": answering(b"", status=500, kind="text/plain"),
    "503": answering(b"busy", status=503, kind="text/plain"),
    "201": answering(b'{"jsonrpc":"2.0","id":1,"result":"0x1"}', status=201),
}


@pytest.mark.parametrize("name", NO_CHAIN)
async def test_f14_what_is_no_chain_is_said_to_be_none(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anchoring.chain.rpc.READ_RETRIES_WAIT_S", (0.01,))
    async with serving(NO_CHAIN[name]) as url:
        rpc = EvmRpc(url)
        with pytest.raises(ChainUnavailableError, match=r"http://127\.0\.0\.1:\d+ "):
            await EvmReader(rpc).chain_id()
        with pytest.raises(ChainUnavailableError):
            await EvmReader(rpc).head()
        chain = EvmChain(rpc, signer("anchor-1"), chain_id=4242, registry=b"\x01" * 20)
        with pytest.raises((ChainUnavailableError, ChainIdentityError)):
            await chain.identity()
        await rpc.close()


async def test_a_redirect_is_not_followed() -> None:
    followed = []

    async def handle(request: web.Request) -> web.Response:
        followed.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    async with serving(handle) as url:
        rpc = EvmRpc(url)
        with pytest.raises(ChainUnavailableError, match="status 307"):
            await EvmReader(rpc).chain_id()
        await rpc.close()
    assert set(followed) == {"/"}


async def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anchoring.chain.rpc.ANSWER_SIZE_BYTES_MAX", 100_000)

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 10_000)
        except ConnectionError:
            return response

    async with serving(handle) as url:
        rpc = EvmRpc(url)
        with pytest.raises(ChainUnavailableError, match="larger than"):
            await EvmReader(rpc).chain_id()
        await rpc.close()


def test_a_password_in_an_address_is_in_no_text() -> None:
    rpc = EvmRpc("http://user:hunter2@127.0.0.1:1/path?key=hunter3")
    assert rpc.name == "http://127.0.0.1:1"
    with pytest.raises(ChainUnavailableError):
        EvmRpc("ftp://example.com")


async def test_f4_nobody_listens() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        rpc = EvmRpc(f"http://127.0.0.1:{reserved.getsockname()[1]}")
        with pytest.raises(ChainUnavailableError, match="cannot be reached"):
            await EvmReader(rpc).chain_id()
        with pytest.raises(ChainUnavailableError, match="cannot be reached"):
            await rpc.send_raw(b"\x00")  # certainly not sent
        await rpc.close()


async def test_f4_a_silent_endpoint_costs_one_time_out_only() -> None:
    line = Line("http://127.0.0.1:1")
    asked: list[str] = []

    def silent(method: str, params: object) -> str:
        del params
        asked.append(method)
        return "silent"

    line.fault = silent
    async with serving(line.handle) as url:
        rpc = EvmRpc(url, timeout_s=0.3)
        with pytest.raises(ChainUnavailableError, match="did not answer"):
            await EvmReader(rpc).chain_id()
        assert len(asked) == 1  # it is not asked again, so nobody waits again
        with pytest.raises(SubmissionUnknownError):
            await rpc.send_raw(b"\x00")
        await rpc.close()


async def test_a_header_of_qbft_is_read() -> None:
    """Its extraData is longer than 32 bytes, which web3's own block formatter refuses."""
    body = (
        b'{"jsonrpc":"2.0","id":1,"result":{"number":"0x7","hash":"0x' + b"ab" * 32 + b'",'
        b'"timestamp":"0x65","extraData":"0x' + b"f8" * 300 + b'"}}'
    )
    async with serving(answering(body)) as url:
        rpc = EvmRpc(url)
        head = await EvmReader(rpc).head()
        assert (head.number, head.block_hash, head.time) == (7, b"\xab" * 32, 0x65)
        await rpc.close()


class OnALine:
    """A gateway whose endpoint is behind a line with faults."""

    def __init__(self, anvil: AnvilWorld, url: str) -> None:
        self.rpc = EvmRpc(url, timeout_s=1)
        registry = anvil.identity.registry
        self.writer = EvmChain(self.rpc, signer("anchor-1"), chain_id=4242, registry=registry)
        self.outbox = MemoryOutbox()
        self.batcher = Batcher(self.outbox, self.writer)
        self.anchorer = Anchorer(
            self.outbox,
            self.writer,
            streams=[STREAM],
            confirmations=1,
            clock=Clock(),
            expected=anvil.identity,
        )


@pytest.mark.parametrize("fault", ["reply-lost", "lose", "silent", 502])
async def test_f4_an_unknown_submission_is_read_back_before_anything_else(
    anvil: AnvilWorld, fault: object
) -> None:
    line = Line(anvil.anvil.url)
    async with serving(line.handle) as url:
        made = OnALine(anvil, url)
        await made.batcher.batch()
        line.fault = lambda method, params: fault if method == "eth_sendRawTransaction" else None
        status = await made.anchorer.run_once()
        assert (status.state, status.reason) == (
            AnchorerState.DEGRADED,
            Reason.SUBMISSION_UNKNOWN,
        )
        line.fault = lambda method, params: None
        for _ in range(4):
            anvil.mine()
            status = await made.anchorer.run_once()
        assert (status.state, status.pending) == (AnchorerState.READY, 0)
        assert len(made.outbox.signed) == 1
        assert await made.writer.nonce() == 1
        await made.rpc.close()


async def test_f4_a_chain_that_is_down_degrades_and_is_read_only_at_the_start(
    anvil: AnvilWorld,
) -> None:
    line = Line(anvil.anvil.url)
    async with serving(line.handle) as url:
        made = OnALine(anvil, url)
        line.fault = lambda method, params: 503
        status = await made.anchorer.reconcile()
        assert (status.state, status.reason) == (
            AnchorerState.READ_ONLY,
            Reason.CHAIN_UNAVAILABLE,
        )
        line.fault = lambda method, params: None
        assert (await made.anchorer.run_once()).state is AnchorerState.READY
        line.fault = lambda method, params: "lose"
        await made.batcher.batch()
        status = await made.anchorer.run_once()
        assert (status.state, status.reason, status.pending) == (
            AnchorerState.DEGRADED,
            Reason.CHAIN_UNAVAILABLE,
            1,
        )
        assert status.may_capture
        line.fault = lambda method, params: None
        for _ in range(4):
            status = await made.anchorer.run_once()
            anvil.mine()
        assert (status.state, status.pending) == (AnchorerState.READY, 0)
        await made.rpc.close()


LIES = {
    "a tx receipt for what is in no block": (
        "eth_getTransactionReceipt",
        lambda answer, head: {
            **answer,
            "result": {
                "transactionHash": head["tx"],
                "status": "0x1",
                "blockNumber": head["number"],
                "blockHash": head["hash"],
            },
        },
    ),
    "another record": (
        "eth_call",
        lambda answer, head: (
            {**answer, "result": "0x" + "77" * 32} if len(answer["result"]) == 66 else answer
        ),
    ),
}


@pytest.mark.parametrize("name", LIES)
async def test_f14_nothing_is_final_on_a_lie(anvil: AnvilWorld, name: str) -> None:
    line = Line(anvil.anvil.url)
    method, lie = LIES[name]
    async with serving(line.handle) as url:
        made = OnALine(anvil, url)
        await made.batcher.batch()
        await made.anchorer.run_once()
        [tx] = made.outbox.signed.values()
        if name.startswith("a tx receipt"):
            anvil.drop(tx.tx_hash)
        for _ in range(3):
            anvil.mine()
        block = anvil.anvil.rpc("eth_getBlockByNumber", "latest", False)
        head = {**block, "tx": "0x" + tx.tx_hash.hex()}
        line.fault = lambda called, params: (
            (lambda answer: lie(answer, head)) if called == method else None
        )
        for _ in range(3):
            status = await made.anchorer.run_once()
        assert (status.state, status.reason) == (
            AnchorerState.DEGRADED,
            Reason.CHAIN_INCONSISTENT,
        )
        assert made.outbox.final == {}
        line.fault = lambda called, params: None
        for _ in range(4):
            status = await made.anchorer.run_once()
            anvil.mine()
        assert (status.state, status.pending) == (AnchorerState.READY, 0)
        await made.rpc.close()


async def test_f13_no_finality_tag_is_ever_used(anvil: AnvilWorld) -> None:
    line = Line(anvil.anvil.url)
    tags = []

    def watch(method: str, params: list[object]) -> None:
        tags.extend(one for one in params if one in ("safe", "finalized", "pending"))

    line.fault = watch
    async with serving(line.handle) as url:
        made = OnALine(anvil, url)
        await made.batcher.batch()
        for _ in range(4):
            await made.anchorer.run_once()
            anvil.mine()
        assert made.outbox.final
        await made.rpc.close()
    assert tags == []
    assert "eth_sendRawTransaction" in line.calls


async def test_reads_share_a_line_that_is_kept_and_a_transaction_has_its_own() -> None:
    lines: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        assert request.transport is not None
        lines.append(str(request.transport.get_extra_info("peername")))
        body = await request.json()
        if len(lines) == 4:  # the endpoint gives up its line, as after a restart
            request.transport.abort()
        return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": "0x1092"})

    async with serving(handle) as url:
        rpc = EvmRpc(url, keeps_line=True)
        assert await EvmReader(rpc).chain_id() == 4242
        assert await EvmReader(rpc).chain_id() == 4242
        await rpc.send_raw(b"\x00")
        assert await EvmReader(rpc).chain_id() == 4242  # asked once more over a new line
        await rpc.close()
    kept, again, sent, broken, anew = lines
    assert kept == again == broken
    assert len({kept, sent, anew}) == 3
