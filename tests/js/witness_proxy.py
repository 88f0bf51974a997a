"""A witness that passes on what a real node says, but for one lie."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

Change = Callable[[str, list[Any], Any], Any]
"""(method, params, true result) -> the result that is given."""
Asking = Callable[[list[Any]], list[Any]]
"""Parameters as asked -> as the node is asked."""


class Proxy(ThreadingHTTPServer):
    """Listens on a free port; `change` is applied to every result, `raw` replaces the answer."""

    daemon_threads = True

    def __init__(
        self, node: str, change: Change, raw: Iterator[bytes] | None, asking: Asking
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node, self.change, self.raw, self.asking = node, change, raw, asking
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        try:
            for part in self.server.raw or [self._passed_on(asked)]:
                self.wfile.write(part)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _passed_on(self, asked: bytes) -> bytes:
        headers = {"content-type": "application/json"}
        question = json.loads(asked)
        passed = {**question, "params": self.server.asking(question["params"])}
        request = Request(self.server.node, json.dumps(passed).encode(), headers)
        with urlopen(request, timeout=10) as response:
            answer = json.load(response)
        if "result" in answer:
            given = answer["result"]
            answer["result"] = self.server.change(question["method"], question["params"], given)
        return json.dumps(answer).encode()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def proxy(
    node: str,
    change: Change = lambda method, params, result: result,
    *,
    raw: Iterator[bytes] | None = None,
    asking: Asking = lambda params: params,
) -> Iterator[str]:
    """Run a proxy; yields its address."""
    server = Proxy(node, change, raw, asking)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
