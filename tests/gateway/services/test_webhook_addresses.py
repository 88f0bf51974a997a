"""Which receivers a gateway connects to: by address, by name, by what a name resolves to."""

import pytest

from node_gateway.services.posting import Poster, PostingError
from node_gateway.services.webhook_addresses import (
    SubscriptionAddressError,
    is_public,
    read_address,
)
from node_gateway.settings import SubscriptionsSection

STRICT = SubscriptionsSection()
LOOSE = SubscriptionsSection(allow_private=True, allow_http=True)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "203.0.114.1", "2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"],
)
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255"),
        *("192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1"),
        *("240.0.0.1", "255.255.255.255", "203.0.113.9", "192.0.0.8"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1"),
        *("2001:db8::1", "2001::1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "::127.0.0.1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::1"),
        *("2002:a00:1::", "2002:c0a8:101::1", "2606:4700:4700::1111%eth0"),
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "dest",
    [
        *("http://receiver.example/", "ftp://receiver.example/", "//receiver.example/", "x", ""),
        *("https://", "https:///path", "https://receiver.example:0/", "https://receiver.example:70000/"),
        *("https://user@receiver.example/", "https://user:password@receiver.example/"),
        *("https://receiver.example/#part", "https://receiver.example\\@10.0.0.1/"),
        *("https://receiver.example/ x", "https://receiver.example/\r\nX: y", "https://bücher.example/"),
        *("https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1:8443/x", "https://[fe80::1%25eth0]/"),
        *("https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://nas.local/"),
        *("https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data/"),
        "https://receiver.example/" + "x" * 2000,
        *(None, 5, ["https://receiver.example/"]),
    ],
)  # fmt: skip
def test_addresses_that_are_refused_at_once(dest):
    with pytest.raises(SubscriptionAddressError) as refusal:
        read_address(dest, STRICT)
    assert refusal.value.pointer == "/dest"
    assert "receiver.example" not in f"{refusal.value} {refusal.value.hint}"


@pytest.mark.parametrize(
    "dest",
    ["https://receiver.example/hook?x=1", "https://receiver.example:8443/", "https://8.8.8.8/"],
)
def test_addresses_that_are_taken(dest):
    assert str(read_address(dest, STRICT)) == dest


def test_an_operator_can_allow_more():
    assert read_address("http://127.0.0.1:9/x", LOOSE).host == "127.0.0.1"
    assert read_address("https://[::1]/x", LOOSE).host == "::1"
    with pytest.raises(SubscriptionAddressError, match="https or http only"):
        read_address("file://127.0.0.1/etc/passwd", LOOSE)
    with pytest.raises(SubscriptionAddressError, match="no public address"):
        read_address("http://127.0.0.1/", SubscriptionsSection(allow_http=True))
    with pytest.raises(SubscriptionAddressError, match="https only"):
        read_address("http://127.0.0.1/", SubscriptionsSection(allow_private=True))


async def refusal(poster, dest):
    try:
        with pytest.raises(PostingError) as raised:
            await poster.post(dest, b"{}", {})
    finally:
        poster.close()
    return raised.value.code


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.5"],
        ["8.8.8.8", "10.0.0.5"],  # one private address among public ones
        ["::1"],
        ["::ffff:192.168.0.1"],
        ["fe80::1%1"],
    ],
)
async def test_a_name_that_resolves_to_what_is_not_public_is_refused(addresses):
    asked = []

    async def resolve(host, port):
        asked.append((host, port))
        return addresses

    assert await refusal(Poster(STRICT, resolve=resolve), "https://receiver.example/") == (
        "address_refused"
    )
    assert asked == [("receiver.example", 443)]


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "017700000001"]
)
async def test_other_spellings_of_loopback_are_refused(host):
    """With the real resolver: the C library takes these for 127.0.0.1."""
    assert await refusal(Poster(STRICT), f"https://{host}/") in ("address_refused", "unknown_host")


async def test_stored_addresses_are_checked_again():
    """The settings may have become stricter since the subscription was made."""
    assert await refusal(Poster(STRICT), "http://127.0.0.1:9/") == "address_refused"


async def test_a_name_that_does_not_resolve():
    async def resolve(host, port):
        raise OSError

    assert await refusal(Poster(STRICT, resolve=resolve), "https://gone.example/") == "unknown_host"
    assert await refusal(Poster(LOOSE), "http://no-such-host.invalid/") == "unknown_host"
