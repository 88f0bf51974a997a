"""Where deliveries may go: public addresses by TLS, unless the operator allows more.

A receiver is named by whoever holds an API key, and the request comes from inside the operator's
network. So the address is checked where it counts: on what its name resolves to, right before the
connection, which then goes to exactly that address. A name that answers differently the second
time gains nothing, because nobody asks a second time.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Protocol, TypeAlias

import httpx2

from node_gateway.epcis.errors import EpcisError

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Takes a host and a port, returns IP addresses; raises OSError if there are none."""
Address: TypeAlias = IPv4Address | IPv6Address

LENGTH_MAX: Final = 2000
_CHARACTERS: Final = re.compile(r"[!-~]+", re.ASCII)
_UNSAFE: Final = frozenset('\\"<>^`{|}#')
_LOCAL_NAMES: Final = ("localhost", ".localhost", ".local", ".internal")
_PORT_MAX: Final = 65_535
# What some versions of Python count as global: site-local, and protocol assignments.
_NOT_PUBLIC: Final = (IPv6Network("fec0::/10"), IPv4Network("192.0.0.0/24"))
_RESOLVERS: Final = 4


class Allowed(Protocol):
    """What the settings say of addresses; a section with these two members."""

    @property
    def allow_http(self) -> bool:
        """Whether TLS may be missing."""
        ...

    @property
    def allow_private(self) -> bool:
        """Whether the address may be one that is not public."""
        ...


class SubscriptionAddressError(EpcisError):
    """The address of a receiver is malformed, or not allowed. The detail does not quote it."""

    code = "subscription_address"

    def __init__(self, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail, pointer="/dest", hint=hint)


def read_address(text: object, allowed: Allowed) -> httpx2.URL:
    """Return the address of a receiver, as far as it can be checked without asking anybody.

    Raises:
        SubscriptionAddressError: malformed, without TLS, or plainly not public.
    """
    url = _parsed(text)
    schemes = ("https", "http") if allowed.allow_http else ("https",)
    if url.scheme not in schemes:
        raise SubscriptionAddressError(
            f"deliveries go to {' or '.join(schemes)} only", hint="Give dest as https://..."
        )
    if url.userinfo:
        raise SubscriptionAddressError(
            "dest holds a user name or password",
            hint="Let the receiver check the signature: give a signatureToken.",
        )
    if not allowed.allow_private and _plainly_private(url.host):
        raise SubscriptionAddressError(
            "dest is no public address", hint="Operators can set allow_private in the settings."
        )
    return url


def _parsed(text: object) -> httpx2.URL:
    if not isinstance(text, str) or not text:
        raise SubscriptionAddressError("dest is the address (URL) that deliveries go to")
    if len(text) > LENGTH_MAX:
        raise SubscriptionAddressError(f"dest has more than {LENGTH_MAX} characters")
    if not _CHARACTERS.fullmatch(text) or _UNSAFE & set(text):
        raise SubscriptionAddressError(
            "dest has a character that no address has, or a fragment",
            hint="Write other characters as %XX, and host names in their ASCII form (xn--...).",
        )
    try:
        url = httpx2.URL(text)
        is_complete = bool(url.host) and (url.port is None or 0 < url.port <= _PORT_MAX)
    except (httpx2.InvalidURL, ValueError):
        is_complete = False
    if not is_complete:
        raise SubscriptionAddressError("dest is no address (URL)")
    return url


def _plainly_private(host: str) -> bool:
    name = host.rstrip(".").lower()
    if name.endswith(_LOCAL_NAMES):
        return True
    try:
        return not is_public(name)
    except ValueError:
        return False  # a name; what it resolves to is checked before each connection


def is_public(address: str) -> bool:
    """Tell whether an IP address is one that anybody on the internet could ask for.

    An IPv4 address inside an IPv6 address (mapped, 6to4) must be public, too.

    Raises:
        ValueError: it is no IP address.
    """
    plain, interface, _ = address.partition("%")
    return _is_global(ip_address(plain)) and not interface


def _is_global(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is not None:
            return _is_global(carried)
    return (
        address.is_global
        and not any(address in network for network in _NOT_PUBLIC)
        and not address.is_multicast
        and not address.is_reserved  # of IPv6 all but 2000::/3, translated addresses among them
        and not address.is_unspecified
    )


class Resolver:
    """Asks the operating system, on threads of its own: a slow name server stops nobody else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolving")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host; see `Resolve`."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [str(one[4][0]) for one in found]

    def close(self) -> None:
        """End; does not wait for name servers."""
        self._threads.shutdown(wait=False, cancel_futures=True)
