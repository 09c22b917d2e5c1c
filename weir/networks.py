"""How an address is charged: as one subscriber, an office, a carrier, or a genuine crawler.

An address is charged as its subject: an IPv4 address as it stands, an IPv6 address by the prefix that one customer is
given, since the owner of a prefix has 2**64 addresses. Networks in the configuration change that. A `trusted` network
has no budgets at all. In a `shared` network addresses and visitors pay little, since many people are behind them. A
`crawler` is free of budgets if its address lies in the ranges that its operator publishes *and* it gives the name:
anybody can give the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

import msgspec

from weir.addresses import ipv4_number

Treatment = Literal["trusted", "shared", "crawler"]
REMEMBERED = 4_096
"""Addresses of which the place is remembered, for speed alone."""
_IPV4_BITS = 32
LONGEST_TOKEN = 64
"""A producer that hashes addresses writes a token; longer ones are cut."""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """Ranges of addresses that are treated in their own way; `rules/limits/files.py` checks them."""

    id: str
    treat: Treatment
    ranges: tuple[str, ...]
    """Such as `192.0.2.0/24` or `2001:db8::/32`."""
    user_agent: str = ""
    """Of a crawler: what its user agent contains, whatever the case."""
    price: float = 1.0
    """Of a shared network: the part of its cost that an event is charged to the address at."""
    visitor_price: float = 1.0
    """Of a shared network: the part of its cost that an event is charged to its visitor at."""


class AddressRules(msgspec.Struct, frozen=True, kw_only=True):
    """How addresses are charged where no network says otherwise."""

    ipv4_prefix: int = 32
    """Bits of an IPv4 address that are charged together."""
    ipv6_prefix: int = 64
    """Bits of an IPv6 address that are charged together."""
    known_after: int = 10
    """Events in a session from which on its visitor is known: it keeps its cookie, and has a budget of its own."""
    known_price: float = 0.1
    """The part of its cost that a known visitor's event is charged to the address at."""


class AddressInfo(msgspec.Struct, frozen=True, gc=False):
    """What is to be known of one address."""

    subject: str
    """What is charged; empty if nothing is."""
    price: float = 1.0
    """The part of an event's cost that the subject is charged."""
    trusted: bool = False
    """It has no budget at all, nor have the visitors there."""
    crawlers: tuple[tuple[str, str], ...] = ()
    """Of crawlers whose ranges it lies in: id, and what the user agent must contain, in lower case."""
    visitor_price: float = 1.0
    """The part of an event's cost that its visitor is charged: many people may look like one visitor."""

    def frees(self, user_agent: str | None) -> bool:
        """Whether clients from this address have no budget."""
        return self.trusted or (bool(self.crawlers) and named(self, user_agent or "") is not None)


NOWHERE = AddressInfo("")
Bits = tuple[int, int]
"""IP version and prefix length."""


class Networks:
    """Places of addresses. Asking is a look into a dictionary but for addresses that were not met lately."""

    def __init__(self, networks: Sequence[Network] = (), rules: AddressRules | None = None) -> None:
        self.rules = rules or AddressRules()
        self.networks = tuple(networks)
        self._by_bits: dict[Bits, dict[int, list[Network]]] = {}
        for network in networks:
            for text in network.ranges:
                found = ip_network(text, strict=False)
                bits = (found.version, found.prefixlen)
                prefix = int(found.network_address) >> (found.max_prefixlen - found.prefixlen)
                self._by_bits.setdefault(bits, {}).setdefault(prefix, []).append(network)
        self._claims = tuple(
            (network.user_agent.lower(), network.id) for network in networks if network.treat == "crawler"
        )
        self.known: dict[str, AddressInfo] = {}
        """Places of addresses that were met lately: a caller that asks for each event looks here first."""

    def place(self, address: str) -> AddressInfo:
        """The place of an address as it came with an event."""
        place = self.known.get(address)
        if place is None:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            place = self.known[address] = self._find(address)
        return place

    @staticmethod
    def is_address(text: str) -> bool:
        """Whether it is an address, and not a token in the place of one."""
        return _parsed(text) is not None

    def crawler(self, address: str | None, user_agent: str | None) -> str | None:
        """The crawler that speaks: by its ranges and its name, never by its name alone."""
        if address is None or not user_agent:
            return None
        return named(self.place(address), user_agent)

    def impostor(self, address: str | None, user_agent: str | None) -> str | None:
        """The crawler whose name is given from an address that lies in none of its ranges."""
        if not self._claims or not user_agent:
            return None
        lower = user_agent.lower()
        claimed = [name for word, name in self._claims if word in lower]
        if not claimed:
            return None
        own = {name for name, _ in self.place(address).crawlers} if address else set()
        # A crawler may have a user agent that contains another one's name.
        return None if own.intersection(claimed) else claimed[0]

    def _find(self, address: str) -> AddressInfo:
        if self._is_plain(address):
            return AddressInfo(address)
        parsed = _parsed(address)
        if parsed is None:
            return AddressInfo(address[:LONGEST_TOKEN].strip())
        networks = list(self._covering(parsed))
        shared = [network for network in networks if network.treat == "shared"]
        return AddressInfo(
            self._subject(parsed),
            min((network.price for network in shared), default=1.0),
            visitor_price=min((network.visitor_price for network in shared), default=1.0),
            trusted=any(network.treat == "trusted" for network in networks),
            crawlers=tuple(
                (network.id, network.user_agent.lower()) for network in networks if network.treat == "crawler"
            ),
        )

    def _is_plain(self, address: str) -> bool:
        """Whether it is an IPv4 address that is charged as it stands: so are most, found at a tenth of the cost."""
        if self.rules.ipv4_prefix != _IPV4_BITS:
            return False
        number = ipv4_number(address)
        return number is not None and not any(
            version == 4 and number >> (_IPV4_BITS - length) in ranges  # noqa: PLR2004 -- its name
            for (version, length), ranges in self._by_bits.items()
        )

    def _covering(self, address: IPv4Address | IPv6Address) -> Iterable[Network]:
        number = int(address)
        for (version, length), ranges in self._by_bits.items():
            if version == address.version:
                yield from ranges.get(number >> (address.max_prefixlen - length), ())

    def _subject(self, address: IPv4Address | IPv6Address) -> str:
        bits = self.rules.ipv4_prefix if address.version == 4 else self.rules.ipv6_prefix  # noqa: PLR2004 -- its name
        if bits == address.max_prefixlen:
            return str(address)
        return str(ip_network((address, bits), strict=False))


def named(place: AddressInfo, user_agent: str) -> str | None:
    """The crawler, among those of an address, that the user agent names."""
    if not place.crawlers:
        return None
    lower = user_agent.lower()
    return next((name for name, word in place.crawlers if word in lower), None)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        # A link-local address may name the interface that it came by.
        parsed = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
