"""Requests between gateways: what is believed, and everything that is not."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from anchoring.chain.governance import Suspend
from anchoring.chain.signer import Signer
from node_gateway.partners.ports import PeerError
from node_gateway.partners.request_signatures import (
    audience_of,
    check_request,
    content_digest,
    signature_headers,
)
from tests.anvil import Anvil
from tests.consortium import key_of
from tests.gateway.running import BATCHING
from tests.partners import PEERS, WISHES, Person, Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = [Person("maker"), Person("shop"), Person("third"), Person("fourth")]
TARGET = "/v1/peer/position"
BODY = b'{"number":0,"last":null}'
Headers = dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    async with town(anvil, template, folder, PEOPLE, wishes=WISHES.but(batching=BATCHING)) as made:
        yield made


def headers_of(
    t: Town,
    *,
    signer: Signer | None = None,
    to: int = 2,
    target: str = TARGET,
    body: bytes = BODY,
    shift_s: int = 0,
    method: str = "POST",
) -> Headers:
    network = t.net.network
    return signature_headers(
        signer or t.member("maker").sign,
        method,
        target,
        body,
        audience=audience_of(to, network.chain_id, network.consortium),
        now=int(t["shop"].gateway.clock()) + shift_s,
    )


async def send(
    t: Town,
    headers: Mapping[str, str] | list[tuple[str, str]],
    *,
    body: bytes = BODY,
    target: str = TARGET,
    method: str = "POST",
) -> tuple[int, str | None]:
    async with httpx2.AsyncClient() as client:
        answer = await client.request(method, t.url("shop") + target, content=body, headers=headers)
    return answer.status_code, answer.json().get("code")


async def test_a_signed_request_is_believed_once(t: Town) -> None:
    headers = headers_of(t)
    assert await send(t, headers) == (200, None)
    assert await send(t, headers) == (401, "peer_replay")


async def test_no_restart_forgets_a_request(t: Town) -> None:
    headers = headers_of(t)
    assert await send(t, headers) == (200, None)
    await t.restart("shop")
    assert await send(t, headers) == (401, "peer_replay")


async def test_every_covered_component_counts(t: Town) -> None:
    headers = headers_of(t)
    other_body = b'{"number":0,"last": null}'
    refused = {
        "path": await send(t, headers, target="/v1/peer/messages"),
        "query": await send(t, headers, target=TARGET + "?x=1"),
        "method": await send(t, headers, method="PUT"),
        "body": await send(t, headers, body=other_body),
    }
    assert refused == {
        "path": (401, "peer_signature"),
        "query": (401, "peer_signature"),
        "method": (405, "method_not_allowed"),
        "body": (400, "peer_digest"),
    }
    network = t.net.network
    changes: dict[str, str] = {
        "content-digest": headers_of(t, body=other_body)["content-digest"],
        "sealtrail-audience": audience_of(3, network.chain_id, network.consortium),
    }
    for name, value in changes.items():
        assert await send(t, {**headers, name: value}) == (401, "peer_signature"), name
    assert await send(t, headers) == (200, None)


def parameter(name: str, value: str) -> Callable[[Headers], Headers]:
    def change(headers: Headers) -> Headers:
        given, count = re.subn(rf";{name}=[^;]+", f";{name}={value}", headers["Signature-Input"])
        assert count == 1
        return {**headers, "Signature-Input": given}

    return change


def without(name: str) -> Callable[[Headers], Headers]:
    return lambda headers: {one: text for one, text in headers.items() if one != name}


def uncovered(name: str) -> Callable[[Headers], Headers]:
    def change(headers: Headers) -> Headers:
        return {**headers, "Signature-Input": headers["Signature-Input"].replace(f' "{name}"', "")}

    return change


def high_s(headers: Headers) -> Headers:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    raw = base64.b64decode(headers["Signature"].partition(":")[2].rstrip(":"))
    other = order - int.from_bytes(raw[32:64])
    turned = raw[:32] + other.to_bytes(32) + bytes([27 + 28 - raw[64]])
    return {**headers, "Signature": f"peer=:{base64.b64encode(turned).decode()}:"}


def twice(headers: Headers) -> Headers:
    other = headers["Signature-Input"].replace("peer=", "other=", 1)
    signature = headers["Signature"].replace("peer=", "other=", 1)
    return {
        **headers,
        "Signature-Input": f"{headers['Signature-Input']}, {other}",
        "Signature": f"{headers['Signature']}, {signature}",
    }


@pytest.mark.parametrize(
    "change",
    [
        parameter("created", "1"),
        parameter("nonce", '"AAAAAAAAAAAAAAAAAAAAAA"'),
        parameter("keyid", '"0x' + "0" * 40 + '"'),
        parameter("tag", '"other"'),
        parameter("alg", '"ed25519"'),
        without("Signature"),
        without("Signature-Input"),
        without("content-digest"),
        without("sealtrail-audience"),
        uncovered("content-digest"),
        uncovered("sealtrail-audience"),
        uncovered("@query"),
        high_s,
        twice,
        lambda headers: {**headers, "Signature": "peer=:AAAA:"},
        lambda headers: {**headers, "Signature-Input": "peer=(" * 500},
        lambda headers: {**headers, "Signature": headers["Signature"] + "x" * 5000},
    ],
)
async def test_a_changed_signature_is_none(t: Town, change: Callable[[Headers], Headers]) -> None:
    assert await send(t, change(headers_of(t))) == (401, "peer_signature")


async def test_a_header_that_comes_twice_is_refused(t: Town) -> None:
    headers = list(headers_of(t).items())
    for name, value in headers:
        assert await send(t, [*headers, (name, value)]) == (401, "peer_signature"), name


async def test_whom_it_is_for(t: Town) -> None:
    assert await send(t, headers_of(t, to=3)) == (401, "peer_audience")
    network = t.net.network
    other = signature_headers(
        t.member("maker").sign,
        "POST",
        TARGET,
        BODY,
        audience=audience_of(2, network.chain_id + 1, network.consortium),
        now=int(t["shop"].gateway.clock()),
    )
    assert await send(t, other) == (401, "peer_audience")


@pytest.mark.parametrize("shift_s", [-3600, -65, 65, 3600])
async def test_old_and_future_requests_are_refused_with_both_times(t: Town, shift_s: int) -> None:
    headers = headers_of(t, shift_s=shift_s)
    created = re.search(r"created=(\d+)", headers["Signature-Input"])
    assert created
    async with httpx2.AsyncClient() as client:
        answer = await client.post(t.url("shop") + TARGET, content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "peer_clock")
    assert f"signed at {created[1]}" in answer.json()["detail"]


@pytest.mark.parametrize("shift_s", [-50, 50])
async def test_clocks_may_differ_a_little(t: Town, shift_s: int) -> None:
    assert await send(t, headers_of(t, shift_s=shift_s)) == (200, None)


async def test_only_keys_for_signing_count(t: Town) -> None:
    maker = t.member("maker")
    for signer in (maker.anchor, maker.admin, maker.recovery, key_of("nobody", "sign")):
        assert await send(t, headers_of(t, signer=signer)) == (401, "peer_signature")


async def test_a_key_that_was_revoked_counts_no_more(t: Town) -> None:
    third = t.member("third")
    assert await send(t, headers_of(t, signer=third.sign)) == (200, None)
    await t.net.call("third", t.net.calls._consortium("revokeKey", third.sign.address, 0))
    await t.seen()
    assert await send(t, headers_of(t, signer=third.sign)) == (401, "peer_signature")


async def test_a_suspended_participant_is_not_heard_nor_asked(t: Town) -> None:
    fourth = t.member("fourth")
    assert await send(t, headers_of(t, signer=fourth.sign)) == (200, None)
    await t.net.call("maker", t.net.calls.propose(Suspend(4)))
    for who in ("shop", "third"):
        await t.net.call(who, t.net.calls.approve(1, await digest_of_proposal(t)))
    await t.net.call("maker", t.net.calls.execute(1))
    await t.seen()
    assert await send(t, headers_of(t, signer=fourth.sign)) == (403, "peer_suspended")
    with pytest.raises(PeerError) as refused:
        await t["maker"].gateway.partners.peers.request(4, "POST", TARGET, body=BODY)
    assert refused.value.code == "peer_inactive"


async def digest_of_proposal(t: Town) -> bytes:
    (proposal,) = (await t.net.directory()).proposals.values()
    return proposal.digest


async def test_a_huge_body_is_not_read(t: Town) -> None:
    """Of a gigabyte that is announced, or sent without end, little is taken."""
    for length in ("Content-Length: 1073741824", "Transfer-Encoding: chunked"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(t))
        writer.write(head_lines(headers_of(t), TARGET, length))
        sent, chunk = 0, b"100000\r\n" + bytes(0x100000) + b"\r\n"
        with contextlib.suppress(ConnectionError):
            while sent < 128 and not reader.at_eof():
                writer.write(chunk)
                await writer.drain()
                sent += 1
        assert sent < 128, "the gateway goes on reading"
        writer.close()


def port_of(t: Town) -> int:
    return int(t.url("shop").rpartition(":")[2])


def head_lines(headers: Headers, target: str, length: str) -> bytes:
    lines = [f"POST {target} HTTP/1.1", "Host: shop", length]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_strangers_do_not_get_as_far_as_a_body(t: Town) -> None:
    """Nothing of the body is needed to refuse whoever is nobody."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(t))
    headers = headers_of(t, signer=key_of("nobody", "sign"))
    writer.write(head_lines(headers, "/v1/peer/messages", "Content-Length: 1000"))
    async with asyncio.timeout(5):
        assert b" 401 " in await reader.readline()
    writer.close()


