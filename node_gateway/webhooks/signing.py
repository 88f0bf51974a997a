"""What proves to a receiver that a webhook is ours, unchanged and no replay.

Every request carries two kinds of signatures over id, time and body: `v1`, HMAC-SHA256 with the
shared secret, which every library of Standard Webhooks checks, and `v1a`, Ed25519, for a receiver
that is to hold no secret. While a secret is being replaced, the old one signs, too.

Source: Standard Webhooks 1.0.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

SECRET_SIZE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one webhook signs with: `shared` for HMAC, `seed` for Ed25519, 32 bytes each."""

    shared: bytes
    seed: bytes

    @property
    def shown(self) -> str:
        """The shared secret as libraries take it, `whsec_...`."""
        return "whsec_" + b64encode(self.shared).decode()

    @property
    def public(self) -> str:
        """The public key, `whpk_...`."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return "whpk_" + b64encode(key.public_bytes_raw()).decode()


def new_secrets() -> Secrets:
    """Return new random secrets."""
    return Secrets(os.urandom(SECRET_SIZE_BYTES), os.urandom(SECRET_SIZE_BYTES))


def signed_headers(
    secrets: Sequence[Secrets], *, number: str, at_s: int, body: bytes
) -> Mapping[str, str]:
    """Return the headers of one try.

    Args:
        secrets: Those that sign now, the newest first.
        number: Names the message, the same at every try.
        at_s: When this try begins, Unix seconds.
        body: What is sent.
    """
    moment, text = datetime.fromtimestamp(at_s, UTC), body.decode()
    signed = f"{number}.{at_s}.{text}".encode()
    signatures = []
    for one in secrets:
        signatures.append(Webhook(one.shared).sign(number, moment, text))
        made = Ed25519PrivateKey.from_private_bytes(one.seed).sign(signed)
        signatures.append("v1a," + b64encode(made).decode())
    return {
        "webhook-id": number,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signatures),
        "Content-Type": "application/cloudevents+json",
    }
