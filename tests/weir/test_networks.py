from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir import networks
from weir.networks import AddressRules, Network, Networks

OFFICE = Network(id="office", treat="shared", ranges=("192.0.2.0/24", "2001:db8:1::/48"), price=0.05)
MONITOR = Network(id="monitor", treat="trusted", ranges=("198.51.100.7",))
BOT = Network(id="bot", treat="crawler", ranges=("203.0.113.0/25",), user_agent="ExampleBot")
ALL = Networks([OFFICE, MONITOR, BOT])
SAYS_BOT = "Mozilla/5.0 (compatible; examplebot/2.1)"


def test_an_ipv4_address_is_charged_alone_and_ipv6_by_its_prefix() -> None:
    assert ALL.place("192.0.3.1").subject == "192.0.3.1"
    assert ALL.place("2001:db8:2:3:4:5:6:7").subject == "2001:db8:2:3::/64"
    assert ALL.place("2001:db8:2:3:ffff::1").subject == "2001:db8:2:3::/64"


@pytest.mark.parametrize("text", ["192.0.3.1", " 192.0.3.1", "::ffff:192.0.3.1", "::FFFF:c000:0301"])
def test_one_address_is_charged_as_one_however_it_is_written(text: str) -> None:
    assert ALL.place(text).subject == "192.0.3.1"


@given(st.from_regex(r"\A(0{0,2}\d{1,3}\.){2,4}0{0,2}\d{1,3}\Z"))
def test_digits_and_dots_are_an_address_only_where_ipaddress_says_so(text: str) -> None:
    try:
        expected = str(ip_address(text))
    except ValueError:
        expected = text
    assert Networks().place(text).subject == expected


def test_prefixes_are_by_configuration() -> None:
    wide = Networks((), AddressRules(ipv4_prefix=24, ipv6_prefix=48))
    assert wide.place("192.0.3.77").subject == "192.0.3.0/24"
    assert wide.place("2001:db8:2:3::1").subject == "2001:db8:2::/48"


def test_whoever_hashes_addresses_before_they_come_is_charged_by_the_hash() -> None:
    assert ALL.place("b2f1a9").subject == "b2f1a9"
    assert ALL.place("").subject == ""
    assert len(ALL.place("x" * 10_000).subject) == networks.LONGEST_TOKEN


def test_a_shared_network_pays_its_price() -> None:
    assert ALL.place("192.0.2.9").price == ALL.place("2001:db8:1:2::3").price == 0.05
    assert ALL.place("192.0.3.9").price == 1.0


def test_visitors_in_a_shared_network_have_a_price_of_their_own_and_others_pay_in_full() -> None:
    assert ALL.place("192.0.2.9").visitor_price == 1.0
    priced = Networks([Network(id="office", treat="shared", ranges=("192.0.2.0/24",), visitor_price=0.05)])
    assert priced.place("192.0.2.9").visitor_price == 0.05
    assert priced.place("192.0.3.9").visitor_price == 1.0


def test_a_trusted_network_has_no_budget() -> None:
    assert ALL.place("198.51.100.7").trusted
    assert not ALL.place("198.51.100.8").trusted


def test_a_crawler_is_one_by_its_ranges_and_its_name_together() -> None:
    assert ALL.crawler("203.0.113.5", SAYS_BOT) == "bot"
    assert ALL.crawler("203.0.113.200", SAYS_BOT) is None
    assert ALL.crawler("203.0.113.5", "Mozilla/5.0") is None
    assert ALL.crawler(None, SAYS_BOT) is None


def test_who_gives_a_crawlers_name_from_elsewhere_is_an_impostor() -> None:
    assert ALL.impostor("203.0.113.200", SAYS_BOT) == "bot"
    assert ALL.impostor(None, SAYS_BOT) == "bot"
    assert ALL.impostor("203.0.113.5", SAYS_BOT) is None
    assert ALL.impostor("203.0.113.200", "Mozilla/5.0") is None


def test_places_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "REMEMBERED", 10)
    few = Networks([OFFICE])
    for number in range(100):
        assert few.place(f"192.0.2.{number}").price == 0.05
        assert len(few.known) <= 10


addresses = st.ip_addresses(v=4) | st.ip_addresses(v=6)


@given(addresses, st.lists(st.tuples(addresses, st.integers(0, 128)), max_size=10))
def test_an_address_is_in_the_ranges_that_ipaddress_says(address: object, ranges: list[tuple[object, int]]) -> None:
    chosen = [
        str(ip_network((str(base), min(bits, ip_address(str(base)).max_prefixlen)), strict=False))
        for base, bits in ranges
    ]
    found = Networks([Network(id="n", treat="trusted", ranges=tuple(chosen))]).place(str(address))
    parsed = ip_address(str(address))
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    assert found.trusted == any(parsed in ip_network(text) for text in chosen)


@given(st.text(max_size=100), st.none() | st.text(max_size=50))
def test_no_address_and_no_user_agent_makes_it_raise(address: str, user_agent: str | None) -> None:
    ALL.place(address)
    ALL.crawler(address, user_agent)
    ALL.impostor(address, user_agent)
