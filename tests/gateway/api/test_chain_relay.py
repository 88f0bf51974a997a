"""The relay to the chain: it reads, for everybody, and does nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from node_gateway.services.relaying_chain import BLOCKS_MAX, BODY_SIZE_BYTES_MAX, CALLS_MAX
from node_gateway.settings_pages import RelaySection
from tests.gateway.conftest import Start
from tests.gateway.running import Running, Wishes

shared_loop = pytest.mark.asyncio(loop_scope="module")
CONTRACT = "0x" + "11" * 20
SLOT = "0x" + "00" * 32
URL = "/chain/rpc"


def call(method: str, *params: Any, number: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


async def ask(up: Running, method: str, *params: Any) -> dict[str, Any]:
    async with up.stranger() as client:
        response = await client.post(URL, json=call(method, *params))
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["sealtrail-relay"] == "participant=1"
    return dict(response.json())


@shared_loop
async def test_what_a_verifier_asks_is_answered_as_by_the_node(shared: Running) -> None:
    registry = "0x" + shared.deployed.registry.hex()
    assert (await ask(shared, "eth_chainId"))["result"] == hex(shared.deployed.chain_id)
    number = (await ask(shared, "eth_blockNumber"))["result"]
    block = (await ask(shared, "eth_getBlockByNumber", number, False))["result"]
    same = (await ask(shared, "eth_getBlockByHash", block["hash"], False))["result"]
    assert same["stateRoot"] == block["stateRoot"]
    at = {"blockHash": block["hash"]}
    code = (await ask(shared, "eth_getCode", registry, at))["result"]
    node = await asyncio.to_thread(shared.anvil.rpc, "eth_getCode", registry, number)
    assert code == node != "0x"
    proof = (await ask(shared, "eth_getProof", registry, [SLOT], number))["result"]
    assert proof["storageProof"][0]["key"]
    logs = {"address": registry, "fromBlock": number, "toBlock": number, "topics": [None]}
    assert isinstance((await ask(shared, "eth_getLogs", logs))["result"], list)
    reverted = await ask(shared, "eth_call", {"to": registry, "data": "0xdeadbeef"}, number)
    assert "error" in reverted


@shared_loop
@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("eth_sendRawTransaction", ["0x00"], -32601),
        ("eth_sendTransaction", [{"to": CONTRACT}], -32601),
        ("eth_accounts", [], -32601),
        ("eth_getTransactionCount", [CONTRACT, "latest"], -32601),
        ("anvil_setBalance", [CONTRACT, "0x1"], -32601),
        ("evm_mine", [], -32601),
        ("debug_traceTransaction", [SLOT], -32601),
        ("eth_chainId", ["more"], -32602),
        ("eth_getBlockByNumber", ["latest", True], -32602),
        ("eth_getBlockByNumber", ["pending", False], -32602),
        ("eth_call", [{"data": "0x00"}, "latest"], -32602),
        ("eth_call", [{"to": CONTRACT, "from": CONTRACT}, "latest"], -32602),
        ("eth_call", [{"to": CONTRACT, "value": "0x1"}, "latest"], -32602),
        ("eth_call", [{"to": CONTRACT, "gas": "0xffffffff"}, "latest"], -32602),
        ("eth_call", [{"to": CONTRACT}, "latest", {CONTRACT: {"balance": "0x1"}}], -32602),
        ("eth_getProof", [CONTRACT, [SLOT] * 65, "latest"], -32602),
        ("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "0x1"}], -32602),
        ("eth_getLogs", [{"address": [], "fromBlock": "0x0", "toBlock": "0x1"}], -32602),
        ("eth_getLogs", [{"address": CONTRACT, "fromBlock": "0x0"}], -32602),
        (
            "eth_getLogs",
            [{"address": CONTRACT, "fromBlock": "0x0", "toBlock": hex(BLOCKS_MAX)}],
            -32602,
        ),
        ("eth_getLogs", [{"address": CONTRACT, "blockHash": SLOT, "toBlock": "0x1"}], -32602),
    ],
)
async def test_nothing_else_is_passed_on(
    shared: Running, method: str, params: list[Any], code: int
) -> None:
    assert (await ask(shared, method, *params))["error"]["code"] == code


@shared_loop
async def test_what_is_no_request_gets_an_error_of_json_rpc(shared: Running) -> None:
    async with shared.stranger() as client:
        for body, code in (
            (b"{", -32700),
            (b"[]", -32600),
            (b"1", -32600),
            (b'{"method":"eth_chainId"}', -32600),
            (orjson.dumps([call("eth_chainId")] * (CALLS_MAX + 1)), -32600),
            (b"[" * 20_000, -32700),
        ):
            response = await client.post(URL, content=body)
            assert response.json()["error"]["code"] == code
        many = [call("eth_chainId", number=one) for one in range(CALLS_MAX)]
        said = (await client.post(URL, json=many)).json()
        assert [one["id"] for one in said] == list(range(CALLS_MAX))
        large = await client.post(URL, content=b" " * (BODY_SIZE_BYTES_MAX + 1))
        assert (large.status_code, large.json()["error"]["code"]) == (413, -32005)
        preflight = await client.options(URL, headers={"Origin": "null"})
        assert preflight.headers["access-control-allow-headers"] == "content-type"
        described = (await client.get(URL)).json()
        assert described["relay"] is True
        assert "eth_getProof" in described["methods"]


async def test_calls_are_counted_one_by_one_also_in_batches(start: Start) -> None:
    up = await start(Wishes(sections={"relay": RelaySection(per_address="5/hour")}))
    async with up.stranger() as client:
        assert (await client.post(URL, json=[call("eth_chainId")] * 4)).status_code == 200
        too_many = await client.post(URL, json=[call("eth_chainId")] * 2)
        assert (too_many.status_code, too_many.json()["error"]["code"]) == (429, -32005)
        assert int(too_many.headers["retry-after"]) > 0
        assert too_many.headers["access-control-allow-origin"] == "*"


async def test_a_relay_that_is_closed_is_not_there(start: Start) -> None:
    up = await start(Wishes(sections={"relay": RelaySection(enabled=False)}))
    async with up.stranger() as client:
        closed = await client.post(URL, json=call("eth_chainId"))
        assert (closed.status_code, closed.json()["code"]) == (404, "relay_not_found")


async def test_an_endpoint_that_is_away_is_said_without_its_address(start: Start) -> None:
    away = "http://secret:word@127.0.0.1:9/"
    up = await start(Wishes(rpc=away, start_without_chain=True, with_worker=False))
    async with up.stranger() as client:
        said = (await client.post(URL, json=call("eth_chainId"))).json()
        assert said["error"]["code"] == -32000
        assert "secret" not in str(said)
        assert ":9" not in str(said)
