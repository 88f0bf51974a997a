"""A key that is elsewhere: JSON-RPC `eth_signTransaction`, in the manner of Web3Signer.

The request is one transaction object with `from`; the answer is the signed bytes as hex, or, from
other signers (Clef, Geth), an object with them in `raw`. Web3Signer takes the chain id from its own
settings and ignores ours, so the answer is compared with what was asked, field by field; a signer
that returns anything else is not believed, and nothing of it is sent.

Such a signer need not be deterministic (a key in hardware draws a fresh nonce for each signature):
asked twice, it may return two variants of one call. Both have the same content and the same account
nonce, so that only one can land, and the anchorer keeps every variant that it was given.

Only transactions are signed this way. Receipts are signed at every capture, over a digest that
`eth_signTransaction` cannot sign, and a remote answer would stand in the way of each: their key
stays in the process.

Source: https://docs.web3signer.consensys.io/reference/api/json-rpc (eth_signTransaction,
eth_accounts).
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import json
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from anchoring.chain.signer import LegacyCall
from anchoring.chain.transactions import check_signed
from anchoring.errors import SignerMismatchError, SignerUnavailableError

ANSWER_SIZE_BYTES_MAX = 4 * 1024 * 1024
CALL_TIMEOUT_S = 10.0

_MESSAGE_SIZE_MAX = 200
_CHUNK_SIZE_BYTES = 65536
_BRACKETS_MAX = 500


def is_private(url: str) -> bool:
    """Return True if what is sent to `url` is read by nobody else: TLS, or this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


class RemoteSigner:
    """`anchoring.chain.signer.TransactionSigner` whose key never comes here.

    Args:
        url: Where the signer listens, http:// or https://, without credentials in it. Texts name
            only its scheme, host and port.
        address: Address of the key, 20 bytes.
        authorization: Called before every request for the value of the header `Authorization`;
            None sends none. So that credentials may change without a restart.
        tls: Whom to trust, and our own certificate; the system's authorities if left out.
        timeout_s: Limit for one request, from connecting to the last byte.

    Raises:
        ValueError: the address is no http:// or https:// address, or has credentials in it.
    """

    def __init__(
        self,
        url: str,
        address: bytes,
        *,
        authorization: Callable[[], str | None] = lambda: None,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a remote signer is an http:// or https:// address")
        if parts.username is not None or parts.password is not None:
            raise ValueError("credentials of a remote signer stand in a file, not in its address")
        port = f":{parts.port}" if parts.port else ""
        self.name = f"{parts.scheme}://{parts.hostname}{port}"
        self._url = url
        self._address = address
        self._authorization = authorization
        self._tls = tls
        self._timeout_s = timeout_s
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"RemoteSigner({self.name}, 0x{self._address.hex()})"

    @property
    def address(self) -> bytes:
        """Address of the key, 20 bytes."""
        return self._address

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def accounts(self) -> list[bytes]:
        """Return the addresses that the signer has keys for.

        Raises:
            SignerUnavailableError: it does not say.
        """
        answer = await self._ask("eth_accounts")
        try:
            return [bytes.fromhex(one.removeprefix("0x")) for one in answer]
        except (TypeError, ValueError, AttributeError) as error:
            raise self._silent("answers eth_accounts with something else") from error

    async def sign_transaction(self, call: LegacyCall) -> tuple[bytes, bytes]:
        """Return (raw transaction, its hash), compared with `call` byte for byte.

        Raises:
            SignerUnavailableError: no signature came back; asking again is safe.
            SignerMismatchError: something else was signed, or with another key.
        """
        answer = await self._ask("eth_signTransaction", self._request(call))
        raw = _raw(answer)
        if raw is None:
            raise SignerMismatchError(f"{self.name} returned something that is no transaction")
        try:
            return raw, check_signed(raw, call, sender=self._address)
        except SignerMismatchError as error:
            raise SignerMismatchError(f"{error} ({self.name})") from error

    def _request(self, call: LegacyCall) -> dict[str, str]:
        fields = {
            "from": "0x" + self._address.hex(),
            "gas": hex(call.gas),
            "gasPrice": "0x0",  # without it, and with `maxFeePerGas`, another type would be signed
            "value": "0x0",
            "nonce": hex(call.nonce),
            "data": "0x" + call.data.hex(),
            "chainId": hex(call.chain_id),
        }
        return fields if call.to is None else {**fields, "to": "0x" + call.to.hex()}

    async def _ask(self, method: str, *params: object) -> Any:
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        secret = self._authorization()
        try:
            async with asyncio.timeout(self._timeout_s):
                status, content = await self._post(json.dumps(body).encode(), secret)
        except TimeoutError as error:
            raise self._silent(f"did not answer within {self._timeout_s:g} s") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise self._silent("shows a certificate that is not trusted") from error
        except aiohttp.ClientConnectorError as error:
            raise self._silent("cannot be reached") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._silent("broke the connection") from error
        return self._result(status, content, secret)

    async def _post(self, body: bytes, secret: str | None) -> tuple[int, bytes]:
        if self._session is None:
            # Each request has its own connection: rare, and none of an old signer stays open.
            connector = aiohttp.TCPConnector(ssl=self._tls or True, force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, trust_env=False)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if secret is not None:
            headers["Authorization"] = secret
        content = bytearray()
        async with self._session.post(
            self._url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            async for chunk in answer.content.iter_chunked(_CHUNK_SIZE_BYTES):
                content += chunk
                if len(content) > ANSWER_SIZE_BYTES_MAX:
                    raise self._silent("answers with more than 4 MiB")
        return answer.status, bytes(content)

    def _result(self, status: int, content: bytes, secret: str | None) -> Any:
        try:
            # Counted first: what is nested very deeply must not reach the parser.
            is_flat = content.count(b"[") + content.count(b"{") <= _BRACKETS_MAX
            answer = json.loads(content) if is_flat else None
        except (ValueError, RecursionError):
            answer = None
        if status in (401, 403):
            raise self._silent("does not take our credentials")
        error = answer.get("error") if isinstance(answer, dict) else None
        if isinstance(error, dict):
            text = _printable(str(error.get("message")), secret)
            raise self._silent(f"refuses to sign: {text}")
        if status != 200:
            raise self._silent(f"answers with HTTP status {status}")
        if not isinstance(answer, dict) or "result" not in answer:
            raise self._silent("is no signer: its answer has no result")
        return answer["result"]

    def _silent(self, what: str) -> SignerUnavailableError:
        return SignerUnavailableError(f"the remote signer {self.name} {what}")


def _raw(answer: object) -> bytes | None:
    """Return the signed bytes: given as hex, or in the member `raw` of an object."""
    text = answer.get("raw") if isinstance(answer, dict) else answer
    if not isinstance(text, str) or not text.startswith("0x"):
        return None
    try:
        return bytes.fromhex(text[2:])
    except ValueError:
        return None


def _printable(text: str, secret: str | None) -> str:
    """Return a stranger's text, short and without control characters or our credentials."""
    for part in (secret or "").split():
        text = text.replace(part, "***")
    return "".join(one if one.isprintable() else " " for one in text)[:_MESSAGE_SIZE_MAX]
