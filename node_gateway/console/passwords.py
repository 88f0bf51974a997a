"""Passwords: argon2id, off the event loop, and as slow for names that nobody has.

Source: RFC 9106; OWASP, "Password Storage".
"""

from __future__ import annotations

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from node_gateway.errors import ParameterError

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 256
NOBODYS: Final = (
    "$argon2id$v=19$m=65536,t=2,p=1"
    "$88RC9WgmGQM8MRCknmFLCA$v2STd3kgBTND7UQU9rFqaGatxwf8jYCPGkPg76WFV3w"
)
"""The hash of a password that was thrown away: what an unknown name is compared with."""
_AT_ONCE: Final = 2  # each takes 64 MiB


class Passwords:
    """Hashes and compares; about 0.1 s each, `_AT_ONCE` at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=65_536, parallelism=1)
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def hashed(self, password: str) -> str:
        """Return what is kept of a password.

        Raises:
            ParameterError: `password_form`.
        """
        if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
            raise ParameterError(
                f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters",
                code="password_form",
                hint="Several words that you do not use elsewhere make a good one.",
            )
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, kept: str | None, password: str) -> bool:
        """Tell whether a password is the one that is kept; takes as long if none is kept."""
        async with self._room:
            return await asyncio.to_thread(self._fits, kept, password[:LENGTH_MAX])

    def _fits(self, kept: str | None, password: str) -> bool:
        try:
            self._hasher.verify(kept or NOBODYS, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None


__all__ = ["LENGTH_MAX", "LENGTH_MIN", "NOBODYS", "Passwords"]
