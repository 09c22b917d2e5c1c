"""Each action by each role and by nobody: one table, so that a new page has to be entered here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Route
from starlette.testclient import TestClient

from tests.support.console import ConsoleAtHand, console_at_hand, fill
from weir.console.access.roles import MAY, ROLES, Role
from weir.console.access.users import UserFile
from weir.console.app import PAGES

PASSWORD = "correct horse battery"
FORM = {
    "action": "a" * 32,
    "session": "s0",
    "kind": "good",
    "queue": "all",
    "undoes": "f" * 32,
    "name": "q",
    "verdict": "block",
}
FOR_EVERYBODY = {"/log-in", "/log-out", "/enter/{link}"}
NEEDS: dict[tuple[str, str], Role] = {
    ("GET", "/"): "read",
    ("GET", "/now/live"): "read",
    ("GET", "/sessions"): "read",
    ("GET", "/visitor"): "read",
    ("GET", "/session"): "read",
    ("GET", "/session/again"): "read",
    ("GET", "/rules"): "read",
    ("GET", "/rules/rule"): "read",
    ("GET", "/rules/simulate"): "read",
    ("GET", "/models"): "read",
    ("GET", "/analyses"): "read",
    ("GET", "/analyses/{name}"): "read",
    ("GET", "/events"): "read",
    ("POST", "/events/stop"): "read",
    ("GET", "/dead-letters"): "read",
    ("GET", "/system"): "read",
    ("GET", "/audit"): "read",
    ("GET", "/review"): "review",
    ("POST", "/review/answer"): "review",
    ("POST", "/review/undo"): "review",
    ("POST", "/review/queues"): "review",
    ("POST", "/models/promote"): "operate",
    ("POST", "/models/rollback"): "operate",
    ("POST", "/dead-letters/replay"): "operate",
}
"""Every address with the least role that it serves."""
ENDLESS = ("GET", "/now/live")
"""Is answered for as long as somebody looks."""


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of users, one of each role: hashing passwords is slow by design."""
    path = tmp_path_factory.mktemp("users") / "users.json"
    for role in ROLES:
        UserFile(path).add(f"{role}er", role, PASSWORD)
    return path.read_text()


@pytest.fixture
def guarded(tmp_path: Path, users: str) -> Iterator[ConsoleAtHand]:
    """A console whose users log in."""
    path = tmp_path / "users.json"
    path.write_text(users)
    with console_at_hand(tmp_path / "console", console_users_file=path) as made:
        fill(made.store, 1)
        yield made


def logged_in(guarded: ConsoleAtHand, name: str, password: str = PASSWORD) -> TestClient:
    """A browser in which somebody logged in."""
    browser = guarded.new_browser()
    browser.get("/log-in")
    answer = guarded.post("/log-in", {"name": name, "password": password}, browser)
    assert answer.status_code == 303, answer.text
    return browser


def addresses(routes: tuple[BaseRoute, ...] = PAGES) -> list[tuple[str, str]]:
    """Every method and address that the application has."""
    return [
        (method, route.path)
        for route in routes
        if isinstance(route, Route) and route.path not in FOR_EVERYBODY
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def test_every_address_is_in_the_table() -> None:
    assert set(addresses()) == set(NEEDS)


@pytest.mark.parametrize(("method", "path"), NEEDS)
def test_nobody_gets_in_without_logging_in(guarded: ConsoleAtHand, method: str, path: str) -> None:
    browser = guarded.new_browser()
    answer = browser.get(path) if method == "GET" else browser.post(path, data=FORM)
    is_sent_to_log_in = answer.status_code == 303 and answer.headers["location"].startswith("/log-in")
    assert is_sent_to_log_in or answer.status_code == 401
    assert not guarded.actions.written


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), [each for each in NEEDS if each != ENDLESS])
def test_a_role_gets_what_the_table_says_and_nothing_else(
    guarded: ConsoleAtHand, role: Role, method: str, path: str
) -> None:
    browser = logged_in(guarded, f"{role}er")
    answer = browser.get(path) if method == "GET" else guarded.post(path, FORM, browser)
    is_allowed = ROLES.index(role) >= ROLES.index(NEEDS[method, path])
    assert (answer.status_code != 403) == is_allowed, answer.text
    if not is_allowed:
        assert not guarded.actions.written


@pytest.mark.parametrize("path", [path for method, path in NEEDS if method == "POST"])
def test_a_form_without_the_browsers_own_token_changes_nothing(guarded: ConsoleAtHand, path: str) -> None:
    victim, thief = logged_in(guarded, "operateer"), logged_in(guarded, "reader")
    stolen = guarded.token(thief)
    for token in ("", "0" * 64, stolen):
        assert victim.post(path, data={**FORM, "token": token}).status_code == 403
    assert not guarded.actions.written


@pytest.mark.parametrize("header", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_a_form_that_another_site_sends_changes_nothing(guarded: ConsoleAtHand, header: dict[str, str]) -> None:
    browser = logged_in(guarded, "operateer")
    form = {**FORM, "token": guarded.token(browser)}
    assert browser.post("/review/answer", data=form, headers=header).status_code == 403
    assert not guarded.actions.written


def test_a_forged_cookie_is_nobodys(guarded: ConsoleAtHand) -> None:
    browser = logged_in(guarded, "reader")
    cookie = browser.cookies["weir-console"]
    body, _, signature = cookie.rpartition(".")
    for forged in (f"{body}.{signature[::-1]}", cookie[:-2], "operateer", body):
        other = guarded.new_browser()
        other.cookies.set("weir-console", forged)
        assert other.get("/sessions").headers["location"].startswith("/log-in")


def test_a_user_who_was_removed_or_has_a_new_password_is_out_at_once(guarded: ConsoleAtHand) -> None:
    users = guarded.console.door.users
    assert users is not None
    reader, reviewer = logged_in(guarded, "reader"), logged_in(guarded, "reviewer")
    users.remove("reader")
    users.add("reviewer", "review", "another long password")
    for browser in (reader, reviewer):
        assert browser.get("/sessions").headers["location"].startswith("/log-in")


def test_whoever_guesses_passwords_has_to_wait(guarded: ConsoleAtHand) -> None:
    browser = guarded.new_browser()
    browser.get("/log-in")
    told = [guarded.post("/log-in", {"name": "reader", "password": "wrong"}, browser).status_code for _ in range(6)]
    assert told == [401, 401, 401, 401, 401, 429]
    # The right password waits as well: else guessing would only be slower.
    assert guarded.post("/log-in", {"name": "reader", "password": PASSWORD}, browser).status_code == 429


def test_after_a_log_in_the_browser_has_another_session_than_before(guarded: ConsoleAtHand) -> None:
    browser = guarded.new_browser()
    browser.get("/log-in")
    before = guarded.token(browser)
    guarded.post("/log-in", {"name": "reader", "password": PASSWORD}, browser)
    assert guarded.token(browser) != before


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_log_in_never_leads_to_another_site(guarded: ConsoleAtHand, wanted: str) -> None:
    browser = guarded.new_browser()
    browser.get("/log-in", params={"next": wanted})
    answer = guarded.post("/log-in", {"name": "reader", "password": PASSWORD, "next": wanted}, browser)
    assert answer.headers["location"] == "/"


def test_live_parts_need_a_log_in(guarded: ConsoleAtHand) -> None:
    assert guarded.new_browser().get("/now/live").status_code == 401


def test_every_action_has_its_least_role() -> None:
    assert set(MAY.values()) <= set(ROLES)
