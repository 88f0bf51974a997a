"""What proves to a receiver that a delivery is ours, unchanged and no replay.

`GS1-Signature` is the plain form of EPCIS: HMAC-SHA256 of the body. It says nothing of when, so
the headers of Standard Webhooks come with it: their signature covers an id, which a delivery keeps
through all its tries, and the time of this try.

Source: EPCIS 2.0 REST bindings (GS1-Signature); Standard Webhooks 1.0.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

_ENCODED: Final = "whsec_"


def delivery_headers(
    token: str | None, *, number: str, at_s: int, body: bytes
) -> Mapping[str, str]:
    """Return the headers that name and sign a delivery.

    Args:
        token: What the subscriber gave as `signatureToken`; None: unsigned.
        number: Names the delivery, the same at every try.
        at_s: When this try begins, Unix seconds.
        body: What is delivered.
    """
    named = {"webhook-id": number, "webhook-timestamp": str(at_s)}
    if token is None:
        return named
    key = signing_key(token)
    stamped = Webhook(key).sign(number, datetime.fromtimestamp(at_s, UTC), body.decode())
    plain = hmac.digest(key, body, "sha256").hex()
    return {**named, "webhook-signature": stamped, "GS1-Signature": plain}


def signing_key(token: str) -> bytes:
    """Return the key that a token stands for: its UTF-8 bytes.

    Of `whsec_...`, the bytes that its base64 stands for, as the libraries of Standard Webhooks
    take it.
    """
    if token.startswith(_ENCODED):
        try:
            return b64decode(token.removeprefix(_ENCODED), validate=True)
        except (Base64Error, ValueError):
            pass  # it only looks like one
    return token.encode()
