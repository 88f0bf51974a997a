"""Rate limit on public look-ups, from the start: codes are not to be tried out."""

from __future__ import annotations

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from node_gateway.errors import RateLimitError, SettingsError


class Limiter:
    """Counts look-ups per address, in this process."""

    def __init__(self, rate: str) -> None:
        """Take a rate such as `60/minute`.

        Raises:
            SettingsError: it is no rate.
        """
        try:
            self._rate = parse(rate)
        except ValueError as error:
            raise SettingsError(
                f"{rate!r} is no rate", member="limits.public_lookups", hint="For example 60/minute"
            ) from error
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def check(self, address: str) -> None:
        """Count one look-up.

        Raises:
            RateLimitError: there were too many.
        """
        if not self._window.hit(self._rate, address):
            raise RateLimitError(retry_after_s=self._rate.get_expiry())
