"""A key that is elsewhere signs over the wire; what comes back is compared byte for byte."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth_account import Account

from anchoring.chain.remote_signer import RemoteSigner, is_private
from anchoring.chain.signer import LegacyCall
from anchoring.chain.transactions import check_signed
from anchoring.errors import KeystoreError, SignerMismatchError, SignerUnavailableError
from tests.anchoring.chain.signing_server import SigningServer, certificate
from tests.anchoring.chain.worlds import key, signer

KEY = key("anchor-1")
CALL = LegacyCall(4242, 7, 300_000, b"\x42" * 20, b"\x01\x02\x03")
SECRET = "Bearer very-secret-token"


@pytest.fixture
def server() -> Iterator[SigningServer]:
    with SigningServer(KEY, key("anchor-2")) as made:
        yield made


@pytest.fixture
async def remote(server: SigningServer) -> AsyncIterator[RemoteSigner]:
    made = RemoteSigner(server.url, signer("anchor-1").address, timeout_s=2)
    yield made
    await made.close()


async def test_the_signed_bytes_are_those_of_the_key(
    server: SigningServer, remote: RemoteSigner
) -> None:
    assert await remote.sign_transaction(CALL) == signer("anchor-1").sign(CALL)
    (request,) = server.seen
    assert request["method"] == "eth_signTransaction"
    assert request["params"] == [
        {
            "from": "0x" + signer("anchor-1").address.hex(),
            "to": "0x" + "42" * 20,
            "gas": "0x493e0",
            "gasPrice": "0x0",
            "value": "0x0",
            "nonce": "0x7",
            "data": "0x010203",
            "chainId": "0x1092",
        }
    ]
    assert await remote.accounts() == [signer("anchor-1").address, signer("anchor-2").address]


@pytest.mark.parametrize(
    "call",
    [
        LegacyCall(1, 0, 21_000, b"\x00" * 20, b""),
        LegacyCall(2**40, 2**40, 2**30, b"\x42" * 20, bytes(range(256)) * 40),
        LegacyCall(4242, 0, 12_000_000, None, b"\x60\x00"),
    ],
)
async def test_every_call_of_ours_comes_back_as_it_was(call: LegacyCall) -> None:
    with SigningServer(KEY, chain_id=call.chain_id) as made:
        remote = RemoteSigner(made.url, signer("anchor-1").address)
        try:
            assert await remote.sign_transaction(call) == signer("anchor-1").sign(call)
        finally:
            await remote.close()


async def test_an_object_with_the_raw_bytes_is_read_too(
    server: SigningServer, remote: RemoteSigner
) -> None:
    """Clef and Geth answer so."""

    def wrapped(result: Any) -> tuple[int, bytes]:
        body = {"result": {"raw": result, "tx": {"to": "0x" + "66" * 20}}}
        return 200, json.dumps(body).encode()

    server.answer = wrapped
    assert await remote.sign_transaction(CALL) == signer("anchor-1").sign(CALL)


async def test_a_key_in_hardware_signs_the_same_call_in_two_variants() -> None:
    with SigningServer(KEY, random=True) as made:
        remote = RemoteSigner(made.url, signer("anchor-1").address)
        try:
            first, second = [await remote.sign_transaction(CALL) for _ in range(2)]
        finally:
            await remote.close()
    assert first != second
    for raw, tx_hash in (first, second):
        assert check_signed(raw, CALL, sender=remote.address) == tx_hash
        assert Account.recover_transaction(raw).lower() == "0x" + remote.address.hex()


Change = Callable[[dict[str, Any]], dict[str, Any]]
LIES: dict[str, tuple[Change, str]] = {
    "another to": (lambda one: one | {"to": "0x" + "66" * 20}, "another to"),
    "no to": (lambda one: {name: one[name] for name in one if name != "to"}, "another to"),
    "other data": (lambda one: one | {"data": "0x010204"}, "another data"),
    "no data": (lambda one: one | {"data": "0x"}, "another data"),
    "another nonce": (lambda one: one | {"nonce": "0x8"}, "another nonce"),
    "a price": (lambda one: one | {"gasPrice": "0x1"}, "another gasPrice"),
    "a value": (lambda one: one | {"value": "0x1"}, "another value"),
    "less gas": (lambda one: one | {"gas": "0x493df"}, "another gas"),
    "another chain": (lambda one: one | {"signedFor": "0x1"}, "did not sign for chain 4242"),
    "another key": (lambda one: one | {"key": key("anchor-2")}, "did not sign with the key"),
    "another type": (lambda one: one | {"typed": True}, "no legacy transaction"),
}


@pytest.mark.parametrize(("change", "said"), LIES.values(), ids=LIES)
async def test_i5_a_signer_that_changes_anything_is_not_believed(
    server: SigningServer, remote: RemoteSigner, change: Change, said: str
) -> None:
    server.change = change
    with pytest.raises(SignerMismatchError, match=said) as caught:
        await remote.sign_transaction(CALL)
    assert caught.value.code == "signer_mismatch"
    assert isinstance(caught.value, KeystoreError)
    assert not caught.value.retryable


async def test_a_signature_that_no_chain_takes_is_not_believed() -> None:
    with SigningServer(KEY, random=True) as made:
        made.change = lambda one: one | {"high": True}
        remote = RemoteSigner(made.url, signer("anchor-1").address)
        try:
            with pytest.raises(SignerMismatchError, match="did not sign with the key"):
                await remote.sign_transaction(CALL)
        finally:
            await remote.close()


@pytest.mark.parametrize(
    "result",
    ["0x", "0xzz", "0xc0", "0x02c0", "garbage", 7, None, [], {}, {"raw": 7}, {"raw": "0x"}, True],
    ids=str,
)
async def test_garbage_is_no_signature(
    server: SigningServer, remote: RemoteSigner, result: object
) -> None:
    server.answer = lambda _: (200, json.dumps({"result": result}).encode())
    with pytest.raises(SignerMismatchError, match="returned something that is no"):
        await remote.sign_transaction(CALL)


def _reshaped(parts: list[Any], index: int, value: object) -> bytes:
    return bytes(rlp.encode([*parts[:index], value, *parts[index + 1 :]]))


@pytest.mark.parametrize("index", range(9))
def test_every_part_of_the_raw_bytes_counts(index: int) -> None:
    raw, tx_hash = signer("anchor-1").sign(CALL)
    sender = signer("anchor-1").address
    assert check_signed(raw, CALL, sender=sender) == tx_hash
    parts = rlp.decode(raw)
    for value in (b"\x00" + parts[index], parts[index] + b"\x01", b"", b"\x00" * 33, [b"\x01"]):
        if value == parts[index]:
            continue
        with pytest.raises(SignerMismatchError):
            check_signed(_reshaped(parts, index, value), CALL, sender=sender)


@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_cut_or_longer_bytes_are_none(cut: int) -> None:
    raw, _ = signer("anchor-1").sign(CALL)
    for other in (raw[:cut], raw + b"\x00"):
        with pytest.raises(SignerMismatchError):
            check_signed(other, CALL, sender=signer("anchor-1").address)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, b"Internal Server Error"), "HTTP status 500"),
        ((302, b""), "HTTP status 302"),
        ((403, b""), "does not take our credentials"),
        ((200, b"<html>"), "is no signer"),
        ((200, b"[]"), "is no signer"),
        ((200, b"{}"), "is no signer"),
        ((200, b"[" * 100_000), "is no signer"),
        ((200, b"[" * 400), "is no signer"),
        ((200, b'{"error": {"code": -32000, "message": "locked"}}'), "refuses to sign: locked"),
        ((500, b'{"error": {"code": -32603, "message": "a\\u001b[2Jb"}}'), "sign: a \\[2Jb"),
        ((200, b" " * (4 * 1024 * 1024 + 1)), "more than 4 MiB"),
    ],
)
async def test_no_signature_is_a_reason_to_wait(
    server: SigningServer, remote: RemoteSigner, answer: tuple[int, bytes], said: str
) -> None:
    server.answer = lambda _: answer
    with pytest.raises(SignerUnavailableError, match=said) as caught:
        await remote.sign_transaction(CALL)
    assert caught.value.retryable
    assert caught.value.code == "signer_unavailable"


async def test_a_key_that_the_signer_does_not_have_is_said(server: SigningServer) -> None:
    remote = RemoteSigner(server.url, signer("stranger").address)
    with pytest.raises(SignerUnavailableError, match="No unlocked account matches the Sender"):
        await remote.sign_transaction(CALL)
    await remote.close()


async def test_silence_ends_in_time(server: SigningServer) -> None:
    server.wait = threading.Event()
    remote = RemoteSigner(server.url, signer("anchor-1").address, timeout_s=0.3)
    with pytest.raises(SignerUnavailableError, match=r"did not answer within 0\.3 s"):
        await remote.sign_transaction(CALL)
    server.wait.set()
    server.wait = None
    assert await remote.sign_transaction(CALL) == signer("anchor-1").sign(CALL)  # it is back
    await remote.close()


async def test_nobody_there_is_said(unused_tcp_port: int) -> None:
    remote = RemoteSigner(f"http://127.0.0.1:{unused_tcp_port}", signer("anchor-1").address)
    with pytest.raises(SignerUnavailableError, match="cannot be reached"):
        await remote.sign_transaction(CALL)
    await remote.close()


async def test_i9_credentials_are_sent_and_never_said(server: SigningServer) -> None:
    secret = [SECRET]
    server.authorization = SECRET
    address = signer("anchor-1").address
    remote = RemoteSigner(server.url, address, authorization=lambda: secret[0])
    assert (await remote.sign_transaction(CALL))[0]
    assert server.headers == [SECRET]
    secret[0] = "Bearer another-secret"  # a file that was replaced is read again
    with pytest.raises(SignerUnavailableError, match="does not take our credentials"):
        await remote.sign_transaction(CALL)
    secret[0] = SECRET
    echo = {"error": {"message": f"bad header {SECRET}"}}
    server.answer = lambda _: (400, json.dumps(echo).encode())
    with pytest.raises(SignerUnavailableError) as caught:
        await remote.sign_transaction(CALL)
    said = "".join(traceback.format_exception(caught.value)) + repr(remote)
    assert "very-secret-token" not in said
    assert "bad header *** ***" in said
    await remote.close()


async def test_tls_is_checked_and_so_may_be_our_certificate(tmp_path: Path) -> None:
    ours, theirs = certificate(tmp_path / "ours"), certificate(tmp_path / "theirs")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(theirs)
    serving.load_verify_locations(ours)
    serving.verify_mode = ssl.CERT_REQUIRED
    trusting = ssl.create_default_context(cafile=str(theirs))
    with SigningServer(KEY, tls=serving) as made:
        strange = RemoteSigner(made.url, signer("anchor-1").address)
        with pytest.raises(SignerUnavailableError, match="a certificate that is not trusted"):
            await strange.sign_transaction(CALL)
        await strange.close()
        known = ssl.create_default_context(cafile=str(theirs))
        known.load_cert_chain(ours)
        for context, passes in ((known, True), (trusting, False)):
            remote = RemoteSigner(made.url, signer("anchor-1").address, tls=context)
            if passes:
                assert await remote.sign_transaction(CALL) == signer("anchor-1").sign(CALL)
            else:
                with pytest.raises(SignerUnavailableError):
                    await remote.sign_transaction(CALL)
            await remote.close()
        assert len(made.seen) == 1


@pytest.mark.parametrize("url", ["ftp://a", "signer", "https://", "http://me:secret@127.0.0.1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="remote signer") as caught:
        RemoteSigner(url, b"\x01" * 20)
    assert "secret" not in str(caught.value)


def test_where_credentials_may_go() -> None:
    private = [
        "https://signer.example",
        "http://127.0.0.1:9000",
        "http://[::1]",
        "http://localhost",
    ]
    assert all(is_private(url) for url in private)
    assert not any(is_private(url) for url in ("http://signer.example", "http://10.0.0.1"))


@pytest.mark.parametrize("module", ["keystore", "rpc", "signer", "transactions"])
def test_a_deeply_nested_answer_is_an_error_and_no_crash(module: str) -> None:
    """A library raises the limit of recursion when it is imported; that must not stay so."""
    program = f"import json, anchoring.chain.{module}; json.loads('[' * 100_000)"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "RecursionError" in ended.stderr