async def test_an_old_directory_believes_nobody(t: Town) -> None:
    shop = t["shop"].gateway
    callers = shop.partners.peering.callers
    clock = callers._clock
    directory_clock = shop.directory._clock
    try:
        shop.directory._clock = lambda: clock() + 2 * PEERS.directory_age_s_max
        assert await send(t, headers_of(t)) == (503, "peer_directory_old")
    finally:
        shop.directory._clock = directory_clock
    assert await send(t, headers_of(t)) == (200, None)


async def test_the_worked_example_holds() -> None:
    """docs/reference/peers.md: headers that another implementation can compare with its own."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "peers.md").read_text()
    shown = dict(re.findall(r'^"([@a-z-]+)": (.+)$', page, re.MULTILINE))
    signature = re.search(r"^Signature: (peer=.+)$", page, re.MULTILINE)
    assert signature
    headers = [
        ("Content-Digest", shown["content-digest"]),
        ("Sealtrail-Audience", shown["sealtrail-audience"]),
        ("Signature-Input", f"peer={shown['@signature-params']}"),
        ("Signature", signature[1]),
    ]
    signed = check_request(shown["@method"], shown["@path"], headers)
    assert signed.key == Signer.from_key(b"\x01" * 32).address
    assert signed.content_digest == content_digest(BODY)
    assert signed.audience == audience_of(2, 4242, b"\x05" * 20)
