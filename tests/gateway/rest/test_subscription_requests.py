"""Subscriptions over HTTP: requests and refusals, pages, keys, discovery, the command line."""

import asyncio
import hmac
import ssl
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node_gateway.cli import subscription as commands
from node_gateway.cli.client import Client
from node_gateway.services.delivery_signatures import delivery_headers, signing_key
from node_gateway.services.posting import Poster, PostingError
from node_gateway.settings import SubscriptionsSection
from tests.gateway.conftest import Start
from tests.gateway.rest.receiving import Receiver, add_query, receiving, subscribe
from tests.gateway.running import Running, Wishes

shared_loop = pytest.mark.asyncio(loop_scope="module")
DEST = "https://receiver.example/hook"


async def with_query(up: Running, name: str) -> str:
    if (await up.client.get(f"/epcis/queries/{name}")).status_code == 404:
        await add_query(up, name)
    return f"/epcis/queries/{name}/subscriptions"


@shared_loop
async def test_a_subscription_is_shown_as_it_was_made(shared: Running) -> None:
    path = await with_query(shared, "shown all@home")
    given = {
        "dest": DEST,
        "signatureToken": "a secret of the client",
        "schedule": {"hour": "1", "minute": "5"},
        "reportIfEmpty": True,
        "initialRecordTime": "2022-01-06T06:52:24.880Z",
    }
    made = await shared.client.post(path, json=given, headers={"GS1-EPC-Format": "Always_EPC_URN"})
    assert made.status_code == 201
    body = made.json()
    assert made.headers["location"].endswith(f"/subscriptions/{body['subscriptionID']}")
    assert (await shared.client.get(made.headers["location"])).json() == body
    assert body | {"subscriptionID": "", "createdAt": "", "nextAttemptAt": ""} == {
        "subscriptionID": "",
        "queryName": "shown all@home",
        "dest": DEST,
        "createdAt": "",
        "epcFormat": "Always_EPC_URN",
        "schedule": given["schedule"],
        "reportIfEmpty": True,
        "initialRecordTime": given["initialRecordTime"],
        "minRecordTime": given["initialRecordTime"],
        "signed": True,
        "state": "active",
        "nextAttemptAt": "",
    }
    assert body["nextAttemptAt"].endswith("T01:05:00.000Z")
    one = await shared.client.options(made.headers["location"])
    assert one.status_code == 204
    assert one.headers["allow"] == "OPTIONS, GET, DELETE"
    assert one.headers["gs1-query-min-record-time"] == given["initialRecordTime"]
    assert one.headers["gs1-epcis-version"] == "2.0.0"
    some = await shared.client.options(path)
    assert some.headers["allow"] == "OPTIONS, GET, POST"
    gone = await shared.client.delete(made.headers["location"])
    assert gone.status_code == 204
    for method in ("GET", "DELETE", "OPTIONS"):
        answer = await shared.client.request(method, made.headers["location"])
        assert answer.status_code == 404, method


@shared_loop
@pytest.mark.parametrize(
    ("given", "code", "exception", "pointer"),
    [
        ([], "subscription_form", "ValidationException", None),
        ({"stream": True}, "subscription_address", "ValidationException", "/dest"),
        ({"dest": DEST}, "subscription_controls", "SubscriptionControlsException", "/schedule"),
        (
            {"dest": DEST, "stream": True, "schedule": {"hour": "1"}},
            *("subscription_controls", "SubscriptionControlsException", "/stream"),
        ),
        (
            {"dest": DEST, "schedule": {"hour": "25"}},
            *("subscription_controls", "SubscriptionControlsException", "/hour"),
        ),
        (
            {"dest": "http://receiver.example/", "stream": True},
            *("subscription_address", "ValidationException", "/dest"),
        ),
        (
            {"dest": "https://127.0.0.1/", "stream": True},
            *("subscription_address", "ValidationException", "/dest"),
        ),
        (
            {"dest": DEST, "stream": True, "signatureToken": ""},
            *("subscription_form", "ValidationException", "/signatureToken"),
        ),
        (
            {"dest": DEST, "stream": True, "signatureToken": "x" * 513},
            *("subscription_form", "ValidationException", "/signatureToken"),
        ),
        (
            {"dest": DEST, "stream": True, "signatureToken": 5},
            *("subscription_form", "ValidationException", "/signatureToken"),
        ),
        (
            {"dest": DEST, "stream": True, "Stream": True},
            *("subscription_form", "ValidationException", "/Stream"),
        ),
    ],
)
async def test_what_is_refused(shared, given, code, exception, pointer):
    path = await with_query(shared, "all")
    answer = await shared.client.post(path, json=given)
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert (problem["code"], problem["type"]) == (code, f"epcisException:{exception}")
    if pointer:
        assert [one["pointer"] for one in problem["errors"]] == [pointer]
    assert "receiver.example" not in answer.text


