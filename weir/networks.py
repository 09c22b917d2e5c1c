"""How an address is charged: as one subscriber, an office, a carrier, or a genuine crawler.

An address is charged as its subject. The subject of an IPv4 address is the address; that of an IPv6 address is the
prefix that one customer gets, since the owner of a prefix has 2**64 addresses. Networks in the configuration change
this. A `trusted` network has no budgets. In a `shared` network addresses and visitors are charged little, since many
people share them. A `crawler` has no budgets if its address is in the ranges that its operator publishes *and* its
user agent has the crawler's name: the name alone proves nothing, since any client can send it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

import msgspec

from weir.addresses import ipv4_number

Treatment = Literal["trusted", "shared", "crawler"]
REMEMBERED = 4_096
"""Most addresses in the cache of charges, which only saves time."""
_IPV4_BITS = 32
LONGEST_TOKEN = 64
"""Most characters of a subject that is not an address: producers that hash addresses send a token."""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """Ranges of addresses with their own charges; `rules/limits/files.py` checks them."""

    id: str
    treat: Treatment
    ranges: tuple[str, ...]
    """Such as `192.0.2.0/24` or `2001:db8::/32`."""
    user_agent: str = ""
    """Of a crawler: a text in its user agent, compared without regard to case."""
    price: float = 1.0
    """Of a shared network: the part of an event's cost that the address is charged."""
    visitor_price: float = 1.0
    """Of a shared network: the part of an event's cost that the visitor is charged."""


class AddressRules(msgspec.Struct, frozen=True, kw_only=True):
    """How addresses outside of all networks are charged."""

    ipv4_prefix: int = 32
    """Bits of an IPv4 address that are charged together."""
    ipv6_prefix: int = 64
    """Bits of an IPv6 address that are charged together."""
    known_after: int = 10
    """Events in a session after which its visitor is known: the client keeps its cookie, and has its own budget."""
    known_price: float = 0.1
    """The part of the cost of a known visitor's event that the address is charged."""


class AddressInfo(msgspec.Struct, frozen=True, gc=False):
    """How one address is charged."""

    subject: str
    """The subject that is charged; empty if none is."""
    price: float = 1.0
    """The part of an event's cost that the subject is charged."""
    trusted: bool = False
    """Whether the address and its visitors have no budgets."""
    crawlers: tuple[tuple[str, str], ...] = ()
    """Of each crawler whose ranges contain the address: id, and the text in its user agent, in lower case."""
    visitor_price: float = 1.0
    """The part of an event's cost that its visitor is charged, since one visitor id may stand for many people."""

    def frees(self, user_agent: str | None) -> bool:
        """Whether clients from this address have no budget."""
        return self.trusted or (bool(self.crawlers) and named(self, user_agent or "") is not None)


NOWHERE = AddressInfo("")
Bits = tuple[int, int]
"""IP version and prefix length."""


class Networks:
    """Finds how addresses are charged. For recent addresses this takes one look-up in a dictionary."""

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
        """Charges of recent addresses; a caller that asks for each event looks here first, which saves a call."""

    def place(self, address: str) -> AddressInfo:
        """How the address of an event is charged."""
        place = self.known.get(address)
        if place is None:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            place = self.known[address] = self._find(address)
        return place

    @staticmethod
    def is_address(text: str) -> bool:
        """Whether a text is an address, and not a token instead of it."""
        return _parsed(text) is not None

    def crawler(self, address: str | None, user_agent: str | None) -> str | None:
        """Id of the genuine crawler: both its ranges and its name must match."""
        if address is None or not user_agent:
            return None
        return named(self.place(address), user_agent)

    def impostor(self, address: str | None, user_agent: str | None) -> str | None:
        """Id of the crawler that the user agent names, if the address is in none of its ranges."""
        if not self._claims or not user_agent:
            return None
        lower = user_agent.lower()
        claimed = [name for word, name in self._claims if word in lower]
        if not claimed:
            return None
        own = {name for name, _ in self.place(address).crawlers} if address else set()
        # A crawler's user agent may contain another crawler's name.
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
        """Whether it is an IPv4 address in no network. Most addresses are, and this check takes a tenth of the time."""
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
    """Id of the crawler, among those of an address, whose name is in the user agent."""
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
