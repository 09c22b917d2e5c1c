from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.console import ConsoleAtHand, console_at_hand, fill
from weir.console.access.door import Door
from weir.console.access.tickets import Tickets
from weir.errors import UsageError
from weir.settings import Settings

SECRET = {"X-Weir-Proxy-Secret": "between us"}
PROXY = {"console_proxies": ("10.0.0.0/24",), "console_proxy_secret": SecretStr("between us")}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:6067", ""])
def test_a_page_elsewhere_that_had_its_name_point_here_is_refused(at_hand: ConsoleAtHand, host: str) -> None:
    assert at_hand.browser.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:6067", "localhost:6067", "localhost", "[::1]:6067"])
def test_names_of_this_machine_are_answered(at_hand: ConsoleAtHand, host: str) -> None:
    assert at_hand.browser.get("/", headers={"host": host}).status_code == 200


def test_a_console_without_log_ins_does_not_listen_to_the_network() -> None:
    with pytest.raises(UsageError, match=r"console_host is 0\.0\.0\.0, and there are no users"):
        Door.of(Settings(console_host="0.0.0.0"), Tickets(b"s"), "ana")


def test_proxies_need_a_secret() -> None:
    with pytest.raises(UsageError, match="console_proxy_secret is not"):
        Door.of(Settings(console_proxies=("10.0.0.1",)), Tickets(b"s"), "ana")


def test_proxies_are_addresses() -> None:
    with pytest.raises(UsageError, match="is not an address"):
        Door.of(Settings(console_proxies=("proxy.example",), console_proxy_secret=SecretStr("s")), Tickets(b"s"), "ana")


@pytest.mark.parametrize("address", ["10.0.0.7", "::ffff:10.0.0.7"])
def test_a_proxys_secret_may_be_any_text_and_its_address_of_either_form(tmp_path: Path, address: str) -> None:
    told = "geh\N{LATIN SMALL LETTER E WITH ACUTE}im"
    settings = {"console_proxies": ("10.0.0.0/24",), "console_proxy_secret": SecretStr(told)}
    with console_at_hand(tmp_path / "console", **settings) as made:
        for secret, status in ((told.encode(), 200), (b"geheim", 303)):
            headers = [(b"x-forwarded-user", b"ben"), (b"x-weir-proxy-secret", secret)]
            assert made.new_browser(address).get("/sessions", headers=headers).status_code == status


def test_whoever_is_on_this_machine_reviews_and_does_not_operate(at_hand: ConsoleAtHand) -> None:
    page = at_hand.browser.get("/").text
    assert "There are no users" in page
    assert "<small>review</small>" in page


def test_the_link_lets_one_browser_operate_once(at_hand: ConsoleAtHand) -> None:
    link = f"/enter/{at_hand.console.door.tickets.new_link()}"
    assert at_hand.browser.get(link).status_code == 303
    assert "<small>operate</small>" in at_hand.browser.get("/").text
    # The same browser may come back to it; another one may not.
    assert at_hand.browser.get(link).status_code == 303
    assert at_hand.new_browser().get(link).status_code == 400


@pytest.mark.parametrize(
    ("address", "headers", "is_in"),
    [
        ("10.0.0.7", {"X-Forwarded-User": "ben", **SECRET}, True),
        ("10.0.0.7", {"X-Forwarded-User": "ben", "X-Weir-Proxy-Secret": "guessed"}, False),
        ("10.0.0.7", {"X-Forwarded-User": "ben"}, False),
        ("10.0.0.7", SECRET, False),
        ("192.0.2.9", {"X-Forwarded-User": "ben", **SECRET}, False),
        ("10.0.0.7", {"X-Forwarded-User": "ben", "X-Weir-Role": "god", **SECRET}, False),
    ],
)
def test_a_name_in_a_header_is_believed_from_the_proxy_with_its_secret_alone(
    tmp_path: Path, address: str, headers: dict[str, str], *, is_in: bool
) -> None:
    with console_at_hand(tmp_path / "console", **PROXY) as made:
        answer = made.new_browser(address).get("/sessions", headers=headers)
        assert (answer.status_code == 200) == is_in
        if is_in:
            assert "ben" in answer.text


def test_the_proxys_role_header_decides_what_somebody_may(tmp_path: Path) -> None:
    with console_at_hand(tmp_path / "console", **PROXY) as made:
        fill(made.store, 1)
        browser = made.new_browser("10.0.0.7")
        named = {"X-Forwarded-User": "ben", **SECRET}
        assert browser.get("/review", headers=named).status_code == 403
        assert browser.get("/review", headers={**named, "X-Weir-Role": "review"}).status_code == 200


def test_cookies_are_not_for_scripts_nor_for_other_sites(at_hand: ConsoleAtHand) -> None:
    told = at_hand.new_browser().get("/").headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "secure" not in told


def test_over_https_cookies_never_travel_without(tmp_path: Path) -> None:
    with console_at_hand(tmp_path / "console", console_https=True) as made:
        assert "secure" in made.new_browser().get("/").headers["set-cookie"].lower()
