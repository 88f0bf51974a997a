"""WebSockets: a real server, a real client, the same rules as for every request."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from node_gateway.settings import SubscriptionsSection
from tests.gateway.conftest import Start
from tests.gateway.rest.receiving import add_query
from tests.gateway.running import Running, Wishes, events_of, sgtin, shipping


@asynccontextmanager
async def listening(up: Running) -> AsyncIterator[str]:
    """Serve the application on a port; its worker runs already.

    The system keeps little of what was sent, so that a client which does not read is noticed.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        config = uvicorn.Config(up.app, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/epcis/queries"
        finally:
            server.should_exit = True
            await serving


def opened(up: Running, url: str, key: str | None = None, **headers: str) -> connect:
    key = up.admin_key if key is None else key
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return connect(url, additional_headers=headers)


async def codes_of(client, count):
    """The codes of the next messages, until there are so many."""
    found: list[str] = []
    async with asyncio.timeout(15):
        while len(found) < count:
            document = json.loads(await client.recv())
            found += [code for event in events_of(document) for code in event["epcList"]]
    return found


async def silent(client, seconds=1.0):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await client.recv()


async def test_a_stream_over_a_socket(start: Start) -> None:
    up = await start()
    await add_query(up, "shipped", EQ_bizStep=["shipping"])
    before, *codes = (sgtin() for _ in range(6))
    await up.capture(shipping(before))
    async with listening(up) as url, opened(up, f"{url}/shipped/events?stream=true") as client:
        assert client.response is not None
        assert client.response.headers["GS1-EPCIS-Version"] == "2.0.0"
        assert client.response.headers["GS1-Query-Min-Record-Time"]
        for code in codes:
            await up.capture(shipping(code))
        await client.send("what a client says is not heard")
        assert await codes_of(client, 5) == codes
        await silent(client)


async def test_a_socket_can_begin_in_the_past(start: Start) -> None:
    up = await start()
    await add_query(up, "all")
    codes = [sgtin() for _ in range(5)]
    await up.capture(*(shipping(code) for code in codes))
    async with listening(up) as url:
        past = f"{url}/all/events?stream=true&initialRecordTime=2020-01-01T00:00:00Z&perPage=2"
        async with opened(up, past) as client:
            first = json.loads(await client.recv())
            assert len(events_of(first)) == 2
            results = first["epcisBody"]["queryResults"]
            assert results["queryName"] == "all"
            assert results["subscriptionID"]
            assert await codes_of(client, 3) == codes[2:]


async def test_a_schedule_over_a_socket(start: Start) -> None:
    up = await start()
    await add_query(up, "all")
    every = "second=[0-59]&reportIfEmpty=true"
    async with listening(up) as url, opened(up, f"{url}/all/events?{every}") as client:
        document = json.loads(await asyncio.wait_for(client.recv(), 5))
        assert events_of(document) == []
        code = sgtin()
        await up.capture(shipping(code))
        assert await codes_of(client, 1) == [code]


@pytest.mark.parametrize(
    ("address", "key", "status", "code"),
    [
        ("all/events?stream=true", "", 401, "api_key"),
        ("all/events?stream=true", "st_live_x", 401, "api_key"),
        ("all/events?stream=true&key=KEY", "", 401, "api_key"),
        ("none/events?stream=true", None, 404, "query_not_found"),
        ("all/events", None, 400, "subscription_controls"),
        ("all/events?stream=true&minute=1", None, 400, "subscription_controls"),
        ("all/events?minute=99", None, 400, "subscription_controls"),
        ("all/events?stream=true&EQ_bizStep=shipping", None, 400, "subscription_controls"),
        ("all/events?stream=true&perPage=0", None, 400, "query_value"),
    ],
)
async def test_handshakes_that_are_refused(start, address, key, status, code):
    up = await start()
    await add_query(up, "all")
    async with listening(up) as url:
        address = address.replace("KEY", up.admin_key)
        with pytest.raises(InvalidStatus) as refusal:
            async with opened(up, f"{url}/{address}", key):
                pass
    answer = refusal.value.response
    assert answer.status_code == status
    problem = json.loads(answer.body)
    assert problem["code"] == code
    types = {400: ("SubscriptionControls", "Validation"), 401: ("Security",), 404: ("NoSuchName",)}
    assert problem["type"].startswith(tuple(f"epcisException:{one}" for one in types[status])), (
        problem["type"]
    )


async def test_a_key_without_the_scope_gets_no_socket(start: Start) -> None:
    up = await start()
    await add_query(up, "all")
    async with listening(up) as url:
        with pytest.raises(InvalidStatus) as refusal:
            async with opened(up, f"{url}/all/events?stream=true", await up.new_key("capture")):
                pass
        assert refusal.value.response.status_code == 403
        headers = {"X-API-Key": await up.new_key("query")}
        async with opened(up, f"{url}/all/events?stream=true", "", **headers):
            pass
        with pytest.raises(InvalidStatus) as refusal:
            async with opened(up, f"{url}/all/events?stream=true", **{"GS1-EPCIS-Min": "3.0.0"}):
                pass
        assert refusal.value.response.status_code == 406


async def test_a_revoked_key_ends_its_sockets(start: Start) -> None:
    up = await start()
    await add_query(up, "all")
    made = await up.client.post("/v1/api-keys", json={"name": "x", "scopes": ["query"]})
    async with listening(up) as url:
        address = f"{url}/all/events?stream=true"
        async with opened(up, address, made.json()["key"]) as client:
            await up.client.delete(f"/v1/api-keys/{made.json()['id']}")
            await up.capture(shipping(sgtin()))
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 5)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "api_key")


