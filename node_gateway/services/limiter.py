"""Rate limits on what is public, from the start: codes are not to be tried out."""

from __future__ import annotations

import time
from ipaddress import IPv6Address, ip_address

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import (
    MovingWindowRateLimiter,
    RateLimiter,
    SlidingWindowCounterRateLimiter,
)

from node_gateway.errors import RateLimitError, SettingsError


class Limiter:
    """Counts look-ups per address, or under any other name, in this process."""

    def __init__(
        self, rate: str, *, member: str, many: bool = False, counted: str = "look-ups"
    ) -> None:
        """Take a rate such as `60/minute`, and the name of the setting that it comes from.

        With `many` it is counted in constant memory and time, and to a few per cent only.
        `counted` says in errors what there were too many of.

        Raises:
            SettingsError: it is no rate.
        """
        try:
            self._rate = parse(rate)
        except ValueError as error:
            raise SettingsError(
                f"{member}: {rate!r} is no rate", member=member, hint="write it like 60/minute"
            ) from error
        kind = SlidingWindowCounterRateLimiter if many else MovingWindowRateLimiter
        self._window: RateLimiter = kind(MemoryStorage())
        self._counted = counted

    def check(self, address: str) -> None:
        """Count one look-up.

        Raises:
            RateLimitError: there were too many.
        """
        self.count(network_of(address))

    def count(self, *names: str, cost: int = 1) -> None:
        """Count one, or one that weighs more, under names of any kind; errors as `check`."""
        if not self.takes(*names, cost=cost):
            raise self._error(*names)

    def takes(self, *names: str, cost: int = 1) -> bool:
        """Count as `count` does, and tell whether there was room; else nothing is counted."""
        return self._window.hit(self._rate, *names, cost=cost)

    def require(self, address: str) -> None:
        """Count nothing; errors as `check` where one more would be too many."""
        name = network_of(address)
        if not self._window.test(self._rate, name):
            raise self._error(name)

    def note(self, address: str) -> None:
        """Count one that was let through by `require`."""
        self._window.hit(self._rate, network_of(address))

    def _error(self, *names: str) -> RateLimitError:
        resets_at = self._window.get_window_stats(self._rate, *names).reset_time
        wait_s = max(1, int(resets_at - time.time()) + 1)
        return RateLimitError(retry_after_s=wait_s, counted=self._counted)


def network_of(address: str) -> str:
    """Return what one client is counted under: its IPv4 address, or its IPv6 network of 64 bits.

    A single client has 2^64 IPv6 addresses to call from.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else parsed.packed[:8].hex()
    return str(parsed)
