"""A witness in front of a real node that lies about one thing, or does not answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

Ask = Callable[..., Any]
"""(method, *params) -> what the real node answers."""
Lie = Callable[[Ask, str, list[Any], Any], Any]
"""(ask, method, params, true result) -> the result that is given."""

HANG_S = 30.0


class BrokenError(Exception):
    """The answer is this status and body, or nothing at all after a while."""

    def __init__(
        self, status: int, body: bytes = b"", *, after_s: float = 0.0, retry_after: str = ""
    ) -> None:
        super().__init__(status)
        self.status, self.body, self.after_s = status, body, after_s
        self.retry_after = retry_after


class Liar(ThreadingHTTPServer):
    """Listens on a free port; every result goes through `lie`, which may be changed.

    `is_open` lets pages of other origins ask, as relays do.
    """

    daemon_threads = True
    is_open = False

    def __init__(self, node: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = node
        self.lie: Lie = truth
        self.is_closing = False
        self.url = f"http://127.0.0.1:{self.server_port}"

    def ask(self, method: str, *params: Any) -> Any:
        """Ask the real node; an error comes back as None."""
        return self.answer(method, list(params)).get("result")

    def answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        """Return what the real node answers."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        request = Request(self.node, body.encode(), {"content-type": "application/json"})
        with urlopen(request, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        return answer


class _Handler(BaseHTTPRequestHandler):
    server: Liar

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["content-length"])))
        method, params = question["method"], question["params"]
        retry_after = ""
        try:
            answer = self.server.answer(method, params)
            if "result" in answer:
                lie = self.server.lie
                answer["result"] = lie(self.server.ask, method, params, answer["result"])
            status, body = 200, json.dumps({**answer, "id": question["id"]}).encode()
        except BrokenError as broken:
            status, body, retry_after = broken.status, broken.body, broken.retry_after
            self._wait(broken.after_s)
        try:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if retry_after:
                self.send_header("retry-after", retry_after)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self.end_headers()

    def end_headers(self) -> None:
        if self.server.is_open:
            self.send_header("access-control-allow-origin", "*")
            self.send_header("access-control-allow-headers", "content-type")
            self.send_header("access-control-expose-headers", "Retry-After")
        super().end_headers()

    def _wait(self, wait_s: float) -> None:
        end = time.monotonic() + wait_s
        while time.monotonic() < end and not self.server.is_closing:
            time.sleep(0.02)

    def log_message(self, *args: object) -> None:
        pass


def truth(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Pass on what the node says."""
    del ask, method, params
    return result


@contextmanager
def liar(node: str, lie: Lie = truth, *, is_open: bool = False) -> Iterator[Liar]:
    """Run a liar that says the truth until its `lie` is set."""
    server = Liar(node)
    server.lie, server.is_open = lie, is_open
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.is_closing = True
        server.shutdown()
        server.server_close()
        thread.join(5)