async def test_the_end_of_a_query_ends_its_sockets(start: Start) -> None:
    up = await start()
    await add_query(up, "all")
    await add_query(up, "other")
    async with listening(up) as url:
        address = f"{url}/all/events?stream=true"
        async with (
            opened(up, address) as client,
            opened(up, address.replace("all", "other")) as other,
        ):
            await up.client.delete("/epcis/queries/all")
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 5)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "query_removed")
            code = sgtin()
            await up.capture(shipping(code))
            assert await codes_of(other, 1) == [code]


async def test_there_are_only_so_many_sockets(start: Start) -> None:
    up = await start(Wishes(subscriptions=SubscriptionsSection(sockets_max=3, per_key_max=2)))
    await add_query(up, "all")
    other = await up.new_key("query")

    async def refused(address: str, key: str | None = None) -> str:
        with pytest.raises(InvalidStatus) as refusal:
            async with opened(up, address, key):
                pass
        assert refusal.value.response.status_code == 409
        return str(json.loads(refusal.value.response.body)["code"])

    async with listening(up) as url:
        address = f"{url}/all/events?stream=true"
        async with opened(up, address), opened(up, address):
            assert await refused(address) == "too_many_subscriptions"
            async with opened(up, address, other):
                third = await up.new_key("query")
                assert await refused(address, third) == "too_many_subscriptions"
        async with asyncio.timeout(5):
            while True:  # the gateway hears of the goodbyes in its own time
                try:
                    async with opened(up, address):
                        break
                except InvalidStatus:
                    await asyncio.sleep(0.1)


async def test_a_client_that_stops_reading_is_let_go(start: Start) -> None:
    up = await start(Wishes(subscriptions=SubscriptionsSection(timeout_s=1)))
    await add_query(up, "all")
    events = [shipping(*(sgtin() for _ in range(500))) for _ in range(40)]
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    async with listening(up) as url:
        raw.setblocking(False)
        port = int(url.split(":")[2].split("/")[0])
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
        client = connect(
            f"{url}/all/events?stream=true",
            sock=raw,
            compression=None,
            additional_headers={"Authorization": f"Bearer {up.admin_key}"},
        )
        async with client as deaf:
            deaf.transport.pause_reading()
            assert (await up.capture(*events)).status_code == 202
            assert up.gateway.sockets._open
            async with asyncio.timeout(30):
                while up.gateway.sockets._open:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            deaf.transport.resume_reading()
