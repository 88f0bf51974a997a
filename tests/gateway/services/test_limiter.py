"""Rate limits: one client is one client, however many addresses it has."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.errors import RateLimitError, SettingsError
from node_gateway.services.limiter import Limiter, network_of


def test_each_address_has_its_own_count() -> None:
    limiter = Limiter("2/minute", member="limits.public_lookups")
    for address in ("192.0.2.1", "192.0.2.2"):
        limiter.check(address)
        limiter.check(address)
        with pytest.raises(RateLimitError) as limited:
            limiter.check(address)
        assert 1 <= (limited.value.retry_after_s or 0) <= 61


@given(st.integers(0, 2**64 - 1))
def test_an_ipv6_network_is_one_client(host: int) -> None:
    network = int(IPv6Address("2001:db8:1:2::"))
    address = str(IPv6Address(network + host))
    assert network_of(address) == network_of("2001:db8:1:2::1")
    assert network_of(address) != network_of("2001:db8:1:3::1")


def test_a_mapped_ipv4_address_is_that_address() -> None:
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1")
    assert network_of("unknown") == "unknown"


@pytest.mark.parametrize("rate", ["often", "", "60 per", "/minute"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Limiter(rate, member="limits.public_lists")
    assert refused.value.member == "limits.public_lists"
