"""JSON-RPC to one endpoint: bounded in time and size, strict about what comes back.

web3 is left out on purpose: it takes a second to load, its formatters and middleware cost
milliseconds per call, they demand 32-byte `extraData` (QBFT headers are longer), and they raise a
dozen unrelated errors when an endpoint lies. Every answer is checked here by hand instead, and
whatever is wrong with it becomes ChainUnavailableError with a sentence that says what came back.
"""

from __future__ import annotations

import asyncio
import json
import re
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)

from anchoring.errors import ChainUnavailableError, SubmissionUnknownError

ANSWER_SIZE_BYTES_MAX = 64 * 1024 * 1024
CALL_TIMEOUT_S = 10.0
READ_RETRIES_WAIT_S = (0.1, 0.4)
"""Pauses between the attempts at a read. A transaction is handed over once per call, because the
anchorer itself decides what to resend."""

_CHUNK_SIZE_BYTES = 65536
_QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")
_DATA = re.compile("0x(?:[0-9a-fA-F]{2})*")


class RpcRefusedError(Exception):
    """The endpoint answered with a JSON-RPC error. Never leaves `anchoring.chain`."""

    def __init__(self, code: int, message: str, data: object) -> None:
        self.code, self.data = code, data
        super().__init__(message)

    @property
    def revert_data(self) -> bytes | None:
        """The bytes a reverted call returned, None if this is no revert."""
        data = self.data.get("data") if isinstance(self.data, dict) else self.data
        if isinstance(data, str) and data.startswith("0x"):
            try:
                return bytes.fromhex(data[2:])
            except ValueError:
                return None
        return b"" if "revert" in str(self).lower() else None


class _TimedOutError(SubmissionUnknownError):
    """No answer in time. Not worth an immediate second attempt."""


class _UnreachableError(ChainUnavailableError):
    """Nobody listens; a restart of the endpoint takes moments."""


class _Line:
    """HTTP to one address, with a limit on the size of an answer.

    A session is made for each request, and costs nothing: only what connects is kept. It belongs
    to one event loop, and another one gets its own.
    """

    def __init__(self, url: str, *, is_kept: bool) -> None:
        self._url, self._is_kept = url, is_kept
        self._connector: TCPConnector | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timeout = ClientTimeout(total=None)  # the caller has one, under a name of its own

    async def close(self) -> None:
        """Close the connections that are kept."""
        connector, self._connector = self._connector, None
        if connector is not None and self._loop is asyncio.get_running_loop():
            await connector.close()

    async def post(self, body: bytes) -> bytes:
        """Send a body of JSON; return that of the answer."""
        async with (
            ClientSession(
                connector=self._connecting(),
                connector_owner=False,
                cookie_jar=DummyCookieJar(),
                timeout=self._timeout,
            ) as session,
            session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,  # it could lead anywhere
            ) as response,
        ):
            response.raise_for_status()
            if response.status != 200:
                raise ChainUnavailableError(f"status {response.status} in place of an answer")
            answer = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK_SIZE_BYTES):
                answer += chunk
                if len(answer) > ANSWER_SIZE_BYTES_MAX:
                    raise ChainUnavailableError("the answer is larger than 64 MiB")
            return bytes(answer)

    def _connecting(self) -> TCPConnector:
        loop = asyncio.get_running_loop()
        if self._connector is None or self._loop is not loop:
            self._connector, self._loop = TCPConnector(force_close=not self._is_kept), loop
        return self._connector


