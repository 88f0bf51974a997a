"""A receiver of webhooks on loopback, for whoever builds one."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from node_gateway.cli.output import USAGE, CommandError, put, say

_SIZE_BYTES_MAX = 1024 * 1024


def listen(secret: str | None, port: int, count: int | None) -> None:
    """Print what comes in, checked if there is a secret; end after `count`, or at Ctrl-C.

    Raises:
        CommandError: the secret is none.
    """
    from standardwebhooks import Webhook

    try:
        checker = None if secret is None else Webhook(secret)
    except ValueError as error:
        raise CommandError(
            "the file holds no secret of a webhook",
            attempt="the line whsec_... that webhook add printed",
            status=USAGE,
        ) from error
    got: list[bool] = []

    class Handler(BaseHTTPRequestHandler):
        """Answers 204 to what holds, 401 to what does not."""

        def do_POST(self) -> None:
            """Take one request."""
            size = int(self.headers.get("content-length", "0"))
            body = self.rfile.read(min(size, _SIZE_BYTES_MAX))
            holds = checker is None or _holds(checker, body, dict(self.headers))
            self.send_response(204 if holds else 401)
            self.end_headers()
            if not holds:
                say("refused: the signature does not hold, or its time is off")
                return
            put(_document(body))
            sys.stdout.flush()
            got.append(True)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
            """Say nothing: the line on stdout says it all."""

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        say(f"listening on http://127.0.0.1:{server.server_address[1]}/  (Ctrl-C ends)")
        try:
            while count is None or len(got) < count:
                server.handle_request()
        except KeyboardInterrupt:
            say("ended")


def _holds(checker: Any, body: bytes, headers: dict[str, str]) -> bool:
    from standardwebhooks import WebhookVerificationError

    try:
        checker.verify(body, headers)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {"unreadable": len(body)}
