"""A real remote signer: an HTTP server with keys that answers as Web3Signer does, or lies."""

from __future__ import annotations

import json
import secrets
import ssl
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_keys.backends.native.jacobian import fast_multiply
from eth_keys.constants import SECPK1_G, SECPK1_N
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

NO_ACCOUNT = {"code": -32000, "message": "No unlocked account matches the Sender"}
INVALID_PARAMS = {"code": -32602, "message": "Invalid params"}
FIELDS = ("from", "to", "gas", "gasPrice", "value", "nonce", "data", "chainId")

Answer = tuple[int, bytes]


class SigningServer:
    """Holds keys and signs what it is asked; a context manager.

    Attributes:
        seen: The JSON-RPC requests, in order.
        headers: Their header `Authorization`.
        change: Called with the fields before they are signed; a liar changes them.
        answer: Called with the honest result; returns status and body in its place.
        wait: If set, an answer waits for it.
    """

    def __init__(
        self,
        *keys: bytes,
        chain_id: int = 4242,
        authorization: str | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        random: bool = False,
    ) -> None:
        self.keys = {Account.from_key(key).address.lower(): key for key in keys}
        self.seen: list[dict[str, Any]] = []
        self.headers: list[str | None] = []
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = dict
        self.answer: Callable[[Any], Answer] = lambda result: _ok(result)
        self.wait: threading.Event | None = None
        self.authorization = authorization
        self._chain_id = chain_id
        self._random = random
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.port = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; whoever waits for an answer gets none."""
        if self.wait is not None:
            self.wait.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, body = outer._answer(request, self.headers.get("Authorization"))
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # the client has gone

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def _answer(self, request: dict[str, Any], authorization: str | None) -> Answer:
        self.seen.append(request)
        self.headers.append(authorization)
        if self.wait is not None:
            self.wait.wait(30)
        if self.authorization is not None and authorization != self.authorization:
            return 401, b"Unauthorized"
        if request["method"] == "eth_accounts":
            return _ok(list(self.keys))
        if request["method"] != "eth_signTransaction" or len(request["params"]) != 1:
            return _error(400, INVALID_PARAMS)
        (fields,) = request["params"]
        if not set(fields) <= set(FIELDS) or "nonce" not in fields:
            return _error(400, INVALID_PARAMS)
        key = self.keys.get(fields["from"].lower())
        if key is None:
            return _error(400, NO_ACCOUNT)
        return self.answer(self._signed(self.change({**fields, "key": key})))

    def _signed(self, fields: dict[str, Any]) -> str:
        """Sign as Web3Signer does: legacy if there is a gas price, on its own chain id."""
        sign = _sign_randomly if self._random else _sign
        return "0x" + sign(fields, int(fields.get("signedFor", hex(self._chain_id)), 16)).hex()


def _sign(fields: dict[str, Any], chain_id: int) -> bytes:
    transaction = {
        name: int(fields[name], 16) for name in ("gas", "gasPrice", "value", "nonce")
    } | {"chainId": chain_id, "data": fields["data"]}
    if "to" in fields:
        transaction["to"] = to_checksum_address(fields["to"])
    if fields.get("typed"):
        price = transaction.pop("gasPrice")
        transaction |= {"maxFeePerGas": price, "maxPriorityFeePerGas": price, "type": 2}
    return bytes(Account.sign_transaction(transaction, fields["key"]).raw_transaction)


def _sign_randomly(fields: dict[str, Any], chain_id: int) -> bytes:
    """Sign with a fresh random number, as a key in hardware does."""
    numbers = [int(fields[name], 16) for name in ("nonce", "gasPrice", "gas")]
    to = bytes.fromhex(fields.get("to", "0x")[2:])
    data = bytes.fromhex(fields["data"][2:])
    parts: list[Any] = [*numbers, to, int(fields["value"], 16), data]
    digest = int.from_bytes(keccak(rlp.encode([*parts, chain_id, 0, 0])))
    chosen = secrets.randbelow(SECPK1_N - 1) + 1
    x, y = fast_multiply(SECPK1_G, chosen)
    r = x % SECPK1_N
    s = pow(chosen, -1, SECPK1_N) * (digest + r * int.from_bytes(fields["key"])) % SECPK1_N
    parity = y & 1
    if (s > SECPK1_N // 2) != bool(fields.get("high")):
        s, parity = SECPK1_N - s, parity ^ 1
    return bytes(rlp.encode([*parts, 35 + 2 * chain_id + parity, r, s]))


def _ok(result: Any) -> Answer:
    return 200, json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


def _error(status: int, error: dict[str, Any]) -> Answer:
    return status, json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode()


def certificate(folder: Path, name: str = "IP:127.0.0.1") -> Path:
    """Make a key and a self-signed certificate in one PEM file, for a server or a client."""
    folder.mkdir(exist_ok=True)
    key, made = folder / "key.pem", folder / "cert.pem"
    command = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    subprocess.run(
        [
            *(*command, "-nodes", "-days", "2", "-subj", "/CN=signer.example"),
            *("-addext", f"subjectAltName={name}", "-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + made.read_bytes())
    return both