class EvmRpc:
    """One JSON-RPC endpoint over HTTP.

    Args:
        url: Address of the endpoint. Texts name only its scheme, host and port, because the rest
            may hold a password.
        timeout_s: Limit for one attempt, from connecting to the last byte.
        keeps_line: Read over connections that stay open, for whoever asks every second and calls
            `close`. A transaction always gets a new one: a line that the endpoint has just given
            up would leave open whether it arrived.
    """

    def __init__(
        self, url: str, *, timeout_s: float = CALL_TIMEOUT_S, keeps_line: bool = False
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ChainUnavailableError("a chain endpoint is an http:// or https:// address")
        port = f":{parts.port}" if parts.port else ""
        self.name = f"{parts.scheme}://{parts.hostname}{port}"
        self._timeout_s = timeout_s
        self._reading, self._sending = _Line(url, is_kept=keeps_line), _Line(url, is_kept=False)
        self._numbers = count(1)

    async def close(self) -> None:
        """Close the connections."""
        await self._reading.close()
        await self._sending.close()

    async def read(self, method: str, *params: object) -> Any:
        """Ask something that changes nothing.

        Retried when the line broke, but not on silence, nor on an answer that no chain gives.

        Raises:
            ChainUnavailableError: no usable answer after the last attempt.
            RpcRefusedError: the endpoint answered with an error.
        """
        for wait_s in READ_RETRIES_WAIT_S:
            try:
                return await self._call(self._reading, method, params)
            except _TimedOutError as error:
                raise ChainUnavailableError(str(error)) from error
            except (_UnreachableError, SubmissionUnknownError):
                await asyncio.sleep(wait_s)
        try:
            return await self._call(self._reading, method, params)
        except SubmissionUnknownError as error:
            raise ChainUnavailableError(str(error)) from error

    async def send_raw(self, raw: bytes) -> None:
        """Hand over a signed transaction, once.

        Raises:
            ChainUnavailableError: it was certainly not sent.
            SubmissionUnknownError: it may have arrived.
            RpcRefusedError: the endpoint answered with an error.
        """
        await self._call(self._sending, "eth_sendRawTransaction", ("0x" + raw.hex(),))

    async def _call(self, line: _Line, method: str, params: tuple[object, ...]) -> Any:
        question = {
            "jsonrpc": "2.0",
            "id": next(self._numbers),
            "method": method,
            "params": list(params),
        }
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = json.loads(await line.post(json.dumps(question).encode()))
        except ClientConnectorError as error:
            raise _UnreachableError(f"{self.name} cannot be reached") from error
        except ClientResponseError as error:
            text = f"{self.name} answers {method} with HTTP status {error.status}"
            raise SubmissionUnknownError(text) from error
        except TimeoutError as error:
            text = f"{self.name} did not answer {method} within {self._timeout_s:g} s"
            raise _TimedOutError(text) from error
        except (ClientError, OSError) as error:
            text = f"{self.name} broke the connection during {method}"
            raise SubmissionUnknownError(text) from error
        except (ValueError, TypeError, RecursionError) as error:
            raise ChainUnavailableError(f"{self.name} is no chain endpoint: no JSON") from error
        except ChainUnavailableError as error:
            raise ChainUnavailableError(f"{self.name} is no chain endpoint: {error}") from error
        return self._result(method, answer)

    def _result(self, method: str, answer: object) -> Any:
        if not isinstance(answer, dict):
            raise ChainUnavailableError(f"{self.name} is no chain endpoint: no JSON object")
        error = answer.get("error")
        if isinstance(error, dict):
            code = error.get("code")
            raise RpcRefusedError(
                code if isinstance(code, int) else 0,
                str(error.get("message"))[:500],
                error.get("data"),
            )
        if error is not None or "result" not in answer:
            text = f"{self.name} is no chain endpoint: its answer to {method} has no result"
            raise ChainUnavailableError(text)
        return answer["result"]

    def quantity(self, value: object, *, what: str) -> int:
        """Read a JSON-RPC quantity ("0x1a")."""
        if isinstance(value, str) and _QUANTITY.fullmatch(value):
            return int(value, 16)
        raise ChainUnavailableError(f"{self.name} gives no {what}")

    def data(self, value: object, *, what: str, size: int | None = None) -> bytes:
        """Read JSON-RPC data ("0x6080..."), of exactly `size` bytes if given."""
        if isinstance(value, str) and _DATA.fullmatch(value):
            data = bytes.fromhex(value[2:])
            if size in (None, len(data)):
                return data
        raise ChainUnavailableError(f"{self.name} gives no {what}")
