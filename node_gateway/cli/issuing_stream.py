"""Receiving the codes of an order, over as many connections as it takes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from node_gateway.cli.client import Client
from node_gateway.cli.output import CommandError
from node_gateway.cli.writing import require_free

_TRIES = 5
_PAUSE_S = 0.5
_HEAD = b"code,element_string,plain\r\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order: its request, its id, how many codes it has."""

    body: dict[str, Any]
    order: str
    count: int


def receive(client: Client, wanted: Wanted, form: str, output: Path | None, *, force: bool) -> None:
    """Write every code of an order once, in its order.

    A file gets its name when it is complete; one that is there is replaced only with `force`.

    Raises:
        CommandError: the gateway refuses the order, or does not answer any more; or the file is
            there. The same order again brings the same codes.
        OSError: the file cannot be written.
    """
    pieces = _lines(client, wanted)
    first = next(pieces)  # an order that is refused leaves no trace
    with _target(output, force=force) as file:
        write = _Csv(file) if form == "csv" else _Json(file, wanted.order)
        for lines in chain([first], pieces):
            write.codes(lines)
        write.end()


def _lines(client: Client, wanted: Wanted) -> Iterator[list[bytes]]:
    """Yield whole lines; after a broken connection from where they stopped."""
    import httpx2

    received, tries = 0, 0
    while received < wanted.count:
        try:
            for lines in _once(client, wanted, received):
                received, tries = received + len(lines), 0
                yield lines
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            tries += 1
            if tries == _TRIES:
                raise client.silent(error) from error
            time.sleep(_PAUSE_S * tries)
            continue
        if received != wanted.count:
            raise CommandError(
                f"the gateway sent {received} codes of {wanted.count}",
                attempt=f"the same command with --order {wanted.order}",
            )


def _once(client: Client, wanted: Wanted, received: int) -> Iterator[list[bytes]]:
    """Yield what one connection brings. A line that broke off is dropped: it comes again."""
    if received:
        address = f"/v1/codes/orders/{quote(wanted.order, safe='')}/codes"
        request = client.streamed("GET", address, params={"after": received})
    else:
        request = client.streamed("POST", "/v1/codes/issue", json=wanted.body)
    with request as answer:
        rest, head = b"", b"" if received else _HEAD
        for piece in answer.iter_bytes():
            lines = (rest + piece).split(b"\r\n")
            rest = lines.pop()
            if head and lines:
                if lines.pop(0) + b"\r\n" != head:
                    raise CommandError(
                        "the answer is no list of codes",
                        attempt="check the address: is it a Sealtrail gateway?",
                    )
                head = b""
            if lines:
                yield lines


class _Csv:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        file.write(_HEAD)

    def codes(self, lines: list[bytes]) -> None:
        self._file.write(b"\r\n".join(lines) + b"\r\n")

    def end(self) -> None:
        self._file.flush()


class _Json:
    def __init__(self, file: IO[bytes], order: str) -> None:
        self._file, self._between = file, b"\n"
        file.write(b'{"order":' + json.dumps(order).encode() + b',"codes":[')

    def codes(self, lines: list[bytes]) -> None:
        for line in lines:
            code, element_string, plain = line.decode("ascii").split(",")
            value = {"code": code, "elementString": element_string, "plain": plain}
            self._file.write(self._between + json.dumps(value).encode())
            self._between = b",\n"

    def end(self) -> None:
        self._file.write(b"\n]}\n")
        self._file.flush()


@contextmanager
def _target(output: Path | None, *, force: bool) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        return
    part = output.with_name(f"{output.name}.part")
    with part.open("wb") as file:
        yield file
    require_free(output, force=force)  # it may have appeared meanwhile
    part.replace(output)
