"""`verify --code --gateway`: what a gateway publishes is believed no more than a file."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from urllib.parse import quote

import pytest

from anchoring.public_codes import ANSWER_SIZE_BYTES_MAX
from anchoring.public_http import GatewayUnavailableError, PublicGateway
from tests.anchoring.chain.sealed import CODE
from tests.anchoring.cli_scene import Page, Run, Scene, anchoring, open_scene

PATH = f"/v1/public/codes/{quote(CODE, safe='')}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with open_scene(tmp_path_factory.mktemp("published")) as made:
        yield made


def ask(scene: Scene, *pages: Page, code: str = CODE, gateway: str = "") -> Run:
    scene.gateway.pages = {f"/v1/public/codes/{quote(code, safe='')}": list(pages)}
    return anchoring(
        *("verify", "--code", code, "--gateway", gateway or scene.url),
        *("--network", scene.network, "--json"),
    )


def answer(proofs: Any, *, sealing: bool = False, **more: Any) -> Page:
    document = {"code": CODE, "issuedHere": True, "sealing": sealing, "proofs": proofs, **more}
    return Page(json.dumps(document).encode())


def test_what_is_published_is_verified(scene: Scene) -> None:
    bundle = json.loads(scene.bundle)
    for proofs in (bundle, {"format": "sealtrail/proofs/v1", "bundles": [bundle]}):
        run = ask(scene, answer(proofs))
        assert (run.status, run.json["outcome"]) == (0, "verified")
        assert run.json["bundles"][0]["codes"] == [CODE]
        assert run.json["verdicts"] == [{"code": "V01", "name": "INTACT_UNSOLD"}]
    assert scene.gateway.asked[-1] == PATH
    assert "%2F%2F" in PATH


def test_a_false_bundle_is_refused_wherever_it_comes_from(scene: Scene) -> None:
    bundle = json.loads(scene.bundle)
    bundle["anchor"]["blockTime"] -= 1
    run = ask(scene, answer(bundle))
    assert (run.status, run.json["code"]) == (10, "record_mismatch")
    assert ask(scene, answer({"format": "sealtrail/proofs/v1", "bundles": []})).status == 10
    run = ask(scene, answer([]))
    assert (run.status, run.json["verdicts"]) == (10, [{"code": "V11", "name": "TAMPERED"}])


def test_nothing_published_is_not_found_and_not_yet_final_is_pending(scene: Scene) -> None:
    run = ask(scene, answer(None))
    assert (run.status, run.json["outcome"], run.json["code"]) == (
        11,
        "not_found",
        "code_not_found",
    )
    run = ask(scene, answer(None, sealing=True))
    assert (run.status, run.json["outcome"], run.json["code"]) == (12, "pending", "not_final")
    problem = json.dumps({"code": "code_not_found", "detail": "unknown"}).encode()
    assert ask(scene, Page(problem, 404)).status == 11


def test_bundles_of_another_code_do_not_answer(scene: Scene) -> None:
    run = ask(scene, answer(json.loads(scene.bundle), code=CODE + "9"), code=CODE + "9")
    assert (run.status, run.json["code"]) == (11, "code_not_disclosed")
    run = ask(scene, answer(json.loads(scene.bundle)), code=CODE.lower() + "?")
    assert run.status == 11
    assert "canonical codes are compared" in run.err


def test_a_code_that_the_gateway_refuses_is_a_usage_error(scene: Scene) -> None:
    problem = {"code": "check_digit", "detail": "the last digit should be 6\x1b[2J"}
    run = ask(scene, Page(json.dumps(problem).encode(), 400))
    assert (run.status, run.json["code"]) == (2, "code_refused")
    assert "should be 6" in run.json["text"]
    assert "\x1b" not in run.err


@pytest.mark.parametrize(
    "page",
    [
        Page(b"<html>"),
        Page(b""),
        Page(b"[]"),
        Page(b"{}", 404),
        Page(b"", 302),
        Page(b'{"detail": "down"}', 503),
        Page(b'{"code": "rate_limit"}', 429, retry_after=0),
        Page(b'{"code":1}'),
        Page(b'{"code":"a","code":"b"}'),
        Page(b'{"code":"' + b"x" * ANSWER_SIZE_BYTES_MAX + b'"}'),
    ],
    ids=lambda page: f"{page.status} {page.body[:12]!r}",
)
def test_whatever_is_no_answer_of_a_gateway_cannot_be_checked(scene: Scene, page: Page) -> None:
    run = ask(scene, page)
    assert (run.status, run.json["outcome"]) == (13, "cannot_check")
    assert run.json["code"] == "gateway_unavailable"


def test_f14_nobody_there_cannot_be_checked(scene: Scene) -> None:
    run = ask(scene, gateway="http://127.0.0.1:9")
    assert (run.status, run.json["code"]) == (13, "gateway_unavailable")


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends a byte now and then, and never ends."""
    pause = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(65536)
                try:
                    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    while True:
                        line.sendall(b" ")
                        pause.wait(0.05)
                except OSError:
                    return

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def test_an_answer_that_never_ends_is_given_up() -> None:
    with dripping() as url:
        gateway = PublicGateway(url, answer_timeout_s=0.3)
        with pytest.raises(GatewayUnavailableError):
            gateway.get("/", size_bytes_max=1000)


def test_the_text_of_an_address_never_names_a_password() -> None:
    gateway = PublicGateway("http://me:secret@127.0.0.1:9/")
    assert gateway.name == "http://127.0.0.1:9"
    with pytest.raises(GatewayUnavailableError, match="cannot be reached") as found:
        gateway.get("/", size_bytes_max=1)
    assert "secret" not in str(found.value)


def test_a_gateway_that_is_busy_is_asked_again(scene: Scene) -> None:
    """Lists are fetched faster than gateways may want; being told to wait is no withholding."""
    entries = [one.hex() for one in scene.issuer.sealed[0].batch.entries]
    wire = json.dumps({"stream": scene.issuer.stream, "sequence": 1, "entries": entries}).encode()
    path = f"/v1/streams/{scene.issuer.stream}/anchors/1/entries"
    scene.gateway.pages = {path: [Page(b"", 429, retry_after=0), Page(b"", 503, 0), Page(wire)]}
    arguments = ["audit", "--network", scene.network, "--participant", "1", "--json"]
    run = anchoring(*arguments, "--gateway", scene.url)
    assert (run.status, run.json["code"]) == (0, "verified")
    scene.gateway.pages = {path: [Page(b"", 429, retry_after=0)]}
    run = anchoring(*arguments, "--gateway", scene.url)
    assert (run.status, run.json["code"]) == (13, "gateway_unavailable")