@shared_loop
async def test_refusals_of_every_request(shared: Running) -> None:
    path = await with_query(shared, "all")
    good = {"dest": DEST, "stream": True}

    async def status(method: str, where: str, **parts: object) -> tuple[int, str]:
        answer = await shared.client.request(method, where, **parts)  # type: ignore[arg-type]
        return answer.status_code, answer.json()["type"].removeprefix("epcisException:")

    none = "/epcis/queries/none/subscriptions"
    assert await status("GET", none) == (404, "NoSuchNameException")
    assert await status("POST", none, json=good) == (404, "NoSuchNameException")
    assert await status("OPTIONS", none) == (404, "NoSuchNameException")
    assert await status("GET", f"{path}/none") == (404, "NoSuchNameException")
    xml = {"Content-Type": "application/xml"}
    assert await status("POST", path, content=b"<x/>", headers=xml) == (
        415,
        "UnsupportedMediaTypeException",
    )
    old = {"GS1-EPCIS-Min": "2.5.0"}
    assert await status("POST", path, json=good, headers=old) == (406, "NotAcceptableException")
    assert await status("GET", path, headers={"Accept": "application/xml"}) == (
        406,
        "NotAcceptableException",
    )
    assert (await shared.client.post(path, content=b'{"dest": ' + b'"x' * 40_000)).status_code in (
        400,
        413,
    )
    assert (await shared.client.get(f"{path}?nextPageToken=x")).status_code == 400


@shared_loop
async def test_pages_and_whose_they_are(shared: Running) -> None:
    path = await with_query(shared, "paged")
    own = shared.stranger(Authorization=f"Bearer {await shared.new_key('query')}")
    other = shared.stranger(Authorization=f"Bearer {await shared.new_key('query')}")
    made = {
        (await own.post(path, json={"dest": DEST, "stream": True})).json()["subscriptionID"]
        for _ in range(5)
    }
    await other.post(path, json={"dest": DEST, "stream": True})

    async def listed(client, size):
        answer = await client.get(f"{path}?perPage={size}")
        found = [one["subscriptionID"] for one in answer.json()]
        while "link" in answer.headers:
            assert len(answer.json()) == size
            answer = await client.get(answer.links["next"]["url"])
            found += [one["subscriptionID"] for one in answer.json()]
        assert len(set(found)) == len(found)
        return set(found)

    assert await listed(own, 2) == made
    assert len(await listed(other, 2)) == 1
    assert len(await listed(shared.client, 4)) == 6
    token = (await own.get(f"{path}?perPage=2")).links["next"]["url"]
    assert (await other.get(token)).status_code == 400  # another key's token
    one = f"{path}/{next(iter(made))}"
    for method in ("GET", "DELETE", "OPTIONS"):
        assert (await other.request(method, one)).status_code == 404
    assert (await shared.client.delete(one)).status_code == 204


async def test_there_are_only_so_many(start: Start) -> None:
    up = await start(Wishes(subscriptions=SubscriptionsSection(subscriptions_max=3, per_key_max=2)))
    path = await with_query(up, "all")
    other = up.stranger(Authorization=f"Bearer {await up.new_key('query')}")
    good = {"dest": DEST, "stream": True}
    for client, status in ((up.client, 201), (up.client, 201), (up.client, 409), (other, 201)):
        answer = await client.post(path, json=good)
        assert answer.status_code == status
    answer = await other.post(path, json=good)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_subscriptions")
    assert answer.json()["type"] == "epcisException:ImplementationException"


