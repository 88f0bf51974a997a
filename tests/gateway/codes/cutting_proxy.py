"""A TCP proxy that cuts connections: what a bad line does to a long download."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class CuttingProxy:
    """Forwards to a gateway; each connection ends after its number of bytes, the later ones whole.

    Args:
        url: Where to.
        cuts: Bytes of answers to let through, connection by connection; then everything.
    """

    def __init__(self, url: str, cuts: list[int]) -> None:
        there = urlsplit(url)
        self._address = (there.hostname or "", there.port or 80)
        self._cuts = list(cuts)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.cut_count = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                limit = self._cuts.pop(0) if self._cuts else None
                with client, socket.create_connection(self._address) as server:
                    self._pass_on(client, server, limit)

    def _pass_on(self, client: socket.socket, server: socket.socket, limit: int | None) -> None:
        upwards = threading.Thread(target=_copy, args=(client, server), daemon=True)
        upwards.start()
        left = limit
        while piece := server.recv(8192):
            if left is not None and len(piece) >= left:
                client.sendall(piece[:left])
                self.cut_count += 1
                break
            left = None if left is None else left - len(piece)
            client.sendall(piece)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        upwards.join(10)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(8192):
            target.sendall(piece)
