"""One-time codes of an authenticator (TOTP), and the symbol that carries their key to a phone.

Source: RFC 6238: SHA-1, 6 digits, 30 s. One step before and after now is taken, so that clocks may
differ; a step that was taken once is not taken again (section 5.2).
"""

from __future__ import annotations

import hmac
from base64 import b32encode, b64encode
from typing import Final

import pyotp
import zxingcpp

STEP_S: Final = 30
DIGITS: Final = 6
_AROUND: Final = (0, -1, 1)


def step_of(key: bytes, code: str, *, now: float) -> int | None:
    """Return the time step whose code this is; None if it is none of about now.

    Args:
        key: Of the codes.
        code: As it was typed.
        now: Unix seconds.
    """
    typed = "".join(code.split())
    if len(typed) != DIGITS or not typed.isascii() or not typed.isdigit():
        return None
    codes, middle = pyotp.TOTP(key_text(key)), int(now) // STEP_S
    for step in (middle + away for away in _AROUND):
        if step > 0 and hmac.compare_digest(codes.generate_otp(step), typed):
            return step
    return None


def key_text(key: bytes) -> str:
    """Return a key as people type it into an authenticator."""
    return b32encode(key).decode()


def address(key: bytes, *, name: str, issuer: str) -> str:
    """Return the `otpauth:` address of a key."""
    return pyotp.TOTP(key_text(key)).provisioning_uri(name=name, issuer_name=issuer)


def symbol(text: str) -> str:
    """Return a QR code of a text as a `data:` address of an SVG, quiet zone included."""
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    svg = str(made.to_svg(add_quiet_zones=True))
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


__all__ = ["DIGITS", "STEP_S", "address", "key_text", "step_of", "symbol"]