@shared_loop
async def test_the_secret_that_openapi_demands_signs_too(shared: Running) -> None:
    await with_query(shared, "all")
    made = await subscribe(shared, "all", dest=DEST, secret="of the client", stream=True)
    assert made["signed"] is True
    assert (await subscribe(shared, "all", dest=DEST, stream=True))["signed"] is False


def test_secrets_of_standard_webhooks_are_decoded() -> None:
    key = bytes(range(24))
    token = "whsec_" + b64encode(key).decode()
    assert signing_key(token) == key
    assert signing_key("whsec_!") == b"whsec_!"
    assert signing_key("schlüssel") == "schlüssel".encode()
    headers = delivery_headers(token, number="n", at_s=7, body=b"{}")
    assert headers["webhook-signature"] == (
        "v1," + b64encode(hmac.digest(key, b"n.7.{}", "sha256")).decode()
    )
    assert set(delivery_headers(None, number="n", at_s=7, body=b"{}")) == {
        "webhook-id",
        "webhook-timestamp",
    }


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server of that name shows, and what trusts it."""
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    subprocess.run(
        [
            *(*made, "-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName=DNS:{name}"),
            *("-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


async def test_the_checked_address_is_asked_under_its_name(tmp_path: Path) -> None:
    """Resolved once: a name server that answers otherwise the second time is not asked again."""
    server, trusting = certificate(tmp_path, "receiver.example")
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked) - 1, 1)]

    settings = SubscriptionsSection(allow_private=True)
    async with receiving(Receiver(), ssl=server) as receiver:
        poster = Poster(settings, resolve=resolve, tls=trusting)
        dest = f"https://receiver.example:{receiver.port}/hook"
        assert (await poster.post(dest, b"{}", {})).status == 204
        assert asked == ["receiver.example"]
        assert receiver.got[0].headers["host"] == f"receiver.example:{receiver.port}"
        other = dest.replace("receiver.example", "other.example")
        answers[:] = [["127.0.0.1"]] * 2
        with pytest.raises(PostingError) as refusal:  # the certificate is another name's
            await poster.post(other, b"{}", {})
        assert refusal.value.code == "tls"
        distrusting = Poster(settings, resolve=resolve)
        with pytest.raises(PostingError) as refusal:
            await distrusting.post(dest, b"{}", {})
        assert refusal.value.code == "tls"
        assert len(receiver.got) == 1
        poster.close()
        distrusting.close()


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]  # the receiver listens at the second only

    poster = Poster(
        SubscriptionsSection(allow_private=True, allow_http=True, timeout_s=5), resolve=resolve
    )
    async with receiving(Receiver()) as receiver:
        dest = f"http://receiver.example:{receiver.port}/"
        assert (await poster.post(dest, b"{}", {})).taken
    with pytest.raises(PostingError) as refusal:
        await poster.post(dest, b"{}", {})
    assert refusal.value.code == "connection"
    poster.close()


async def test_at_the_command_line(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    up = await start()
    await with_query(up, "all")
    made = await subscribe(up, "all", dest=DEST + "?key=hidden", stream=True)
    number = made["subscriptionID"]
    loop = asyncio.get_running_loop()

    class Here(Client):
        """Asks the application in this process."""

        def __init__(self) -> None:
            self.base_url = "http://gateway"

        def request(self, method, path, **parts):
            asking = up.client.request(method, path, **parts)
            return asyncio.run_coroutine_threadsafe(asking, loop).result(30)

    monkeypatch.setattr(commands.Client, "from_config", classmethod(lambda *_: Here()))

    async def said(*arguments: str) -> str:
        run = CliRunner().invoke
        result = await asyncio.to_thread(
            run, commands.app, list(arguments), env={"COLUMNS": "200", "NO_COLOR": "1"}
        )
        assert result.exit_code == 0, result.output
        return result.output

    listed = await said("list")
    assert number in listed
    assert "receiver.example" in listed
    assert "hidden" not in listed
    assert number in await said("list", "--query", "all", "--json")
    assert '"state": "active"' in (await said("show", "all", number)).replace('":"', '": "')
    assert "removed" in await said("remove", "all", number)
    assert number not in await said("list")
