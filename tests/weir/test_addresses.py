from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from weir.addresses import ipv4_number

digits_and_dots = st.from_regex(r"\A(0{0,2}\d{1,3}\.){2,4}0{0,2}\d{1,3}\Z")


@given(st.ip_addresses(v=4).map(str) | digits_and_dots | st.text(max_size=20) | st.just("192.0.2.1\0"))
def test_an_address_has_the_number_that_ipaddress_gives_it(text: str) -> None:
    try:
        expected = int(IPv4Address(text))
    except AddressValueError:
        expected = None
    assert ipv4_number(text) == expected
