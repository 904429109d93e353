"""Who a client is: the network that one customer of a provider has. Rates, turns and room are counted by it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215
_CUSTOMER_BITS = 64


def network(address: str) -> str:
    """The network of an address: IPv4 by itself, however it is wrapped in IPv6, else the /64.

    What is no address, such as the name of a socket, stays as it is.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        inner = _inside(ip)
        return str(ip_network((int(ip), _CUSTOMER_BITS), strict=False) if inner is None else inner)
    return str(ip)


def client_of(scope: Scope) -> str:
    """The network that a request comes from; all that have no address, such as those of a socket, are one client."""
    client = scope.get("client")
    return network(client[0]) if client else ""


def _inside(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that translators or tunnels have wrapped: mapped, 6to4, Teredo or NAT64."""
    wrapped = ip.ipv4_mapped or ip.sixtofour
    if wrapped is None and ip.teredo is not None:
        wrapped = ip.teredo[1]
    if wrapped is None and (ip in _NAT64 or ip in _NAT64_LOCAL):
        value = int(ip)
        if ip in _NAT64_LOCAL and not value & ((1 << 40) - 1):  # around the octet of bits 64 to 71, RFC 6052 2.2
            return IPv4Address((value >> 64 & 0xFFFF) << 16 | value >> 40 & 0xFFFF)
        return IPv4Address(value & 0xFFFF_FFFF)
    return wrapped
