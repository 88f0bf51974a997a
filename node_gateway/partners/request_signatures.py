"""Signatures over requests between gateways: HTTP message signatures (RFC 9421).

What is signed is robust behind reverse proxies: method, path and query as they were sent, the
digest of the content (RFC 9530), and the audience, which stands for scheme, host and port. The key
is the participant's `sign` key; the chain knows only its address, so a signature has the form of
EIP-191's version 0x45, from which the address is recovered. No other thing that this key signs
can be taken for it: receipts and messages begin with 0x19 0x01.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from eth_utils.crypto import keccak
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from anchoring.chain.receipts import recovered_address
from anchoring.chain.signer import Signer
from anchoring.errors import ReceiptError

TAG: Final = "sealtrail-peer"
LABEL: Final = "peer"
AUDIENCE: Final = "sealtrail-audience"
COVERED: Final = ("@method", "@path", "@query", "content-digest", AUDIENCE)
"""What every signature covers, in this order and no other."""
HEADER_LENGTH_MAX: Final = 2048
_PARAMETERS: Final = frozenset({"created", "keyid", "alg", "nonce", "tag"})
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22,64}")
_KEY_ID: Final = re.compile(r"0x[0-9a-f]{40}")
_NAMED: Final = re.compile(r';keyid="0x([0-9a-f]{40})"')
_NONCE_SIZE_BYTES: Final = 16
_TIME_MAX: Final = 2**40
_HOST: Final = "http://peer"  # of the address that the library wants; not covered


class RequestSignatureError(Exception):
    """A request is not signed as it must be; says nothing about which key would have fitted."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature says.

    Attributes:
        key: Address (20 bytes) of the key that signed.
        created: When, Unix seconds, by the signer's clock.
        content_digest: The header, which the body is compared with.
        audience: The header, whom the request is for.
    """

    key: bytes
    created: int
    nonce: str
    content_digest: str
    audience: str


def audience_of(participant: int, chain_id: int, consortium: bytes) -> str:
    """Return how a request names whom it is for: one participant of one network."""
    return f"{chain_id}/0x{consortium.hex()}/{participant}"


def content_digest(body: bytes) -> str:
    """Return the value of `Content-Digest` for a body as it is sent."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode('ascii')}:"


def signature_headers(
    signer: Signer, method: str, target: str, body: bytes, *, audience: str, now: int
) -> dict[str, str]:
    """Return the headers that a request needs.

    Args:
        signer: The `sign` key.
        method: In capitals.
        target: Path and query, as they are sent.
        body: As it is sent.
        audience: From `audience_of`.
        now: Unix seconds.
    """
    given = {"content-digest": content_digest(body), AUDIENCE: audience}
    message = _Message(method, _HOST + target, given)
    signing = HTTPMessageSigner(signature_algorithm=_Recoverable, key_resolver=_Own(signer))
    signing.sign(
        message,
        key_id=f"0x{signer.address.hex()}",
        created=datetime.fromtimestamp(now, UTC),
        nonce=secrets.token_urlsafe(_NONCE_SIZE_BYTES),
        label=LABEL,
        tag=TAG,
        covered_component_ids=COVERED,
        use_existing_digest=True,
    )
    return message.headers


def check_request(method: str, target: str, headers: Sequence[tuple[str, str]]) -> SignedRequest:
    """Return what the signature of a request says. Time, audience and body are not judged here.

    Args:
        method: As received.
        target: Path and query, as received.
        headers: All of them, in order, repeated ones too.

    Raises:
        RequestSignatureError: no signature, more than one, over other things, or it is wrong.
    """
    fields = _fields(headers)
    message = _Message(method, _HOST + target, fields)
    try:
        (result,) = _Verifier(signature_algorithm=_Recoverable, key_resolver=_Named()).verify(
            message, max_age=None, require_components=COVERED
        )
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise RequestSignatureError("the signature of the request does not hold") from error
    covered = tuple(name.strip('"') for name in result.covered_components)[:-1]
    given = result.parameters
    if covered != COVERED or set(given) != _PARAMETERS or given["tag"] != TAG:
        raise RequestSignatureError("the signature covers other things than it must")
    created, nonce = given["created"], str(given["nonce"])
    if not isinstance(created, int) or not 0 < created < _TIME_MAX or not _NONCE.fullmatch(nonce):
        raise RequestSignatureError("created or nonce have another form")
    return SignedRequest(
        key=bytes.fromhex(str(given["keyid"])[2:]),
        created=created,
        nonce=nonce,
        content_digest=fields["content-digest"],
        audience=fields[AUDIENCE],
    )


def named_key(headers: Sequence[tuple[str, str]]) -> bytes | None:
    """Return the address (20 bytes) of the key that a request says signed it, None without one.

    Nothing is checked: it costs next to nothing.
    """
    given = [value for name, value in headers if name.lower() == "signature-input"]
    if len(given) != 1 or len(given[0]) > HEADER_LENGTH_MAX:
        return None
    found = _NAMED.findall(given[0])
    return bytes.fromhex(found[0]) if len(found) == 1 else None


def _fields(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that count; each exactly once, none of them long."""
    wanted = ("signature", "signature-input", "content-digest", AUDIENCE)
    found: dict[str, str] = {}
    for written, value in headers:
        name = written.lower()
        if name not in wanted:
            continue
        if name in found or len(value) > HEADER_LENGTH_MAX:
            raise RequestSignatureError(f"{name} comes twice, or is too long")
        found[name] = value
    if len(found) < len(wanted):
        raise RequestSignatureError("the request is not signed")
    return found


@dataclass
class _Message:
    """A request as the library wants it."""

    method: str
    url: str
    headers: dict[str, str]


class _Recoverable(HTTPSignatureAlgorithm):
    """secp256k1 over Keccak-256 of EIP-191's version 0x45: r, s, v (65 bytes, low s)."""

    algorithm_id = "eip191-secp256k1"

    def __init__(self, public_key: Any = None, private_key: Any = None) -> None:
        self._address, self._signer = public_key, private_key

    def sign(self, message: bytes) -> bytes:
        signed: bytes = self._signer.sign_digest(_digest(message))
        return signed

    def verify(self, signature: bytes, message: bytes) -> None:
        try:
            signer = recovered_address(_digest(message), signature)
        except ReceiptError as error:
            raise HTTPMessageSignaturesException("no signature of this kind") from error
        if signer != self._address:
            raise HTTPMessageSignaturesException("another key signed")


def _digest(message: bytes) -> bytes:
    head = b"\x19Ethereum Signed Message:\n" + str(len(message)).encode("ascii")
    return bytes(keccak(head + message))


class _Verifier(HTTPMessageVerifier):
    """Leaves the time to us: the clock of the library is not the gateway's."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        del sig_input, max_age


class _Own(HTTPSignatureKeyResolver):
    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def resolve_private_key(self, key_id: str) -> Any:
        del key_id
        return self._signer


class _Named(HTTPSignatureKeyResolver):
    """The key's id is its address; whose it is, the directory says."""

    def resolve_public_key(self, key_id: str) -> Any:
        return bytes.fromhex(key_id[2:]) if _KEY_ID.fullmatch(key_id) else None
