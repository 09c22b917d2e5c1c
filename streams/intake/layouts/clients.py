"""Finds the client's address from a connection's address and a list of forwarded addresses.

A proxy appends the address of its peer to `X-Forwarded-For`. So the site's own proxies wrote the right end of the list,
and the client can forge the left end. The client is therefore the first address from the right that is not one of the
site's own proxies, as in nginx's `real_ip_recursive` and MDN's page on the header. If the leftmost address were used,
then a bot could send requests in the name of other clients.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from weir.errors import UsageError

_PORT = re.compile(r"(?:(?P<v4>[0-9.]{7,15})|\[(?P<v6>[0-9A-Fa-f:.%\w-]{2,80})\])(?::[0-9]{1,5})?")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,126})")
_REMEMBERED = 65_536
_LOCAL = {"localhost": "127.0.0.1", "localhost.localdomain": "127.0.0.1"}
PRIVATE_ONLY = "private"
PRIVATE = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("::1/128", "fc00::/7", "fe80::/10"),
)
"""Address ranges that don't occur as sources on the internet (RFC 1918, 3927, 4193, 4291, 6598)."""


class Trusted:
    """The site's own proxies: private addresses, and addresses that the operator configures."""

    def __init__(self, ranges: Iterable[str] = ()) -> None:
        """Takes addresses and networks, such as `198.51.100.0/24`; `private` alone means only private addresses.

        Raises:
            UsageError: A text is neither an address, a network, nor `private`.

        """
        named = list(ranges)
        self.is_configured = bool(named)
        """Whether the operator has configured the proxies."""
        self._networks = [*map(ip_network, PRIVATE), *(_network(one) for one in named if one != PRIVATE_ONLY)]
        self.has = lru_cache(_REMEMBERED)(self._has)
        """Whether an address is one of the site's own proxies."""

    def _has(self, address: str) -> bool:
        found = _address(_LOCAL.get(address, address))
        return found is not None and any(found in network for network in self._networks)


def client_of(peer: str | None, forwarded: str | None, trusted: Trusted) -> str | None:
    """The client's address, or its host name if the server logs names; None if the line has neither."""
    if peer is not None and peer.startswith("unix:"):
        peer = None
    nearest = None if peer is None else canonical(without_port(peer))
    if forwarded is None or (nearest is not None and not trusted.has(nearest)):
        return nearest
    for text in filter(str.strip, reversed(forwarded.split(","))):
        # A proxy that hides its client writes `unknown`; a client may have forged any address before that.
        if _address(without_port(text)) is None:
            break
        nearest = canonical(without_port(text))
        if not trusted.has(nearest):
            break
    return nearest or _host_name(forwarded)


def forwarded_addresses(forwarded: str | None) -> list[str]:
    """The addresses of a list, without ports, from the client to the last proxy."""
    return [canonical(one) for text in (forwarded or "").split(",") if _address(one := without_port(text)) is not None]


@lru_cache(_REMEMBERED)
def canonical(text: str) -> str:
    """An address in canonical form (compressed, lower case, IPv4-mapped IPv6 as IPv4); other text is unchanged."""
    found = _address(text)
    return text if found is None else str(found)


def without_port(text: str) -> str:
    """`203.0.113.9` of `203.0.113.9:2817`, `2001:db8::9` of `[2001:db8::9]:2817` and `[2001:db8::9]`."""
    text = text.strip()
    found = _PORT.fullmatch(text)
    return text if found is None else found["v4"] or found["v6"]


def _host_name(text: str) -> str | None:
    return text if _NAME.fullmatch(text) and text != "unknown" else None


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise UsageError(f"{text} is neither an address nor a network.", "For example: 198.51.100.0/24.") from error


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
