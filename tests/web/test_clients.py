"""Who counts as one client: an IPv4 address however it comes, and the network that a customer has of IPv6."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.web.clients import client_of, network

addresses = st.ip_addresses(v=4)
WRAPPINGS = {
    "mapped": lambda v4: 0xFFFF << 32 | v4,
    "6to4": lambda v4: 0x2002 << 112 | v4 << 80 | 0x1234,
    "NAT64": lambda v4: 0x64FF9B << 96 | v4,
    "NAT64 of a network": lambda v4: 0x64FF9B0001 << 80 | 0xFFFE << 32 | v4 | 1 << 33,
    "NAT64 around the octet": lambda v4: 0x64FF9B0001 << 80 | v4 >> 16 << 64 | (v4 & 0xFFFF) << 40,
    "Teredo": lambda v4: 0x20010000 << 96 | 0xC0000201 << 64 | v4 ^ 0xFFFF_FFFF,
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@given(inner=addresses)
def test_ipv4_is_one_client_however_it_is_wrapped(wrapping: str, inner: IPv4Address) -> None:
    assert network(str(IPv6Address(WRAPPINGS[wrapping](int(inner))))) == network(str(inner)) == str(inner)


@given(one=st.ip_addresses(v=6, network="2001:db8::/32"), host=st.integers(0, (1 << 64) - 1))
def test_a_64_of_ipv6_is_one_client(one: IPv6Address, host: int) -> None:
    same = IPv6Address(int(one) >> 64 << 64 | host)
    other = IPv6Address(int(one) ^ 1 << 64)
    assert network(str(one)) == network(str(same)) == network(f"{same}%eth0")
    assert network(str(one)) != network(str(other))


@given(one=addresses, other=addresses)
def test_two_addresses_of_ipv4_are_two_clients(one: IPv4Address, other: IPv4Address) -> None:
    assert (network(str(one)) == network(str(other))) is (one == other)


@pytest.mark.parametrize("name", ["", "unix:", "1.2.3", "1.2.3.4:80", "proxy.example"])
def test_what_is_no_address_stays_as_it_is(name: str) -> None:
    assert network(name) == name


def test_requests_without_an_address_are_one_client() -> None:
    assert [client_of({}), client_of({"client": None}), client_of({"client": ("::ffff:192.0.2.1", 1)})] == [
        "", "", "192.0.2.1",
    ]  # fmt: skip
