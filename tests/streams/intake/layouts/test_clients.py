from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.intake.layouts.clients import Trusted, client_of, without_port
from weir.errors import UsageError

PUBLIC = st.ip_addresses(v=4, network="198.51.100.0/24").map(str)
PRIVATE = st.ip_addresses(v=4, network="10.0.0.0/8").map(str)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("10.0.0.3", None, "10.0.0.3"),
        ("10.0.0.3", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.3", "198.51.100.7, 10.0.0.5", "198.51.100.7"),
        ("10.0.0.3", "192.0.2.66, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.3", "-", "10.0.0.3"),
        ("10.0.0.3", "unknown, 198.51.100.7:1234", "198.51.100.7"),
        ("10.0.0.3", "10.0.0.9", "10.0.0.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        (None, "198.51.100.7, 10.0.0.3", "198.51.100.7"),
        (None, "[2001:db8::7]:80, 10.0.0.3", "2001:db8::7"),
        (None, "host.example.com", "host.example.com"),
        (None, "unknown", None),
        (None, None, None),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy_of_the_sites_own(
    peer: str | None, forwarded: str | None, client: str | None
) -> None:
    assert client_of(peer, forwarded, Trusted()) == client


def test_a_proxy_that_the_operator_names_is_believed() -> None:
    assert client_of("203.0.113.9", "198.51.100.7", Trusted(["203.0.113.0/24"])) == "198.51.100.7"


@given(st.lists(PUBLIC | PRIVATE), PUBLIC, st.lists(PRIVATE))
def test_whatever_a_client_sends_the_address_that_a_proxy_saw_stays(
    sent: list[str], client: str, proxies: list[str]
) -> None:
    assert client_of("10.1.1.1", ", ".join([*sent, client, *proxies]), Trusted()) == client


def test_what_is_no_network_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="neither an address"):
        Trusted(["example.com"])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.9:2817", "203.0.113.9"),
        ("[2001:db8::9]:2817", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        ("host.example.com", "host.example.com"),
    ],
)
def test_ports_and_brackets_are_no_part_of_an_address(text: str, address: str) -> None:
    assert without_port(text) == address
